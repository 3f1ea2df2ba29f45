"""What only the way between two processes has: numbers of commands, curves, signs of life."""

import numpy as np

from engine.message import ArrayMessage, Message
from engine.messages.commands import Command
from engine.messages.events import EpochEnded


class Sent(Message, frozen=True):
    """A command under its number."""

    number: int
    command: Command


class Painted(Message, frozen=True):
    """The window has spent these processor seconds on showing frames."""

    seconds: float


class Taken(Message, frozen=True):
    """The window has taken the frames that came last: it can take others."""


class CurvesPart(ArrayMessage, frozen=True, eq=False):
    """The curves of a run from figure number `start` and epoch number `first_epoch` on: a `start`
    before what is known begins anew. int64 (N,), float32 (N,), float32 (N,)."""

    run: int
    start: int
    step_N: np.ndarray
    loss_N: np.ndarray
    accuracy_N: np.ndarray
    first_epoch: int
    epochs: tuple[EpochEnded, ...]


class Alive(Message, frozen=True):
    """The engine's process runs; `since_boundary` seconds ago its engine was between two steps."""

    since_boundary: float


class Close(Message, frozen=True):
    """The window closes: end the run, keep what is to be kept, and end the process."""


Wire = Sent | Painted | Taken | CurvesPart | Alive | Close
