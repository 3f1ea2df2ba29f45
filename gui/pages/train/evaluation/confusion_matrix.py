"""Which class was taken for which, as a picture whose cells can be chosen."""

import numpy as np
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFontMetrics,
    QHelpEvent,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPalette,
    QPen,
)
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from engine.percent import percent
from gui.widgets.counted import counted
from gui.widgets.pictures.images import even
from gui.widgets.theme import RHYTHM

LARGEST_CELL = 16 * RHYTHM
MOST_NAME_WIDTH = 14 * RHYTHM
LEAST_SEEN = 0.14
"""How much of its colour a cell has at least that holds a picture at all."""
LINED_FROM = 10
"""Cells of this many pixels and more have lines between them."""
IS, TAKEN_FOR = "is", "taken for"
_LIGHT_TEXT, _DARK_TEXT = QColor("#ffffff"), QColor("#1d1e20")
_BOTH_READ = 0.2
"""The luminance on which the two read equally well."""
_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
_MOVES = {
    Qt.Key.Key_Left: (0, -1),
    Qt.Key.Key_Right: (0, 1),
    Qt.Key.Key_Up: (-1, 0),
    Qt.Key.Key_Down: (1, 0),
}

Cell = tuple[int, int]
"""(what the pictures are, what they were taken for): places among the classes."""


