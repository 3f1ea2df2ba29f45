"""Who leads through the tour: waits for what shall come, chooses from menus, takes pictures."""

import signal
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QEventLoop, QMimeData, QPointF, Qt, QTimer, QUrl
from PySide6.QtGui import QAction, QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QApplication, QMainWindow

from engine.messages.events import Event
from engine.state import Phase, Status
from gui.signals import answered

if TYPE_CHECKING:
    from engine.sessions.session import Session

PATIENCE_SECONDS = 300.0
CHECK_MS = 20


class TourError(Exception):
    """Something that should have come did not; the message is a sentence."""


class Guide:
    """Pages say what there is to see; the guide knows how to see it. GUI thread only."""

    def __init__(
        self, window: QMainWindow, session: "Session", status_line: Any, out: Path
    ) -> None:
        """Pictures go to `out`, numbered in their order."""
        self.out = out
        self._window = window
        self._session = session
        self._inbox = session.outlet.join()
        self._heard: list[Event] = []
        self._status_line = status_line
        self._pictures = 0

    @property
    def status(self) -> Status:
        return self._session.status

    def until(self, what: str, holds: Callable[[], object]) -> None:
        """Let the window run until something holds; TourError when it doesn't for too long. A
        signal that ends the process ends this first, and is answered then."""
        loop = QEventLoop()
        check, patience = QTimer(), QTimer()
        signals: list[int] = []
        check.timeout.connect(lambda: loop.quit() if signals or holds() else None)
        patience.timeout.connect(lambda: loop.exit(1))
        check.start(CHECK_MS)
        patience.start(round(PATIENCE_SECONDS * 1000))
        with answered(signals.append):
            failed = loop.exec()
        check.stop()
        patience.stop()
        for number in signals:
            signal.raise_signal(number)
        if failed:
            raise TourError(f"{what} did not come within {PATIENCE_SECONDS:.0f} s.")

    def until_phase(self, phase: Phase) -> None:
        self.until(f"The phase {phase}", lambda: self.status.phase is phase)

    def told(self, kind: type) -> list:  # type: ignore[type-arg]
        """All events of a kind so far."""
        self._heard += self._inbox.events()
        return [event for event in self._heard if isinstance(event, kind)]

    def choose(self, words: str) -> None:
        """Choose an entry of a menu. Keys would need a window that has the focus."""
        actions = self._window.menuBar().findChildren(QAction)
        next(action for action in actions if action.text() == words).trigger()

    def drop(self, paths: list[Path]) -> None:
        """Drop files on the middle of the window, as the desktop does."""
        mime = QMimeData()
        mime.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
        dragged = (
            Qt.DropAction.CopyAction,
            mime,
            Qt.MouseButton.LeftButton,
            Qt.KeyboardModifier.NoModifier,
        )
        middle = self._window.rect().center()
        QApplication.sendEvent(self._window, QDragEnterEvent(middle, *dragged))
        QApplication.sendEvent(self._window, QDropEvent(QPointF(middle), *dragged))

    def save(self, name: str) -> None:
        """Take a picture of the window: "4-name.png"."""
        self._rest()
        self._pictures += 1
        path = self.out / f"{self._pictures}-{name}.png"
        if not self._window.grab().save(str(path)):
            raise TourError(f"{path} can't be written.")
        print(path)

    def _rest(self) -> None:
        """Until the status line has been written anew, and with it all that is shown slowly."""
        line = self._status_line
        show_status = line.show_status
        shown: list[bool] = []

        def noting(*arguments: object) -> None:
            show_status(*arguments)
            shown.append(True)

        line.show_status = noting
        self.until("The status", lambda: len(shown) >= 2)
        line.show_status = show_status


Step = Callable[[Guide], None]
"""One thing that the tour does and takes a picture of."""
