"""Pictures that were measured, each with what it is and what it was taken for."""

from typing import Any

import numpy as np
from msgspec import Struct
from PySide6.QtCore import (
    QAbstractListModel,
    QModelIndex,
    QRect,
    QSize,
    Qt,
    QTimer,
    Signal,
)
from PySide6.QtGui import (
    QFontMetrics,
    QHideEvent,
    QKeyEvent,
    QPainter,
    QPaintEvent,
    QPalette,
    QPen,
    QPixmap,
    QShowEvent,
)
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from engine.messages.evaluation import NO_VERDICT, Evaluated
from engine.messages.frames import PictureFrame
from engine.percent import percent
from gui.widgets.pictures.images import image_of, paint_fitted
from gui.widgets.pictures.tiles import Index, TileView
from gui.widgets.theme import RHYTHM

SIDE = 10 * RHYTHM
"""Of the square that a thumbnail fits into, in logical pixels."""
MOST_KEPT = 500
"""Thumbnails, of those that were seen last."""
ASK_MS = 60
"""What is seen is asked for every so often, at most, while it is scrolled through."""
ANSWER = Qt.ItemDataRole.UserRole
"""The role under which a row gives its Answer."""
_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter


class Answer(Struct, frozen=True, eq=False):
    """What there is to say of one picture. `sentence` says why it can't be shown."""

    index: int
    verdict: str
    share: str
    truth: str
    right: bool
    name: str
    pixmap: QPixmap | None
    sentence: str

    @property
    def words(self) -> str:
        """In one line."""
        taken = f"{self.verdict} {self.share}".strip()
        known = f"{self.name} · " if self.name else ""
        return f"{known}{self.truth}, taken for {taken}" + (
            f" · {self.sentence}" if self.sentence else ""
        )


class AnswerList(QAbstractListModel):
    """Some pictures of an evaluation, in an order. Thumbnails come as they are asked for."""

    def __init__(self) -> None:
        super().__init__()
        self._evaluated: Evaluated | None = None
        self._place_N = np.zeros(0, np.int64)
        self._frames: dict[int, tuple[PictureFrame, QPixmap | None]] = {}

    def show_answers(self, evaluated: Evaluated | None, place_N: np.ndarray) -> None:
        """Show these pictures, by their places in the evaluation."""
        self.beginResetModel()
        known = self._evaluated
        if evaluated is None or known is None or evaluated.fingerprint != known.fingerprint:
            self._frames.clear()
        self._evaluated, self._place_N = evaluated, place_N
        self.endResetModel()

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self._place_N)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not 0 <= index.row() < len(self._place_N):
            return None
        if role == ANSWER:
            return self.answer(index.row())
        if role in (
            Qt.ItemDataRole.DisplayRole,
            Qt.ItemDataRole.ToolTipRole,
            Qt.ItemDataRole.AccessibleTextRole,
        ):
            return self.answer(index.row()).words
        return None

    def answer(self, row: int) -> Answer:
        evaluated, place = self._evaluated, int(self._place_N[row])
        assert evaluated is not None
        index, predicted = int(evaluated.index_N[place]), int(evaluated.predicted_N[place])
        frame, pixmap = self._frames.get(index, (None, None))
        decided = predicted != NO_VERDICT
        return Answer(
            index,
            evaluated.classes[predicted] if decided else "nothing",
            percent(float(evaluated.probability_N[place])) if decided else "",
            evaluated.classes[evaluated.labels_N[place]],
            bool(evaluated.right_N[place]),
            frame.name if frame else "",
            pixmap,
            frame.sentence if frame else "",
        )

    def missing(self, rows: range) -> tuple[int, ...]:
        """The pictures among some rows, by their numbers in the source, that did not come yet."""
        evaluated = self._evaluated
        if evaluated is None:
            return ()
        index_M = evaluated.index_N[self._place_N[rows.start : rows.stop]].tolist()
        return tuple(index for index in index_M if index not in self._frames)

    def put(self, frame: PictureFrame) -> None:
        """A picture has come."""
        evaluated = self._evaluated
        if evaluated is None or frame.fingerprint != evaluated.fingerprint:
            return
        pixmap = None if frame.rgb_HWC is None else QPixmap.fromImage(image_of(frame.rgb_HWC))
        self._frames[frame.index] = frame, pixmap
        if len(self._frames) > MOST_KEPT:
            del self._frames[next(iter(self._frames))]
        places = np.flatnonzero(evaluated.index_N[self._place_N] == frame.index)
        for row in places.tolist():
            self.dataChanged.emit(self.index(row), self.index(row))


