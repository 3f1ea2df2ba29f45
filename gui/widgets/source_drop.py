"""Takes a folder or file that is dropped, and says so while it is dragged."""

from typing import cast

from PySide6.QtCore import QEvent, QMimeData, QObject, Qt, Signal
from PySide6.QtGui import QColor, QDropEvent, QPainter, QPaintEvent, QPalette, QPen
from PySide6.QtWidgets import QWidget

from gui.widgets.theme import RHYTHM, title_font

WORDS = "Drop a folder, a zip, a CSV or a manifest to see its pictures"


class SourceDrop(QWidget):
    """Lies over a widget while something is dragged over that."""

    dropped = Signal(str)
    """The path of the first file or folder."""

    def __init__(self, watched: QWidget) -> None:
        super().__init__(watched)
        self._watched = watched
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.hide()
        watched.setAcceptDrops(True)
        watched.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        kind = event.type()
        if kind == QEvent.Type.DragLeave:
            self.hide()
        if kind not in (QEvent.Type.DragEnter, QEvent.Type.Drop):
            return False
        self.hide()
        drop = cast(QDropEvent, event)
        path = path_in(drop.mimeData())
        if not path:
            return False
        drop.setDropAction(Qt.DropAction.CopyAction)
        drop.accept()
        if kind == QEvent.Type.Drop:
            self.dropped.emit(path)
        else:
            self.setGeometry(self._watched.rect())
            self.raise_()
            self.show()
        return True

    def paintEvent(self, event: QPaintEvent) -> None:
        colours = self.palette()
        veil = QColor(colours.color(QPalette.ColorRole.Window))
        veil.setAlpha(220)
        painter = QPainter(self)
        painter.fillRect(self.rect(), veil)
        painter.setPen(QPen(colours.color(QPalette.ColorRole.Accent), 2, Qt.PenStyle.DashLine))
        painter.drawRect(self.rect().adjusted(RHYTHM, RHYTHM, -RHYTHM, -RHYTHM))
        painter.setPen(colours.color(QPalette.ColorRole.WindowText))
        painter.setFont(title_font(self))
        painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, WORDS)
        painter.end()


def path_in(mime: QMimeData) -> str:
    """The first file or folder that is dragged; empty where there is none."""
    return next((url.toLocalFile() for url in mime.urls() if url.isLocalFile()), "")
