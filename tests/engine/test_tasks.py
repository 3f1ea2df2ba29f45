"""Tasks beside the training: whose turn it is, what they cost, how they end; nothing changes."""

from collections.abc import Iterator

import msgspec
import numpy as np
import pytest
import torch

from engine.config import (
    DIGITS,
    BatchNorm,
    Conv,
    Dense,
    Dropout,
    MaxPool,
    NetworkConfig,
    RunConfig,
    SubsetCounts,
    TrainingConfig,
)
from engine.errors import DataError, EngineError, PhaseError, PictureError
from engine.messages import commands, events
from engine.messages.evaluation import Evaluated
from engine.messages.events import TaskEnded
from engine.messages.frames import PictureFrame, TaskFrame
from engine.state import Phase
from engine.tasks.tasks import Tasks
from engine.telemetry.outlet import Outlet
from engine.telemetry.pace import Pace
from engine.worker import Worker

CONFIG = RunConfig(
    data=msgspec.structs.replace(DIGITS, subsets=SubsetCounts(100, 20, 30)),
    network=NetworkConfig(
        "small",
        (Conv(4), BatchNorm(), MaxPool(4), Dropout(0.5), Dense(0, activation="none")),
    ),
    training=TrainingConfig(epochs=40, batch_size=50, device="cpu", seed=3),
)


class Engine:
    """A worker that reads a clock which goes on by a millisecond each time."""

    def __init__(self, config: RunConfig = CONFIG) -> None:
        self.outlet = Outlet()
        self.inbox = self.outlet.join()
        self.now = 0.0
        self.frames: dict[tuple[str, str], object] = {}
        self.heard: list[events.Event] = []
        self.worker = Worker(self.outlet, clock=self.tick)
        self.worker.start()
        self.worker.looking.pace.budget = 1.0
        self.worker.apply(commands.Load(config))

    def tick(self) -> float:
        self.now += 0.001
        return self.now

    def told(self, kind: type) -> list:
        self.heard += self.inbox.events()
        return [event for event in self.heard if isinstance(event, kind)]

    def rest(self) -> None:
        """Until there is nothing to do."""
        turns = 0
        while self.worker.is_busy:
            self.worker.rest()
            self.frames |= self.inbox.frames()
            turns += 1
            assert turns < 10_000

    @property
    def run(self):
        assert self.worker._loaded is not None
        return self.worker._loaded.run


@pytest.fixture
def engine() -> Iterator[Engine]:
    engine = Engine()
    yield engine
    engine.worker.close()


class Counting:
    """A task that does nothing, in `total` slices that take `seconds` each."""

    kind = "count"
    unit = "numbers"
    step = 0
    live = False
    newest_only = False

    def __init__(self, number: int, total: int, engine: "Clock", seconds: float = 0.0) -> None:
        self.number, self.total, self.done = number, total, 0
        self.closed = 0
        self.alone: list[bool] = []
        self.error: Exception | None = None
        self._engine, self._seconds = engine, seconds

    def advance(self, alone: bool) -> bool:
        if self.error is not None:
            raise self.error
        self.alone.append(alone)
        self.done += 1
        self._engine.now += self._seconds
        return self.done == self.total

    def result(self) -> events.Event | None:
        return events.Saved(f"result of {self.number}")

    def close(self) -> None:
        self.closed += 1


class Clock:
    def __init__(self) -> None:
        self.now = 0.0
        self.outlet = Outlet()
        self.inbox = self.outlet.join()
        self.tasks = Tasks(self.outlet, lambda: self.now)

    def ended(self) -> list[TaskEnded]:
        return [event for event in self.inbox.events() if isinstance(event, TaskEnded)]


def test_tasks_take_turns_and_each_ends_with_its_result() -> None:
    clock = Clock()
    first, second = Counting(1, 3, clock), Counting(2, 2, clock)
    clock.tasks.begin(first)
    clock.tasks.begin(second)
    done = []
    while len(clock.tasks):
        clock.tasks.advance(alone=True)
        done.append((first.done, second.done))
    assert done == [(1, 0), (1, 1), (2, 1), (2, 2), (3, 2)]
    assert clock.inbox.events() == [
        events.Saved("result of 2"),
        TaskEnded(2, "count", "done"),
        events.Saved("result of 1"),
        TaskEnded(1, "count", "done"),
    ]
    assert (first.closed, second.closed) == (1, 1)
    frame = clock.inbox.frames()["task", "1"]
    assert frame == TaskFrame(("task", "1"), 1, "count", 0, 3, 3, "numbers")


