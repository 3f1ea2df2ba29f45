"""The one display timer: takes the newest frames and events and feeds what is visible."""

import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence

from PySide6.QtCore import QObject, QPoint, QRect, Qt, QTimer
from PySide6.QtWidgets import QWidget

from engine.messages.events import Event
from engine.messages.frames import Demand, Frame, FrameKey, Wanted
from engine.sessions.session import Session
from engine.state import Phase, Status
from gui.guarded import guarded
from gui.panel import Panel
from gui.work_clock import work_clock

TICK_MS = 30
IDLE_TICK_MS = 90
"""While nothing is visible that changes."""
FRAMES_PER_SECOND = 15.6
"""Asked of the engine: a little more than 15, as a step may end late."""
ASK_TICKS = 2
"""What is wanted is asked every so many ticks."""
SLOW_TICKS = 8
"""Which panels are visible, and the status, are looked at every so many ticks: 4 times a second."""
CURVE_TICKS = 24
"""Plots are drawn anew every so many ticks: each time costs as much as two frames."""
LEAST_REST = 20
"""What is drawn slowly rests this many times as long as it took, so that long runs stay cheap."""
LONGEST_REST = 2.0
"""But not longer, in seconds."""


class Pump(QObject):
    """Lives on the GUI thread. Nothing else in the window takes frames or events. A panel that
    fails is told of, and the others get theirs."""

    def __init__(
        self,
        session: Session,
        panels: Sequence[Panel],
        on_events: Callable[[list[Event]], None],
        on_status: Callable[[Status, float], None],
        on_beat: Callable[[], bool],
        parent: QObject,
    ) -> None:
        """`panels` may grow while the pump runs. `on_status` gets the frames a second as well;
        `on_beat` is called at every beat, and says whether it has something to show."""
        super().__init__(parent)
        self._session = session
        self._panels = panels
        self._on_events = on_events
        self._on_status = on_status
        self._on_beat = on_beat
        self._demand: Demand | None = None
        self._rate = FrameRate()
        self._status: Status | None = None
        self._visible: list[Panel] = []
        self._beats_of_news = 0
        self._tick = 0
        self._rest_until = 0.0
        self._work_clock = work_clock(self)
        self._worked = self._work_clock()
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.setInterval(TICK_MS)
        self._timer.timeout.connect(self.tick)

    def start(self) -> None:
        self._worked = self._work_clock()
        self._timer.start()

    def stop(self) -> None:
        self._timer.stop()

    @property
    def interval(self) -> int:
        """Milliseconds to the next beat."""
        return self._timer.interval()

    def tick(self) -> None:
        """One beat: events first, for they say what the frames are of."""
        events = self._session.events()
        if events:
            guarded(self._on_events, events)
        if self._tick % SLOW_TICKS == 0:
            self._look_around()
        if self._tick % ASK_TICKS == 0:
            self._ask()
        frames = self._session.take()
        if frames:
            self._rate.count(frames)
            for panel in self._visible:
                guarded(panel.show_frames, frames)
        if self._tick % CURVE_TICKS == 0:
            self._refresh()
        shows = guarded(self._on_beat)
        self._timer.setInterval(TICK_MS if shows or self._visible else IDLE_TICK_MS)
        self._tick += 1

    def _look_around(self) -> None:
        visible = [panel for panel in self._panels if is_on_screen(panel)]
        if visible != self._visible:
            self._visible = visible
            self._beats_of_news = 3
        self._show_status()
        self._report()

    def _ask(self) -> None:
        wanted: dict[FrameKey, Wanted] = {}
        for panel in self._visible:
            for each in guarded(panel.wants) or ():
                wanted.setdefault(each.key, each)
        demand = Demand(tuple(wanted.values()), FRAMES_PER_SECOND)
        if demand != self._demand:
            self._demand = demand
            self._session.want(demand)
            self._rate.expect(wanted)

    def _show_status(self) -> None:
        status = self._session.status
        if status != self._status:
            self._status = status
            # The last figures of a run may follow its last status.
            self._beats_of_news = 3
        guarded(self._on_status, status, self._rate.read(time.monotonic()))

    def _refresh(self) -> None:
        began = time.monotonic()
        if self._beats_of_news == 0 or began < self._rest_until:
            return
        self._beats_of_news -= 1
        for panel in self._visible:
            guarded(panel.refresh)
        took = time.monotonic() - began
        self._rest_until = began + min(LEAST_REST * took, LONGEST_REST)

    def _report(self) -> None:
        """All that this thread computed since the last beat, painting between the beats included.

        While nothing trains it takes nothing from the training.
        """
        now = self._work_clock()
        if self._session.status.phase is Phase.TRAINING:
            self._session.report_painting(now - self._worked)
        self._worked = now


class FrameRate:
    """New mosaics a second, of the visible one that gets the fewest."""

    def __init__(self) -> None:
        self._counts: Counter[FrameKey] = Counter()
        self._since: float | None = None
        self._rate = 0.0

    def expect(self, keys: Iterable[FrameKey]) -> None:
        """The keys that are visible from now on."""
        self._counts = Counter({key: 0 for key in keys if key[0] == "maps"})
        self._since = None

    def count(self, frames: dict[FrameKey, Frame]) -> None:
        for key in frames:
            if key in self._counts:
                self._counts[key] += 1

    def read(self, now: float) -> float:
        """Frames a second over the last second or so; `now` in seconds."""
        if self._since is None:
            self._since = now
        elif now - self._since >= 1.0:
            self._rate = min(self._counts.values(), default=0) / (now - self._since)
            self._counts = Counter(dict.fromkeys(self._counts, 0))
            self._since = now
        return self._rate


def is_on_screen(widget: QWidget) -> bool:
    """Whether any of a panel can be seen: shown, inside its window, the window not minimised.

    QWidget.visibleRegion() doesn't say so: what an opaque child covers is not in it.
    """
    window = widget.window()
    handle = window.windowHandle()
    if not widget.isVisible() or window.isMinimized() or handle is None or not handle.isExposed():
        return False
    place = QRect(widget.mapTo(window, QPoint(0, 0)), widget.size())
    return window.rect().intersects(place)
