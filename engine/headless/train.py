"""`train`: the same engine as the window's, in the thread that calls it."""

import signal
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from engine.config import RunConfig
from engine.errors import DataError, DeviceError, EngineError
from engine.files import check_writable
from engine.headless.reports import Finished, Report, best_epoch
from engine.messages.commands import Evaluate, Load, Start, Stop
from engine.messages.evaluation import Evaluated
from engine.messages.events import (
    CacheProblem,
    EpochEnded,
    Event,
    Halted,
    Loaded,
    LossNotFinite,
    PicturesLeftOut,
)
from engine.messages.frames import Frame
from engine.state import Phase
from engine.telemetry.outlet import Inbox, Outlet

if TYPE_CHECKING:
    from engine.worker import Worker

INTERRUPTED = 130  # what a shell gives a program that Ctrl-C ended


def train(config: RunConfig, out: Path | None, report: Report) -> int:
    """Train as `config` says, tell `report`, and save in the folder `out`; the exit code.

    Ctrl-C ends the training after the step that runs and saves what there is: exit code 130. When
    the loss stops being a number the last good weights are saved, and when the pictures are gone
    the present ones, and EngineError is raised, as for everything else that can't be done.
    """
    if out is not None:
        check_writable(out)

    # Torch loads here: whatever is checked before is answered at once.
    import torch

    from engine.training.devices import find_device
    from engine.worker import Worker

    device = find_device(config.training.device)
    outlet = Outlet()
    inbox, curves = outlet.join(), outlet.curves
    worker = Worker(outlet)
    worker.start()
    worker.apply(Load(config))
    bad_loss: LossNotFinite | None = None
    halted: Halted | None = None

    def tell() -> None:
        nonlocal bad_loss, halted
        for event in inbox.events():
            if isinstance(event, Loaded):
                report.loaded(event)
            elif isinstance(event, EpochEnded):
                report.epoch(event)
            elif isinstance(event, PicturesLeftOut):
                report.left_out(event.problems)
            elif isinstance(event, CacheProblem):
                report.note(event.sentence)
            elif isinstance(event, Halted):
                halted = event
            elif isinstance(event, LossNotFinite):
                bad_loss = event

    tell()
    with closing(worker), _ctrl_c() as interrupted, report:
        began = time.perf_counter()
        worker.apply(Start())
        try:
            while worker.phase is Phase.TRAINING and not interrupted.is_set():
                worker.advance()
                tell()
                report.step(worker.status, curves)
        except torch.OutOfMemoryError as error:
            raise DeviceError(
                f"{device} has run out of memory.", "Choose a smaller batch size or network."
            ) from error
        if worker.phase is Phase.TRAINING:
            worker.apply(Stop())
        tell()
        seconds = time.perf_counter() - began
        status = worker.status()
        saved_in = out if status.step else None  # before the first step there is nothing to keep
        if saved_in is not None:
            worker.save(saved_in)
        tested = None
        if status.step and halted is None and bad_loss is None:
            tested = _tested(worker, inbox, interrupted)
    if halted is not None:
        saved = f" The network is saved in {saved_in}." if saved_in is not None else ""
        raise EngineError(f"{halted.sentence}{saved}")
    if bad_loss is not None:
        saved = f" and saved in {saved_in}" if saved_in is not None else ""
        raise EngineError(
            f"The loss of step {bad_loss.step} wasn't a number any more. The weights of step "
            f"{bad_loss.kept_step} were kept{saved}.",
            "Try a smaller learning rate.",
        )
    epochs = curves.read().epochs
    report.finished(
        Finished(
            epochs=status.epoch,
            steps=status.step,
            best_epoch=best_epoch(epochs),
            val_accuracy=epochs[-1].val_accuracy if epochs else None,
            seconds=seconds,
            device=str(device),
            out=None if saved_in is None else str(saved_in),
            interrupted=interrupted.is_set(),
            test_accuracy=tested.accuracy if tested else None,
            test_loss=tested.loss if tested else None,
            test_pictures=tested.pictures if tested else 0,
        )
    )
    return INTERRUPTED if interrupted.is_set() else 0


def _tested(
    worker: "Worker", inbox: Inbox[Event, Frame], interrupted: threading.Event
) -> Evaluated | None:
    """How good the network is on the test subset; None where there is none, or after Ctrl-C."""
    try:
        worker.apply(Evaluate("test"))
    except DataError:  # no picture is kept for the test
        return None
    while worker.is_busy and not interrupted.is_set():
        worker.rest()
    return next((event for event in inbox.events() if isinstance(event, Evaluated)), None)


@contextmanager
def _ctrl_c() -> Iterator[threading.Event]:
    """An event that the first Ctrl-C sets, so that no step is broken off half-way. A second one
    raises KeyboardInterrupt."""
    interrupted = threading.Event()

    def note(number: int, frame: object) -> None:
        if interrupted.is_set():
            raise KeyboardInterrupt
        interrupted.set()

    before = signal.signal(signal.SIGINT, note)
    try:
        yield interrupted
    finally:
        signal.signal(signal.SIGINT, before)