def test_a_cancelled_task_ends_at_once_and_without_a_result() -> None:
    clock = Clock()
    first, second = Counting(1, 3, clock), Counting(2, 3, clock)
    clock.tasks.begin(first)
    clock.tasks.begin(second)
    clock.tasks.advance(alone=True)
    clock.tasks.cancel(1)
    clock.tasks.cancel(1)  # it is over already
    assert clock.ended() == [TaskEnded(1, "count", "cancelled")]
    assert first.closed == 1
    clock.tasks.advance(alone=True)
    assert (first.done, second.done) == (1, 1)


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (DataError("The disk has gone.", "Bring it back."), "The disk has gone. Bring it back."),
        (ValueError("shapes differ\nand more"), "It stopped: shapes differ."),
        (KeyError(), "It stopped: KeyError."),
    ],
)
def test_a_task_that_fails_says_why_and_the_others_go_on(error, sentence, expect_log) -> None:
    if not isinstance(error, EngineError):
        expect_log("the task count failed")
    clock = Clock()
    bad, good = Counting(1, 3, clock), Counting(2, 1, clock)
    bad.error = error
    clock.tasks.begin(bad)
    clock.tasks.begin(good)
    clock.tasks.advance(alone=True)
    clock.tasks.advance(alone=True)
    assert clock.ended() == [
        TaskEnded(1, "count", "failed", sentence),
        TaskEnded(2, "count", "done"),
    ]
    assert bad.closed == 1


def test_progress_is_told_ten_times_a_second_and_at_the_end() -> None:
    clock = Clock()
    clock.tasks.begin(Counting(1, 100, clock, seconds=0.03))
    seen = []
    while len(clock.tasks):
        clock.tasks.advance(alone=True)
        seen += [frame.done for frame in clock.inbox.frames().values()]
    assert seen == [0, *range(4, 100, 4), 100]


@pytest.mark.parametrize("budget", [0.02, 0.1, 0.5])
@pytest.mark.parametrize("seconds", [0.004, 0.3])
def test_beside_a_training_slices_keep_to_the_budget(budget: float, seconds: float) -> None:
    clock = Clock()
    pace = Pace(lambda: clock.now, budget)
    task = Counting(1, 10**9, clock, seconds)
    clock.tasks.begin(task)
    until = 20 * seconds / budget
    while clock.now < until:
        clock.tasks.between_steps(lambda: None, pace)
        clock.now += seconds / 10
    assert not any(task.alone)
    assert task.done * seconds / clock.now == pytest.approx(budget, rel=0.15)
    clock.tasks.close()


def test_captures_and_slices_share_the_budget_and_neither_starves() -> None:
    clock = Clock()
    pace = Pace(lambda: clock.now, 0.2)
    task = Counting(1, 10**9, clock, 0.02)
    clock.tasks.begin(task)
    captures = 0

    def look() -> None:
        nonlocal captures
        if pace.is_due(1000):
            clock.now += 0.01
            captures += 1
            pace.spent(0.01, 1000)

    while clock.now < 60:
        clock.tasks.between_steps(look, pace)
        clock.now += 0.005
    assert (task.done * 0.02 + captures * 0.01) / 60 == pytest.approx(0.2, rel=0.15)
    assert task.done == pytest.approx(captures, rel=0.1)
    assert pace.share == pytest.approx(0.2, abs=0.04)
    clock.tasks.close()


def test_without_a_budget_a_task_waits_until_nothing_trains() -> None:
    clock = Clock()
    pace = Pace(lambda: clock.now, 0.0)
    task = Counting(1, 2, clock)
    clock.tasks.begin(task)
    for _ in range(100):
        clock.now += 1.0
        clock.tasks.between_steps(lambda: None, pace)
    assert task.done == 0
    clock.tasks.advance(alone=True)
    assert task.done == 1
    clock.tasks.close()


