"""What is trained is kept as it goes, and nobody waits for that."""

import math
import threading
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
import torch

from engine.errors import RunError
from engine.messages import commands, events
from engine.runs import keeper as module
from engine.runs.checkpoint import Checkpoint
from engine.runs.keeper import KEEP_SECONDS, Keeper
from engine.runs.names import NAMES
from engine.runs.saved import load_checkpoint
from engine.state import Phase
from engine.telemetry.outlet import Outlet
from engine.worker import Worker
from tests.engine.test_worker import SMALL, Engine


@pytest.fixture(scope="module")
def checkpoint() -> Checkpoint:
    engine = Engine()
    engine.apply(commands.Start())
    engine.steps(2)
    made = engine.worker._loaded.checkpoint()
    engine.worker.close()
    return made


class Kept:
    """A keeper whose writing waits until it is let go."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.written: list[int] = []
        self.complaints: list[str] = []
        self.begun, self.let_go = threading.Event(), threading.Event()
        self.error: RunError | None = None
        monkeypatch.setattr(module, "keep_checkpoint", self._write)
        self.keeper = Keeper(folder, self.complaints.append)
        self.keeper.start()

    def _write(self, folder: Path, checkpoint: Checkpoint) -> None:
        self.begun.set()
        assert self.let_go.wait(60)
        if self.error is not None:
            raise self.error
        self.written.append(checkpoint.step)


@pytest.fixture
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Kept]:
    kept = Kept(tmp_path, monkeypatch)
    yield kept
    kept.let_go.set()
    kept.keeper.close()


def numbered(checkpoint: Checkpoint, step: int) -> Checkpoint:
    return msgspec.structs.replace(checkpoint, step=step)


def test_the_newest_wins_while_the_disk_is_slow(kept: Kept, checkpoint: Checkpoint) -> None:
    kept.keeper.offer(numbered(checkpoint, 1))
    assert kept.begun.wait(60)
    for step in range(2, 1000):
        kept.keeper.offer(numbered(checkpoint, step))
    kept.let_go.set()
    kept.keeper.close()
    assert kept.written == [1, 999]


def test_why_nothing_is_kept_is_said_once_until_it_is_again(
    kept: Kept, checkpoint: Checkpoint
) -> None:
    kept.let_go.set()
    for error in (
        RunError("The disk is full."),
        RunError("The disk is full."),
        None,
        RunError("Gone."),
    ):
        kept.error = error
        kept.keeper.offer(checkpoint)
        kept.keeper.wait()
    assert kept.complaints == [
        "What is trained isn't kept: The disk is full.",
        "What is trained isn't kept: Gone.",
    ]


def test_weights_that_are_no_numbers_leave_what_was_kept(
    kept: Kept, checkpoint: Checkpoint
) -> None:
    kept.let_go.set()
    name, *_ = checkpoint.weights
    broken = {**checkpoint.weights, name: torch.full_like(checkpoint.weights[name], math.nan)}
    kept.keeper.offer(msgspec.structs.replace(checkpoint, weights=broken))
    kept.keeper.wait()
    assert (kept.written, kept.complaints) == ([], [])


def test_how_often_follows_from_what_it_costs(tmp_path: Path) -> None:
    keeper = Keeper(tmp_path, print)
    assert keeper.is_due(0.0, at_epoch_end=False)
    keeper.note_copied(100.0, seconds=0.001)
    assert not keeper.is_due(100.0 + KEEP_SECONDS - 0.1, at_epoch_end=False)
    assert keeper.is_due(100.0 + KEEP_SECONDS, at_epoch_end=False)
    assert keeper.is_due(102.0, at_epoch_end=True)
    keeper.note_copied(200.0, seconds=0.5)
    assert not keeper.is_due(249.0, at_epoch_end=True)
    assert keeper.is_due(250.0, at_epoch_end=False)


class Keeping(Engine):
    """An engine that keeps what it trains."""

    def __init__(self, folder: Path) -> None:
        self.outlet = Outlet()
        self.inbox, self.curves = self.outlet.join(), self.outlet.curves
        self.told = []
        self.now = 0.0
        self.keeper = Keeper(folder, lambda why: self.outlet.tell(events.NotKept(why)))
        self.keeper.start()
        self.worker = Worker(self.outlet, clock=self.tick, keeper=self.keeper)
        self.worker.start()
        self.worker.apply(commands.Load(SMALL))


@pytest.fixture
def keeping(tmp_path: Path) -> Iterator[Keeping]:
    engine = Keeping(tmp_path)
    yield engine
    engine.worker.close()


def kept_step(engine: Keeping, folder: Path) -> int:
    engine.keeper.wait()
    return load_checkpoint(folder).step


def test_weights_are_kept_while_they_are_trained_when_they_rest_and_at_the_end(
    keeping: Keeping, tmp_path: Path
) -> None:
    keeping.apply(commands.Start())
    keeping.now += 10_000.0
    keeping.steps(1)
    assert kept_step(keeping, tmp_path) == 1
    keeping.steps(2)
    assert kept_step(keeping, tmp_path) == 1, "not so soon again"
    keeping.now += 10_000.0
    keeping.steps(1)
    assert kept_step(keeping, tmp_path) == 4
    keeping.steps(1)
    keeping.apply(commands.Pause())
    assert kept_step(keeping, tmp_path) == 5
    keeping.apply(commands.SetTraining({"batch_size": 128}))
    keeping.worker.close()
    assert load_checkpoint(tmp_path).config.training.batch_size == 128
    assert [path.name for path in tmp_path.iterdir()] == [NAMES[0]]


def test_what_was_kept_goes_on_and_a_fresh_network_does_not_replace_it(
    keeping: Keeping, tmp_path: Path
) -> None:
    keeping.apply(commands.Start())
    keeping.steps(3)
    keeping.worker.close()
    again = Keeping(tmp_path)
    again.apply(commands.StartOver())
    again.worker.close()
    assert load_checkpoint(tmp_path).step == 3
    again = Keeping(tmp_path)
    again.apply(commands.Resume(str(tmp_path)))
    status = again.worker.status()
    assert (again.worker.phase, status.step) == (Phase.PAUSED, 3)
    again.apply(commands.Step())
    again.finish()
    again.worker.close()
    assert load_checkpoint(tmp_path).step == 4


def test_a_folder_that_cannot_be_written_stops_nothing(tmp_path: Path) -> None:
    (tmp_path / NAMES[0]).mkdir()
    engine = Keeping(tmp_path)
    engine.apply(commands.Start())
    engine.finish()
    assert engine.worker.phase is Phase.FINISHED
    engine.worker.close()
    told = engine.events(events.NotKept)
    assert len(told) == 1
    assert "is a folder, where a file must be" in told[0].sentence
