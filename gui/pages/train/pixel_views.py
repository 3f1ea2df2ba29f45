"""Mosaics whose single pixels can be pointed at."""

from PySide6.QtCore import QEvent, Signal
from PySide6.QtGui import QMouseEvent

from gui.widgets.mosaic.canvas import MosaicCanvas
from gui.widgets.mosaic.view import MosaicView


class FilterSlices(MosaicCanvas):
    """The slices of one filter, or one map. GUI thread only."""

    pointed = Signal(object)
    """(tile, row, column) under the pointer, or None."""

    def __init__(self) -> None:
        super().__init__("", framed=True)
        self.setMouseTracking(True)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self.pointed.emit(self.pixel_at(event.position()))

    def leaveEvent(self, event: QEvent) -> None:
        self.pointed.emit(None)


class LargeMap(MosaicView):
    """One map to zoom into: the wheel zooms, dragging moves, a double click shows the whole."""

    pointed = Signal(object)
    """(tile, row, column) under the pointer, or None; row and column of the whole map."""

    def __init__(self) -> None:
        super().__init__("")
        self.setAccessibleDescription("+ and - zoom, 0 shows the whole map.")

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self.is_pressed:
            super().mouseMoveEvent(event)
        self.pointed.emit(self.pixel_at(event.position(), self.region))

    def leaveEvent(self, event: QEvent) -> None:
        self.pointed.emit(None)

    def describe(self, channel: int) -> str:
        return ""  # what is known stands beside it
