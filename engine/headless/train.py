"""`train`: the same engine as the window's, in the thread that calls it."""

import signal
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from engine.config import DeviceName, RunConfig
from engine.errors import ConfigError, DataError, EngineError
from engine.files import check_writable
from engine.headless.command import INTERRUPTED, TERMINATED
from engine.headless.ending import SIGNALS
from engine.headless.output import OutputError, ReaderGoneError
from engine.headless.reports import Finished, Report, best_epoch
from engine.hyperparameters import changed
from engine.messages.commands import Evaluate, Load, Resume, SetTraining, Start, Stop
from engine.messages.evaluation import Evaluated
from engine.messages.events import (
    CacheProblem,
    EpochEnded,
    Event,
    Halted,
    Loaded,
    LossNotFinite,
    NotKept,
    PicturesLeftOut,
)
from engine.messages.frames import Frame
from engine.runs.names import NAMES
from engine.state import Phase, Status
from engine.telemetry.outlet import Inbox, Outlet

if TYPE_CHECKING:
    from engine.worker import Worker

Changes = Mapping[str, bool | int | float | str]


def train(config: RunConfig, out: Path | None, report: Report) -> int:
    """Train as `config` says, tell `report`, and save in the folder `out`; the exit code.

    The folder is written at the end of every epoch, and when the training ends, whatever ends it:
    Ctrl-C and SIGTERM, after the step that runs; a loss that is no number any more, with the last
    good weights; pictures that are gone; output that can't be written. What isn't asked for by a
    signal is raised then as an EngineError, as everything else that can't be done.
    """
    if out is not None:
        check_writable(out, NAMES)
    return _Training(out, report).run(Load(config), {})


def resume(
    folder: Path, changes: Changes, device: DeviceName | None, out: Path | None, report: Report
) -> int:
    """Go on with the run that a folder holds, where it stands, with other settings from there on
    and on another device, where these are given; otherwise like `train`. `out` is the folder
    itself unless another is named."""
    if out is not None:
        check_writable(out, NAMES)
    return _Training(out or folder, report).run(Resume(str(folder), device), changes)


