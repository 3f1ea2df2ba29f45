"""What the window can ask of the engine: taken between two steps, in the order sent."""

import numpy as np

from engine.config import DeviceName, Part, RunConfig
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
    """Bring back the run that the last Load, StartOver or Redo took the place of, as it stood."""


class Redo(Message, frozen=True):
    """Bring back the run that the last Undo took the place of."""


class Resume(Message, frozen=True):
    """Go on with the run that a folder holds, where it stood, on its device or another one. It is
    paused then."""

    folder: str
    device: DeviceName | None = None


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


class Evaluate(Message, frozen=True):
    """Measure the network on pictures of its source, beside the training: a task, whose number is
    that of this command. On a copy of the weights as they are now; `live`: on the weights
    themselves, which go on changing. Ends in Evaluated and TaskEnded."""

    subset: Part = "test"
    live: bool = False


class ShowPictures(Message, frozen=True):
    """Bring small copies of pictures of the source with this fingerprint, in this order, to fit a
    square of `side` pixels: a task, instead of the last of its kind. Each comes as a PictureFrame.
    """

    fingerprint: str
    indices: tuple[int, ...]
    side: int


class CancelTask(Message, frozen=True):
    """End a task, if it still runs."""

    task: int


class ProbePicture(Message, frozen=True):
    """Make a picture of the source with this fingerprint a probe, and show its maps."""

    fingerprint: str
    index: int


Command = (
    Load
    | Start
    | Step
    | Epoch
    | Pause
    | Stop
    | StartOver
    | Undo
    | Redo
    | Resume
    | SetTraining
    | AddProbe
    | RemoveProbe
    | SelectProbe
    | InvertProbe
    | SetBudget
    | Save
    | Evaluate
    | ShowPictures
    | CancelTask
    | ProbePicture
)
