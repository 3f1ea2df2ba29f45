"""Which part of a picture is seen on a widget, and how large: all the geometry of zooming."""

from math import ceil, floor

from PySide6.QtCore import QPointF, QRect, QRectF, QSizeF

from gui.widgets.pictures.images import even

MIDDLE = QPointF(0.5, 0.5)
FACTOR = 1.3
"""How much larger each notch of the wheel makes the picture."""
MOST_CELL = 64
"""The largest side of a pixel, in logical pixels of the screen."""
MARGIN = 2
"""Left free around the whole for its outline, in logical pixels."""


class Viewport:
    """A scene in the coordinates of a picture, on a widget of some size in logical pixels.

    A pixel of the picture is 1 wide and high, x counts columns and y rows. `zoom` 1 shows the
    whole scene; `centre` is what is in the middle, in shares of the scene.
    """

    def __init__(self) -> None:
        self.scene = QRectF(0, 0, 1, 1)
        self.size = QSizeF(1, 1)
        self.ratio = 1.0
        self.zoom = 1.0
        self.centre = MIDDLE

    def show_whole(self) -> None:
        self.zoom, self.centre = 1.0, MIDDLE

    def show(self, zoom: float, centre: QPointF) -> None:
        """Go as near to this as there are pixels and no room is left empty that needn't be."""
        self.zoom = min(max(zoom, 1.0), max(1.0, MOST_CELL / self._fit()))
        scale = self._fit() * self.zoom

        def kept(share: float, room: float, length: float) -> float:
            half = min(room / (2 * length * scale), 0.5)
            return min(max(share, half), 1 - half)

        self.centre = QPointF(
            kept(centre.x(), self.size.width(), self.scene.width()),
            kept(centre.y(), self.size.height(), self.scene.height()),
        )

    def zoom_by(self, notches: int, at: QPointF) -> None:
        """Zoom so that what is at a point of the widget stays there."""
        fixed = self.to_picture(at)
        self.show(self.zoom * FACTOR**notches, self.centre)
        from_middle = at - QPointF(self.size.width() / 2, self.size.height() / 2)
        self.show(self.zoom, self.share_of(fixed - from_middle / self.scale))

    def pan(self, by: QPointF) -> None:
        """Move the picture by logical pixels of the screen."""
        middle = QPointF(self.size.width() / 2, self.size.height() / 2)
        self.show(self.zoom, self.share_of(self.to_picture(middle - by)))

    def share_of(self, point: QPointF) -> QPointF:
        """A point of the picture in shares of the scene."""
        return QPointF(
            (point.x() - self.scene.x()) / self.scene.width(),
            (point.y() - self.scene.y()) / self.scene.height(),
        )

    @property
    def scale(self) -> float:
        """How many logical pixels of the screen a pixel of the picture takes."""
        fit = self._fit()
        return fit * self.zoom if self.zoom > 1 else even(fit * self.ratio) / self.ratio

    @property
    def origin(self) -> QPointF:
        """Where the picture's upper left corner is on the widget, on a whole device pixel."""
        middle = QPointF(
            self.scene.x() + self.centre.x() * self.scene.width(),
            self.scene.y() + self.centre.y() * self.scene.height(),
        )
        corner = QPointF(self.size.width() / 2, self.size.height() / 2) - middle * self.scale
        ratio = self.ratio
        return QPointF(round(corner.x() * ratio) / ratio, round(corner.y() * ratio) / ratio)

    def to_picture(self, position: QPointF) -> QPointF:
        """The point of the picture at a point of the widget."""
        return (position - self.origin) / self.scale

    def rect_of(self, area: QRectF) -> QRectF:
        """Where an area of the picture is on the widget."""
        return QRectF(self.origin + area.topLeft() * self.scale, area.size() * self.scale)

    def visible(self) -> QRect:
        """The pixels that are at least partly within the widget, beyond the picture's too."""
        corner = self.to_picture(QPointF(0, 0))
        opposite = self.to_picture(QPointF(self.size.width(), self.size.height()))
        left, top = floor(corner.x()), floor(corner.y())
        return QRect(left, top, ceil(opposite.x()) - left, ceil(opposite.y()) - top)

    def _fit(self) -> float:
        room = self.size.width() - MARGIN, self.size.height() - MARGIN
        return max(min(room[0] / self.scene.width(), room[1] / self.scene.height()), 1e-6)
