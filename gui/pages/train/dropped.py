"""The pictures in what was dropped or pasted."""

from pathlib import Path
from typing import cast

import numpy as np
from PySide6.QtCore import QMimeData, Qt
from PySide6.QtGui import QImage, QPainter


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
    # Into its whole size: of a screen with two pixels a pixel it would be drawn at half of it.
    painter.drawImage(flat.rect(), image)
    painter.end()
    rows_HB = np.frombuffer(flat.constBits(), np.uint8).reshape(flat.height(), flat.bytesPerLine())
    # Rows are padded to four bytes; the copy outlives the QImage.
    return rows_HB[:, : flat.width() * 3].reshape(flat.height(), flat.width(), 3).copy()
