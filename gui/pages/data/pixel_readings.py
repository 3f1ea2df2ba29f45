"""What one pixel is at each step on its way into a network, as a small table."""

from typing import NamedTuple

from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPalette
from PySide6.QtWidgets import QSizePolicy, QWidget

from gui.widgets.theme import RHYTHM

SWATCH = 10
ABOVE = RHYTHM // 2
"""Under the line that parts the table from what is above it."""
VALUE_WIDTH = 7 * RHYTHM
CHANNELS = ("R", "G", "B")


class Reading(NamedTuple):
    """A pixel at one step: where it is, and a number for each channel; no place, no pixel."""

    step: str
    place: tuple[int, int] | None = None
    values: tuple[str, ...] = ()
    colour: tuple[int, int, int] | None = None
    """As it is seen, 0 to 255."""


class PixelReadings(QWidget):
    """A line a step, always as high, so that nothing moves. GUI thread only."""

    def __init__(self, hint: str, parent: QWidget | None = None) -> None:
        """`hint` stands there until there is a pixel to read."""
        super().__init__(parent)
        self._hint = hint
        self._readings: tuple[Reading, ...] = ()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName("The pixel under the pointer")

    def show_readings(self, readings: tuple[Reading, ...]) -> None:
        if readings != self._readings:
            if len(readings) != len(self._readings):
                self.updateGeometry()
            self._readings = readings
            self.setAccessibleDescription(self.text)
            self.update()

    @property
    def readings(self) -> tuple[Reading, ...]:
        return self._readings

    @property
    def text(self) -> str:
        """All of it, as a table of tabs and lines."""
        lines = ["\t".join(("", "row", "column", *CHANNELS))]
        for reading in self._readings:
            row, column = reading.place or ("", "")
            lines.append("\t".join((reading.step, str(row), str(column), *reading.values)))
        return "\n".join(lines)

    def _line(self) -> int:
        return self.fontMetrics().height() + 2

    def sizeHint(self) -> QSize:
        return QSize(42 * RHYTHM, ABOVE + (1 + len(self._readings)) * self._line())

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        palette, line = self.palette(), self._line()
        quiet = palette.color(QPalette.ColorRole.PlaceholderText)
        strong = palette.color(QPalette.ColorRole.WindowText)
        values_at = self.width() - len(CHANNELS) * VALUE_WIDTH
        place_width = self.fontMetrics().horizontalAdvance("row, column") + RHYTHM
        right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        left = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        painter.setPen(palette.color(QPalette.ColorRole.Mid))
        painter.drawLine(0, 0, self.width(), 0)
        painter.setPen(quiet)
        if all(reading.place is None for reading in self._readings):
            centred = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
            painter.drawText(self.rect().adjusted(0, ABOVE, 0, 0), centred, self._hint)
            return
        painter.drawText(
            QRect(values_at - place_width, ABOVE, place_width, line), right, "row, column"
        )
        for at, name in enumerate(CHANNELS):
            painter.drawText(
                QRect(values_at + at * VALUE_WIDTH, ABOVE, VALUE_WIDTH, line), right, name
            )
        for row, reading in enumerate(self._readings, 1):
            top = ABOVE + row * line
            painter.setPen(quiet)
            words_at = SWATCH + RHYTHM
            painter.drawText(
                QRect(words_at, top, values_at - place_width - words_at, line), left, reading.step
            )
            if reading.place is None:
                continue
            middle = top + (line - SWATCH) // 2
            if reading.colour is not None:
                swatch = QRect(0, middle, SWATCH, SWATCH)
                painter.fillRect(swatch, QColor(*reading.colour))
                painter.setPen(palette.color(QPalette.ColorRole.Shadow))
                painter.drawRect(swatch.adjusted(0, 0, -1, -1))
            painter.setPen(strong)
            place = f"{reading.place[0]}, {reading.place[1]}"
            painter.drawText(QRect(values_at - place_width, top, place_width, line), right, place)
            if len(reading.values) == 1:
                words = f"grey {reading.values[0]}"
                painter.drawText(
                    QRect(values_at, top, len(CHANNELS) * VALUE_WIDTH, line), right, words
                )
                continue
            for at, value in enumerate(reading.values):
                cell = QRect(values_at + at * VALUE_WIDTH, top, VALUE_WIDTH, line)
                painter.drawText(cell, right, value)
                if row == 1 and reading.colour is not None:
                    only = [0, 0, 0]
                    only[at] = reading.colour[at]
                    width = self.fontMetrics().horizontalAdvance(value)
                    swatch = QRect(cell.right() - width - SWATCH - 4, middle, SWATCH, SWATCH)
                    painter.fillRect(swatch, QColor(*only))
        painter.end()
