"""One plot of the curves panel: raw and smoothed training, validation, crosshair."""

import math
from collections.abc import Sequence

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QFont, QPalette

from gui.pages.train.axis import RoundAxis
from gui.pages.train.series import above

Points = tuple[np.ndarray, np.ndarray]

LEFT_WIDTH = 52
"""Of the upright axis, in pixels: the plots stand below each other exactly."""
LEAST = 1e-6
"""Where a log scale ends: zero has no logarithm."""
_RAW_ALPHA = 70


class LinePlot:
    """Sets its own ranges, to round numbers: pyqtgraph's automatic ones move at every point."""

    def __init__(
        self,
        graphics: pg.GraphicsLayoutWidget,
        row: int,
        titles: Sequence[str],
        steps: Sequence[str] = (),
    ) -> None:
        """`titles` are those of the upright axis, the same in ever fewer words, and `steps` those
        of the other one."""
        self._log = False
        self._left = RoundAxis("left", titles)
        self._bottom = RoundAxis("bottom", steps, whole=True)
        axes = {"left": self._left, "bottom": self._bottom}
        self.item: pg.PlotItem = graphics.addPlot(row=row, col=0, enableMenu=False, axisItems=axes)
        self.item.setMenuEnabled(False)
        # pyqtgraph makes this menu even so, as a window of its own that nobody would close.
        self.item.ctrlMenu.setParent(graphics, self.item.ctrlMenu.windowFlags())
        self.item.hideButtons()
        self.item.disableAutoRange()
        self.item.setMouseEnabled(x=True, y=False)
        self.item.setLimits(xMin=0)
        self._left.setWidth(LEFT_WIDTH)
        self._raw = pg.PlotCurveItem(skipFiniteCheck=True)
        self._smooth = pg.PlotCurveItem(skipFiniteCheck=True)
        self._validation = pg.PlotDataItem(symbol="o", symbolSize=5, antialias=True)
        self._best = pg.InfiniteLine(angle=90, movable=False)
        self.cross = pg.InfiniteLine(angle=90, movable=False)
        for part in (self._best, self._raw, self._smooth, self._validation, self.cross):
            self.item.addItem(part, ignoreBounds=True)
        self._best.hide()
        self.cross.hide()

    def colour(self, palette: QPalette, training: QColor, validation: QColor, font: QFont) -> None:
        """Take over colours and fonts."""
        faint = QColor(training)
        faint.setAlpha(_RAW_ALPHA)
        quiet = palette.color(QPalette.ColorRole.PlaceholderText)
        self._raw.setPen(pg.mkPen(faint))
        self._smooth.setPen(pg.mkPen(training))
        self._validation.setPen(pg.mkPen(validation))
        self._validation.setSymbolPen(None)
        self._validation.setSymbolBrush(validation)
        self._best.setPen(pg.mkPen(validation, style=Qt.PenStyle.DotLine))
        self.cross.setPen(pg.mkPen(quiet))
        for axis in (self._left, self._bottom):
            axis.setPen(palette.color(QPalette.ColorRole.Mid))
            axis.setTextPen(quiet)
            axis.setTickFont(font)
            axis.label.setFont(font)
            axis.fit_title()

    def set_log(self, on: bool) -> None:
        """Draw logarithms to base ten, with the axis labelled to match."""
        self._log = on
        self._left.logarithms = on
        self._left.picture = None
        self._left.update()

    def draw(self, raw: Points, smooth: Points) -> None:
        """Replace the training curves. Each is (x_N, y_N); what is no number is left out."""
        for item, points in ((self._raw, raw), (self._smooth, smooth)):
            x_N, y_N = _finite(points)
            item.setData(x_N, self._scaled(y_N))

    def mark(self, validation: Points, best: float | None) -> None:
        """Replace the validation, without what is no number; `best` is where the best epoch
        ended."""
        x_N, y_N = _finite(validation)
        self._validation.setData(x_N, self._scaled(y_N))
        self._best.setVisible(best is not None)
        if best is not None:
            self._best.setPos(best)

    def fit(self, lowest: float | None, highest: float | None) -> None:
        """Set the vertical range to what is drawn, to round numbers, or to the limits given."""
        left, right = self.item.viewRange()[0]
        drawn = [self._smooth.getData(), self._validation.getData()]
        seen = [y[(x >= left) & (x <= right)] for x, y in drawn if x is not None]
        y_N = np.concatenate(seen) if seen else np.empty(0)
        y_N = y_N[np.isfinite(y_N)]
        if len(y_N) == 0:
            y_N = np.array([0.0, 1.0 if highest is None else highest])
        low, high = float(y_N.min()), float(y_N.max())
        if self._log:
            low, high = math.floor(low * 4 - 0.1) / 4, math.ceil(high * 4 + 0.1) / 4
        else:
            low = math.floor(low / 10) * 10 if lowest is None else lowest
            high = above(high * 1.02) if highest is None else highest
        margin = 0.02 * (high - low)
        wanted = [low - margin, max(high, low + 0.1) + margin]
        if wanted != self.item.viewRange()[1]:
            self.item.setYRange(*wanted, padding=0)

    def _scaled(self, y_N: np.ndarray) -> np.ndarray:
        return np.log10(np.maximum(y_N, LEAST)) if self._log else y_N


def _finite(points: Points) -> Points:
    """Qt draws none of a line with a point that is nowhere, and pyqtgraph can't say how large it
    is."""
    x_N, y_N = points
    finite_N = np.isfinite(y_N)
    return (x_N, y_N) if finite_N.all() else (x_N[finite_N], y_N[finite_N])
