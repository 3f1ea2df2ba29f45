"""A picture whose pixels can be pointed at, zoomed into and read."""

from collections.abc import Callable

import numpy as np
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, QSizeF, Qt, Signal
from PySide6.QtGui import (
    QFocusEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPalette,
    QPixmap,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from gui.widgets.pictures.images import fitted, image_of
from gui.widgets.pictures.marks import Numbers, paint_box, paint_mark, paint_numbers
from gui.widgets.pictures.viewport import Viewport

NOTCH = 120  # eighths of a degree
ARROWS: dict[int, tuple[int, int]] = {
    Qt.Key.Key_Left: (0, -1),
    Qt.Key.Key_Right: (0, 1),
    Qt.Key.Key_Up: (-1, 0),
    Qt.Key.Key_Down: (1, 0),
}
ZOOM_KEYS: dict[int, int] = {Qt.Key.Key_Plus: 1, Qt.Key.Key_Equal: 1, Qt.Key.Key_Minus: -1}


class PictureView(QWidget):
    """A picture as large as fits, with the part of it that is used. GUI thread only.

    Areas are in the picture's coordinates: x in columns, y in rows, a pixel is 1 wide and high.
    The wheel zooms with Ctrl, or once the view has the focus; else it scrolls what the view stands
    in.
    """

    pointed = Signal(object)
    """(row, column) of the pixel that a person points at; it stays when the pointer leaves."""
    moved = Signal()
    """Another part of the picture is shown, or at another size."""

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._pixels_HWC = np.zeros((0, 0, 3), np.uint8)
        self._image = image_of(np.zeros((1, 1, 3), np.uint8))
        self._box: QRectF | None = None
        self._numbers: Numbers | None = None
        self._mark: QRectF | None = None
        self._place: tuple[int, int] | None = None
        self._port = Viewport()
        self._wheel = 0
        self._drag: QPointF | None = None
        self._ground: QPixmap | None = None
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(name)
        self.setAccessibleDescription("Arrow keys move from pixel to pixel, + - 0 zoom.")

    def show_picture(
        self,
        pixels_HWC: np.ndarray,
        box: tuple[float, float, float, float] | None = None,
        numbers: Numbers | None = None,
    ) -> None:
        """Show a uint8 picture of one or three channels. `box` is the part of it that is used,
        (top, left, height, width) in its pixels; it may reach beyond the picture's edges.

        What is seen of it stays where its size is the same as before; else the whole is shown.
        """
        if pixels_HWC.shape[:2] != self._pixels_HWC.shape[:2]:
            self._port.show_whole()
            self._place = None
        self._pixels_HWC = pixels_HWC
        self._image = image_of(pixels_HWC)
        self._box = QRectF(box[1], box[0], box[3], box[2]) if box else None
        self._numbers = numbers
        whole = QRectF(self._image.rect())
        self._port.scene = whole.united(self._box) if self._box is not None else whole
        self._port.show(self._port.zoom, self._port.centre)
        self.mark(None)
        self._redraw()

    def mark(self, area: QRectF | None) -> None:
        """Outline an area of the picture, at least a few pixels of the screen; None: nothing."""
        if area != self._mark:
            self._mark = area
            self.update()

    @property
    def pixels(self) -> np.ndarray:
        """What is shown, uint8 (H, W, C)."""
        return self._pixels_HWC

    @property
    def marked(self) -> QRectF | None:
        """The area that is outlined."""
        return self._mark

    @property
    def seen(self) -> tuple[float, QPointF]:
        """How much larger than the whole it is shown, and around which point, in shares."""
        return self._port.zoom, self._port.centre

    @seen.setter
    def seen(self, seen: tuple[float, QPointF]) -> None:
        self._move(lambda port: port.show(*seen))

    @property
    def scale(self) -> float:
        """How many logical pixels of the screen a pixel of the picture takes."""
        return self._port.scale

    def rect_of(self, area: QRectF) -> QRectF:
        """Where an area of the picture is on the widget."""
        return self._port.rect_of(area)

    def pixel_at(self, position: QPointF) -> tuple[int, int] | None:
        """(row, column) of the pixel at a point of the widget; None beside the picture."""
        at = self._port.to_picture(position)
        height, width = self._pixels_HWC.shape[:2]
        inside = 0 <= at.x() < width and 0 <= at.y() < height
        return (int(at.y()), int(at.x())) if inside else None

    def _move(self, change: Callable[[Viewport], None]) -> None:
        before = self.seen
        change(self._port)
        if self.seen != before:
            self._redraw()
            self.moved.emit()

    def _redraw(self) -> None:
        self._ground = None
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        if self._ground is None:
            self._ground = self._painted()
        painter = QPainter(self)
        painter.drawPixmap(0, 0, self._ground)
        if self._mark is not None:
            paint_mark(painter, self.rect_of(self._mark), self.palette())
        if self.hasFocus():
            painter.setPen(self.palette().color(QPalette.ColorRole.Accent))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(self.rect().adjusted(0, 0, -1, -1))
        painter.end()

    def _painted(self) -> QPixmap:
        """All but what follows the pointer; kept, as shrinking a photograph takes a while."""
        ratio = self.devicePixelRatioF()
        pixmap = QPixmap(self.size() * ratio)
        pixmap.setDevicePixelRatio(ratio)
        pixmap.fill(self.palette().color(QPalette.ColorRole.Base))
        part = self._port.visible().intersected(self._image.rect())
        if not self._pixels_HWC.size or part.isEmpty():
            return pixmap
        painter = QPainter(pixmap)
        target = self.rect_of(QRectF(part))
        width, height = round(target.width() * ratio), round(target.height() * ratio)
        size = QSize(max(1, width), max(1, height))
        painter.drawImage(target, fitted(self._image.copy(part), size))
        if self._numbers is not None:
            painter.setFont(self.font())
            paint_numbers(painter, self._port, self._image, self._numbers, self.palette())
        if self._box is not None:
            paint_box(painter, self._port, self._image, self._box, self.palette())
        painter.end()
        return pixmap

    def _point(self, place: tuple[int, int] | None) -> None:
        if place is not None:
            self._place = place
            self.pointed.emit(place)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        position = event.position()
        if self._drag is not None:
            by, self._drag = position - self._drag, position
            self._move(lambda port: port.pan(by))
        place = self.pixel_at(position)
        if place != self._place:
            self._point(place)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self._drag = event.position()
            self._point(self.pixel_at(event.position()))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self._drag = None

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self._move(Viewport.show_whole)

    def leaveEvent(self, event: QEvent) -> None:
        self._place = None  # whoever comes back to this pixel points at it anew

    def wheelEvent(self, event: QWheelEvent) -> None:
        with_control = bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier)
        turned = event.angleDelta().y()
        at_its_end = self._port.zoom == 1 and turned < 0
        if not with_control and (at_its_end or not self.hasFocus()):
            event.ignore()
            return
        self._wheel += turned
        notches = int(self._wheel / NOTCH)
        self._wheel -= notches * NOTCH
        self._move(lambda port: port.zoom_by(notches, event.position()))
        event.accept()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = event.key()
        if key in ARROWS and self._pixels_HWC.size:
            self._step(*ARROWS[key])
        elif key in ZOOM_KEYS:
            at = QPointF(self.width() / 2, self.height() / 2)
            if self._mark is not None:
                marked = self.rect_of(self._mark).center()
                at = marked if QRectF(self.rect()).contains(marked) else at
            self._move(lambda port: port.zoom_by(ZOOM_KEYS[key], at))
        elif key == Qt.Key.Key_0:
            self._move(Viewport.show_whole)
        else:
            super().keyPressEvent(event)

    def _step(self, rows: int, columns: int) -> None:
        """Point at the next pixel, and move so that it is seen."""
        height, width = self._pixels_HWC.shape[:2]
        row, column = height // 2, width // 2
        if self._mark is not None:
            middle = self._mark.center()
            row, column = int(middle.y()) + rows, int(middle.x()) + columns
        row, column = min(max(row, 0), height - 1), min(max(column, 0), width - 1)
        cell = QRectF(column, row, 1, 1)
        if not QRectF(self.rect()).contains(self.rect_of(cell)):
            self._move(lambda port: port.show(port.zoom, port.share_of(cell.center())))
        self._point((row, column))

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._measure()

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.DevicePixelRatioChange:
            self._measure()
        return super().event(event)

    def _measure(self) -> None:
        self._port.size, self._port.ratio = QSizeF(self.size()), self.devicePixelRatioF()
        self._port.show(self._port.zoom, self._port.centre)
        self._redraw()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() in (QEvent.Type.PaletteChange, QEvent.Type.FontChange):
            self._redraw()

    def focusInEvent(self, event: QFocusEvent) -> None:
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        self.update()
