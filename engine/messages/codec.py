"""Messages as bytes, for a way that leaves the process: MessagePack with the arrays in it.

An array becomes [dtype, shape, bytes]; it comes back read-only. What is decoded has been checked
against the types: a message that doesn't fit is refused, never half taken.
"""

from typing import Any

import msgspec
import numpy as np

from engine.errors import MessageError
from engine.message import Message
from engine.messages.commands import Command
from engine.messages.events import Event
from engine.messages.frames import Demand, Frame, Wanted
from engine.messages.questions import Question
from engine.messages.views import Told, View
from engine.messages.wire import Wire
from engine.state import Status

Travelling = Command | Event | Frame | Demand | Wanted | Status | Question | View | Told | Wire

_KINDS = "biuf"
"""Of numpy's kinds of dtype, those that may travel: plain numbers, no objects."""
_MOST_VALUES = 2**31


def encode(message: Message) -> bytes:
    """The bytes of a message; MessageError where a name in it is no text. On any thread."""
    try:
        return msgspec.msgpack.encode(message, enc_hook=_from_array)
    except UnicodeEncodeError as error:  # a file name that is no text
        raise MessageError(
            "A name in it can't be written as text.", "Rename that file or folder."
        ) from error


def decode(data: bytes) -> Travelling:
    """The message of some bytes; MessageError where they are none that is known. On any thread."""
    try:
        return _DECODER.decode(data)
    except (msgspec.DecodeError, ValueError, TypeError) as error:
        raise MessageError(f"A message can't be read: {error}.") from error


def _from_array(value: Any) -> Any:
    if isinstance(value, np.ndarray) and value.dtype.kind in _KINDS:
        little = np.ascontiguousarray(value, value.dtype.newbyteorder("<"))
        return little.dtype.str, value.shape, little.reshape(-1).view(np.uint8).data
    if isinstance(value, np.generic):
        return value.item()
    raise NotImplementedError(f"{type(value).__name__} can't travel")


def _to_array(kind: type, value: Any) -> Any:
    if kind is not np.ndarray:
        raise NotImplementedError(f"{kind.__name__} can't travel")
    name, shape, data = msgspec.convert(value, tuple[str, tuple[int, ...], bytes])
    dtype = np.dtype(name)
    if dtype.kind not in _KINDS or any(side < 0 for side in shape):
        raise ValueError(f"no array can be {name} of the shape {shape}")
    return np.frombuffer(data, dtype).reshape(shape)


_DECODER = msgspec.msgpack.Decoder(Travelling, dec_hook=_to_array)
