"""One stage of the network in the strip: what it is, and below it its maps."""

from math import ceil

from PySide6.QtCore import QEvent, QPointF, QRectF, Qt
from PySide6.QtGui import QFontMetrics, QPainter, QPaintEvent, QPalette, QPen
from PySide6.QtWidgets import QWidget

from engine.messages.frames import MosaicFrame
from engine.networks.stages import Stage
from gui.widgets.class_bars import demi_bold
from gui.widgets.live_label import LiveLabel
from gui.widgets.mosaic import layout
from gui.widgets.mosaic.canvas import GAP, gap_px
from gui.widgets.mosaic.colour_bar import figure
from gui.widgets.mosaic.view import MosaicView
from gui.widgets.sheets import MOST_MAPS, SheetTurner

ARROW_WIDTH = 16
"""The room for the arrow at the left of each stage."""
ARROW_LEVEL = 56
"""How far below the header arrows stand: half-way down the picture."""
LEAST_WIDTH = 72
RANGE_WORDS = "  0 to 0.00"
"""Room is kept for a range as short as this; a longer one shows where there is room."""
SLAB_WIDTH = 12
HEADER_GAP = 6


class StageColumn(QWidget):
    """A header of three lines and the stage's content; an arrow leads to it. GUI thread only."""

    def __init__(self, stage: Stage, content: QWidget | None, first: bool = False) -> None:
        """`content` stands below the header; without one a slab stands for the stage."""
        super().__init__()
        self.stage = stage
        self.content = content
        self._first = first
        self._least_width = 0
        self._lines = (stage.name, stage.title, shape_text(stage))
        self._range = LiveLabel(self, Qt.AlignmentFlag.AlignRight, whole_only=True)
        self._range.setVisible(self.mosaic is not None)
        self.sheets = SheetTurner(parent=self)
        if content is not None:
            content.setParent(self)
            content.show()
        self.setAccessibleName(", ".join(self._lines))
        self.setToolTip("\n".join((*self._lines, *_parameters(stage))))

    @property
    def mosaic(self) -> MosaicView | None:
        return self.content if isinstance(self.content, MosaicView) else None

    def show_range(self, frame: MosaicFrame) -> None:
        """Say the lowest and highest true value of the maps of a frame."""
        low_N, high_N = frame.low_N, frame.high_N
        self._range.follow(lambda: f"{figure(low_N.min())} to {figure(high_N.max())}")

    def show_sheet(self, shown: range, count: int) -> None:
        """Which of the stage's maps are seen, where they are too many to be seen at once."""
        self.sheets.show_sheet(shown, count)

    def header_height(self) -> int:
        return 3 * self.fontMetrics().height() + HEADER_GAP

    def width_for(self, height: int, wanted: int) -> int:
        """The column's width (logical pixels) when its maps are about `wanted` pixels large."""
        left = 0 if self._first else ARROW_WIDTH
        body = height - self.header_height()
        if self.mosaic is not None and self.stage.maps_CHW is not None:
            ratio = self.devicePixelRatioF()
            channels, map_height, map_width = self.stage.maps_CHW
            if not self.stage.has_maps:
                wanted //= 2  # one value needs less room than a map
            content = layout.width_for(
                min(channels, MOST_MAPS),
                (map_height, map_width),
                int(body * ratio),
                int(wanted * ratio),
                gap_px(self),
                gap_px(self),
            )
            width = ceil(content / ratio)
        elif self.content is not None:
            width = self.content.sizeHint().width()
        else:
            width = 0
        return left + max(width, self._header_width())

    def place(self, left: int, width: int, height: int) -> None:
        """Stand here in the strip."""
        self.setGeometry(left, 0, width, height)
        arrow = 0 if self._first else ARROW_WIDTH
        name = QFontMetrics(demi_bold(self.font())).horizontalAdvance(self.stage.name)
        taken = arrow + name + HEADER_GAP
        self._range.setGeometry(taken, 0, max(0, width - taken), self.fontMetrics().height())
        line = self.fontMetrics().height()
        self.sheets.setGeometry(width - self.sheets.sizeHint().width(), 2 * line, width, line)
        if self.content is not None:
            top = self.header_height()
            # The outline of a map at the edge needs room; the maps still stand below the header.
            edge = GAP if self.mosaic is not None else 0
            self.content.setGeometry(arrow - edge, top - edge, width - arrow + edge, height - top)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange:
            self._least_width = 0

    def _header_width(self) -> int:
        if self._least_width:
            return self._least_width
        bold = QFontMetrics(demi_bold(self.font()))
        name, _, shape = self._lines
        ranges = RANGE_WORDS if self.stage.has_maps else ""
        # A long title is elided rather than making a slim stage wide.
        self._least_width = max(
            LEAST_WIDTH,
            bold.horizontalAdvance(name) + self.fontMetrics().horizontalAdvance(ranges),
            self.fontMetrics().horizontalAdvance(shape) + 1 + self._sheets_width(),
        )
        return self._least_width

    def _sheets_width(self) -> int:
        return HEADER_GAP + self.sheets.sizeHint().width() if self.sheets.isVisibleTo(self) else 0

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        colours = self.palette()
        quiet = colours.color(QPalette.ColorRole.PlaceholderText)
        left = 0 if self._first else ARROW_WIDTH
        room, line = self.width() - left, self.fontMetrics().height()
        painter.setFont(demi_bold(self.font()))
        painter.setPen(colours.color(QPalette.ColorRole.WindowText))
        for number, words in enumerate(self._lines):
            elided = painter.fontMetrics().elidedText(words, Qt.TextElideMode.ElideRight, room)
            rect = QRectF(left, number * line, room, line)
            painter.drawText(rect, Qt.AlignmentFlag.AlignLeft, elided)
            painter.setFont(self.font())
            painter.setPen(quiet)
        body = QRectF(left, self.header_height(), room, self.height() - self.header_height())
        if self.content is None:
            slab = QRectF(body.left(), body.top(), SLAB_WIDTH, body.height())
            painter.fillRect(slab, colours.color(QPalette.ColorRole.Mid))
        if not self._first:
            middle = body.top() + ARROW_LEVEL
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(QPen(quiet, 1.5))
            painter.drawPolyline(
                [QPointF(4, middle - 5), QPointF(9, middle), QPointF(4, middle + 5)]
            )
        painter.end()


def shape_text(stage: Stage) -> str:
    """The shape as the chapter writes it, height x width x channels; a vector's length alone."""
    if len(stage.shape) != 3:
        return "x".join(str(n) for n in stage.shape)
    channels, height, width = stage.shape
    return f"{height}x{width}x{channels}"


def _parameters(stage: Stage) -> tuple[str, ...]:
    return (f"{stage.parameters:,} parameters",) if stage.parameters else ()
