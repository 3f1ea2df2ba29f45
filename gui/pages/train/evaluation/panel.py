"""How good the network is on pictures that it doesn't learn from, and where it errs."""

import math

import numpy as np
from PySide6.QtCore import QSignalBlocker, QSize, Qt, Signal
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import (
    QComboBox,
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QSplitter,
    QVBoxLayout,
    QWidget,
)

from engine.config import Part
from engine.messages.evaluation import Evaluated
from engine.messages.events import DataFacts, EngineLost, Event, Loaded, Refused, TaskEnded
from engine.messages.frames import Frame, FrameKey, PictureFrame, TaskFrame
from engine.messages.views import ProgressView
from engine.percent import percent
from engine.state import Status
from gui.pages.train.evaluation.class_shares import ClassShares
from gui.pages.train.evaluation.confusion_matrix import ConfusionMatrix
from gui.pages.train.evaluation.picture_shelf import PictureShelf
from gui.panel import Panel
from gui.view_state import ViewState
from gui.widgets.counted import counted
from gui.widgets.live_label import LiveLabel
from gui.widgets.task_progress import TaskProgress
from gui.widgets.theme import RHYTHM, make_quiet, title_font

PARTS: dict[Part, str] = {
    "test": "Test",
    "validation": "Validation",
    "train": "Training",
    "all": "All pictures",
}
NOTHING_YET = "Nothing was measured yet."
WORST = "Worst mistakes"


