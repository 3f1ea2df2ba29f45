"""Several pictures of one size side by side, each with what it is called."""

import numpy as np
from PySide6.QtCore import QEvent, QPoint, QRect, QSize, Qt
from PySide6.QtGui import QHelpEvent, QImage, QPainter, QPaintEvent, QPalette
from PySide6.QtWidgets import QToolTip, QWidget

from gui.widgets.pictures.images import even, fitted, image_of
from gui.widgets.theme import RHYTHM

GAP = RHYTHM // 2
LABEL_LINES = 2
WORTH_OF_LABELS = 1.7
"""So many times smaller may pictures be, if only then their labels can be read whole."""


class PictureGrid(QWidget):
    """As large as they fit, in as many columns as that takes. GUI thread only."""

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._images: tuple[QImage, ...] = ()
        self._labels: tuple[str, ...] = ()
        self._words = ""
        self.setAccessibleName(name)

    def show_pictures(self, pictures_NHWC: np.ndarray, labels: tuple[str, ...] = ()) -> None:
        """Show uint8 pictures; `labels`, one each, stand under them where there are any."""
        self._images = tuple(image_of(picture_HWC) for picture_HWC in pictures_NHWC)
        self._labels = labels
        self.update()

    def clear(self, words: str) -> None:
        """Show no pictures but a sentence."""
        self._words = words
        self.show_pictures(np.zeros((0, 1, 1, 3), np.uint8))

    @property
    def columns(self) -> int:
        """How many stand side by side: with so many they are largest, and labels rather whole."""

        def worth(columns: int) -> float:
            whole = self._widest_label() <= self._room(columns)
            return self._fit(columns) * (WORTH_OF_LABELS if whole else 1.0)

        return max(range(1, len(self._images) + 1), key=worth, default=1)

    def cells(self) -> list[QRect]:
        """Where the pictures are on the widget, without their labels."""
        if not self._images:
            return []
        columns = self.columns
        size = self._drawn_size(columns)
        slot = self._slot_width(columns, size.width())
        left = max(0, self.width() - columns * (slot + GAP) + GAP) // 2 + (slot - size.width()) // 2
        step_x, step_y = slot + GAP, size.height() + self._label_height() + GAP
        return [
            QRect(QPoint(left + at % columns * step_x, at // columns * step_y), size)
            for at in range(len(self._images))
        ]

    def _slot_width(self, columns: int, picture: int) -> int:
        """Of a picture and its label: with room for the label as far as there is any."""
        return max(picture, min(self._widest_label(), self._room(columns)))

    def _widest_label(self) -> int:
        return max(
            (self.fontMetrics().horizontalAdvance(w) for t in self._labels for w in _lines(t)),
            default=0,
        )

    def _room(self, columns: int) -> int:
        """The width of one of so many columns."""
        return (self.width() - (columns - 1) * GAP) // columns

    def _label_height(self) -> int:
        return LABEL_LINES * self.fontMetrics().height() if self._labels else 0

    def _fit(self, columns: int) -> float:
        """How many logical pixels of the screen a pixel of a picture gets with so many columns."""
        rows = -(-len(self._images) // columns)
        width = (self.width() - (columns - 1) * GAP) / columns
        height = (self.height() - (rows - 1) * GAP) / rows - self._label_height()
        image = self._images[0]
        return max(min(width / image.width(), height / image.height()), 0.0)

    def _drawn_size(self, columns: int) -> QSize:
        """Of one picture: with pixels of even size where they are seen singly."""
        ratio = self.devicePixelRatioF()
        scale = even(self._fit(columns) * ratio)
        image = self._images[0]
        return QSize(
            max(1, int(image.width() * scale / ratio)),
            max(1, int(image.height() * scale / ratio)),
        )

    def sizeHint(self) -> QSize:
        return QSize(48 * RHYTHM, 28 * RHYTHM)

    def minimumSizeHint(self) -> QSize:
        return QSize(20 * RHYTHM, 12 * RHYTHM)

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.DevicePixelRatioChange:
            self.update()
        elif event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            under = [at for at, cell in enumerate(self.cells()) if cell.contains(event.pos())]
            words = self._labels[under[0]] if under and self._labels else ""
            QToolTip.showText(event.globalPos(), words, self)
        return super().event(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setPen(self.palette().color(QPalette.ColorRole.PlaceholderText))
        centred = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
        if not self._images:
            painter.drawText(self.rect(), centred, self._words)
        ratio, height = self.devicePixelRatioF(), self.fontMetrics().height()
        for at, cell in enumerate(self.cells()):
            painter.drawImage(cell, fitted(self._images[at], cell.size() * ratio))
            if self._labels:
                slot = self._slot_width(self.columns, cell.width())
                below = QRect(cell.center().x() - slot // 2, cell.bottom() + 1, slot, height)
                for words in _lines(self._labels[at]):
                    elided = self.fontMetrics().elidedText(words, Qt.TextElideMode.ElideRight, slot)
                    painter.drawText(below, Qt.AlignmentFlag.AlignHCenter, elided)
                    below.translate(0, height)
        painter.end()


def _lines(label: str) -> list[str]:
    """A label in lines: what a mixed picture counts as, one class a line."""
    return label.split(", ", LABEL_LINES - 1)
