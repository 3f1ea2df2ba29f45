"""The classes with their probabilities, as bars."""

from math import ceil

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QFont, QFontMetrics, QPainter, QPaintEvent, QPalette, QStaticText
from PySide6.QtWidgets import QWidget

MOST_BARS = 10
ROW_HEIGHT = 22
BAR_HEIGHT = 8
MOST_NAME_WIDTH = 140
SPACE = 6


class ClassBars(QWidget):
    """Up to ten classes in their own order; of more, the ten likeliest first. GUI thread only."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._classes: tuple[str, ...] = ()
        self._shown: tuple[tuple[int, int], ...] = ()  # (class, permille), from the top
        self._winner = -1
        self._texts: dict[tuple[str, bool], QStaticText] = {}
        self._name_width = 0
        self.setAccessibleName("Classes")
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)

    def set_classes(self, classes: tuple[str, ...]) -> None:
        """Begin anew with these classes."""
        self._classes = classes
        self._texts.clear()
        # An advance is rounded down.
        widest = max((self._bold_metrics().horizontalAdvance(c) + 1 for c in classes), default=0)
        self._name_width = min(widest, MOST_NAME_WIDTH)
        self._shown = ()
        self.clear()
        self.updateGeometry()

    def clear(self) -> None:
        """Names without bars: there is no picture."""
        self._show(tuple((c, 0) for c in range(len(self._classes))[:MOST_BARS]), -1)

    def set_probabilities(self, probability_C: np.ndarray) -> None:
        """Show these; cheap, and nothing is painted where nothing reads differently. A network
        that has come apart, whose probabilities are no numbers, prefers no class."""
        if not ((probability_C >= 0) & (probability_C <= 1)).all():
            self.clear()
            return
        count = len(self._classes)
        if count > MOST_BARS:
            order = np.argsort(-probability_C)[:MOST_BARS].tolist()
        else:
            order = list(range(count))
        shares = probability_C[order].tolist()
        permille = (round(1000 * share) for share in shares)
        self._show(tuple(zip(order, permille, strict=True)), int(probability_C.argmax()))

    def _show(self, shown: tuple[tuple[int, int], ...], winner: int) -> None:
        if shown == self._shown:
            return
        old, self._shown = self._shown, shown
        if winner != self._winner or len(shown) != len(old):
            self._winner = winner
            self.setAccessibleDescription(self._classes[winner] if winner >= 0 else "")
            self.update()
        else:
            changed = [row for row, bar in enumerate(shown) if bar != old[row]]
            top, bottom = min(changed) * self._row_height(), (max(changed) + 1) * self._row_height()
            self.update(0, int(top), self.width(), ceil(bottom) - int(top))

    def sizeHint(self) -> QSize:
        rows = min(len(self._classes), MOST_BARS)
        return QSize(
            self._name_width + SPACE + 64 + SPACE + self._percent_width(), rows * ROW_HEIGHT
        )

    def _row_height(self) -> float:
        return min(ROW_HEIGHT, self.height() / max(1, len(self._shown)))

    def _bold_metrics(self) -> QFontMetrics:
        return QFontMetrics(demi_bold(self.font()))

    def _percent_width(self) -> int:
        return self._bold_metrics().horizontalAdvance("100%") + SPACE // 2

    def _text(self, words: str, bold: bool, room: int) -> QStaticText:
        text = self._texts.get((words, bold))
        if text is None:
            font = demi_bold(self.font()) if bold else self.font()
            elided = QFontMetrics(font).elidedText(words, Qt.TextElideMode.ElideRight, room)
            text = QStaticText(elided)
            text.setTextFormat(Qt.TextFormat.PlainText)
            text.prepare(font=font)
            self._texts[words, bold] = text
        return text

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        colours = self.palette()
        painter.fillRect(event.rect(), colours.window())
        accent = colours.color(QPalette.ColorRole.Accent)
        quiet = colours.color(QPalette.ColorRole.PlaceholderText)
        strong = colours.color(QPalette.ColorRole.WindowText)
        track = colours.color(QPalette.ColorRole.Mid)
        plain_font, bold_font = self.font(), demi_bold(self.font())
        row_height, dirty = self._row_height(), QRectF(event.rect())
        line = self.fontMetrics().height()
        percent = self._percent_width()
        left = self._name_width + SPACE
        room = self.width() - left - SPACE - percent
        for row, (number, permille) in enumerate(self._shown):
            if not dirty.intersects(QRectF(0, row * row_height, self.width(), row_height)):
                continue
            wins = number == self._winner
            middle = (row + 0.5) * row_height
            top = middle - line / 2
            painter.setFont(bold_font if wins else plain_font)
            painter.setPen(strong if wins else quiet)
            name = self._text(self._classes[number], wins, self._name_width)
            painter.drawStaticText(QPointF(0, top), name)
            bar = QRectF(left, middle - BAR_HEIGHT / 2, room, BAR_HEIGHT)
            painter.fillRect(bar, track)
            bar.setWidth(room * permille / 1000)
            painter.fillRect(bar, accent if wins else quiet)
            if self._winner >= 0:
                figure = self._text(f"{round(permille / 10)}%", wins, percent)
                right = self.width() - figure.size().width()
                painter.drawStaticText(QPointF(right, top), figure)
        painter.end()


def demi_bold(font: QFont) -> QFont:
    """The same font, heavier: for what stands out in a line of text."""
    font = QFont(font)
    font.setWeight(QFont.Weight.DemiBold)
    return font
