"""Too little memory, whatever a device calls it."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch

from engine.errors import DeviceError


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an error says that the memory of a device or of the process isn't enough.

    Only CUDA has an error of its own for it: on the CPU and on MPS it is a RuntimeError, which
    says so in words.
    """
    if isinstance(error, torch.OutOfMemoryError | MemoryError):
        return True
    words = str(error).lower()
    said = ("out of memory", "not enough memory", "can't allocate memory")
    return isinstance(error, RuntimeError) and any(each in words for each in said)


@contextmanager
def enough_memory(what: str, hint: str) -> Iterator[None]:
    """Within it, too little memory is a DeviceError that says what it was too little for."""
    try:
        yield
    except (RuntimeError, MemoryError) as error:
        if not is_out_of_memory(error):
            raise
        raise DeviceError(f"There is too little memory for {what}.", hint) from error
