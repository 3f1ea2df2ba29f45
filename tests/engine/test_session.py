"""The engine in its thread: commands are queued, nothing is lost, it always closes."""

import itertools
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path

import msgspec
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from engine.config import (
    DIGITS,
    Conv,
    Dense,
    NetworkConfig,
    RunConfig,
    SubsetCounts,
    TrainingConfig,
)
from engine.messages import commands, events
from engine.messages.frames import Demand, MapsDemand, PredictionsDemand, PredictionsFrame
from engine.sessions.process import ProcessSession
from engine.sessions.session import Session
from engine.sessions.thread import ThreadSession
from engine.state import TRANSITIONS, Phase

SMALL = RunConfig(
    data=msgspec.structs.replace(DIGITS, subsets=SubsetCounts("rest", 10, 0)),
    network=NetworkConfig("small", (Conv(2, stride=2), Dense(0, activation="none"))),
    training=TrainingConfig(epochs=1, batch_size=1000, device="cpu"),
)


class Reader:
    """Reads a session's events as the window does, waiting for those it needs."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.seen: list[events.Event] = []

    def wait_for(self, wanted: Callable[[events.Event], bool]) -> events.Event:
        place = 0
        while True:
            for event in self.seen[place:]:
                if wanted(event):
                    return event
            place = len(self.seen)
            news = self.session.wait_for_events(timeout=30)
            assert news, f"nothing more came after {self.seen[-3:]}"
            self.seen.extend(news)

    def wait_for_phase(self, phase: Phase) -> None:
        self.wait_for(lambda event: event == events.PhaseChanged(phase))


KINDS = pytest.mark.parametrize("kind", [ThreadSession, ProcessSession], ids=["thread", "process"])
"""What a session does, it does wherever its engine runs."""


@pytest.fixture(params=[ThreadSession, ProcessSession], ids=["thread", "process"])
def session(request: pytest.FixtureRequest) -> Iterator[Session]:
    session: Session = request.param(torch_threads=1)
    session.open(SMALL)
    yield session
    assert session.close()


def test_a_run_from_start_to_end(session: Session) -> None:
    reader = Reader(session)
    reader.wait_for_phase(Phase.READY)
    session.send(commands.Start())
    reader.wait_for_phase(Phase.FINISHED)
    assert any(isinstance(event, events.EpochEnded) for event in reader.seen)
    assert session.curves.read().step_N[-1] == 5


@KINDS
def test_commands_sent_before_torch_has_loaded_are_not_lost(kind: type[Session]) -> None:
    session = kind()
    session.send(commands.Load(SMALL))
    session.send(commands.Start())
    session.open()
    try:
        Reader(session).wait_for_phase(Phase.FINISHED)
    finally:
        assert session.close()


def test_a_refused_command_is_an_event(session: Session) -> None:
    reader = Reader(session)
    number = session.send(commands.Pause())
    refused = reader.wait_for(lambda event: isinstance(event, events.Refused))
    assert refused == events.Refused("Can't pause while the engine is ready.", number)


def test_an_exception_in_the_engine_is_an_event_and_start_over_leads_out(
    monkeypatch: pytest.MonkeyPatch, expect_log: Callable[[str], None]
) -> None:
    """In the thread; test_process_session.py has the same of a process."""
    from engine.training.run import Run

    expect_log("The engine failed")
    session = ThreadSession(torch_threads=1)
    session.open(SMALL)

    reader = Reader(session)
    reader.wait_for_phase(Phase.READY)

    def broken(_run: Run) -> None:
        raise RuntimeError("the weights fell off")

    with monkeypatch.context() as patch:
        patch.setattr(Run, "step", broken)
        session.send(commands.Start())
        failed = reader.wait_for(lambda event: isinstance(event, events.Failed))
    assert isinstance(failed, events.Failed)
    assert "the weights fell off" in failed.sentence
    assert "Traceback" in failed.details
    assert "Traceback" not in failed.sentence
    reader.seen.clear()
    session.send(commands.StartOver())
    session.send(commands.Start())
    reader.wait_for_phase(Phase.FINISHED)
    assert session.close()


def test_frames_follow_the_demand_while_nothing_trains(session: Session) -> None:
    reader = Reader(session)
    reader.wait_for_phase(Phase.READY)
    session.want(Demand((MapsDemand("conv1"),)))
    while not (frames := session.take()):
        assert not any(isinstance(event, events.Failed) for event in reader.seen)
    assert set(frames) == {("maps", "conv1")}


def test_pictures_become_probes_and_the_rest_a_list(session: Session, tmp_path: Path) -> None:
    folder = tmp_path / "pictures"
    folder.mkdir()
    for name in ("a.png", "b.png"):
        Image.fromarray(np.full((20, 30, 3), 200, np.uint8)).save(folder / name)
    (folder / "c.png").write_text("<html>not a picture</html>")
    reader = Reader(session)
    reader.wait_for_phase(Phase.READY)
    session.add_pictures([folder, tmp_path / "missing.png"])
    unread = reader.wait_for(lambda event: isinstance(event, events.PicturesUnread))
    assert isinstance(unread, events.PicturesUnread)
    assert sorted(name for name, _ in unread.problems) == ["c.png", "missing.png"]
    reader.wait_for(lambda event: isinstance(event, events.ProbeShown) and event.name == "b.png")
    reader.wait_for(lambda event: event == events.PicturesRead(2, 2, finished=True))
    session.want(Demand((PredictionsDemand(),)))
    frame = None
    while not isinstance(frame, PredictionsFrame) or len(frame.probes) < 6:
        frame = session.take().get(("predictions", ""))


def test_a_folder_without_pictures_is_said(session: Session, tmp_path: Path) -> None:
    reader = Reader(session)
    session.add_pictures([tmp_path])
    unread = reader.wait_for(lambda event: isinstance(event, events.PicturesUnread))
    assert isinstance(unread, events.PicturesUnread)
    assert "no picture" in unread.problems[0][1]


@KINDS
def test_it_closes_while_it_trains_and_before_it_is_ready(kind: type[Session]) -> None:
    for wait in (True, False):
        session = kind()
        session.open(SMALL)
        if wait:
            Reader(session).wait_for_phase(Phase.READY)
        session.send(commands.Start())
        assert session.close()


MARKERS = itertools.count()
COMMANDS = st.sampled_from(
    [
        commands.Load(SMALL),
        commands.Start(),
        commands.Step(),
        commands.Epoch(),
        commands.Pause(),
        commands.Stop(),
        commands.StartOver(),
        commands.Undo(),
        commands.SetTraining({"learning_rate": 0.01}),
        commands.SetTraining({"batch_size": 0}),
        commands.AddProbe("grey", np.full((5, 5, 3), 99, np.uint8)),
        commands.RemoveProbe(1),
        commands.SelectProbe(2),
    ]
)


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(sent=st.lists(COMMANDS, max_size=12))
def test_any_sequence_of_commands_keeps_to_the_state_machine(
    session: Session, sent: list[commands.Command]
) -> None:
    """Only drawn transitions happen, nothing fails, and it can always start over."""
    reader = Reader(session)
    for command in sent:
        session.send(command)
    name = f"marker {next(MARKERS)}"
    session.send(commands.AddProbe(name, np.zeros((1, 1, 3), np.uint8)))
    session.send(commands.StartOver())
    reader.wait_for(lambda event: isinstance(event, events.ProbeShown) and event.name == name)
    seen = reader.seen
    assert not any(isinstance(event, events.Failed) for event in seen)
    phases = [event.phase for event in seen if isinstance(event, events.PhaseChanged)]
    reachable = {(before, after) for (before, _), after in TRANSITIONS.items()}
    for before, after in pairwise(phases):
        assert (before, after) in reachable or after is Phase.PAUSED


def test_at_rest_an_evaluation_waits_for_nothing(
    monkeypatch: pytest.MonkeyPatch, session: Session
) -> None:
    """Each slice follows the one before at once: a rest between any two would be for ever."""
    reader = Reader(session)
    reader.wait_for_phase(Phase.READY)
    monkeypatch.setattr("engine.sessions.loop.REST_SECONDS", 10_000.0)
    number = session.send(commands.Evaluate("all"))
    reader.wait_for(lambda event: event == events.TaskEnded(number, "evaluate", "done"))
    (evaluated,) = (event for event in reader.seen if isinstance(event, events.Evaluated))
    assert (evaluated.task, evaluated.pictures, evaluated.step) == (number, 5000, 0)