class ConfusionMatrix(QWidget):
    """A row for each class, and in it what its pictures were taken for: the darker, the more of
    them. A click or the arrow keys choose a cell, Escape none. GUI thread only."""

    cell_chosen = Signal(int, int)
    none_chosen = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._classes: tuple[str, ...] = ()
        self._count_KK = np.zeros((0, 0), np.int64)
        self._image: QImage | None = None
        self.cell: Cell | None = None
        self.setAccessibleName("Confusion matrix")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    def show_counts(self, classes: tuple[str, ...], count_KK: np.ndarray) -> None:
        """Show how many pictures of each class (row) were taken for each (column), int64 (K, K)."""
        self._classes, self._count_KK = classes, count_KK
        self._image = None
        self.choose(None)
        self.update()

    def choose(self, cell: Cell | None) -> None:
        """Mark a cell, without telling of it."""
        self.cell = cell
        self.setAccessibleDescription(self.words(cell) if cell else "No cell is chosen.")
        self.update()

    def words(self, cell: Cell) -> str:
        """A cell as a sentence."""
        label, taken = cell
        count, total = int(self._count_KK[cell]), int(self._count_KK[label].sum())
        name, other = self._classes[label], self._classes[taken]
        verdict = "taken for what they are" if label == taken else f"taken for {other}"
        if not total:
            return f"{name}: no pictures"
        share = percent(count / total)
        return f"{name}: {count:,} of {counted(total, 'picture')} ({share}) {verdict}"

    # Where things are

    def _names_fit(self) -> tuple[int, int]:
        """The width of the names of the rows and the height of those of the columns; 0 where there
        is no room for them."""
        count, metrics = max(1, len(self._classes)), self.fontMetrics()
        line = metrics.height()
        widest = max((metrics.horizontalAdvance(name) + 1 for name in self._classes), default=0)
        widest = min(widest, MOST_NAME_WIDTH, max(0, self.width() // 4))
        if self._cell_side(widest + RHYTHM, line + RHYTHM // 2) - RHYTHM >= widest:
            return widest, line
        if self._cell_side(widest + RHYTHM, widest + RHYTHM) >= line:
            return widest, widest
        # Too many classes for their names: what a cell is stands in its tool tip, and beside it.
        return (0, 0) if count > 1 else (widest, line)

    def _cell_side(self, left: int, top: int) -> float:
        """Of a cell, in logical pixels, beside names of this size."""
        caption, count = self._caption, max(1, len(self._classes))
        room = min(self.width() - left - caption, self.height() - top - caption)
        ratio = self.devicePixelRatioF()
        return max(even(min(room / count, LARGEST_CELL) * ratio) / ratio, 0.1)

    @property
    def _caption(self) -> int:
        return self.fontMetrics().height() + RHYTHM // 2

    def _grid(self) -> tuple[QRectF, float]:
        """Where the cells are, and the side of one."""
        left, top = self._names_fit()
        left, top = left + RHYTHM if left else 0, top + RHYTHM // 2 if top else 0
        side = self._cell_side(left, top)
        extent = side * len(self._classes)
        return QRectF(left + self._caption, top + self._caption, extent, extent), side

    def cell_at(self, point: QPointF) -> Cell | None:
        """The cell at a point of the widget."""
        grid, side = self._grid()
        if not grid.contains(point):
            return None
        last = len(self._classes) - 1
        row, column = (point.y() - grid.top()) / side, (point.x() - grid.left()) / side
        return min(int(row), last), min(int(column), last)

    def rect_of(self, cell: Cell) -> QRectF:
        """Where a cell is."""
        grid, side = self._grid()
        return QRectF(grid.left() + cell[1] * side, grid.top() + cell[0] * side, side, side)

    def sizeHint(self) -> QSize:
        return QSize(44 * RHYTHM, 40 * RHYTHM)

    def minimumSizeHint(self) -> QSize:
        return QSize(24 * RHYTHM, 20 * RHYTHM)

    # Painting

    def paintEvent(self, event: QPaintEvent) -> None:
        if not self._classes:
            return
        painter, palette = QPainter(self), self.palette()
        grid, side = self._grid()
        if self._image is None:
            self._image = self._drawn(palette)
        painter.drawImage(grid, self._image)
        lines = QPen(palette.color(QPalette.ColorRole.Window), 1)
        if side >= LINED_FROM:
            painter.setPen(lines)
            for place in range(1, len(self._classes)):
                x, y = grid.left() + place * side, grid.top() + place * side
                painter.drawLine(QPointF(x, grid.top()), QPointF(x, grid.bottom()))
                painter.drawLine(QPointF(grid.left(), y), QPointF(grid.right(), y))
        self._paint_counts(painter, side)
        self._paint_names(painter, grid, side)
        if self.cell is not None:
            marked = self.rect_of(self.cell)
            width = 3 if self.hasFocus() else 2
            painter.setPen(QPen(palette.color(QPalette.ColorRole.WindowText), width))
            painter.drawRect(marked.adjusted(-1, -1, 1, 1))
        elif self.hasFocus():
            painter.setPen(QPen(palette.color(QPalette.ColorRole.Accent), 2))
            painter.drawRect(grid.adjusted(-2, -2, 2, 2))
        painter.end()

    def _drawn(self, palette: QPalette) -> QImage:
        """A pixel for each cell: blue for what is right, red for what isn't, on the base."""
        count = len(self._classes)
        share_KK = self._count_KK / np.maximum(self._count_KK.sum(1, keepdims=True), 1)
        # What is rare shall be seen as well.
        strength_KK = np.where(share_KK > 0, LEAST_SEEN + (1 - LEAST_SEEN) * share_KK**0.7, 0.0)
        base, right, wrong = (
            _rgb(palette.color(role))
            for role in (
                QPalette.ColorRole.Base,
                QPalette.ColorRole.Accent,
                QPalette.ColorRole.BrightText,
            )
        )
        full_KK3 = np.where(np.eye(count, dtype=bool)[..., None], right, wrong)
        rgb_KK3 = base + (full_KK3 - base) * strength_KK[..., None]
        pixels = np.full((count, count, 4), 255, np.uint8)
        pixels[..., :3] = rgb_KK3.round()
        image = QImage(pixels.data, count, count, 4 * count, QImage.Format.Format_RGBX8888)
        return image.copy()

    def _paint_counts(self, painter: QPainter, side: float) -> None:
        """Where the largest fits into a cell; none is a cell that stays empty."""
        assert self._image is not None
        metrics = self.fontMetrics()
        widest = metrics.horizontalAdvance(f"{int(self._count_KK.max(initial=0)):,}")
        if side < max(widest + RHYTHM // 2, metrics.height()):
            return
        for label, taken in np.argwhere(self._count_KK).tolist():
            colour = self._image.pixelColor(taken, label)
            painter.setPen(_DARK_TEXT if _luminance(colour) > _BOTH_READ else _LIGHT_TEXT)
            words = f"{int(self._count_KK[label, taken]):,}"
            painter.drawText(self.rect_of((label, taken)), Qt.AlignmentFlag.AlignCenter, words)

    def _paint_names(self, painter: QPainter, grid: QRectF, side: float) -> None:
        metrics, palette = self.fontMetrics(), self.palette()
        width, height = self._names_fit()
        painter.setPen(palette.color(QPalette.ColorRole.PlaceholderText))
        upright = height > metrics.height()
        caption = QRectF(grid.left(), 0, grid.width(), metrics.height())
        painter.drawText(caption, Qt.AlignmentFlag.AlignLeft, TAKEN_FOR)
        _draw_upwards(painter, QRectF(0, grid.top(), metrics.height(), grid.height()), IS, _RIGHT)
        for place, name in enumerate(self._classes if width else ()):
            chosen = self.cell
            row = QRectF(grid.left() - width - RHYTHM // 2, grid.top() + place * side, width, side)
            painter.setPen(self._name_colour(chosen is not None and chosen[0] == place))
            painter.drawText(row, _RIGHT, _elided(name, metrics, width))
            painter.setPen(self._name_colour(chosen is not None and chosen[1] == place))
            top = grid.top() - height - RHYTHM // 4
            column = QRectF(grid.left() + place * side, top, side, height)
            if upright:
                _draw_upwards(painter, column, _elided(name, metrics, height))
            else:
                painter.drawText(column, Qt.AlignmentFlag.AlignCenter, name)

    def _name_colour(self, strong: bool) -> QColor:
        role = QPalette.ColorRole.WindowText if strong else QPalette.ColorRole.PlaceholderText
        return self.palette().color(role)

    # What a person does

    def mousePressEvent(self, event: QMouseEvent) -> None:
        cell = self.cell_at(event.position())
        if cell is not None and event.button() == Qt.MouseButton.LeftButton:
            self._take(cell)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        move = _MOVES.get(Qt.Key(event.key()))
        last = len(self._classes) - 1
        if event.key() == Qt.Key.Key_Escape and self.cell is not None:
            self.choose(None)
            self.none_chosen.emit()
        elif move is None or last < 0:
            super().keyPressEvent(event)
        elif self.cell is None:
            self._take((0, 0))
        else:
            row, column = (now + by for now, by in zip(self.cell, move, strict=True))
            self._take((min(max(row, 0), last), min(max(column, 0), last)))

    def _take(self, cell: Cell) -> None:
        if cell != self.cell:
            self.choose(cell)
            self.cell_chosen.emit(*cell)

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            cell = self.cell_at(QPointF(event.pos()))
            if cell is None:
                QToolTip.hideText()
            else:
                place = self.rect_of(cell).toAlignedRect()
                QToolTip.showText(event.globalPos(), self.words(cell), self, place)
            return True
        return super().event(event)

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.PaletteChange:
            self._image = None
        super().changeEvent(event)


def _elided(name: str, metrics: QFontMetrics, room: int) -> str:
    return metrics.elidedText(name, Qt.TextElideMode.ElideRight, room)


def _draw_upwards(
    painter: QPainter, place: QRectF, words: str, alignment: Qt.AlignmentFlag = _LEFT
) -> None:
    """Text that runs from the lower end of a place to its upper one."""
    painter.save()
    painter.translate(place.left(), place.bottom())
    painter.rotate(-90)
    painter.drawText(QRectF(0, 0, place.height(), place.width()), alignment, words)
    painter.restore()


def _luminance(colour: QColor) -> float:
    """Of the light that it gives, from 0 for black to 1 for white."""
    share_3 = _rgb(colour) / 255
    linear_3 = np.where(share_3 <= 0.04045, share_3 / 12.92, ((share_3 + 0.055) / 1.055) ** 2.4)
    return float(linear_3 @ (0.2126, 0.7152, 0.0722))


def _rgb(colour: QColor) -> np.ndarray:
    return np.array([colour.red(), colour.green(), colour.blue()])
