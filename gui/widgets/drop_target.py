"""Things from outside, dropped anywhere on the window."""

from collections.abc import Callable
from typing import cast

from PySide6.QtCore import QEvent, QMimeData, QObject, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QDragEnterEvent,
    QDropEvent,
    QPainter,
    QPaintEvent,
    QPalette,
    QPen,
)
from PySide6.QtWidgets import QWidget

from gui.widgets.theme import RHYTHM, title_font

OPACITY = 220


class DropTarget(QWidget):
    """Takes what is dropped on a window; lies over it while something is dragged, and says what a
    drop would do. GUI thread only."""

    dropped = Signal(object)
    """QMimeData: take what is in it before returning; it belongs to the drag."""

    def __init__(self, window: QWidget, words_for: Callable[[QMimeData], str]) -> None:
        """`words_for` says what would become of a drop; nothing: it isn't welcome."""
        super().__init__(window)
        self._window = window
        self._words_for = words_for
        self._words = ""
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.hide()
        self.watch(window)

    def watch(self, widget: QWidget) -> None:
        """Take drops on this widget too, such as a dock that may float on its own."""
        widget.setAcceptDrops(True)
        widget.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        kind = event.type()
        if kind == QEvent.Type.DragEnter:
            drag = cast(QDragEnterEvent, event)
            words = self._words_for(drag.mimeData())
            if words:
                drag.setDropAction(Qt.DropAction.CopyAction)
                drag.accept()
                self._light_up(words)
                return True
        elif kind == QEvent.Type.DragLeave:
            self.hide()
        elif kind == QEvent.Type.Drop:
            drop = cast(QDropEvent, event)
            self.hide()
            if self._words_for(drop.mimeData()):
                drop.setDropAction(Qt.DropAction.CopyAction)
                drop.accept()
                self.dropped.emit(drop.mimeData())
                return True
        return False

    def _light_up(self, words: str) -> None:
        self._words = words
        self.setGeometry(self._window.rect())
        self.raise_()
        self.show()

    def paintEvent(self, event: QPaintEvent) -> None:
        colours = self.palette()
        veil = QColor(colours.color(QPalette.ColorRole.Window))
        veil.setAlpha(OPACITY)
        painter = QPainter(self)
        painter.fillRect(self.rect(), veil)
        painter.setPen(QPen(colours.color(QPalette.ColorRole.Accent), 2, Qt.PenStyle.DashLine))
        painter.drawRect(self.rect().adjusted(RHYTHM, RHYTHM, -RHYTHM, -RHYTHM))
        painter.setPen(colours.color(QPalette.ColorRole.WindowText))
        painter.setFont(title_font(self))
        painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, self._words)
        painter.end()
