"""A picture as the network sees it: its pixels, no more and no fewer."""

import numpy as np
from PySide6.QtCore import QPoint, QRect, QSize, Qt
from PySide6.QtGui import QImage, QPainter, QPaintEvent, QPalette
from PySide6.QtWidgets import QWidget


class SeenPicture(QWidget):
    """Crisp pixels at a whole multiple of their size where there is room. GUI thread only."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._image: QImage | None = None
        self.setAccessibleName("The picture as the network sees it")

    def show_picture(self, seen_CHW: np.ndarray, name: str) -> None:
        """Show a uint8 picture of one or three channels; any other count shows the first."""
        channels, height, width = seen_CHW.shape
        if channels == 3:
            pixels = np.ascontiguousarray(seen_CHW.transpose(1, 2, 0))
            kind = QImage.Format.Format_RGB888
        else:
            pixels = np.ascontiguousarray(seen_CHW[0])
            kind = QImage.Format.Format_Grayscale8
        image = QImage(pixels.data, width, height, pixels.strides[0], kind)
        self._image = image.convertToFormat(QImage.Format.Format_RGB32)  # its own copy
        self.setAccessibleDescription(name)
        self.update()

    def clear(self) -> None:
        """There is no picture."""
        self._image = None
        self.setAccessibleDescription("")
        self.update()

    def drawn_size(self) -> QSize:
        """What the picture takes of the widget, in logical pixels."""
        if self._image is None:
            return QSize(self.width(), self.width())
        ratio = self.devicePixelRatioF()
        scale = min(
            self.width() * ratio / self._image.width(),
            self.height() * ratio / self._image.height(),
        )
        scale = int(scale) if scale >= 1 else scale
        return QSize(
            int(self._image.width() * scale / ratio), int(self._image.height() * scale / ratio)
        )

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        if self._image is None:
            painter.setPen(self.palette().color(QPalette.ColorRole.PlaceholderText))
            centred = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
            painter.drawText(self.rect(), centred, "drop a picture here")
        else:
            shrinks = self._image.width() > self.width() * self.devicePixelRatioF()
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, shrinks)
            painter.drawImage(QRect(QPoint(0, 0), self.drawn_size()), self._image)
        painter.end()