# In the engine


def test_evaluate_answers_with_its_number_and_the_step_of_the_copy(engine: Engine) -> None:
    engine.worker.apply(commands.Start())
    for _ in range(7):
        engine.worker.advance()
    engine.worker.apply(commands.Evaluate("test"), 41)
    while engine.worker.is_busy:
        engine.worker.advance()
    assert engine.worker.phase is Phase.TRAINING
    (evaluated,) = engine.told(Evaluated)
    assert (evaluated.task, evaluated.run, evaluated.subset) == (41, 1, "test")
    assert (evaluated.step, evaluated.last_step) == (7, 7)
    assert engine.run.step_number > 7
    assert engine.told(TaskEnded) == [TaskEnded(41, "evaluate", "done")]
    assert evaluated.index_N.tolist() == engine.run.subsets.indices("test").tolist()


def test_a_copy_is_that_of_its_step_and_live_weights_say_how_far_they_went(engine: Engine) -> None:
    twin = Engine()
    for each in (engine, twin):
        each.worker.apply(commands.Start())
        for _ in range(5):
            each.worker.advance()
    twin.worker.apply(commands.Pause())
    twin.worker.apply(commands.Evaluate("validation"), 1)
    twin.rest()
    engine.worker.apply(commands.Evaluate("validation"), 1)
    engine.worker.apply(commands.Evaluate("validation", live=True), 2)
    while engine.worker.is_busy:
        engine.worker.advance()
    copied, live = sorted(engine.told(Evaluated), key=lambda each: each.task)
    (standing,) = twin.told(Evaluated)
    twin.worker.close()
    assert np.array_equal(copied.loss_N, standing.loss_N)
    assert copied.step == live.step == 5
    assert live.last_step > 5
    assert not np.array_equal(live.loss_N, copied.loss_N)


@pytest.mark.parametrize("live", [False, True])
def test_a_task_does_not_change_what_it_looks_at(live: bool) -> None:
    def trained(evaluates: bool) -> tuple[dict[str, torch.Tensor], torch.Tensor, list[float]]:
        engine = Engine()
        engine.worker.looking.pace.budget = 1.0
        engine.worker.apply(commands.Start())
        for step in range(30):
            if evaluates and step % 7 == 3:
                engine.worker.apply(commands.Evaluate("test", live=live), step)
                engine.worker.apply(commands.ShowPictures(engine.run.source.fingerprint, (1,), 9))
            engine.worker.advance()
        assert not evaluates or engine.told(Evaluated)
        engine.worker.apply(commands.Pause())
        if evaluates:
            engine.rest()
        modes = [module.training for module in engine.run.network.modules()]
        assert all(modes)
        losses = engine.outlet.curves.read().loss_N.tolist()
        state = engine.run.network.state_dict(), torch.get_rng_state(), losses
        engine.worker.close()
        return state

    alone, alone_random, alone_losses = trained(evaluates=False)
    beside, beside_random, beside_losses = trained(evaluates=True)
    assert any("running_mean" in name for name in alone)
    for name, value in alone.items():
        assert torch.equal(value, beside[name]), name
    assert torch.equal(alone_random, beside_random)
    assert alone_losses == beside_losses


@pytest.mark.parametrize("leave", [commands.StartOver(), commands.Load(CONFIG)])
def test_a_task_on_a_copy_outlives_its_run_and_one_on_live_weights_ends(engine, leave) -> None:
    engine.worker.apply(commands.Evaluate("test"), 1)
    engine.worker.apply(commands.Evaluate("test", live=True), 2)
    engine.worker.apply(leave, 3)
    assert engine.told(TaskEnded) == [TaskEnded(2, "evaluate", "cancelled")]
    engine.rest()
    (evaluated,) = engine.told(Evaluated)
    assert (evaluated.task, evaluated.run) == (1, 1)
    assert engine.worker.status().run == 2


