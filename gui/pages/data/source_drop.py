"""Takes a folder or file that is dropped, and says so while it is dragged."""

from typing import cast

from PySide6.QtCore import QEvent, QMimeData, QObject, Qt, Signal
from PySide6.QtGui import QDropEvent
from PySide6.QtWidgets import QWidget

from gui.widgets.veil import Veil

WORDS = "Drop a folder, a zip, a CSV or a manifest to see its pictures"


class SourceDrop(Veil):
    """Takes what is dropped on one widget."""

    dropped = Signal(str)
    """The path of the first file or folder."""

    def __init__(self, watched: QWidget) -> None:
        super().__init__(watched, WORDS)
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
            self.light_up()
        return True


def path_in(mime: QMimeData) -> str:
    """The first file or folder that is dragged; empty where there is none."""
    return next((url.toLocalFile() for url in mime.urls() if url.isLocalFile()), "")
