"""What a command prints for other programs: one JSON object a line on stdout."""

import json
import math
from collections.abc import Mapping


def print_json(fields: Mapping[str, object]) -> None:
    """Print at once, so that a program that reads along sees it. A number that isn't finite, which
    JSON can't hold, becomes null. Plain ASCII, so that any terminal or pipe takes it."""
    finite = {
        name: None if isinstance(value, float) and not math.isfinite(value) else value
        for name, value in fields.items()
    }
    print(json.dumps(finite, allow_nan=False), flush=True)
