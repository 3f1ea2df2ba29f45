"""What every message is: frozen, tagged with its name, and equal where its content is."""

from typing import Any

import numpy as np
from msgspec import Struct


class Message(Struct, frozen=True, tag=True):
    """Something that window and engine say to each other. May be used on any thread."""


class ArrayMessage(Message, frozen=True, eq=False):
    """A message with arrays in it, which must not be written into any more."""

    def __eq__(self, other: object) -> bool:
        if type(self) is not type(other):
            return NotImplemented
        return all(
            same(getattr(self, name), getattr(other, name)) for name in self.__struct_fields__
        )

    __hash__ = None  # type: ignore[assignment]


def same(one: Any, other: Any) -> bool:
    """Equality that asks arrays for all they are: kind, shape and values, NaN being equal to NaN.

    A byte order that isn't the machine's own counts as the same kind.
    """
    if isinstance(one, np.ndarray) or isinstance(other, np.ndarray):
        if not (isinstance(one, np.ndarray) and isinstance(other, np.ndarray)):
            return False
        kinds = one.dtype.newbyteorder("=") == other.dtype.newbyteorder("=")
        floats = one.dtype.kind in "fc"
        return bool(kinds and np.array_equal(one, other, equal_nan=floats))
    return bool(one == other)
