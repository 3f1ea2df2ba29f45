"""The settings that may change while a network trains, and what it trains on."""

from PySide6.QtCore import QSignalBlocker, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QPalette, QResizeEvent
from PySide6.QtWidgets import (
    QComboBox,
    QFormLayout,
    QLabel,
    QLineEdit,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from engine.config import (
    OPTIMIZERS,
    SCHEDULES,
    Augmentation,
    RunConfig,
    learning_rate_from,
)
from engine.errors import ConfigError
from engine.messages.commands import SetTraining
from engine.messages.events import Event, Loaded, TrainingChanged
from engine.state import Status
from gui.panel import Panel
from gui.view_state import ViewState
from gui.widgets.field_keys import give_keys_back
from gui.widgets.scroll_column import ScrollColumn, leave_wheel
from gui.widgets.theme import RHYTHM, make_quiet

_FIT_WORDS = {"stretch": "stretched", "crop": "cropped", "pad": "padded"}
_VALUE_WORDS = {
    "none": "values 0 to 1",
    "measured": "normalised as measured",
    "imagenet": "normalised as for ImageNet",
}
MOST_PICTURES = 100_000
MOST_EPOCHS = 100_000


class TrainingPanel(Panel):
    """A value holds from the next step on once Enter is pressed or the field is left."""

    title = "Training"
    changed = Signal(object)
    """A SetTraining with the one value that a person changed."""

    def __init__(self, view: ViewState, parent: QWidget | None = None) -> None:
        super().__init__(view, parent)
        self._shown: tuple[float, int, str, str] | None = None
        self.learning_rate = RateEdit()
        self.learning_rate.setAccessibleName("Learning rate")
        self.learning_rate.setToolTip("How far each step moves the weights")
        self.learning_rate.setAcceptDrops(False)
        self.complaint = QLabel()
        self.complaint.setWordWrap(True)
        self.complaint.setForegroundRole(QPalette.ColorRole.BrightText)
        self.batch_size = _number_box(MOST_PICTURES, "Pictures in each step")
        self.optimizer = QComboBox()
        self.optimizer.addItems(OPTIMIZERS)
        self.optimizer.setToolTip("Another optimiser starts without memory")
        self.schedule = QComboBox()
        self.schedule.addItems(SCHEDULES)
        self.schedule.setToolTip(
            "Whether the learning rate stays, or falls to nothing along a cosine by the last epoch"
        )
        self.epochs = _number_box(MOST_EPOCHS, "How often every picture is seen")
        self._facts = QLabel()
        self._facts.setWordWrap(True)
        self._facts.setAlignment(Qt.AlignmentFlag.AlignTop)
        make_quiet(self._facts)
        self._news = QLabel()
        self._news.setWordWrap(True)
        make_quiet(self._news)

        self._form = QFormLayout()
        self._form.setSpacing(RHYTHM)
        self._scroll = ScrollColumn()
        # The lines below are no rows of the form: it gives too little height to text that wraps.
        self._scroll.column.addLayout(self._form)
        self._scroll.column.addSpacing(RHYTHM)
        self._scroll.column.addWidget(self._facts)
        self._scroll.column.addWidget(self._news)
        self._scroll.column.addStretch(1)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(self._scroll)
        for field in (self.batch_size, self.optimizer, self.schedule, self.epochs):
            leave_wheel(field)
        give_keys_back(
            self.learning_rate, self.batch_size, self.optimizer, self.schedule, self.epochs
        )
        self._form.addRow("Learning rate", self.learning_rate)
        self._form.addRow(self.complaint)
        self._form.addRow("Batch size", self.batch_size)
        self._form.addRow("Optimiser", self.optimizer)
        self._form.addRow("Schedule", self.schedule)
        self._form.addRow("Epochs", self.epochs)
        self.complaint.hide()

        self.learning_rate.editingFinished.connect(self._commit_rate)
        self.learning_rate.given_up.connect(self._show_rate)
        self.batch_size.valueChanged.connect(
            lambda value: self.changed.emit(SetTraining(batch_size=value))
        )
        self.optimizer.textActivated.connect(
            lambda name: self.changed.emit(SetTraining(optimizer=name))
        )
        self.schedule.textActivated.connect(
            lambda name: self.changed.emit(SetTraining(schedule=name))
        )
        self.epochs.valueChanged.connect(lambda value: self.changed.emit(SetTraining(epochs=value)))
        self._enable(False)

    def minimumSizeHint(self) -> QSize:
        """It scrolls up and down only."""
        bar = self._scroll.verticalScrollBar().sizeHint().width()
        width = self._scroll.column.minimumSize().width() + bar
        return QSize(width, super().minimumSizeHint().height())

    def show_event(self, event: Event) -> None:
        match event:
            case Loaded(config=RunConfig(training=training)):
                self._show(
                    training.learning_rate,
                    training.batch_size,
                    training.optimizer,
                    training.schedule,
                )
                self.learning_rate.show_now(training.learning_rate)
                with QSignalBlocker(self.epochs):
                    self.epochs.setValue(training.epochs)
                self._facts.setText("\n".join(facts(event)))
                self._news.clear()
                self._enable(True)
            case TrainingChanged():
                self._news.setText(event.sentence)

    def show_status(self, status: Status) -> None:
        """Show what the engine trains with now, unless a person is typing something else."""
        if status.batch_size:
            self._show(status.learning_rate, status.batch_size, status.optimizer, status.schedule)
            self.learning_rate.show_now(status.scheduled_rate)

    def _show(self, rate: float, batch_size: int, optimizer: str, schedule: str) -> None:
        if self._shown == (rate, batch_size, optimizer, schedule):
            return
        self._shown = (rate, batch_size, optimizer, schedule)
        if not self.learning_rate.isModified():
            self._show_rate()
        with QSignalBlocker(self.batch_size):
            self.batch_size.setValue(batch_size)
        self.optimizer.setCurrentText(optimizer)
        self.schedule.setCurrentText(schedule)

    def _show_rate(self) -> None:
        if self._shown is not None:
            self.learning_rate.setText(f"{self._shown[0]:g}")
        self.complaint.hide()

    def _commit_rate(self) -> None:
        if not self.learning_rate.isModified():
            return
        try:
            rate = learning_rate_from(self.learning_rate.text())
        except ConfigError as error:
            self.complaint.setText(str(error))
            self.complaint.show()
            return
        self.learning_rate.setModified(False)
        self.complaint.hide()
        self.changed.emit(SetTraining(learning_rate=rate))

    def _enable(self, on: bool) -> None:
        for field in (
            self.learning_rate,
            self.batch_size,
            self.optimizer,
            self.schedule,
            self.epochs,
        ):
            field.setEnabled(on)


def facts(event: Loaded) -> list[str]:
    """What is learned from and how a picture gets to the network, a sentence a line."""
    pictures, config = event.data, event.config
    weights = f"{event.network.parameters:,} parameters."
    if pictures is None or config is None:
        return [weights]
    data = config.data
    kept = f", {pictures.test_pictures:,} kept for the test" if pictures.test_pictures else ""
    learned, validated = pictures.training_pictures, pictures.validation_pictures
    channels, height, width = event.network.stages[0].shape
    colour = "grey" if channels == 1 else "RGB"
    return [
        f"{pictures.source}: {learned:,} to learn from, {validated:,} to validate{kept}.",
        f"{height}x{width} {colour}, {_FIT_WORDS[data.fit]}, {_VALUE_WORDS[data.normalisation]}.",
        f"{augmentation_words(data.augmentation)}.",
        weights,
    ]


def augmentation_words(how: Augmentation) -> str:
    """What varies the training pictures, in a line."""
    plain = Augmentation()
    amounts = {
        name.replace("_", " "): getattr(how, name)
        for name in how.__struct_fields__
        if name != "fill" and getattr(how, name) != getattr(plain, name)
    }
    if not amounts:
        return "Not varied"
    words = [name if value is True else f"{name} {value:g}" for name, value in amounts.items()]
    return "Varied: " + ", ".join(words)


class RateEdit(QLineEdit):
    """A field whose Escape gives up what was typed, and that says what the schedule makes of it."""

    given_up = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._now = QLabel(self)
        self._now.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self._now.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        make_quiet(self._now)

    def show_now(self, rate: float) -> None:
        """The learning rate of the next step; left out where the field has no room for it."""
        words = f"→ {rate:.2g}"
        if words != self._now.text():
            self._now.setText(words)
        advance = self.fontMetrics().horizontalAdvance
        room = self.width() - 3 * RHYTHM
        self._now.setVisible(advance(self.text()) + advance(words) <= room)

    @property
    def now(self) -> str:
        return self._now.text()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._now.setGeometry(self.rect().adjusted(self.width() // 3, 0, -RHYTHM, 0))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape and self.isModified():
            self.given_up.emit()
        else:
            super().keyPressEvent(event)


def _number_box(most: int, tip: str) -> QSpinBox:
    box = QSpinBox()
    box.setRange(1, most)
    box.setKeyboardTracking(False)
    box.setGroupSeparatorShown(True)
    box.setToolTip(tip)
    box.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    return box
