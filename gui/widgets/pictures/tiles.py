"""A view of equal tiles in rows, for lists of any length: nothing is laid out that isn't seen."""

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QPoint, QRect, QSize, Qt, Signal
from PySide6.QtGui import QMouseEvent, QPainter, QPaintEvent, QRegion, QWheelEvent
from PySide6.QtWidgets import QAbstractItemView, QFrame, QStyle, QStyleOptionViewItem, QWidget

Index = QModelIndex | QPersistentModelIndex
_Move = QAbstractItemView.CursorAction
NOTCH = 120
"""What a wheel reports for one notch."""


class TileView(QAbstractItemView):
    """Where a tile stands is computed, never stored: a QListView lays out every row, which takes
    a quarter of a second for 100,000. GUI thread only.

    One tile is current; arrows, Home, End and the page keys move it.
    """

    moved = Signal()
    """Other tiles may be visible now."""
    zoomed = Signal(int)
    """Notches of the wheel with Ctrl, positive for larger."""

    def __init__(self, tile: QSize, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._tile = tile
        self._columns = 1
        self._wheel = 0
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        # It takes its room from the tiles always, or their columns would depend on it.
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOn)

    @property
    def tile(self) -> QSize:
        return self._tile

    @tile.setter
    def tile(self, tile: QSize) -> None:
        if tile != self._tile:
            anchor = self._anchor()
            self._tile = tile
            self._settle(anchor)

    @property
    def columns(self) -> int:
        return self._columns

    def visible_rows(self) -> range:
        """The rows of the model of which anything is seen."""
        top, height = self.verticalOffset(), self._tile.height()
        first = top // height * self._columns
        after = -(-(top + self.viewport().height()) // height) * self._columns
        return range(first, min(after, self._count()))

    def _count(self) -> int:
        model = self.model()
        return model.rowCount() if model is not None else 0

    def _anchor(self) -> int:
        """The row that stays in sight when the layout changes."""
        visible, current = self.visible_rows(), self.currentIndex().row()
        return current if current in visible else visible.start

    def _settle(self, anchor: int) -> None:
        """Compute the layout anew; `anchor` is where it was on the screen, as nearly as it can."""
        bar, height = self.verticalScrollBar(), self._tile.height()
        before = anchor // self._columns * height - bar.value()
        room = self.viewport().size()
        self._columns = max(1, room.width() // self._tile.width())
        lines = -(-self._count() // self._columns)
        bar.setRange(0, max(0, lines * height - room.height()))
        bar.setSingleStep(height // 2)
        bar.setPageStep(max(height, room.height() // height * height))
        bar.setValue(anchor // self._columns * height - max(0, min(before, room.height() - height)))
        self.viewport().update()
        self.moved.emit()

    # What Qt asks of a view

    def visualRect(self, index: Index) -> QRect:
        if not index.isValid():
            return QRect()
        line, column = divmod(index.row(), self._columns)
        # What is left over of the width is spread between the tiles.
        pitch = self.viewport().width() / self._columns
        left = int((column + 0.5) * pitch - self._tile.width() / 2)
        return QRect(QPoint(left, line * self._tile.height() - self.verticalOffset()), self._tile)

    def indexAt(self, point: QPoint) -> QModelIndex:
        pitch = self.viewport().width() / self._columns
        line = (point.y() + self.verticalOffset()) // self._tile.height()
        column = int(point.x() // pitch)
        row = line * self._columns + column
        if not (0 <= column < self._columns and 0 <= row < self._count()):
            return QModelIndex()
        index = self.model().index(row, 0)
        return index if self.visualRect(index).contains(point) else QModelIndex()

    def scrollTo(
        self,
        index: Index,
        hint: QAbstractItemView.ScrollHint = QAbstractItemView.ScrollHint.EnsureVisible,
    ) -> None:
        if not index.isValid():
            return
        bar, room = self.verticalScrollBar(), self.viewport().height()
        top = index.row() // self._columns * self._tile.height()
        bottom = top + self._tile.height()
        if hint == QAbstractItemView.ScrollHint.PositionAtCenter:
            bar.setValue((top + bottom - room) // 2)
        elif top < bar.value():
            bar.setValue(top)
        elif bottom > bar.value() + room:
            bar.setValue(bottom - room)

    def moveCursor(self, action: _Move, modifiers: Qt.KeyboardModifier) -> QModelIndex:
        count, current = self._count(), self.currentIndex().row()
        if not count:
            return QModelIndex()
        if current < 0:
            return self.model().index(self.visible_rows().start, 0)
        page = max(1, self.viewport().height() // self._tile.height()) * self._columns
        moves = {
            _Move.MoveLeft: current - 1,
            _Move.MovePrevious: current - 1,
            _Move.MoveRight: current + 1,
            _Move.MoveNext: current + 1,
            _Move.MoveUp: current - self._columns,
            _Move.MoveDown: current + self._columns,
            _Move.MovePageUp: current - page,
            _Move.MovePageDown: current + page,
            _Move.MoveHome: 0,
            _Move.MoveEnd: count - 1,
        }
        row = moves.get(action, current)
        if action == _Move.MoveUp and row < 0:
            row = current
        return self.model().index(min(max(row, 0), count - 1), 0)

    def horizontalOffset(self) -> int:
        return 0

    def verticalOffset(self) -> int:
        return self.verticalScrollBar().value()

    def isIndexHidden(self, index: Index) -> bool:
        return False

    def setSelection(self, rect: QRect, command: object) -> None:
        self.selectionModel().select(self.indexAt(rect.topLeft()), command)  # type: ignore[call-overload]

    def visualRegionForSelection(self, selection: object) -> QRegion:
        return QRegion(self.visualRect(self.currentIndex()))

    def keyboardSearch(self, search: str) -> None:
        """Nothing: it would ask every row for its name."""

    def updateGeometries(self) -> None:
        super().updateGeometries()
        self._settle(self._anchor())

    def reset(self) -> None:
        super().reset()
        self._settle(0)

    def scrollContentsBy(self, dx: int, dy: int) -> None:
        self.viewport().scroll(0, dy)
        self.moved.emit()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        # Nothing is selected by dragging over it.
        if not event.buttons():
            super().mouseMoveEvent(event)

    def wheelEvent(self, event: QWheelEvent) -> None:
        if not event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            super().wheelEvent(event)
            return
        self._wheel += event.angleDelta().y()
        notches = int(self._wheel / NOTCH)
        self._wheel -= notches * NOTCH
        if notches:
            self.zoomed.emit(notches)
        event.accept()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self.viewport())
        model, delegate, current = self.model(), self.itemDelegate(), self.currentIndex().row()
        option = QStyleOptionViewItem()
        self.initViewItemOption(option)
        plain = option.state
        for row in self.visible_rows():
            index = model.index(row, 0)
            place = self.visualRect(index)
            if not place.intersects(event.rect()):
                continue
            option.rect = place
            option.state = plain
            if row == current:
                option.state |= QStyle.StateFlag.State_Selected
                if self.hasFocus():
                    option.state |= QStyle.StateFlag.State_HasFocus
            delegate.paint(painter, option, index)
        painter.end()
