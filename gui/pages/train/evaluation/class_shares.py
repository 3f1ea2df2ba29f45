"""How many pictures of each class were taken for what they are, as bars."""

from math import ceil, floor

import numpy as np
from PySide6.QtCore import QEvent, QRectF, QSize, Qt
from PySide6.QtGui import QHelpEvent, QPainter, QPaintEvent, QPalette
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from engine.percent import percent
from gui.widgets.counted import counted
from gui.widgets.theme import RHYTHM

ROW_HEIGHT = 3 * RHYTHM
MOST_NAME_WIDTH = 14 * RHYTHM
IN_ORDER = 20
"""More classes than this stand worst first."""
_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter


class ClassShares(QWidget):
    """A row for each class, in their own order; of many the worst first. Only what is seen is
    painted. GUI thread only."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._rows: list[tuple[str, int, int]] = []  # the name, its pictures, those that are right
        self._name_width = self._figure_width = 0
        self.setAccessibleName("Right answers by class")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def show_counts(
        self, classes: tuple[str, ...], pictures_K: np.ndarray, right_K: np.ndarray
    ) -> None:
        """Of each class how many pictures there are, and how many were taken for it."""
        rows = list(zip(classes, pictures_K.tolist(), right_K.tolist(), strict=True))
        if len(rows) > IN_ORDER:
            rows.sort(key=lambda row: row[2] / row[1] if row[1] else 2)
        self._rows = rows
        advance = self.fontMetrics().horizontalAdvance
        # An advance is rounded down.
        widest = max((advance(name) + 1 for name in classes), default=0)
        self._name_width = min(widest, MOST_NAME_WIDTH)
        self._figure_width = max((advance(figure_of(row)) + 1 for row in rows), default=0)
        self.setAccessibleDescription(". ".join(words_of(row) for row in rows[:IN_ORDER]))
        self.updateGeometry()
        self.update()

    @property
    def is_worst_first(self) -> bool:
        return len(self._rows) > IN_ORDER

    @property
    def names(self) -> list[str]:
        """From the top."""
        return [name for name, _, _ in self._rows]

    def sizeHint(self) -> QSize:
        return QSize(36 * RHYTHM, max(1, len(self._rows)) * ROW_HEIGHT)

    def minimumSizeHint(self) -> QSize:
        return QSize(24 * RHYTHM, self.sizeHint().height())

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, palette = QPainter(self), self.palette()
        metrics = self.fontMetrics()
        left, width = self._name_width + RHYTHM, self.width() - RHYTHM // 2
        room = max(0, width - left - RHYTHM - self._figure_width)
        first = max(0, floor(event.rect().top() / ROW_HEIGHT))
        after = min(len(self._rows), ceil((event.rect().bottom() + 1) / ROW_HEIGHT))
        for place in range(first, after):
            row = self._rows[place]
            name, pictures, right = row
            line = QRectF(0, place * ROW_HEIGHT, width, ROW_HEIGHT)
            painter.setPen(palette.color(QPalette.ColorRole.WindowText))
            elided = metrics.elidedText(name, Qt.TextElideMode.ElideRight, self._name_width)
            painter.drawText(line, _LEFT, elided)
            painter.setPen(palette.color(QPalette.ColorRole.PlaceholderText))
            painter.drawText(line, _RIGHT, figure_of(row))
            bar = QRectF(left, line.top() + RHYTHM, room, RHYTHM)
            painter.fillRect(bar, palette.color(QPalette.ColorRole.Mid))
            if pictures:
                bar.setWidth(room * right / pictures)
                painter.fillRect(bar, palette.color(QPalette.ColorRole.Accent))
        painter.end()

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            place = event.pos().y() // ROW_HEIGHT
            there = 0 <= place < len(self._rows)
            QToolTip.showText(event.globalPos(), words_of(self._rows[place]) if there else "", self)
            return True
        return super().event(event)


def figure_of(row: tuple[str, int, int]) -> str:
    """Such as "72% of 125"."""
    _, pictures, right = row
    return f"{percent(right / pictures)} of {pictures:,}" if pictures else "no pictures"


def words_of(row: tuple[str, int, int]) -> str:
    """A row as a sentence."""
    name, pictures, right = row
    return f"{name}: {right:,} of {counted(pictures, 'picture')} right"