def test_closing_ends_all_tasks(engine: Engine) -> None:
    engine.worker.apply(commands.Evaluate("test"), 5)
    engine.worker.close()
    assert engine.told(TaskEnded) == [TaskEnded(5, "evaluate", "cancelled")]
    assert not engine.worker.is_busy


def test_cancel_ends_the_task_of_a_number(engine: Engine) -> None:
    engine.worker.apply(commands.Evaluate("all"), 5)
    engine.worker.rest()
    engine.worker.apply(commands.CancelTask(5), 6)
    engine.worker.apply(commands.CancelTask(99), 7)
    assert engine.told(TaskEnded) == [TaskEnded(5, "evaluate", "cancelled")]
    assert not engine.worker.is_busy


def test_where_no_picture_is_kept_for_the_test_it_says_what_to_do() -> None:
    counts = SubsetCounts(100, 20, 0)
    config = msgspec.structs.replace(
        CONFIG, data=msgspec.structs.replace(CONFIG.data, subsets=counts)
    )
    engine = Engine(config)
    with pytest.raises(DataError, match=r"No picture of .* is kept for the test\. Measure on the"):
        engine.worker.apply(commands.Evaluate("test"), 1)
    assert not engine.worker.is_busy
    engine.worker.apply(commands.Evaluate("validation"), 2)
    engine.rest()
    assert len(engine.told(Evaluated)) == 1
    engine.worker.close()


def test_without_a_network_there_is_nothing_to_evaluate() -> None:
    worker = Worker(Outlet())
    worker.start()
    with pytest.raises(PhaseError):
        worker.apply(commands.Evaluate())
    worker.close()


def test_pictures_come_one_by_one_and_those_asked_last_take_their_place(engine: Engine) -> None:
    fingerprint = engine.run.source.fingerprint
    engine.worker.apply(commands.ShowPictures(fingerprint, (5, 6), 20), 1)
    engine.worker.apply(commands.ShowPictures(fingerprint, (7, 8, 10**6), 20), 2)
    engine.rest()
    shown = [frame for frame in engine.frames.values() if isinstance(frame, PictureFrame)]
    assert [(frame.key, frame.index) for frame in shown] == [
        (("picture", "7"), 7),
        (("picture", "8"), 8),
    ]
    assert all(frame.rgb_HWC is not None and frame.rgb_HWC.shape == (20, 20, 3) for frame in shown)
    assert engine.told(TaskEnded) == [
        TaskEnded(1, "show", "cancelled"),
        TaskEnded(2, "show", "done"),
    ]


def test_a_picture_of_the_source_becomes_a_probe(engine: Engine) -> None:
    source = engine.run.source
    engine.worker.apply(commands.ProbePicture(source.fingerprint, 123))
    probe = engine.told(events.ProbeShown)[-1]
    assert probe.name == source.names[123]
    assert np.array_equal(probe.seen_CHW, source.pictures_NCHW[123])
    assert engine.told(events.ProbeSelected)[-1].probe == probe.probe
    engine.worker.apply(commands.SelectProbe(1))
    engine.worker.apply(commands.ProbePicture(source.fingerprint, 123))
    assert engine.told(events.ProbeShown)[-1] is probe, "it is one already"
    assert engine.told(events.ProbeSelected)[-1].probe == probe.probe
    with pytest.raises(PictureError, match="not there"):
        engine.worker.apply(commands.ProbePicture(source.fingerprint, 5000))


@pytest.mark.parametrize(
    "command", [commands.ShowPictures("another", (1,), 20), commands.ProbePicture("another", 1)]
)
def test_pictures_of_another_source_are_refused(engine: Engine, command) -> None:
    with pytest.raises(DataError, match="isn't loaded any more"):
        engine.worker.apply(command)


def test_a_network_that_can_not_be_copied_says_so(engine: Engine) -> None:
    engine.run.network.register_buffer("odd", (torch.ones(1, requires_grad=True) * 2))
    with pytest.raises(EngineError, match="can't be copied"):
        engine.worker.apply(commands.Evaluate("test"), 1)
    engine.worker.apply(commands.Evaluate("test", live=True), 2)
    engine.rest()
    assert len(engine.told(Evaluated)) == 1
