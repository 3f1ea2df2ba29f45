"""What the colours mean: a slim bar from the lowest value to the highest."""

import math

from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtGui import QImage, QPainter, QPaintEvent, QPalette
from PySide6.QtWidgets import QSizePolicy, QWidget

from gui.widgets.mosaic.palettes import palette
from gui.widgets.unhurried import Unhurried

BAR_HEIGHT = 8
LABEL_GAP = 4
MOST_DIGITS = "\N{MINUS SIGN}0.0e\N{MINUS SIGN}00"


def figure(value: float) -> str:
    """A value as people read it, always about as wide: 0.482, 12.3, 4.5e-06."""
    size = abs(value)
    if size == 0:
        text = "0"
    elif not math.isfinite(size):
        text = str(float(value))
    elif size < 1e-3 or size >= 1e5:
        text = f"{value:.1e}"
    else:
        text = f"{value:.{max(0, 3 - len(str(int(size))) + (size < 1))}f}"
    return text.replace("-", "\N{MINUS SIGN}")


class ColourBar(Unhurried):
    """A palette from left to right between its low and its high value. GUI thread only."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._image = QImage()
        self._ends: tuple[float | str, float | str] = ("", "")
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.setAccessibleName("Colour scale")
        self.set_palette("viridis")

    def set_palette(self, name: str) -> None:
        """Show another palette, by name."""
        self._image = QImage(256, 1, QImage.Format.Format_RGB32)
        for column, colour in enumerate(palette(name)):
            self._image.setPixel(column, 0, colour)
        self.update()

    def set_range(self, low: float, high: float) -> None:
        """The true values at the ends."""
        self._ends = low, high
        self.update_soon()

    def set_words(self, low: str, high: str) -> None:
        """Words at the ends, where no one range holds for all that is shown."""
        if self._ends != (low, high):
            self._ends = low, high
            self.update()

    @property
    def labels(self) -> tuple[str, str]:
        """What stands at the ends."""
        low, high = self._ends
        return _words(low), _words(high)

    def sizeHint(self) -> QSize:
        return QSize(160, max(self.fontMetrics().height(), BAR_HEIGHT))

    def minimumSizeHint(self) -> QSize:
        return QSize(2 * self._label_width() + 32, self.sizeHint().height())

    def _label_width(self) -> int:
        return self.fontMetrics().horizontalAdvance(MOST_DIGITS)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        label = self._label_width()
        bar = QRect(
            label + LABEL_GAP,
            (self.height() - BAR_HEIGHT) // 2,
            self.width() - 2 * (label + LABEL_GAP),
            BAR_HEIGHT,
        )
        painter.drawImage(bar, self._image)
        painter.setPen(self.palette().color(QPalette.ColorRole.PlaceholderText))
        middle = Qt.AlignmentFlag.AlignVCenter
        low, high = self.labels
        left = QRect(0, 0, label, self.height())
        painter.drawText(left, middle | Qt.AlignmentFlag.AlignLeft, low)
        right = QRect(self.width() - label, 0, label, self.height())
        painter.drawText(right, middle | Qt.AlignmentFlag.AlignRight, high)
        painter.end()


def _words(end: float | str) -> str:
    return end if isinstance(end, str) else figure(end)