class AnswerTile(QStyledItemDelegate):
    """Paints a picture over what it was taken for and what it is."""

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        answer: Answer | None = index.data(ANSWER)
        if answer is None:
            return
        palette, half = option.palette, RHYTHM // 2
        area = option.rect.adjusted(half, half, -half, -half)
        if option.state & QStyle.StateFlag.State_Selected:
            painter.fillRect(area, palette.color(QPalette.ColorRole.Midlight))
            width = 2 if option.state & QStyle.StateFlag.State_HasFocus else 1
            painter.setPen(QPen(palette.color(QPalette.ColorRole.Accent), width))
            painter.drawRect(area.adjusted(width // 2, width // 2, -1, -1))
        box = QRect(area.center().x() - SIDE // 2, area.top() + half, SIDE, SIDE)
        if answer.pixmap is None:
            painter.fillRect(box, palette.color(QPalette.ColorRole.Midlight))
            if answer.sentence:
                painter.setPen(QPen(palette.color(QPalette.ColorRole.BrightText), 1))
                painter.drawRect(box.adjusted(0, 0, -1, -1))
                flags = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
                painter.drawText(box, flags, "can't be read")
        else:
            paint_fitted(painter, box, answer.pixmap)
        self._paint_words(painter, area, box, palette, answer)

    def _paint_words(
        self, painter: QPainter, area: QRect, box: QRect, palette: QPalette, answer: Answer
    ) -> None:
        metrics = painter.fontMetrics()
        line = QRect(area.left() + RHYTHM // 2, box.bottom() + RHYTHM // 2, 0, metrics.height())
        line.setRight(area.right() - RHYTHM // 2)
        role = QPalette.ColorRole.Accent if answer.right else QPalette.ColorRole.BrightText
        painter.setPen(palette.color(role))
        room = line.width() - metrics.horizontalAdvance(f" {answer.share}")
        verdict = metrics.elidedText(answer.verdict, Qt.TextElideMode.ElideRight, room)
        painter.drawText(line, _LEFT, f"{verdict} {answer.share}")
        line.translate(0, metrics.height())
        painter.setPen(palette.color(QPalette.ColorRole.PlaceholderText))
        truth = "right" if answer.right else f"is {answer.truth}"
        words = metrics.elidedText(truth, Qt.TextElideMode.ElideRight, line.width())
        painter.drawText(line, _LEFT, words)


def tile_size(metrics: QFontMetrics) -> QSize:
    """Of a tile around a thumbnail, in logical pixels."""
    return QSize(SIDE + 3 * RHYTHM, SIDE + 3 * RHYTHM + 2 * metrics.height())


class PictureShelf(TileView):
    """Asks for the thumbnails of what is seen. A click or Enter takes a picture."""

    wanted = Signal(tuple, int)
    """Numbers of pictures in the source, and the side in device pixels that they shall fit."""
    taken = Signal(int)
    """The number of a picture in the source."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(QSize(SIDE, SIDE), parent)
        self.tile = tile_size(self.fontMetrics())
        self.answers = AnswerList()
        self.asks = True
        """Whether the source is there to be asked."""
        self._asked: tuple[int, ...] = ()
        self.setModel(self.answers)
        self.setItemDelegate(AnswerTile(self))
        self.setAccessibleName("Pictures")
        self._rest = QTimer(self)
        self._rest.setSingleShot(True)
        self._rest.setInterval(ASK_MS)
        self._rest.timeout.connect(self._ask)
        self.moved.connect(self._seen)
        self.clicked.connect(self._take)

    def show_answers(self, evaluated: Evaluated | None, place_N: np.ndarray) -> None:
        """Show these pictures, by their places in the evaluation."""
        self._asked = ()
        self.answers.show_answers(evaluated, place_N)
        self._seen()

    def _seen(self) -> None:
        if self.isVisible() and not self._rest.isActive():
            self._rest.start()

    def _ask(self) -> None:
        missing = self.answers.missing(self.visible_rows())
        if self.asks and self.isVisible() and missing and missing != self._asked:
            self._asked = missing
            self.wanted.emit(missing, round(SIDE * self.devicePixelRatioF()))

    def ask_again(self) -> None:
        """What was asked for has been answered: whatever was not given to this view, as it was not
        known to be visible yet, is asked for once more when it is painted."""
        self._asked = ()
        self.viewport().update()

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if not self._asked and self.answers.missing(self.visible_rows()):
            self._seen()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._asked = ()  # what came meanwhile was not given to what is hidden
        self._seen()

    def hideEvent(self, event: QHideEvent) -> None:
        self._rest.stop()
        super().hideEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._take(self.currentIndex())
        else:
            super().keyPressEvent(event)

    def _take(self, index: QModelIndex) -> None:
        if index.isValid():
            self.taken.emit(self.answers.answer(index.row()).index)
