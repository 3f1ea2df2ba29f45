"""How many pictures of each class are in which subset, as bars; and what their colours mean."""

from collections.abc import Sequence
from math import ceil, floor

import numpy as np
from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QFontMetrics, QMouseEvent, QPainter, QPaintEvent, QPalette
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from engine.data.source import NO_SUBSET
from gui.pages.data.subset_marks import MARK, SUBSET_NAMES, paint_subset
from gui.widgets.theme import RHYTHM

ROW_HEIGHT = 3 * RHYTHM
MOST_NAME_WIDTH = 16 * RHYTHM
_SIDE = Qt.AlignmentFlag.AlignVCenter


class StackedBars(QWidget):
    """One bar a row, stacked by subset, with its sum. Only what is seen is painted, so that a
    thousand rows are no burden to a scroll area. GUI thread only."""

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._names: tuple[str, ...] = ()
        self._count_RS = np.zeros((0, len(SUBSET_NAMES)), np.int64)
        self._most = 1
        self._name_width = self._sum_width = 0
        self.setAccessibleName(name)
        self.setMouseTracking(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def show_counts(self, names: Sequence[str], count_RS: np.ndarray) -> None:
        """A row for each name; `count_RS` are the numbers of pictures in the order of
        SUBSET_NAMES."""
        self._names, self._count_RS = tuple(names), count_RS
        self._most = max(1, int(count_RS.sum(1).max(initial=0)))
        advance = self.fontMetrics().horizontalAdvance
        # An advance is rounded down.
        widest = max((advance(name) + 1 for name in self._names[:2000]), default=0)
        self._name_width = min(widest, MOST_NAME_WIDTH)
        self._sum_width = advance(f"{self._most:,}")
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(40 * RHYTHM, max(1, len(self._names)) * ROW_HEIGHT)

    def minimumSizeHint(self) -> QSize:
        return QSize(24 * RHYTHM, self.sizeHint().height())

    def words(self, row: int) -> str:
        """A row as a sentence."""
        counts = zip(SUBSET_NAMES.values(), self._count_RS[row].tolist(), strict=True)
        return f"{self._names[row]}: " + ", ".join(f"{n:,} {name}" for name, n in counts if n)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, palette = QPainter(self), self.palette()
        left = self._name_width + RHYTHM
        room = self.width() - left - RHYTHM - self._sum_width
        first = max(0, floor(event.rect().top() / ROW_HEIGHT))
        after = min(len(self._names), ceil((event.rect().bottom() + 1) / ROW_HEIGHT))
        for row in range(first, after):
            line = QRectF(0, row * ROW_HEIGHT, self.width(), ROW_HEIGHT)
            painter.setPen(palette.color(QPalette.ColorRole.WindowText))
            name = elided(self._names[row], self.fontMetrics(), self._name_width)
            painter.drawText(line, Qt.AlignmentFlag.AlignLeft | _SIDE, name)
            counts = self._count_RS[row].tolist()
            painter.setPen(palette.color(QPalette.ColorRole.PlaceholderText))
            painter.drawText(line, Qt.AlignmentFlag.AlignRight | _SIDE, f"{sum(counts):,}")
            done = 0
            for subset, count in zip(SUBSET_NAMES, counts, strict=True):
                if count:
                    start = left + room * done // self._most
                    done += count
                    end = left + max(room * done // self._most, start - left + 1)
                    bar = QRectF(start, line.top() + RHYTHM, end - start, RHYTHM)
                    paint_subset(painter, bar, palette, subset)
        painter.end()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        row = int(event.position().y() // ROW_HEIGHT)
        words = self.words(row) if 0 <= row < len(self._names) else ""
        QToolTip.showText(event.globalPosition().toPoint(), words, self)


class SubsetLegend(QWidget):
    """The mark of each subset with its name and how many pictures it has."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._count_S: dict[int, int] = {}
        # Not fixed: in a narrow column it takes a second line.
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)

    def show_counts(self, subset_N: np.ndarray) -> None:
        """Count the pictures of each subset."""
        self._count_S = {subset: int((subset_N == subset).sum()) for subset in SUBSET_NAMES}
        self.setAccessibleDescription(", ".join(self._entries().values()))
        self.updateGeometry()
        self.update()

    def _entries(self) -> dict[int, str]:
        """What is read beside each mark; nothing is said of left out pictures without any."""
        return {
            subset: f"{SUBSET_NAMES[subset]} {count:,}"
            for subset, count in self._count_S.items()
            if count or subset != NO_SUBSET
        }

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        return self._places(width)[1]

    def sizeHint(self) -> QSize:
        return QSize(40 * RHYTHM, self.heightForWidth(40 * RHYTHM))

    def _places(self, width: int) -> tuple[list[tuple[int, QRectF]], int]:
        """Where each entry stands, wrapped into lines, and the height of all."""
        metrics = self.fontMetrics()
        places, x, y = [], 0, 0
        for subset, words in self._entries().items():
            wide = MARK + RHYTHM // 2 + metrics.horizontalAdvance(words)
            if x and x + wide > width:
                x, y = 0, y + metrics.height() + RHYTHM // 2
            places.append((subset, QRectF(x, y, wide, metrics.height())))
            x += wide + 2 * RHYTHM
        return places, y + metrics.height()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, palette = QPainter(self), self.palette()
        entries = self._entries()
        for subset, place in self._places(self.width())[0]:
            mark = QRectF(place.left(), round(place.center().y() - MARK / 2), MARK, MARK)
            paint_subset(painter, mark, palette, subset)
            painter.setPen(palette.color(QPalette.ColorRole.WindowText))
            beside = place.adjusted(MARK + RHYTHM // 2, 0, RHYTHM, 0)
            painter.drawText(beside, _SIDE, entries[subset])
        painter.end()


def elided(words: str, metrics: QFontMetrics, room: int) -> str:
    return metrics.elidedText(words, Qt.TextElideMode.ElideRight, room)