class _Training:
    """One training, from its first command to the report of its end."""

    def __init__(self, out: Path | None, report: Report) -> None:
        self._out = out
        self._report = report
        self._outlet = Outlet()
        self._inbox = self._outlet.join()
        self._bad_loss: LossNotFinite | None = None
        self._halted: Halted | None = None

    def run(self, first: Load | Resume, changes: Changes) -> int:
        # Torch loads here: whatever is checked before is answered at once.
        from engine.runs.keeper import Keeper
        from engine.worker import Worker

        keeper = None
        if self._out is not None:
            keeper = Keeper(self._out, self._note, for_people=True)
            keeper.start()
        worker = Worker(self._outlet, keeper=keeper)
        with closing(worker), ending() as ended, self._report:
            worker.start()
            worker.apply(first)
            if isinstance(first, Resume):
                _check_incomplete(worker.status(), changes)
                worker.apply(SetTraining(dict(changes)))
            try:
                finished = self._train(worker, ended)
            except OutputError as error:
                # Nobody reads along any more, or the disk is full: what was learned is kept.
                saved = self._save(worker)
                if isinstance(error, ReaderGoneError):
                    raise
                raise OutputError(error.message, f"{error.hint}{saved}") from error
        self._complain(finished)
        self._report.finished(finished)
        return ended[0] if ended else 0

    def _train(self, worker: "Worker", ended: list[int]) -> Finished:
        self._tell()
        began, first = time.perf_counter(), worker.status()
        if first.step:
            self._report.note(f"Goes on after step {first.step:,}, in epoch {first.epoch + 1:,}.")
        worker.apply(Start())
        while worker.phase is Phase.TRAINING and not ended:
            worker.advance()
            self._tell()
            self._report.step(worker.status, self._outlet.curves)
        if worker.phase is Phase.TRAINING:
            worker.apply(Stop())
        self._tell()
        seconds = time.perf_counter() - began
        self._save(worker)
        status = worker.status()
        epochs = self._outlet.curves.read().epochs
        tested = None
        if status.step and self._halted is None and self._bad_loss is None:
            tested = _tested(worker, self._inbox, ended)
        return Finished(
            epochs=status.epoch,
            steps=status.step,
            best_epoch=best_epoch(epochs),
            val_accuracy=epochs[-1].val_accuracy if epochs else None,
            seconds=seconds,
            device=status.device.partition(",")[0],
            # Before the first step there is nothing to keep.
            out=str(self._out) if self._out is not None and status.step else None,
            interrupted=bool(ended),
            test_accuracy=tested.accuracy if tested else None,
            test_loss=tested.loss if tested else None,
            test_pictures=tested.pictures if tested else 0,
        )

    def _save(self, worker: "Worker") -> str:
        """Write what was learned; where it is, as a sentence after another one."""
        if self._out is None or not worker.status().step:
            return ""
        worker.save(self._out)
        return f" The network is saved in {self._out}."

    def _complain(self, finished: Finished) -> None:
        """EngineError for a training that didn't end as it should."""
        if self._halted is not None:
            saved = f" The network is saved in {finished.out}." if finished.out else ""
            raise EngineError(f"{self._halted.sentence}{saved}")
        if self._bad_loss is not None:
            saved = f" and saved in {finished.out}" if finished.out else ""
            raise EngineError(
                f"The loss of step {self._bad_loss.step} wasn't a number any more. The weights of "
                f"step {self._bad_loss.kept_step} were kept{saved}.",
                "Try a smaller learning rate.",
            )

    def _note(self, sentence: str) -> None:
        self._outlet.tell(NotKept(sentence))

    def _tell(self) -> None:
        report = self._report
        for event in self._inbox.events():
            if isinstance(event, Loaded):
                report.loaded(event)
            elif isinstance(event, EpochEnded):
                report.epoch(event)
            elif isinstance(event, PicturesLeftOut):
                report.left_out(event.problems)
            elif isinstance(event, CacheProblem | NotKept):
                report.note(event.sentence)
            elif isinstance(event, Halted):
                self._halted = event
            elif isinstance(event, LossNotFinite):
                self._bad_loss = event


def _tested(worker: "Worker", inbox: Inbox[Event, Frame], ended: list[int]) -> Evaluated | None:
    """How good the network is on the test subset; None where there is none, or after Ctrl-C."""
    try:
        worker.apply(Evaluate("test"))
    except DataError:  # no picture is kept for the test
        return None
    while worker.is_busy and not ended:
        worker.rest()
    return next((event for event in inbox.events() if isinstance(event, Evaluated)), None)


def _check_incomplete(status: Status, changes: Changes) -> None:
    """ConfigError where a run has no epoch left, as it would be with other settings."""
    assert status.settings is not None
    more = changed(status.settings, changes).epochs - status.settings.epochs
    if status.epoch >= status.epochs + more:
        raise ConfigError(
            f"That run is complete: {status.epoch:,} epochs are done.",
            "Ask for more of them in all with --epochs.",
        )


@contextmanager
def ending() -> Iterator[list[int]]:
    """A list that the first Ctrl-C, SIGTERM or closed terminal puts the exit code into, so that no
    step is broken off half-way. A second one ends everything as usual."""
    ended: list[int] = []
    if threading.current_thread() is not threading.main_thread():
        yield ended  # signals are the main thread's
        return
    numbers = {signal.SIGINT: INTERRUPTED, **dict.fromkeys(SIGNALS, TERMINATED)}
    before = {
        number: handler
        for number in numbers
        if (handler := signal.getsignal(number)) is not signal.SIG_IGN
    }

    def note(number: int, frame: object) -> None:
        if ended:
            raise KeyboardInterrupt
        ended.append(numbers[number])

    for number in before:
        signal.signal(number, note)
    try:
        yield ended
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
