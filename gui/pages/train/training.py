"""The settings that may change while a network trains, and what it trains on."""

from functools import partial

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QFormLayout, QLabel, QVBoxLayout, QWidget

from engine.config import Augmentation, RunConfig, TrainingConfig
from engine.hyperparameters import hyperparameters
from engine.messages.commands import SetTraining
from engine.messages.events import Event, Loaded, TrainingChanged
from engine.state import Status
from gui.pages.train.hyperparameter_fields import Field, NumberEdit, SwitchEdit, make_field
from gui.panel import Panel
from gui.view_state import ViewState
from gui.widgets.field_keys import give_keys_back
from gui.widgets.scroll_column import ScrollColumn, complaint
from gui.widgets.theme import RHYTHM, make_quiet

_FIT_WORDS = {"stretch": "stretched", "crop": "cropped", "pad": "padded"}
_VALUE_WORDS = {
    "none": "values 0 to 1",
    "measured": "normalised as measured",
    "imagenet": "normalised as for ImageNet",
}


class TrainingPanel(Panel):
    """A value holds from the next step on once Enter is pressed or the field is left."""

    title = "Training"
    changed = Signal(object)
    """A SetTraining with the one value that a person changed."""

    def __init__(self, view: ViewState, parent: QWidget | None = None) -> None:
        super().__init__(view, parent)
        self._shown: TrainingConfig | None = None
        self._hyperparameters = hyperparameters()
        self.fields: dict[str, Field] = {}
        """By the names in TrainingConfig."""
        self.complaints: dict[str, QLabel] = {}
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
        self._add_fields()
        give_keys_back(
            *(field for field in self.fields.values() if not isinstance(field, SwitchEdit))
        )

    def _add_fields(self) -> None:
        for each in self._hyperparameters:
            field = self.fields[each.name] = make_field(each)
            self._form.addRow(each.title, field)
            field.committed.connect(partial(self._commit, each.name))
            if isinstance(field, NumberEdit):
                label = self.complaints[each.name] = complaint()
                self._form.addRow(label)
                field.complained.connect(partial(_complain, label))

    def minimumSizeHint(self) -> QSize:
        """It scrolls up and down only."""
        bar = self._scroll.verticalScrollBar().sizeHint().width()
        width = self._scroll.column.minimumSize().width() + bar
        return QSize(width, super().minimumSizeHint().height())

    def show_event(self, event: Event) -> None:
        match event:
            case Loaded(config=RunConfig(training=training)):
                self._show(training)
                self._show_rate(training.learning_rate)
                self._facts.setText("\n".join(facts(event)))
                self._news.clear()
                for field in self.fields.values():
                    field.setEnabled(True)
            case TrainingChanged():
                self._news.setText(event.sentence)

    def show_status(self, status: Status) -> None:
        """Show what the engine trains with now, unless a person is typing something else."""
        if status.settings is not None:
            self._show(status.settings)
            self._show_rate(status.scheduled_rate)

    def _show(self, settings: TrainingConfig) -> None:
        before, self._shown = self._shown, settings
        if settings == before:
            return
        for each in self._hyperparameters:
            value = each.value(settings)
            if before is None or value != each.value(before):
                self.fields[each.name].show_value(value)
            self._form.setRowVisible(self.fields[each.name], each.has_meaning(settings))

    def _show_rate(self, rate: float) -> None:
        """The learning rate of the next step."""
        field = self.fields["learning_rate"]
        assert isinstance(field, NumberEdit)
        field.show_now(rate)

    def _commit(self, name: str, value: bool | int | float | str) -> None:
        self.changed.emit(SetTraining({name: value}))


def _complain(label: QLabel, sentence: str) -> None:
    label.setText(sentence)
    label.setVisible(bool(sentence))


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
