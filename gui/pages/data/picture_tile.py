"""How the browser paints one picture: its thumbnail, its subset and class, its name."""

from PySide6.QtCore import QRect, QRectF, QSize, Qt
from PySide6.QtGui import QFontMetrics, QPainter, QPalette, QPen
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from gui.pages.data.picture_list import TILE, Index, Tile
from gui.pages.data.subset_marks import MARK, paint_subset
from gui.widgets.pictures.images import paint_fitted
from gui.widgets.theme import RHYTHM

NAMED_FROM = 80
"""Names stand under thumbnails of this side and more; smaller ones have no room for them."""
_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter


def tile_size(side: int, metrics: QFontMetrics) -> QSize:
    """Of a tile around a thumbnail of a side in logical pixels."""
    lines = 2 if side >= NAMED_FROM else 1
    return QSize(side + 2 * RHYTHM, side + 3 * RHYTHM + lines * metrics.height())


class PictureTile(QStyledItemDelegate):
    """Set `side`, in logical pixels, to what the thumbnails fit into."""

    side = 96

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return tile_size(self.side, option.fontMetrics)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        tile: Tile | None = index.data(TILE)
        if tile is None:
            return
        palette, half = option.palette, RHYTHM // 2
        area = option.rect.adjusted(half, half, -half, -half)
        if option.state & QStyle.StateFlag.State_Selected:
            painter.fillRect(area, palette.color(QPalette.ColorRole.Midlight))
            width = 2 if option.state & QStyle.StateFlag.State_HasFocus else 1
            painter.setPen(QPen(palette.color(QPalette.ColorRole.Accent), width))
            painter.drawRect(area.adjusted(width // 2, width // 2, -1, -1))
        box = QRect(area.left() + half, area.top() + half, self.side, self.side)
        if tile.sentence:
            _paint_problem(painter, box, palette, tile.sentence)
        elif tile.pixmap is None:
            painter.fillRect(box, palette.color(QPalette.ColorRole.Midlight))
        else:
            paint_fitted(painter, box, tile.pixmap)
        self._paint_words(painter, box, palette, tile)

    def _paint_words(self, painter: QPainter, box: QRect, palette: QPalette, tile: Tile) -> None:
        metrics = painter.fontMetrics()
        line = QRect(box.left(), box.bottom() + RHYTHM // 2, box.width(), metrics.height())
        mark = QRectF(line.left(), line.center().y() - MARK / 2 + 1, MARK, MARK)
        paint_subset(painter, mark, palette, tile.subset)
        beside = line.adjusted(MARK + RHYTHM // 2, 0, 0, 0)
        label = metrics.elidedText(tile.label, Qt.TextElideMode.ElideRight, beside.width())
        painter.setPen(palette.color(QPalette.ColorRole.Text))
        painter.drawText(beside, _LEFT, label)
        if self.side >= NAMED_FROM:
            line.translate(0, metrics.height())
            name = tile.name.rpartition("/")[2]  # without the folder, which is often the class
            name = metrics.elidedText(name, Qt.TextElideMode.ElideMiddle, line.width())
            painter.setPen(palette.color(QPalette.ColorRole.PlaceholderText))
            painter.drawText(line, _LEFT, name)


def _paint_problem(painter: QPainter, box: QRect, palette: QPalette, sentence: str) -> None:
    painter.setPen(QPen(palette.color(QPalette.ColorRole.BrightText), 1))
    painter.drawRect(box.adjusted(0, 0, -1, -1))
    room = box.adjusted(RHYTHM // 2, RHYTHM // 2, -RHYTHM // 2, -RHYTHM // 2)
    metrics = painter.fontMetrics()
    for at, line in enumerate(wrapped(sentence, metrics, room)):
        place = QRect(room.left(), room.top() + at * metrics.height(), room.width(), 100)
        painter.drawText(place, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop, line)


def wrapped(sentence: str, metrics: QFontMetrics, room: QRect) -> list[str]:
    """A sentence in as many whole lines as there is room for; the last says if there is more."""
    lines = [""]
    most = max(1, room.height() // metrics.height())
    words = sentence.split()
    for at, word in enumerate(words):
        longer = f"{lines[-1]} {word}".strip()
        if not lines[-1] or metrics.horizontalAdvance(longer) <= room.width():
            lines[-1] = longer
        elif len(lines) < most:
            lines.append(word)
        else:
            lines[-1] = " ".join([lines[-1], *words[at:]])
            break
    return [metrics.elidedText(line, Qt.TextElideMode.ElideRight, room.width()) for line in lines]
