"""Pictures from outside: dropped anywhere on the window or pasted."""

from pathlib import Path
from typing import cast

import numpy as np
from PySide6.QtCore import QEvent, QMimeData, QObject, Qt, Signal
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QImage, QPainter
from PySide6.QtWidgets import QWidget

from gui.widgets.veil import Veil

WORDS = "Drop pictures or a folder: the network looks at each of them"


class DropTarget(Veil):
    """Takes what is dropped on a window and lights up while something is dragged over it."""

    dropped = Signal(object)
    """QMimeData: hand it to `pictures_in` before returning; it belongs to the drag."""

    def __init__(self, window: QWidget) -> None:
        super().__init__(window, WORDS)
        self.watch(window)

    def watch(self, widget: QWidget) -> None:
        """Take drops on this widget too, such as a dock that may float on its own."""
        widget.setAcceptDrops(True)
        widget.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        kind = event.type()
        if kind == QEvent.Type.DragEnter:
            drag = cast(QDragEnterEvent, event)
            if holds_pictures(drag.mimeData()):
                drag.setDropAction(Qt.DropAction.CopyAction)
                drag.accept()
                self.light_up()
                return True
        elif kind == QEvent.Type.DragLeave:
            self.hide()
        elif kind == QEvent.Type.Drop:
            drop = cast(QDropEvent, event)
            self.hide()
            if holds_pictures(drop.mimeData()):
                drop.setDropAction(Qt.DropAction.CopyAction)
                drop.accept()
                self.dropped.emit(drop.mimeData())
                return True
        return False


def holds_pictures(mime: QMimeData) -> bool:
    """Whether there may be pictures in what is dragged or on the clipboard."""
    return mime.hasImage() or any(url.isLocalFile() for url in mime.urls())


def pictures_in(mime: QMimeData) -> tuple[list[Path], np.ndarray | None]:
    """The files and folders in a drop or on the clipboard, or else the picture itself.

    The picture is rgb_HWC, uint8, its transparency laid over white.
    """
    paths = [Path(url.toLocalFile()) for url in mime.urls() if url.isLocalFile()]
    if paths or not mime.hasImage():
        return paths, None
    image = cast(QImage, mime.imageData())
    return [], None if image.isNull() else rgb_of(image)


def rgb_of(image: QImage) -> np.ndarray:
    """rgb_HWC, uint8, of any image; transparency is laid over white."""
    flat = QImage(image.size(), QImage.Format.Format_RGB888)
    flat.fill(Qt.GlobalColor.white)
    painter = QPainter(flat)
    painter.drawImage(0, 0, image)
    painter.end()
    rows_HB = np.frombuffer(flat.constBits(), np.uint8).reshape(flat.height(), flat.bytesPerLine())
    # Rows are padded to four bytes; the copy outlives the QImage.
    return rows_HB[:, : flat.width() * 3].reshape(flat.height(), flat.width(), 3).copy()
