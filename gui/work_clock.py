"""How long the GUI thread has worked: what painting and all else in it take from the training."""

import sys
import time
from collections.abc import Callable

from PySide6.QtCore import QAbstractEventDispatcher, QObject


def work_clock(parent: QObject) -> Callable[[], float]:
    """Seconds that this thread has computed, to read now and then; call it in the GUI thread.

    Windows counts a thread's time in ticks of 16 ms, and gives most beats of a window none at all:
    there it is the time between an awakening of the event loop and its next wait.
    """
    return LoopClock(parent).read if sys.platform == "win32" else time.thread_time


class LoopClock(QObject):
    """How long the event loop of this thread was awake. What else the machine does meanwhile
    counts as well, so that it is rather too much than too little."""

    def __init__(self, parent: QObject, clock: Callable[[], float] = time.perf_counter) -> None:
        super().__init__(parent)
        self._clock = clock
        self._worked = 0.0
        self._awake_since: float | None = clock()
        loop = QAbstractEventDispatcher.instance()
        assert loop is not None
        loop.awake.connect(self._wake)
        loop.aboutToBlock.connect(self._rest)

    def read(self) -> float:
        """Seconds so far."""
        since = self._awake_since
        return self._worked + (self._clock() - since if since is not None else 0.0)

    def _wake(self) -> None:
        if self._awake_since is None:
            self._awake_since = self._clock()

    def _rest(self) -> None:
        self._worked, self._awake_since = self.read(), None
