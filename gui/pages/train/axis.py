"""An axis of the curves that has as many labels as there is room for."""

import math
from collections.abc import Sequence

import pyqtgraph as pg
from PySide6.QtGui import QFontMetricsF, QResizeEvent

_LINES = 1.4
"""The room for a label that stands above others, in heights of a line."""
_FRAME = 8.0
"""What a title takes beside its words, in pixels."""
_BESIDE = 16.0
"""The room between labels that stand beside others, in pixels."""


class RoundAxis(pg.AxisItem):
    """Ticks at round numbers, all of them labelled; pyqtgraph's own overlap where there is little
    room. GUI thread only."""

    def __init__(self, orientation: str, titles: Sequence[str] = (), whole: bool = False) -> None:
        """`titles`: the same in ever fewer words; the first that fits stands beside the axis.

        `whole`: only whole numbers, as of things that are counted.
        """
        self._titles = tuple(titles)
        self._whole = whole
        self.logarithms = False
        """What is drawn are logarithms to base ten: label the numbers themselves."""
        super().__init__(orientation)
        self.enableAutoSIPrefix(False)
        self.fit_title()

    def fit_title(self) -> None:
        """Choose a title anew, as after another font."""
        room = self.size().height() if self.orientation == "left" else self.size().width()
        advance = QFontMetricsF(self.label.font()).horizontalAdvance
        fits = next((title for title in self._titles if advance(title) + _FRAME <= room), "")
        if fits != self.labelText:
            self.setLabel(fits)

    def resizeEvent(self, event: QResizeEvent | None = None) -> None:
        super().resizeEvent(event)
        if self.label is not None:  # it is gone once the plot is closed
            self.fit_title()

    def tickSpacing(self, low: float, high: float, size: float) -> list[tuple[float, float]]:
        most = max(1.0, size / self._room_for(high))
        return [(round_step((high - low) / most, self._whole), 0.0)] if high > low else []

    def tickValues(self, low: float, high: float, size: float) -> list[tuple[float, list[float]]]:
        if not self.logarithms:
            ticks: list[tuple[float, list[float]]] = super().tickValues(low, high, size)
            return ticks
        return [(1.0, log_ticks(low, high, size / self._room_for(high)))]

    def tickStrings(self, values: list[float], scale: float, spacing: float) -> list[str]:
        if self.logarithms:
            return [f"{10.0**value:g}" for value in values]
        strings: list[str] = super().tickStrings(values, scale, spacing)
        return strings

    def _room_for(self, number: float) -> float:
        metrics = QFontMetricsF(self.style["tickFont"] or self.font())
        if self.orientation == "left":
            return _LINES * metrics.height()
        return metrics.horizontalAdvance(f"{number:.0f}") + _BESIDE


def round_step(least: float, whole: bool) -> float:
    """The smallest of 1, 2 and 5 times a power of ten that is no less."""
    if whole:
        least = max(least, 1.0)
    decade = 10.0 ** math.floor(math.log10(least))
    return next(step for step in (decade, 2 * decade, 5 * decade, 10 * decade) if step >= least)


def log_ticks(low: float, high: float, most: float) -> list[float]:
    """The logarithms of 1, 2 and 5 in each decade between two others, or of the decades alone, or
    of every second, third, ... of them: so that there are no more than `most`, if it can be."""
    ticks: list[float] = []
    for mantissas, every in (((1, 2, 5), 1), *(((1,), every) for every in range(1, 20))):
        ticks = [
            decade + math.log10(mantissa)
            for decade in range(math.floor(low), math.ceil(high) + 1)
            if decade % every == 0
            for mantissa in mantissas
        ]
        ticks = [tick for tick in ticks if low <= tick <= high]
        if len(ticks) <= most:
            break
    return ticks
