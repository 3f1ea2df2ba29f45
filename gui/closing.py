"""What becomes of a wish to close the window: a person's, or the system's."""

import time
from collections.abc import Callable

from PySide6.QtCore import QObject, QTimer
from PySide6.QtGui import QCloseEvent
from PySide6.QtWidgets import QWidget

AGAIN_MS = 50
YIELD_SECONDS = 2.0
"""How long the end of the session waits for what still runs."""


class Closing(QObject):
    """A person sees the window stay, greyed, until nothing runs any more. At the end of the
    system's session that would be a veto, which leaves the person logged in: then all is kept and
    the window goes at once. GUI thread only.
    """

    def __init__(self, window: QWidget, say: Callable[[str], object]) -> None:
        """`say` shows a sentence while one waits."""
        super().__init__(window)
        self.end: Callable[[], bool] = lambda: True
        """Asked until it returns True: then nothing runs any more."""
        self.keep: list[Callable[[], object]] = []
        """What must be written down for the next start; called once, or more often."""
        self._window = window
        self._say = say
        self._begun = False
        self._yields = False
        self._gone = False

    def yield_to_system(self) -> None:
        """The session is about to end: keep all now, and refuse to close no more."""
        self._yields = True
        if not self._gone:
            self._keep()

    def handle(self, event: QCloseEvent) -> None:
        """Accept the event if the window may go, or ask again a little later."""
        if not self._begun:
            self._begun = True
            self._keep()
        self._gone = self._ended()
        if self._gone:
            event.accept()
            return
        event.ignore()
        self._window.setEnabled(False)
        self._say("Closing …")
        QTimer.singleShot(AGAIN_MS, self._window, self._window.close)

    def _keep(self) -> None:
        for keep in self.keep:
            keep()

    def _ended(self) -> bool:
        until = time.monotonic() + YIELD_SECONDS
        ended = self.end()
        while self._yields and not ended and time.monotonic() < until:
            time.sleep(AGAIN_MS / 1000)
            ended = self.end()
        return ended or self._yields
