"""What must not be lost on its way to the window. An event that answers a command repeats its
number; 0 is that of none."""

from typing import Literal

import numpy as np
from msgspec import Struct

from engine.config import RunConfig
from engine.message import ArrayMessage, Message
from engine.messages.evaluation import Evaluated
from engine.networks.stages import Stage
from engine.state import Phase


class PhaseChanged(Message, frozen=True):
    phase: Phase
    sentence: str = ""


class NetworkFacts(Struct, frozen=True):
    """What is told of a network, whatever it was made from: `stages` from the picture to the
    classes, and where it computes."""

    name: str
    stages: tuple[Stage, ...]
    classes: tuple[str, ...]
    parameters: int
    device: str


class DataFacts(Struct, frozen=True):
    """What is told of the pictures that a network learns from."""

    source: str
    training_pictures: int
    validation_pictures: int
    test_pictures: int
    left_out: int
    """Pictures of the source that are in no subset."""
    notes: tuple[str, ...]
    """What is to be said of the subsets, such as that a class has fewer pictures than asked."""
    problems: int
    """Files of the source that could not be used from the start."""
    fingerprint: str = ""
    """Of the source: by it, pictures of it are asked for."""


class Loaded(Message, frozen=True):
    """A network is there to be looked at, and, where it has a config, a run is ready to start.

    `run` counts loads and fresh starts; frames and curves of an older run are stale. `config` and
    `data` are None of a network that is only watched. `command` is the one that it answers.
    """

    run: int
    network: NetworkFacts
    data: DataFacts | None
    config: RunConfig | None
    command: int = 0


class BroughtBack(Message, frozen=True):
    """A run that was left is back, as number `run`: its network, and where that stands.
    `val_accuracy` is that of its last whole epoch; `redone` by Redo, else by Undo. `reversible`:
    the other of the two leads back again."""

    run: int
    network: str
    step: int
    epoch: int
    val_accuracy: float | None
    redone: bool
    reversible: bool
    command: int = 0


class EpochEnded(Message, frozen=True):
    epoch: int
    step: int
    train_loss: float
    train_accuracy: float
    val_loss: float
    val_accuracy: float
    images_per_second: float
    seconds: float


class LossNotFinite(Message, frozen=True):
    """The loss of `step` was NaN or infinite; the weights are those of `kept_step` again."""

    step: int
    kept_step: int


class Halted(Message, frozen=True):
    """Training can't go on as things are, and is paused; it goes on where that is put right."""

    sentence: str


class CacheProblem(Message, frozen=True):
    """Why decoded pictures are not, or no longer, kept: training goes on, only slower."""

    sentence: str


class EngineLost(Message, frozen=True):
    """The process of the engine has ended, and nobody asked it to; another can be started."""

    sentence: str


class NotKept(Message, frozen=True):
    """Why what is trained is not written to the disk as it goes: training goes on all the same."""

    sentence: str


class Refused(Message, frozen=True):
    """A command could not be carried out; nothing has changed. `command` is its number."""

    sentence: str
    command: int = 0


class Failed(Message, frozen=True):
    """The engine met an error that it did not expect. `details` is for a report."""

    sentence: str
    details: str


class TrainingChanged(Message, frozen=True):
    """Settings changed while the network trains, from the next step on."""

    step: int
    sentence: str


class ProbeShown(ArrayMessage, frozen=True, eq=False):
    """A probe was added or what the network sees of it changed.

    `picture_HWC` uint8 is a small copy of the picture; `seen_CHW` uint8 is exactly what the
    network sees, before normalisation. `light` says that the background is light, where the
    network was trained on dark ones. `command` is the one that brought the picture.
    """

    probe: int
    name: str
    picture_HWC: np.ndarray
    size_HW: tuple[int, int]
    seen_CHW: np.ndarray
    light: bool
    inverted: bool
    command: int = 0


class ProbeRemoved(Message, frozen=True):
    probe: int


class ProbeSelected(Message, frozen=True):
    probe: int


class PicturesUnread(Message, frozen=True):
    """Files that could not be shown, each with its reason: (name, sentence)."""

    problems: tuple[tuple[str, str], ...]


class PicturesLeftOut(Message, frozen=True):
    """Pictures of the data that could not be read by this step, (name, sentence): the training
    goes on without them. `source` is what the run's config names them by."""

    step: int
    problems: tuple[tuple[str, str], ...]
    source: str = ""


class PicturesRead(Message, frozen=True):
    """How far a reading of files has come; `total` is 0 while folders are still being listed."""

    done: int
    total: int
    finished: bool


class Saved(Message, frozen=True):
    folder: str
    command: int = 0


Outcome = Literal["done", "cancelled", "failed"]


class TaskEnded(Message, frozen=True):
    """A task is over. `sentence` says why it failed; a cancelled one has none."""

    task: int
    kind: str
    outcome: Outcome
    sentence: str = ""


Event = (
    PhaseChanged
    | Loaded
    | BroughtBack
    | EpochEnded
    | LossNotFinite
    | Halted
    | CacheProblem
    | NotKept
    | EngineLost
    | Refused
    | Failed
    | TrainingChanged
    | ProbeShown
    | ProbeRemoved
    | ProbeSelected
    | PicturesUnread
    | PicturesLeftOut
    | PicturesRead
    | Saved
    | Evaluated
    | TaskEnded
)
