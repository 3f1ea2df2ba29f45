"""What the window can ask of the engine: taken between two steps, in the order sent."""

import numpy as np

from engine.config import RunConfig
from engine.message import ArrayMessage, Message


class Load(Message, frozen=True):
    """Read the data, build the network: a new run, not started yet."""

    config: RunConfig


class Start(Message, frozen=True):
    """Train, or go on after a pause; after the end, train as many epochs again."""


class Step(Message, frozen=True):
    """One optimiser update, then pause."""


class Epoch(Message, frozen=True):
    """To the end of the epoch, then pause."""


class Pause(Message, frozen=True):
    pass


class Stop(Message, frozen=True):
    """End the run and keep the network as it is."""


class StartOver(Message, frozen=True):
    """The same config from fresh weights; curves begin anew. `Undo` brings back what was."""


class Undo(Message, frozen=True):
    """Bring back the weights and curves that the last StartOver threw away."""


class SetTraining(Message, frozen=True):
    """Change what may change while a network trains: fields of TrainingConfig, by their names."""

    changes: dict[str, bool | int | float | str]


class AddProbe(ArrayMessage, frozen=True, eq=False):
    """A picture to look at: `rgb_HWC` uint8, upright, alpha composited; `select` shows its maps.

    `size_HW` is the size of the file's picture where `rgb_HWC` is a smaller copy.
    """

    name: str
    rgb_HWC: np.ndarray
    select: bool = False
    size_HW: tuple[int, int] | None = None


class RemoveProbe(Message, frozen=True):
    probe: int


class SelectProbe(Message, frozen=True):
    """The probe whose feature maps are shown."""

    probe: int


class InvertProbe(Message, frozen=True):
    """Show the network the negative of the picture, or the picture itself again."""

    probe: int
    inverted: bool


class SetBudget(Message, frozen=True):
    """The largest share of time, 0 to 1, that looking may cost while training."""

    share: float


class Save(Message, frozen=True):
    """Write the trained network into a folder, as `train --out` does."""

    folder: str


Command = (
    Load
    | Start
    | Step
    | Epoch
    | Pause
    | Stop
    | StartOver
    | Undo
    | SetTraining
    | AddProbe
    | RemoveProbe
    | SelectProbe
    | InvertProbe
    | SetBudget
    | Save
)
