"""No event is lost, whoever writes and whoever reads, and all readers see one order."""

import threading

from hypothesis import given
from hypothesis import strategies as st

from engine.messages.events import Event, Refused, Saved
from engine.telemetry.event_log import EventLog

WRITERS = 4
EACH = 500


@given(st.lists(st.text(max_size=3)), st.integers(0, 20))
def test_a_reader_gets_what_comes_after_its_place(folders: list[str], place: int) -> None:
    log = EventLog()
    for folder in folders:
        log.add(Saved(folder))
    assert log.after(place) == [Saved(folder) for folder in folders[place:]]


def test_several_writers_and_readers_lose_nothing() -> None:
    log = EventLog()
    read: list[list[Event]] = [[], []]

    def write(name: int) -> None:
        for count in range(EACH):
            log.add(Refused(f"{name} {count}"))

    def follow_along(events: list[Event]) -> None:
        while len(events) < WRITERS * EACH:
            new = log.wait(len(events), timeout=30)
            assert new
            events.extend(new)

    threads = [
        *(threading.Thread(target=follow_along, args=(events,)) for events in read),
        *(threading.Thread(target=write, args=(name,)) for name in range(WRITERS)),
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert read[0] == read[1]
    for name in range(WRITERS):
        own = [e.sentence for e in read[0] if isinstance(e, Refused) and e.sentence[0] == str(name)]
        assert own == [f"{name} {count}" for count in range(EACH)]


def test_waiting_for_what_does_not_come_gives_nothing() -> None:
    log = EventLog()
    log.add(Saved("here"))
    assert log.wait(1, timeout=0) == []
    assert log.wait(0, timeout=0) == [Saved("here")]
