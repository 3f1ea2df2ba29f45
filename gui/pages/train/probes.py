"""The probe pictures as a strip: each with what the network takes it for."""

import numpy as np
from PySide6.QtCore import (
    QModelIndex,
    QRect,
    QSignalBlocker,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QAction, QFont, QImage, QPainter, QPalette, QPen, QPixmap
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QListView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from engine.messages.events import (
    Event,
    Loaded,
    PicturesRead,
    ProbeRemoved,
    ProbeSelected,
    ProbeShown,
)
from engine.messages.frames import Frame, FrameKey, PredictionsDemand, PredictionsFrame, Wanted
from gui.pages.train.probe_list import ENTRY, INVITATION, Entry, Index, ProbeList
from gui.panel import Panel
from gui.view_state import ViewState
from gui.widgets.keys import removes
from gui.widgets.theme import RHYTHM

THUMBNAIL = 6 * RHYTHM
TILE = QSize(21 * RHYTHM, THUMBNAIL + 3 * RHYTHM // 2)


class ProbeTile(QStyledItemDelegate):
    """Paints a probe: thumbnail, top class, its share as a bar, and the file's name."""

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return TILE

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        rect = QRect(option.rect.topLeft(), TILE).adjusted(2, 2, -2, -2)
        entry: Entry | None = index.data(ENTRY)
        painter.save()
        painter.setFont(option.font)
        if entry is None:
            _paint_invitation(painter, rect, option.palette, index.data())
        else:
            chosen = bool(option.state & QStyle.StateFlag.State_Selected)
            _paint_entry(painter, rect, option.palette, entry, chosen)
        painter.restore()


def _paint_invitation(painter: QPainter, rect: QRect, palette: QPalette, words: str) -> None:
    painter.setPen(QPen(palette.color(QPalette.ColorRole.Shadow), 1, Qt.PenStyle.DashLine))
    painter.drawRect(rect.adjusted(0, 0, -1, -1))
    painter.setPen(palette.color(QPalette.ColorRole.PlaceholderText))
    painter.drawText(rect, Qt.AlignmentFlag.AlignCenter, words)


def _paint_entry(
    painter: QPainter, rect: QRect, palette: QPalette, entry: Entry, chosen: bool
) -> None:
    accent = palette.color(QPalette.ColorRole.Accent)
    if chosen:
        painter.fillRect(rect, palette.color(QPalette.ColorRole.Midlight))
        painter.setPen(QPen(accent, 2))
        painter.drawRect(rect.adjusted(1, 1, -1, -1))
    box = QRect(rect.left() + RHYTHM - 2, rect.top() + RHYTHM // 2, THUMBNAIL, THUMBNAIL)
    picture = QRect(0, 0, *entry.thumbnail.deviceIndependentSize().toSize().toTuple())
    picture.moveCenter(box.center())
    painter.drawPixmap(picture, entry.thumbnail)

    text = QRect(box.right() + RHYTHM, box.top(), 0, box.height())
    text.setRight(rect.right() - RHYTHM)
    metrics = painter.fontMetrics()
    if entry.verdict:
        line = QRect(text.left(), text.top(), text.width(), metrics.height())
        share = f"{entry.share:.0%}"
        painter.setPen(palette.color(QPalette.ColorRole.Text))
        painter.drawText(line, Qt.AlignmentFlag.AlignRight, share)
        line.setRight(line.right() - metrics.horizontalAdvance(share) - RHYTHM // 2)
        bold = QFont(painter.font())
        bold.setWeight(QFont.Weight.DemiBold)
        plain = painter.font()
        painter.setFont(bold)
        verdict = painter.fontMetrics().elidedText(
            entry.verdict, Qt.TextElideMode.ElideRight, line.width()
        )
        painter.drawText(line, Qt.AlignmentFlag.AlignLeft, verdict)
        painter.setFont(plain)
        bar = QRect(text.left(), line.bottom() + 3, text.width(), RHYTHM // 2)
        painter.fillRect(bar, palette.color(QPalette.ColorRole.Mid))
        bar.setWidth(round(bar.width() * entry.share))
        painter.fillRect(bar, accent)
    painter.setPen(palette.color(QPalette.ColorRole.PlaceholderText))
    name = metrics.elidedText(entry.name, Qt.TextElideMode.ElideMiddle, text.width())
    painter.drawText(text, Qt.AlignmentFlag.AlignBottom | Qt.AlignmentFlag.AlignLeft, name)


class ProbesPanel(Panel):
    """Choose with a click or the arrow keys; Delete removes; the last tile opens more."""

    title = "Probe pictures"
    select_requested = Signal(int)
    remove_requested = Signal(int)
    open_requested = Signal()
    stop_reading_requested = Signal()

    def __init__(self, view: ViewState, parent: QWidget | None = None) -> None:
        super().__init__(view, parent)
        self._classes: tuple[str, ...] = ()
        self._selected = -1
        self._reading = False
        self.model = ProbeList()
        self.list = QListView()
        self.list.setModel(self.model)
        self.list.setItemDelegate(ProbeTile(self.list))
        self.list.setFlow(QListView.Flow.LeftToRight)
        self.list.setWrapping(False)
        self.list.setUniformItemSizes(True)
        self.list.setFrameShape(QFrame.Shape.NoFrame)
        self.list.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.list.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.list.setAccessibleName(self.title)
        self.list.selectionModel().currentChanged.connect(self._moved)
        self.list.clicked.connect(self._used)
        remove = QAction("Remove picture", self.list)
        removes(remove)
        remove.triggered.connect(self._remove)
        self.list.addAction(remove)
        self.list.setContextMenuPolicy(Qt.ContextMenuPolicy.ActionsContextMenu)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.list)
        self.setMinimumHeight(TILE.height() + RHYTHM)

    def sizeHint(self) -> QSize:
        bar = self.list.horizontalScrollBar().sizeHint().height()
        return QSize(60 * RHYTHM, TILE.height() + bar)

    def wants(self) -> tuple[Wanted, ...]:
        return (PredictionsDemand(),)

    def show_frames(self, frames: dict[FrameKey, Frame]) -> None:
        frame = frames.get(PredictionsDemand().key)
        if isinstance(frame, PredictionsFrame) and self._classes:
            top_N, share_N = frame.probabilities_NC.argmax(1), frame.probabilities_NC.max(1)
            self.model.judge(
                {
                    probe: (self._classes[top], share)
                    for probe, top, share in zip(
                        frame.probes, top_N.tolist(), share_N.tolist(), strict=True
                    )
                    if 0 <= share <= 1  # a network that has come apart has no verdict
                }
            )

    def show_event(self, event: Event) -> None:
        match event:
            case Loaded():
                self._classes = event.network.classes
                self.model.judge({})
            case ProbeShown():
                known = self.model.entry(self.model.index_of(event.probe))
                thumbnail = thumbnail_of(event.picture_HWC, self.devicePixelRatioF())
                entry = Entry(event.probe, event.name, event.size_HW, thumbnail)
                if known is not None:
                    entry.verdict, entry.share = known.verdict, known.share
                self.model.put(entry)
            case ProbeRemoved():
                # Qt moves on to a neighbour by itself; which one is selected is for the engine.
                with QSignalBlocker(self.list.selectionModel()):
                    self.model.remove(event.probe)
                self._mark()
            case ProbeSelected():
                self._selected = event.probe
                self._mark()
            case PicturesRead():
                self._reading = not event.finished
                reading = f"reading {event.done} of {event.total}\nclick to stop"
                self.model.invite(reading if self._reading else INVITATION)

    def _mark(self) -> None:
        """Show which probe is selected, without asking for it again."""
        index = self.model.index_of(self._selected)
        if index.isValid() and index != self.list.currentIndex():
            self.list.setCurrentIndex(index)
            self.list.scrollTo(index)

    def _moved(self, index: QModelIndex) -> None:
        entry = self.model.entry(index)
        if entry is not None and entry.probe != self._selected:
            self.select_requested.emit(entry.probe)

    def _used(self, index: QModelIndex) -> None:
        if self.model.entry(index) is None:
            self._mark()
            (self.stop_reading_requested if self._reading else self.open_requested).emit()

    def _remove(self) -> None:
        entry = self.model.entry(self.list.currentIndex())
        if entry is not None:
            self.remove_requested.emit(entry.probe)


def thumbnail_of(picture_HWC: np.ndarray, ratio: float) -> QPixmap:
    """A picture (rgb, uint8) inside the thumbnail's square; `ratio` is screen pixels a pixel.

    Small pictures are enlarged with their pixels kept, large ones smoothed.
    """
    rgb_HWC = np.ascontiguousarray(picture_HWC)
    height, width = rgb_HWC.shape[:2]
    image = QImage(rgb_HWC.data, width, height, 3 * width, QImage.Format.Format_RGB888)
    side = round(THUMBNAIL * ratio)
    mode = (
        Qt.TransformationMode.FastTransformation
        if max(height, width) < side
        else Qt.TransformationMode.SmoothTransformation
    )
    scaled = image.scaled(side, side, Qt.AspectRatioMode.KeepAspectRatio, mode)
    thumbnail = QPixmap.fromImage(scaled)
    thumbnail.setDevicePixelRatio(ratio)
    return thumbnail
