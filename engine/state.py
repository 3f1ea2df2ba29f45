"""The phases of the engine, what leads from one to the next, and the status the window shows.

    starting --started--> idle --load--> loading --loaded--> ready
                                                               |
                                                               | start, step, epoch
                                                               v
    paused <------------- pause, hold --------------------- training
       |                                                     ^ |  ^
       +---------------- start, step, epoch -----------------+ |  |
       |                                             end, stop |  | start, step, epoch
       |                                                       v  |
       +--------------------- stop --------------------------> finished

From ready, training, paused, finished and failed: load leads to loading, start_over to ready,
undo and redo to paused. From loading, resumed leads to paused. From any phase, fail leads to
failed. Hold happens by itself: the one step or epoch is done, or the loss is not finite. A load
that fails leads back to the phase it came from.
"""

from enum import StrEnum

from engine.config import TrainingConfig
from engine.errors import PhaseError
from engine.message import Message


class Phase(StrEnum):
    STARTING = "starting"
    IDLE = "idle"
    LOADING = "loading"
    READY = "ready"
    TRAINING = "training"
    PAUSED = "paused"
    FINISHED = "finished"
    FAILED = "failed"


class Trigger(StrEnum):
    """What moves the engine from phase to phase: some are commands, some happen by themselves."""

    STARTED = "started"
    LOAD = "load"
    LOADED = "loaded"
    RESUMED = "resumed"
    START = "start"
    STEP = "step"
    EPOCH = "epoch"
    PAUSE = "pause"
    HOLD = "hold"
    STOP = "stop"
    END = "end"
    START_OVER = "start_over"
    UNDO = "undo"
    REDO = "redo"
    FAIL = "fail"


_SETTLED = (Phase.READY, Phase.PAUSED, Phase.FINISHED)

TRANSITIONS: dict[tuple[Phase, Trigger], Phase] = {
    (Phase.STARTING, Trigger.STARTED): Phase.IDLE,
    (Phase.LOADING, Trigger.LOADED): Phase.READY,
    (Phase.LOADING, Trigger.RESUMED): Phase.PAUSED,
    (Phase.TRAINING, Trigger.PAUSE): Phase.PAUSED,
    (Phase.TRAINING, Trigger.HOLD): Phase.PAUSED,
    (Phase.TRAINING, Trigger.END): Phase.FINISHED,
    (Phase.TRAINING, Trigger.STOP): Phase.FINISHED,
    (Phase.PAUSED, Trigger.STOP): Phase.FINISHED,
    **{
        (phase, trigger): Phase.TRAINING
        for phase in _SETTLED
        for trigger in (Trigger.START, Trigger.STEP, Trigger.EPOCH)
    },
    **{
        (phase, Trigger.LOAD): Phase.LOADING
        for phase in (Phase.IDLE, Phase.TRAINING, Phase.FAILED, *_SETTLED)
    },
    **{
        (phase, trigger): Phase.READY
        for phase in (Phase.TRAINING, Phase.FAILED, *_SETTLED)
        for trigger in (Trigger.START_OVER,)
    },
    **{
        (phase, trigger): Phase.PAUSED
        for phase in (Phase.TRAINING, Phase.FAILED, *_SETTLED)
        for trigger in (Trigger.UNDO, Trigger.REDO)
    },
    **{(phase, Trigger.FAIL): Phase.FAILED for phase in Phase},
}

_REFUSALS: dict[tuple[Phase, Trigger], str] = {
    (Phase.TRAINING, Trigger.START): "Training already runs. Pause or stop it first.",
    (Phase.TRAINING, Trigger.STEP): "Training runs. Pause it first, then take single steps.",
    (Phase.TRAINING, Trigger.EPOCH): "Training runs. Pause it first, then run single epochs.",
    (Phase.PAUSED, Trigger.PAUSE): "Training is paused already. Start resumes it.",
}


def follow(phase: Phase, trigger: Trigger) -> Phase:
    """The phase that a trigger leads to; PhaseError, in one sentence, where it leads nowhere."""
    try:
        return TRANSITIONS[phase, trigger]
    except KeyError:
        words = trigger.replace("_", " ")
        sentence = _REFUSALS.get((phase, trigger), f"Can't {words} while the engine is {phase}.")
        raise PhaseError(sentence) from None


def allows(phase: Phase, trigger: Trigger) -> bool:
    """Whether a trigger leads anywhere from a phase; buttons are enabled by this."""
    return (phase, trigger) in TRANSITIONS


class Status(Message, frozen=True):
    """What the engine is doing, as of its last step boundary. Read from any thread.

    `memory_mb` is what the process holds (cpu) or the device has allocated (cuda), in MiB.
    `undo_words` and `redo_words` name the run that would come back.
    `settings` are None while no network is loaded.
    `scheduled_rate` is what the schedule makes of the learning rate for the next step.
    `looking_share` is the share of time, 0 to 1, that captures and painting took lately.
    """

    phase: Phase = Phase.STARTING
    activity: str = "Loading torch"
    source: str = ""
    network: str = ""
    device: str = ""
    step: int = 0
    epoch: int = 0
    epochs: int = 0
    step_in_epoch: int = 0
    steps_per_epoch: int = 0
    images_per_second: float = 0.0
    seconds_left: float | None = None
    memory_mb: float = 0.0
    looking_share: float = 0.0
    settings: TrainingConfig | None = None
    scheduled_rate: float = 0.0
    run: int = 0
    can_undo: bool = False
    can_redo: bool = False
    undo_words: str = ""
    redo_words: str = ""
