"""For figures that may change with every frame: nobody reads fifteen a second."""

from PySide6.QtCore import QTimerEvent
from PySide6.QtWidgets import QWidget

REST_MS = 250


class Unhurried(QWidget):
    """Repaints at once, then rests; what changed meanwhile is painted when the rest is over.

    Painting reads what is true at that moment, so nothing old stays on the screen.
    """

    def __init__(self, parent: QWidget | None = None, rest_ms: int = REST_MS) -> None:
        super().__init__(parent)
        self._rest_ms = rest_ms
        self._rest = 0
        self._changed = False

    def update_soon(self) -> None:
        """Like `update`, but no more often than once a rest."""
        if self._rest:
            self._changed = True
        else:
            self._rest = self.startTimer(self._rest_ms)
            self.update()

    def timerEvent(self, event: QTimerEvent) -> None:
        self.killTimer(self._rest)
        self._rest = 0
        if self._changed:
            self._changed = False
            self.update_soon()
