"""What a command prints for other programs: one JSON object a line on stdout."""

import json
import math
from collections.abc import Mapping


def print_json(fields: Mapping[str, object]) -> None:
    """Print at once, so that a program that reads along sees it. A number that isn't finite, which
    JSON can't hold, becomes null. Plain ASCII, so that any terminal or pipe takes it."""
    print(json.dumps(_finite(fields), allow_nan=False), flush=True)


def _finite(value: object) -> object:
    """The same with None for every number that isn't finite, however deep it lies."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {name: _finite(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(one) for one in value]
    return value
