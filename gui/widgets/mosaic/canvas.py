"""Paints many maps as one picture, straight from the engine's uint8 mosaic."""

from math import ceil

from PySide6.QtCore import QEvent, QPoint, QPointF, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QFocusEvent,
    QHelpEvent,
    QPainter,
    QPaintEvent,
    QPalette,
    QResizeEvent,
)
from PySide6.QtWidgets import QToolTip, QWidget

from engine.messages.frames import WHOLE, MosaicFrame, Region
from gui.widgets.mosaic import layout
from gui.widgets.mosaic.layer import MosaicLayer
from gui.widgets.mosaic.layout import MosaicLayout

GAP = 2
"""Between tiles, in logical pixels."""


class MosaicCanvas(QWidget):
    """The maps of one tap, or pairs of a kernel and its response, with their marks. GUI thread.

    It lays its tiles out by itself: the largest that fit its size, at a whole multiple of the
    map's own pixels where there is room.
    """

    tiling_changed = Signal()
    """Tiles have another size or order of columns than before."""

    def __init__(
        self,
        name: str,
        parent: QWidget | None = None,
        pairs: bool = False,
        framed: bool = False,
    ) -> None:
        """`pairs`: each cell shows two tiles, the second frame's to the right of the first's.

        `framed`: a line around each cell, for palettes that are as light or dark as the ground.
        """
        super().__init__(parent)
        self.name = name
        self.tiling = layout.fit(1, (1, 1), (1, 1), GAP, GAP)
        self._layers = (MosaicLayer(), MosaicLayer()) if pairs else (MosaicLayer(),)
        self._channels: tuple[int, ...] = ()
        self._framed = framed
        self._outlines: list[QRect] = []
        self._count = 1
        self._map_HW = (1, 1)
        self._selected = -1
        self._hovered = -1
        self._pins: frozenset[int] = frozenset()
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setAccessibleName(f"Maps of {name}")

    def expect(self, name: str, count: int, map_HW: tuple[int, int]) -> None:
        """Forget every frame and lay out `count` maps of this true size (pixels)."""
        self.name = name
        self.setAccessibleName(f"Maps of {name}")
        self._count, self._map_HW = count, map_HW
        self._channels = ()
        for layer in self._layers:
            layer.show(None)
        self._lay_out()

    def set_frames(self, *frames: MosaicFrame | None) -> None:
        """Show these, one for each mosaic; their channels need not be the same."""
        channels = next((frame.channels for frame in frames if frame is not None), ())
        stays = channels == self._channels
        self._channels = channels
        for layer, frame in zip(self._layers, frames, strict=True):
            stays = stays and _same_tiles(layer.frame, frame)
            layer.show(frame)
        if len(channels) != self._count and channels:
            self._count = len(channels)
            self._lay_out()
        elif not stays:
            self._place()
            self.update()
        else:
            self.update(self._tiles_rect())

    def set_palettes(self, *names: str) -> None:
        """The palette of each mosaic, in order."""
        for layer, name in zip(self._layers, names, strict=True):
            if layer.palette != name:
                layer.colour(name)
                self.update()

    def set_marks(self, selected: int, pins: tuple[int, ...]) -> None:
        """Outline the selected channel (-1: none) and mark the pinned ones."""
        if (selected, frozenset(pins)) != (self._selected, self._pins):
            self._selected, self._pins = selected, frozenset(pins)
            self.update()

    @property
    def tile_px(self) -> int:
        """The longer side of a tile in device pixels."""
        return max(self.tiling.tile_HW)

    def columns_for(self, count: int) -> int:
        """How many columns `count` maps have at this size."""
        return self._fit(count).columns

    def channel_at(self, position: QPointF) -> int:
        """The channel shown at a point of the widget, or -1."""
        found = self.locate(position)
        return self._channels[found[0]] if found else -1

    def channel_rect(self, channel: int) -> QRectF:
        """Where a channel's cell stands in the widget; empty when it isn't shown."""
        if channel not in self._channels:
            return QRectF()
        ratio = self.devicePixelRatioF()
        cell = QRectF(self._cell(channel))
        return QRectF(cell.topLeft() / ratio, cell.size() / ratio)

    def locate(self, position: QPointF) -> tuple[int, float, float] | None:
        """(cell, share of the tile's height, of its width) at a point; None beside the tiles."""
        ratio = self.devicePixelRatioF()
        found = self.tiling.find(position.y() * ratio, position.x() * ratio)
        return found if found and found[0] < len(self._channels) else None

    def pixel_at(self, position: QPointF, region: Region = WHOLE) -> tuple[int, int, int] | None:
        """(cell, row, column) of the map pixel at a point, when tiles show this region of maps."""
        found = self.locate(position)
        if found is None:
            return None
        cell, down, right = found
        height, width = self._map_HW
        row = int((region.top + down * (region.bottom - region.top)) * height)
        column = int((region.left + right * (region.right - region.left)) * width)
        return cell, min(row, height - 1), min(column, width - 1)

    def sizeHint(self) -> QSize:
        return QSize(160, 160)

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._lay_out()

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.DevicePixelRatioChange:
            self._lay_out()
        elif event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            words = self.describe(self.channel_at(QPointF(event.pos())))
            QToolTip.showText(event.globalPos(), words, self)
        return super().event(event)

    def describe(self, channel: int) -> str:
        """What is known of a channel; a tool tip."""
        return ""

    def _fit(self, count: int) -> MosaicLayout:
        ratio = self.devicePixelRatioF()
        box_HW = int(self.height() * ratio), int(self.width() * ratio)
        across = len(self._layers)
        # Pairs stand further apart than the two of a pair.
        edge = gap_px(self)
        gap = edge if across == 1 else 3 * edge
        return layout.fit(count, self._map_HW, box_HW, gap, edge, across)

    def _lay_out(self) -> None:
        self.tiling = self._fit(self._count)
        self._place()
        self.update()
        self.tiling_changed.emit()

    def _place(self) -> None:
        step = self.tiling.tile_HW[1] + 1
        for number, layer in enumerate(self._layers):
            layer.place(self.tiling, self._channels, number * step)
        if self._framed:
            cells = [self._cell(channel) for channel in self._channels]
            self._outlines = [cell.adjusted(-1, -1, 1, 1) for cell in cells]

    def _tiles_rect(self) -> QRect:
        """All that a new frame of the same tiles changes: less to paint and to bring to the
        screen than the whole widget."""
        ratio = self.devicePixelRatioF()
        height, width = self.tiling.size_HW
        return QRect(0, 0, ceil(width / ratio), ceil(height / ratio))

    def _cell(self, channel: int) -> QRect:
        top, left = self.tiling.corner(self._channels.index(channel))
        height, width = self.tiling.cell_HW
        return QRect(left, top, width, height)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        colours = self.palette()
        painter.fillRect(self.rect(), colours.window())
        if not self._channels:
            painter.setPen(colours.color(QPalette.ColorRole.PlaceholderText))
            painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, "no maps\nyet")
        else:
            ratio = self.devicePixelRatioF()
            if ratio != 1:
                painter.scale(1 / ratio, 1 / ratio)
            if self._framed:
                # Filled, and the tiles on top: an outline takes seven times as long.
                painter.setPen(Qt.PenStyle.NoPen)
                painter.setBrush(colours.mid())
                painter.drawRects(self._outlines)
            draw = painter.drawImage
            for layer in self._layers:
                if layer.frame is not None:
                    picture = layer.picture(layer.frame)
                    for target, source in layer.tiles:
                        draw(target, picture, source)
            self._paint_marks(painter, colours)
        if self.hasFocus():
            painter.resetTransform()
            painter.setPen(colours.color(QPalette.ColorRole.Accent))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(self.rect().adjusted(0, 0, -1, -1))
        painter.end()

    def _paint_marks(self, painter: QPainter, colours: QPalette) -> None:
        if self._hovered < 0 and self._selected < 0 and not self._pins:
            return
        accent = colours.color(QPalette.ColorRole.Accent)
        bright = colours.color(QPalette.ColorRole.HighlightedText)
        gap = gap_px(self)
        for channel, colour in (
            (self._hovered, colours.color(QPalette.ColorRole.WindowText)),
            (self._selected, accent),
        ):
            if channel in self._channels:
                cell = self._cell(channel)
                painter.setBrush(Qt.BrushStyle.NoBrush)
                for width in range(1, gap + 1):
                    painter.setPen(colour)
                    painter.drawRect(cell.adjusted(-width, -width, width - 1, width - 1))
                # Within the gap alone, an outline is lost beside maps as dark as itself.
                painter.setPen(bright)
                painter.drawRect(cell.adjusted(0, 0, -1, -1))
        pinned = self._pins.intersection(self._channels)
        if pinned:
            side = max(4 * gap, self.tiling.tile_HW[0] // 4)
            painter.setPen(bright)
            painter.setBrush(accent)
            for channel in pinned:
                corner = self._cell(channel).topLeft()
                painter.drawPolygon([corner, corner + QPoint(side, 0), corner + QPoint(0, side)])

    def focusInEvent(self, event: QFocusEvent) -> None:
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        self.update()


def gap_px(widget: QWidget) -> int:
    """The gap between tiles in device pixels."""
    return max(1, round(GAP * widget.devicePixelRatioF()))


def _same_tiles(old: MosaicFrame | None, new: MosaicFrame | None) -> bool:
    if old is None or new is None:
        return old is new
    return (
        old.tile_HW == new.tile_HW and old.columns == new.columns and old.channels == new.channels
    )
