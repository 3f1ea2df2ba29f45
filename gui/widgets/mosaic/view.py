"""A mosaic to work with: point, select, pin, zoom and pan, by mouse and by keys."""

from PySide6.QtCore import QEvent, QPointF, Qt, Signal
from PySide6.QtGui import QContextMenuEvent, QKeyEvent, QMouseEvent, QWheelEvent
from PySide6.QtWidgets import QApplication, QMenu, QWidget

from engine.messages.frames import WHOLE, MapsDemand, Region
from engine.percent import percent
from gui.widgets.mosaic import layout
from gui.widgets.mosaic.canvas import MosaicCanvas
from gui.widgets.mosaic.colour_bar import figure

WHEEL_NOTCH = 120  # eighths of a degree
ARROWS: dict[int, tuple[int, int]] = {
    Qt.Key.Key_Left: (0, -1),
    Qt.Key.Key_Right: (0, 1),
    Qt.Key.Key_Up: (-1, 0),
    Qt.Key.Key_Down: (1, 0),
}
SHEET_KEYS: dict[int, int] = {Qt.Key.Key_PageUp: -1, Qt.Key.Key_PageDown: 1}
ZOOM_KEYS: dict[int, int] = {Qt.Key.Key_Plus: 1, Qt.Key.Key_Equal: 1, Qt.Key.Key_Minus: -1}


class MosaicView(MosaicCanvas):
    """Reports what the user asks for; the owner decides what is selected, pinned and zoomed."""

    hovered = Signal(int)
    """The channel under the pointer, or -1."""
    clicked = Signal(int)
    """The channel clicked or reached by an arrow key."""
    pin_requested = Signal(int)
    """Pin this channel, or let it go."""
    turned = Signal(int)
    """Show the sheet of maps so many further, or back where negative."""
    region_changed = Signal(object)
    """The Region that every map of the tap shall show."""

    def __init__(
        self,
        name: str,
        parent: QWidget | None = None,
        pairs: bool = False,
        framed: bool = False,
    ) -> None:
        super().__init__(name, parent, pairs, framed)
        self._region = WHOLE
        self._wheel = 0
        self._press: tuple[QPointF, Region] | None = None
        self._panned = False
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleDescription(
            "Arrow keys choose a map, P pins it, + - 0 zoom, Page Up and Page Down turn the sheet."
        )

    @property
    def region(self) -> Region:
        """The region that is asked for, from which further zooming starts."""
        return self._region

    @region.setter
    def region(self, region: Region) -> None:
        self._region = region

    def show_whole(self) -> None:
        """Zoom out all the way."""
        self._show_region(WHOLE)

    @property
    def is_pressed(self) -> bool:
        """Whether the button is held down on the view."""
        return self._press is not None

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._press is None:
            self._hover(self.channel_at(event.position()))
            return
        start, region = self._press
        moved = event.position() - start
        far = moved.manhattanLength() >= QApplication.startDragDistance()
        if region != WHOLE and (self._panned or far):
            self._panned = True
            height, width = self.tiling.tile_HW
            ratio = self.devicePixelRatioF()
            by = -moved.y() * ratio / height, -moved.x() * ratio / width
            self._show_region(layout.panned(region, self._map_HW, by))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self._press, self._panned = (event.position(), self._region), False

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() != Qt.MouseButton.LeftButton or self._press is None:
            return
        channel = self.channel_at(event.position())
        if not self._panned and channel >= 0 and channel == self.channel_at(self._press[0]):
            self.clicked.emit(channel)
        self._press = None

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self._show_region(WHOLE)

    def leaveEvent(self, event: QEvent) -> None:
        self._hover(-1)

    def _hover(self, channel: int) -> None:
        if channel != self._hovered:
            self._hovered = channel
            self.hovered.emit(channel)
            self.update()

    def wheelEvent(self, event: QWheelEvent) -> None:
        """The wheel zooms; sideways, or with Shift, it scrolls what the view stands in."""
        turned = event.angleDelta()
        found = self.locate(event.position())
        sideways = abs(turned.x()) > abs(turned.y())
        if sideways or event.modifiers() & Qt.KeyboardModifier.ShiftModifier or not found:
            event.ignore()
            return
        self._wheel += turned.y()
        steps = int(self._wheel / WHEEL_NOTCH)
        self._wheel -= steps * WHEEL_NOTCH
        if steps:
            self._zoom(steps, found[1:])
        event.accept()

    def _zoom(self, steps: int, at: tuple[float, float]) -> None:
        self._show_region(layout.zoomed(self._region, self._map_HW, at, steps))

    def _show_region(self, region: Region) -> None:
        if region != self._region:
            self._region = region
            self.region_changed.emit(region)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = event.key()
        if key in ARROWS and self._channels:
            self._move_selection(*ARROWS[key])
        elif key == Qt.Key.Key_P and self._selected >= 0:
            self.pin_requested.emit(self._selected)
        elif key in ZOOM_KEYS:
            self._zoom(ZOOM_KEYS[key], (0.5, 0.5))
        elif key in SHEET_KEYS:
            self.turned.emit(SHEET_KEYS[key])
        elif key == Qt.Key.Key_0:
            self._show_region(WHOLE)
        else:
            super().keyPressEvent(event)

    def _move_selection(self, rows: int, columns: int) -> None:
        place = 0
        if self._selected in self._channels:
            place = self._channels.index(self._selected)
            place += rows * self.tiling.columns + columns
        if 0 <= place < len(self._channels):
            self.clicked.emit(self._channels[place])

    def describe(self, channel: int) -> str:
        """What is known of a channel: its true range and, of a map, its mean and share of zeros."""
        lines = []
        for layer in self._layers:
            frame = layer.frame
            if frame is None or channel not in frame.channels:
                continue
            place = frame.channels.index(channel)
            of_maps = isinstance(frame.demand, MapsDemand)
            what = "map" if of_maps else "kernel"
            lines.append(
                f"{what} {channel}: {figure(frame.low_N[place])} to {figure(frame.high_N[place])}"
            )
            if of_maps:
                mean, zeros = frame.mean_C[channel], frame.zeros_C[channel]
                lines.append(f"mean {figure(mean)}, {percent(zeros)} zeros")
        return "\n".join([self.name, *lines]) if lines else ""

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        channel = self.channel_at(QPointF(event.pos()))
        if channel >= 0:
            verb = "Unpin" if channel in self._pins else "Pin"
            pin = menu.addAction(f"{verb} map {channel}")
            pin.triggered.connect(lambda: self.pin_requested.emit(channel))
        whole = menu.addAction("Show whole maps")
        whole.setEnabled(self._region != WHOLE)
        whole.triggered.connect(lambda: self._show_region(WHOLE))
        menu.popup(event.globalPos())
