"""The events of a session, in order, none lost."""

import threading

from engine.messages.events import Event


class EventLog:
    """Append-only and thread-safe; every reader keeps its own place."""

    def __init__(self) -> None:
        self._arrived = threading.Condition()
        self._events: list[Event] = []

    def add(self, event: Event) -> None:
        with self._arrived:
            self._events.append(event)
            self._arrived.notify_all()

    def after(self, place: int) -> list[Event]:
        """The events from number `place` on; the next place is `place + len(result)`."""
        return self._events[place:]

    def wait(self, place: int, timeout: float) -> list[Event]:
        """Like `after`, but waits up to `timeout` seconds for the first. Not for the GUI thread."""
        with self._arrived:
            self._arrived.wait_for(lambda: len(self._events) > place, timeout)
        return self.after(place)
