"""Events reach every reader in one order, frames are the newest, and nobody's memory grows."""

import threading

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.messages import events
from engine.messages.evaluation import Evaluated
from engine.messages.frames import FrameKey, PredictionsFrame
from engine.state import Phase
from engine.telemetry import outlet as module
from engine.telemetry.outlet import Outlet

WRITERS = 4
EACH = 500
KEYS: list[FrameKey] = [("maps", "conv1"), ("maps", "conv2"), ("kernels", "conv1")]


def frame(key: FrameKey, step: int) -> PredictionsFrame:
    return PredictionsFrame(key, step, (), np.empty((0, 10), np.float32))


def probe(number: int, side: int = 4) -> events.ProbeShown:
    picture_HWC = np.zeros((side, side, 3), np.uint8)
    return events.ProbeShown(
        number, f"{number}.png", picture_HWC, (side, side), picture_HWC, False, False
    )


@given(st.lists(st.one_of(st.text(max_size=3), st.none())))
def test_a_reader_gets_every_event_once_and_in_order(actions: list[str | None]) -> None:
    """None: the reader takes what there is."""
    outlet = Outlet()
    inbox = outlet.join()
    taken: list[events.Event] = []
    for action in actions:
        if action is None:
            taken += inbox.events()
        else:
            outlet.tell(events.Saved(action))
    taken += inbox.events()
    assert taken == [events.Saved(action) for action in actions if action is not None]
    assert inbox.events() == []


def test_several_writers_and_readers_lose_nothing() -> None:
    outlet = Outlet()
    inboxes = [outlet.join(), outlet.join()]
    read: list[list[events.Event]] = [[], []]

    def write(name: int) -> None:
        for count in range(EACH):
            outlet.tell(events.Refused(f"{name} {count}"))

    def follow_along(place: int) -> None:
        while len(read[place]) < WRITERS * EACH:
            new = inboxes[place].wait_for_events(timeout=30)
            assert new
            read[place] += new

    threads = [
        *(threading.Thread(target=follow_along, args=(place,)) for place in range(2)),
        *(threading.Thread(target=write, args=(name,)) for name in range(WRITERS)),
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert read[0] == read[1]
    for name in range(WRITERS):
        own = [
            e.sentence
            for e in read[0]
            if isinstance(e, events.Refused) and e.sentence[0] == str(name)
        ]
        assert own == [f"{name} {count}" for count in range(EACH)]


def test_waiting_for_what_does_not_come_gives_nothing() -> None:
    outlet = Outlet()
    inbox = outlet.join()
    assert inbox.wait_for_events(timeout=0) == []
    outlet.tell(events.Saved("here"))
    assert inbox.wait_for_events(timeout=0) == [events.Saved("here")]


def test_who_comes_late_is_told_what_stands() -> None:
    outlet = Outlet()
    first = outlet.join()
    for event in (
        events.PhaseChanged(Phase.READY),
        probe(1),
        probe(2),
        probe(3),
        events.ProbeRemoved(2),
        events.ProbeSelected(1),
        events.Refused("no"),
        events.ProbeSelected(3),
        events.PhaseChanged(Phase.PAUSED),
    ):
        outlet.tell(event)
    assert outlet.join().events() == [
        probe(1),
        probe(3),
        events.ProbeSelected(3),
        events.PhaseChanged(Phase.PAUSED),
    ]
    assert len(first.events()) == 9


def test_a_failure_stands_until_the_phase_changes() -> None:
    outlet = Outlet()
    outlet.tell(events.PhaseChanged(Phase.FAILED))
    outlet.tell(events.Failed("broken", "details"))
    assert events.Failed("broken", "details") in outlet.join().events()
    outlet.tell(events.PhaseChanged(Phase.READY))
    assert outlet.join().events() == [events.PhaseChanged(Phase.READY)]


@pytest.mark.parametrize("what", ["many", "large"])
def test_who_falls_behind_gets_what_stands_instead(
    what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if what == "many":
        monkeypatch.setattr(module, "MOST_EVENTS", 10)
    else:
        monkeypatch.setattr(module, "MOST_BYTES", 10 * probe(0, 64).picture_HWC.nbytes)
    outlet = Outlet()
    slow, quick = outlet.join(), outlet.join()
    heard = []
    for number in range(100):
        outlet.tell(probe(number % 3, 64))
        heard += quick.events()
    outlet.tell(events.Saved("somewhere"))
    assert len(heard) == 100
    assert slow.events() == [probe(0, 64), probe(1, 64), probe(2, 64)]
    assert slow.events() == []
    outlet.tell(events.Saved("elsewhere"))
    assert slow.events() == [events.Saved("elsewhere")]


@given(st.lists(st.one_of(st.sampled_from(KEYS), st.just("take"))))
def test_what_is_taken_is_the_newest_of_each_key(actions: list[FrameKey | str]) -> None:
    outlet = Outlet()
    inbox = outlet.join()
    waiting: dict[FrameKey, int] = {}
    for step, action in enumerate(actions):
        if isinstance(action, tuple):
            outlet.put(frame(action, step))
            waiting[action] = step
        else:
            taken = {key: frame.step for key, frame in inbox.frames().items()}
            assert taken == waiting
            waiting = {}
        assert outlet.wants_frames == (not waiting)


def test_a_reader_who_is_stuck_stops_no_other() -> None:
    outlet = Outlet()
    assert not outlet.wants_frames, "nobody reads"
    outlet.join()
    quick = outlet.join()
    outlet.put(frame(KEYS[0], 1))
    assert not outlet.wants_frames
    quick.frames()
    assert outlet.wants_frames
    outlet.leave(quick)
    assert not outlet.wants_frames


def test_a_reader_beside_a_writer_sees_steps_rise_and_the_last_of_each() -> None:
    outlet = Outlet()
    inbox = outlet.join()
    last = 3000
    seen: dict[FrameKey, list[int]] = {key: [] for key in KEYS}

    def write() -> None:
        for step in range(last + 1):
            for key in KEYS:
                outlet.put(frame(key, step))

    writer = threading.Thread(target=write)
    writer.start()
    while writer.is_alive() or not outlet.wants_frames:
        for key, taken in inbox.frames().items():
            seen[key].append(taken.step)
    for steps in seen.values():
        assert steps == sorted(set(steps))
        assert steps[-1] == last


def test_the_last_evaluation_stands_for_who_comes_late() -> None:
    outlet = Outlet()
    none_N = np.empty(0, np.int32)
    first, second = (
        Evaluated(task, 1, 5, 5, "test", "made", "aa", ("a", "b"), 0, *[none_N] * 5)
        for task in (1, 2)
    )
    outlet.tell(first)
    outlet.tell(second)
    assert outlet.join().events() == [second]
