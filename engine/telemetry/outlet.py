"""Where the engine publishes what it has to tell; every reader has an inbox of its own behind it.

Nobody who is slow or gone makes the engine wait: of frames the newest of each key is kept, and who
has left too many events unread gets what stands now instead of them.
"""

import threading
from collections import deque
from collections.abc import Callable, Hashable
from typing import Any, Generic, Protocol, TypeVar

from engine.message import ArrayMessage, Message
from engine.messages.evaluation import Evaluated
from engine.messages.events import (
    Event,
    Failed,
    Loaded,
    PhaseChanged,
    ProbeRemoved,
    ProbeSelected,
    ProbeShown,
)
from engine.messages.frames import Frame
from engine.telemetry.curves import Curves

MOST_EVENTS = 10_000
"""That wait for one reader."""
MOST_BYTES = 2**26
"""Of the arrays in them: 64 MiB."""


class Keyed(Protocol):
    """What takes the place of the one before of its key."""

    @property
    def key(self) -> Hashable: ...


AnyEvent = TypeVar("AnyEvent", bound=Message)
AnyFrame = TypeVar("AnyFrame", bound=Keyed)


class Stands(Protocol[AnyEvent]):
    """What of all events a reader must know who comes late."""

    def note(self, event: AnyEvent) -> None: ...

    def events(self) -> list[AnyEvent]: ...


class Inboxes(Generic[AnyEvent, AnyFrame]):
    """One for each reader. Every method is thread-safe, and none blocks for longer than a dict
    look-up."""

    def __init__(self, standing: Stands[AnyEvent] | None = None) -> None:
        """Without `standing` an event is for those who are there."""
        self._changed = threading.Condition()
        self._standing: Stands[AnyEvent] = standing or NothingStands()
        self._inboxes: list[Inbox[AnyEvent, AnyFrame]] = []

    def tell(self, event: AnyEvent) -> None:
        """Give an event to every reader."""
        with self._changed:
            self._standing.note(event)
            for inbox in self._inboxes:
                inbox._add(event)
            self._changed.notify_all()

    def put(self, frame: AnyFrame) -> None:
        """Give a frame to every reader, instead of the one of its key that was not taken yet."""
        with self._changed:
            for inbox in self._inboxes:
                inbox._frames[frame.key] = frame
            self._changed.notify_all()

    def forget_frames(self) -> None:
        """Drop what was not taken yet: it is of another network."""
        with self._changed:
            for inbox in self._inboxes:
                inbox._frames.clear()

    @property
    def wants_frames(self) -> bool:
        """Whether any reader has taken its last frames; where none has, captures stop."""
        return any(not inbox._frames for inbox in self._inboxes)

    def standing(self) -> list[AnyEvent]:
        """What a reader who comes now would be told."""
        with self._changed:
            return self._standing.events()

    def join(self) -> "Inbox[AnyEvent, AnyFrame]":
        """A new reader: it begins with what stands now, as if it had heard how that came about."""
        with self._changed:
            inbox: Inbox[AnyEvent, AnyFrame] = Inbox(self._changed, self._standing)
            self._inboxes.append(inbox)
        return inbox

    def leave(self, inbox: "Inbox[AnyEvent, AnyFrame]") -> None:
        """This reader has gone."""
        with self._changed:
            self._inboxes.remove(inbox)


class Inbox(Generic[AnyEvent, AnyFrame]):
    """What waits for one reader. Every method may be called from any thread."""

    def __init__(self, changed: threading.Condition, standing: Stands[AnyEvent]) -> None:
        """`changed` is held by whoever calls this or `_add`."""
        self._changed = changed
        self._standing = standing
        self._frames: dict[Hashable, AnyFrame] = {}
        self._events: deque[AnyEvent] = deque(standing.events())
        self._bytes = 0
        self._fell_behind = False

    def _add(self, event: AnyEvent) -> None:
        if self._fell_behind:
            return
        self._events.append(event)
        self._bytes += _bytes_of(event)
        if len(self._events) > MOST_EVENTS or self._bytes > MOST_BYTES:
            self._fell_behind = True
            self._events.clear()

    def events(self) -> list[AnyEvent]:
        """The events since the last time, in order; what stands now, where these were too many."""
        if not self._events and not self._fell_behind:
            return []
        with self._changed:
            taken = self._standing.events() if self._fell_behind else list(self._events)
            self._events.clear()
            self._bytes = 0
            self._fell_behind = False
        return taken

    def frames(self) -> dict[Any, AnyFrame]:
        """The newest frames that were not taken yet, by key."""
        if not self._frames:
            return {}
        with self._changed:
            taken, self._frames = self._frames, {}
        return taken

    def wait(self, timeout: float, takes_frames: Callable[[], bool]) -> None:
        """Wait up to `timeout` seconds for an event, or for a frame while `takes_frames()`. Not
        for the GUI thread."""
        with self._changed:
            self._changed.wait_for(
                lambda: self._events or self._fell_behind or (self._frames and takes_frames()),
                timeout,
            )

    def nudge(self) -> None:
        """Have whoever waits ask `takes_frames` again."""
        with self._changed:
            self._changed.notify_all()

    def wait_for_events(self, timeout: float) -> list[AnyEvent]:
        """Like `events`, but waits up to `timeout` seconds for the first: not on the GUI thread."""
        with self._changed:
            self._changed.wait_for(lambda: self._events or self._fell_behind, timeout)
        return self.events()


class NothingStands:
    """Whoever comes late has missed nothing that still counts."""

    def note(self, event: object) -> None:
        return

    def events(self) -> list[Any]:
        return []


class Standing:
    """What of all events is still true: enough to tell a reader who comes late."""

    def __init__(self) -> None:
        self._loaded: Loaded | None = None
        self._probes: dict[int, ProbeShown] = {}
        self._selected: ProbeSelected | None = None
        self._phase: PhaseChanged | None = None
        self._failed: Failed | None = None
        self._evaluated: Evaluated | None = None

    def note(self, event: Event) -> None:
        match event:
            case Loaded():
                self._loaded = event
            case ProbeShown():
                self._probes[event.probe] = event
            case ProbeRemoved():
                self._probes.pop(event.probe, None)
            case ProbeSelected():
                self._selected = event
            case PhaseChanged():
                self._phase = event
                self._failed = None
            case Failed():
                self._failed = event
            case Evaluated():
                self._evaluated = event

    def events(self) -> list[Event]:
        """In an order that makes sense of them."""
        last = (self._selected, self._evaluated, self._phase, self._failed)
        single = [self._loaded, *self._probes.values(), *last]
        return [event for event in single if event is not None]


def _bytes_of(event: Message) -> int:
    if not isinstance(event, ArrayMessage):
        return 0
    values = (getattr(event, name) for name in event.__struct_fields__)
    return sum(int(getattr(value, "nbytes", 0)) for value in values)


class Outlet(Inboxes[Event, Frame]):
    """What an engine has to tell: the curves as well, which are read and not sent."""

    def __init__(self) -> None:
        super().__init__(Standing())
        self.curves = Curves()