class EvaluationPanel(Panel):
    """One evaluation at a time: its figures, the classes, what was taken for what, and the
    pictures of a chosen cell or the worst mistakes."""

    title = "Evaluation"
    evaluate_requested = Signal(str)
    """A part of the source, one of PARTS."""
    cancel_requested = Signal(int)
    """The number of the command whose evaluation shall end."""
    pictures_requested = Signal(str, tuple, int)
    """The fingerprint of a source, numbers of pictures in it, and a side in device pixels."""
    probe_requested = Signal(str, int)
    """The fingerprint of a source and the number of a picture in it."""

    def __init__(self, view: ViewState, parent: QWidget | None = None) -> None:
        super().__init__(view, parent)
        self.shown: Evaluated | None = None
        self._task: int | None = None
        """The number of the command whose evaluation is under way."""
        self._complaint = ""
        self._data: DataFacts | None = None
        self._status = Status()
        self.parts = QComboBox()
        self.parts.setAccessibleName("Pictures to measure on")
        for part, title in PARTS.items():
            self.parts.addItem(title, part)
        self.button = QPushButton("Evaluate")
        self.button.setToolTip("Measure the network as it is now, while it goes on learning")
        self.progress = TaskProgress("Evaluation")
        keeps = self.progress.sizePolicy()
        keeps.setRetainSizeWhenHidden(True)  # so that nothing moves while it comes and goes
        self.progress.setSizePolicy(keeps)
        self.heading = QLabel(NOTHING_YET)
        self.heading.setFont(title_font(self.heading))
        self.heading.setTextFormat(Qt.TextFormat.PlainText)
        self.heading.setWordWrap(True)
        self.origin = LiveLabel()
        self.matrix = ConfusionMatrix()
        self.shares = ClassShares()
        self.shelf = PictureShelf()
        self.shelf_title = LiveLabel()
        self.worst = QPushButton(WORST)
        self.worst.setToolTip("Show the pictures with the largest loss again")
        self.setFocusProxy(self.matrix)
        self._lay_out()
        self._connect()
        self._show_nothing()

    # Building

    def _lay_out(self) -> None:
        above = QHBoxLayout()
        above.setSpacing(RHYTHM)
        above.addWidget(self.parts)
        above.addWidget(self.button)
        above.addWidget(self.progress, 1)
        by_class, right = QWidget(), QVBoxLayout()
        by_class.setLayout(right)
        right.setContentsMargins(RHYTHM, 0, 0, 0)
        right.setSpacing(RHYTHM // 2)
        self.shares_title = QLabel("Right by class")
        make_quiet(self.shares_title)
        right.addWidget(self.shares_title)
        right.addWidget(_scrolled(self.shares), 1)
        figures = QSplitter(Qt.Orientation.Horizontal)
        figures.addWidget(self.matrix)
        figures.addWidget(by_class)
        figures.setSizes([520, 400])
        pictures, below = QWidget(), QVBoxLayout()
        pictures.setLayout(below)
        below.setContentsMargins(0, RHYTHM // 2, 0, 0)
        below.setSpacing(RHYTHM // 2)
        caption = QHBoxLayout()
        caption.setSpacing(RHYTHM)
        caption.addWidget(self.shelf_title, 1)
        caption.addWidget(self.worst)
        below.addLayout(caption)
        below.addWidget(self.shelf, 1)
        self._body = QSplitter(Qt.Orientation.Vertical)
        self._body.addWidget(figures)
        self._body.addWidget(pictures)
        self._body.setSizes([420, 180])
        for splitter in (figures, self._body):
            splitter.setChildrenCollapsible(False)
        column = QVBoxLayout(self)
        column.setContentsMargins(RHYTHM, RHYTHM, RHYTHM, RHYTHM)
        column.setSpacing(RHYTHM // 2)
        column.addLayout(above)
        column.addWidget(self.heading)
        column.addWidget(self.origin)
        column.addSpacing(RHYTHM // 2)
        column.addWidget(self._body, 1)

    def _connect(self) -> None:
        self.button.clicked.connect(self.evaluate)
        self.progress.cancelled.connect(self._cancel)
        self.matrix.cell_chosen.connect(self._show_cell)
        self.matrix.none_chosen.connect(self._show_worst)
        self.worst.clicked.connect(self._show_worst)
        self.shelf.wanted.connect(self._want)
        self.shelf.taken.connect(self._take)

    def sizeHint(self) -> QSize:
        return QSize(112 * RHYTHM, 84 * RHYTHM)

    # What a person does

    def evaluate(self) -> None:
        """Ask for figures on the chosen part, unless some are under way or nothing is loaded."""
        if self._task is None and self.button.isEnabled():
            self.evaluate_requested.emit(self.parts.currentData())

    def begin(self, number: int) -> None:
        """An evaluation was asked for, by the command of this number."""
        self._task, self._complaint = number, ""
        self.progress.begin("Waiting for its turn …")
        self._enable()

    @property
    def is_up_to_date(self) -> bool:
        """Whether what is shown is of the network as it is now, or soon will be."""
        return self._task is not None or (self.shown is not None and not self._age())

    def _cancel(self) -> None:
        if self._task is not None:
            self.cancel_requested.emit(self._task)

    def _show_cell(self, label: int, predicted: int) -> None:
        shown = self.shown
        assert shown is not None
        self.shelf_title.set_text(self.matrix.words((label, predicted)))
        self.shelf.show_answers(shown, shown.cell(label, predicted))
        self.worst.setEnabled(True)

    def _show_worst(self) -> None:
        shown = self.shown
        if shown is None:
            return
        mistakes = shown.mistakes()
        self.matrix.choose(None)
        if len(mistakes):
            order = ", the worst first" if len(mistakes) > 1 else ""
            self.shelf_title.set_text(f"{counted(len(mistakes), 'mistake')}{order}")
        else:
            self.shelf_title.set_text("There are no mistakes." if shown.pictures else "")
        self.shelf.show_answers(shown, mistakes)
        self.worst.setEnabled(False)

    def _want(self, indices: tuple[int, ...], side: int) -> None:
        if self.shown is not None:
            self.pictures_requested.emit(self.shown.fingerprint, indices, side)

    def _take(self, index: int) -> None:
        if self.shown is not None and self.shelf.asks:
            self.probe_requested.emit(self.shown.fingerprint, index)

    # What the engine tells

    def show_event(self, event: Event) -> None:
        match event:
            case Loaded():
                self._show_data(event.data)
            case Evaluated():
                self._show_evaluated(event)
            case TaskEnded():
                self._end(event.task, event.sentence)
                if event.kind == "show" and event.outcome == "done":
                    self.shelf.ask_again()
            case Refused():
                self._end(event.command, "")  # why is told to the person as of any command
            case EngineLost():
                self._end(self._task, "")

    def show_frames(self, frames: dict[FrameKey, Frame]) -> None:
        for frame in frames.values():
            if isinstance(frame, PictureFrame):
                self.shelf.answers.put(frame)
            elif isinstance(frame, TaskFrame) and frame.task == self._task:
                self.progress.show_progress(
                    ProgressView("evaluate", frame.done, frame.total, finished=False)
                )

    def show_status(self, status: Status) -> None:
        self._status = status
        self._enable()
        self._show_origin()

    def _end(self, number: int | None, complaint: str) -> None:
        """A task or command is over: if it is the evaluation, another can be asked for."""
        if number is not None and number == self._task:
            self._task, self._complaint = None, complaint
            self.progress.hide()
            self._enable()
            self._show_origin()

    def _show_data(self, data: DataFacts | None) -> None:
        """Offer what the source has: the test pictures first."""
        self._data = data
        counts: dict[Part, int] = {}
        if data is not None:
            counts = {
                "test": data.test_pictures,
                "validation": data.validation_pictures,
                "train": data.training_pictures,
            }
            counts["all"] = sum(counts.values()) + data.left_out
        with QSignalBlocker(self.parts):
            for place, (part, title) in enumerate(PARTS.items()):
                count = counts.get(part, 0)
                self.parts.setItemText(place, f"{title} ({count:,})" if count else title)
                item = self.parts.model().item(place)  # type: ignore[attr-defined]
                item.setEnabled(count > 0)
            usual: Part = "test" if counts.get("test") else "validation"
            if not counts.get(self.parts.currentData()):
                self.parts.setCurrentIndex(list(PARTS).index(usual))
        self._mind_source()
        self._enable()

    def _mind_source(self) -> None:
        """Pictures can be asked for as long as their source is the one that is loaded."""
        data, shown = self._data, self.shown
        self.shelf.asks = bool(data and shown and data.fingerprint == shown.fingerprint)

    def _show_evaluated(self, evaluated: Evaluated) -> None:
        self.shown = evaluated
        self._mind_source()
        self.heading.setText(in_words(evaluated))
        self.matrix.show_counts(evaluated.classes, evaluated.confusion_KK)
        self.shares.show_counts(
            evaluated.classes, evaluated.pictures_K, np.diag(evaluated.confusion_KK)
        )
        order = ", worst first" if self.shares.is_worst_first else ""
        self.shares_title.setText(f"Right by class{order}")
        self._body.setVisible(evaluated.pictures > 0)
        self._show_worst()
        self._show_origin()

    def _show_nothing(self) -> None:
        self._body.setVisible(False)
        self.worst.setEnabled(False)
        self._enable()

    def _enable(self) -> None:
        there = bool(self._status.network) and self._data is not None
        self.button.setEnabled(there and self._task is None)
        self.parts.setEnabled(there)

    def _age(self) -> str:
        """What has become of the network since it was measured; "" where nothing has."""
        shown, status = self.shown, self._status
        assert shown is not None
        if status.run != shown.run:
            return "of another run than the one that is loaded now"
        steps = status.step - shown.last_step
        if steps > 0:
            return f"the network has learned for {counted(steps, 'step')} since"
        return "the network has gone back to an earlier step since" if steps < 0 else ""

    def _show_origin(self) -> None:
        """Say whose figures these are, and whether they still hold."""
        shown = self.shown
        if self._complaint or shown is None:
            self._say_origin(self._complaint, QPalette.ColorRole.BrightText)
            return
        if shown.last_step == shown.step:
            words = [f"Weights of step {shown.step:,}"]
        else:
            words = [f"Weights of steps {shown.step:,} to {shown.last_step:,}, as they changed"]
        words.append(shown.source)
        age = self._age()
        if age:
            words.append(age)
        role = QPalette.ColorRole.WindowText if age else QPalette.ColorRole.PlaceholderText
        self._say_origin(" · ".join(words), role)

    def _say_origin(self, words: str, role: QPalette.ColorRole) -> None:
        self.origin.set_text(words)
        if self.origin.foregroundRole() != role:
            self.origin.setForegroundRole(role)
            self.origin.update()


def in_words(evaluated: Evaluated) -> str:
    """The figures in a sentence."""
    what = "" if evaluated.subset == "all" else f"{PARTS[evaluated.subset].lower()} "
    if not evaluated.pictures:
        return f"None of the {what}pictures could be read."
    finite = math.isfinite(evaluated.loss)
    loss = f"loss {evaluated.loss:.4f}" if finite else "the loss is no number"
    words = f"{percent(evaluated.accuracy, 1)} of {counted(evaluated.pictures, what + 'picture')}"
    words = f"{words} right, {loss}"
    if evaluated.undecided:
        words += f"; no answer for {evaluated.undecided:,}"
    if evaluated.unread:
        words += f"; {evaluated.unread:,} could not be read"
    return words


def _scrolled(widget: QWidget) -> QScrollArea:
    area = QScrollArea()
    area.setWidget(widget)
    area.setWidgetResizable(True)
    area.setFrameShape(QFrame.Shape.NoFrame)
    area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    return area
