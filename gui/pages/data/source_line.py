"""How a line of the list of sources is painted."""

from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtGui import QPainter, QPalette
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from gui.pages.data.source_list import ENTRY, Index, SourceEntry
from gui.widgets.class_bars import demi_bold
from gui.widgets.theme import RHYTHM


class SourceLine(QStyledItemDelegate):
    """A title over quiet facts; the heading of a group alone. `open_where` is marked as open."""

    open_where = ""

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        entry: SourceEntry = index.data(ENTRY)
        line = option.fontMetrics.height()
        return QSize(10 * RHYTHM, line + 2 * RHYTHM if not entry.where else 2 * line + RHYTHM)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        entry: SourceEntry = index.data(ENTRY)
        palette, metrics = option.palette, option.fontMetrics
        role = QPalette.ColorRole
        area = option.rect
        room = area.adjusted(RHYTHM, RHYTHM // 2, -RHYTHM // 2, -RHYTHM // 2)
        painter.save()
        if not entry.where:
            painter.setFont(demi_bold(option.font))
            painter.setPen(palette.color(role.PlaceholderText))
            painter.drawText(room, Qt.AlignmentFlag.AlignBottom, entry.title)
            painter.restore()
            return
        chosen = bool(option.state & QStyle.StateFlag.State_Selected)
        if chosen:
            painter.fillRect(area, palette.color(role.Midlight))
        elif option.state & QStyle.StateFlag.State_MouseOver:
            painter.fillRect(area, palette.color(role.AlternateBase))
        is_open = entry.where == self.open_where
        if is_open:
            bar = QRect(area.left(), area.top(), 3, area.height())
            painter.fillRect(bar, palette.color(role.Accent))
        painter.setFont(demi_bold(option.font) if is_open else option.font)
        painter.setPen(palette.color(role.PlaceholderText if entry.is_gone else role.WindowText))
        middle = Qt.TextElideMode.ElideMiddle
        title = painter.fontMetrics().elidedText(entry.title, middle, room.width())
        painter.drawText(room, Qt.AlignmentFlag.AlignTop, title)
        painter.setFont(option.font)
        painter.setPen(palette.color(role.PlaceholderText))
        facts = metrics.elidedText(entry.facts, middle, room.width())
        painter.drawText(room, Qt.AlignmentFlag.AlignBottom, facts)
        painter.restore()
