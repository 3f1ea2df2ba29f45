"""Which pictures are for what, and how they become what a network sees."""

from PySide6.QtCore import QSignalBlocker, Signal
from PySide6.QtWidgets import QComboBox, QLineEdit, QVBoxLayout, QWidget

from engine.config import (
    COLOURS,
    FITS,
    NORMALISATIONS,
    Augmentation,
    DataConfig,
    SubsetCounts,
)
from engine.messages.views import SourceView
from gui.pages.data.subset_fields import SubsetFields
from gui.widgets.scroll_column import (
    NAME_WIDTH,
    ScrollColumn,
    complaint,
    give_up_with_escape,
    heading,
    leave_wheel,
    named_row,
    quiet_text,
    whole_number,
)
from gui.widgets.theme import RHYTHM

SIZES = (28, 32, 64, 96, 128, 150, 160, 224)
USUAL_SIZE = 150
"""Taken where pictures differ in size and nobody has said what size to make them."""
LARGEST_SIZE = 4096
LONGEST_SIZE = 20
"""Letters."""
OWN = "own"
COLOUR_WORDS = {"own": "As they come", "grey": "Grey", "rgb": "RGB"}
FIT_WORDS = {"stretch": "Stretch", "crop": "Crop to the middle", "pad": "Pad"}
FIT_NOTES = {
    "stretch": "All of it is seen; proportions change.",
    "crop": "Proportions stay; the rest is cut away.",
    "pad": "Proportions stay; the edges are filled.",
}
VALUE_WORDS = {
    "none": "From 0 to 1",
    "measured": "Normalised, as measured on the training pictures",
    "imagenet": "Normalised with ImageNet's mean and deviation",
}


class PreparationPanel(QWidget):
    """A number holds once Enter is pressed or the field is left. GUI thread only."""

    changed = Signal()
    """By a person: size, fit, colour or values, which alter what the network sees."""
    subsets_changed = Signal()
    """By a person: the counts or the seed."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._source: SourceView | None = None
        self._size = 0
        self.subsets = SubsetFields()
        self._size_edit = QLineEdit()
        self.size_field = QComboBox()
        self.size_field.setLineEdit(self._size_edit)
        self.size_field.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
        self.size_field.setToolTip("The side, in pixels, of the square that the network sees")
        self._size_edit.setAcceptDrops(False)
        self._size_edit.setMaxLength(LONGEST_SIZE)
        give_up_with_escape(self.size_field, self._show_size)
        self.size_complaint = complaint()
        self.fit = QComboBox()
        for fit in FITS:
            self.fit.addItem(FIT_WORDS[fit], fit)
        self.fit_note = quiet_text()
        self.colour = QComboBox()
        for colour in COLOURS:
            self.colour.addItem(COLOUR_WORDS[colour], colour)
        self.normalisation = QComboBox()
        for normalisation in NORMALISATIONS:
            self.normalisation.addItem(VALUE_WORDS[normalisation], normalisation)
        self._lay_out()
        self._show_sizes()
        self._show_fit()

        self.subsets.changed.connect(self.subsets_changed)
        self._size_edit.editingFinished.connect(self._commit_size)
        self.size_field.activated.connect(self._commit_size)
        self.fit.currentIndexChanged.connect(self._show_fit)
        for field in (self.fit, self.colour, self.normalisation):
            field.currentIndexChanged.connect(self.changed)

    @property
    def seed(self) -> int:
        """What the subsets are drawn with; setting it tells nobody."""
        return self.subsets.seed

    @seed.setter
    def seed(self, seed: int) -> None:
        self.subsets.seed = seed

    @property
    def counts(self) -> SubsetCounts | None:
        """None: as the source comes, or its usual."""
        return self.subsets.counts

    def show_source(self, source: SourceView) -> None:
        """Show how a source is divided now, and what can be chosen for it; tells nobody."""
        is_another = self._source is None or self._source.source != source.source
        self._source = source
        self.subsets.show_source(source)
        if is_another:
            self._show_sizes()

    def show_config(self, data: DataConfig) -> None:
        """Show how a config divides and prepares pictures; tells nobody."""
        self.subsets.counts, self.subsets.seed = data.subsets, data.seed
        self._size = data.size
        for field, value in (
            (self.fit, data.fit),
            (self.colour, data.colour),
            (self.normalisation, data.normalisation),
        ):
            with QSignalBlocker(field):
                field.setCurrentIndex(field.findData(value))
        self._show_size()
        self._show_fit()

    def data_config(self, where: str, augmentation: Augmentation) -> DataConfig:
        """What is set, for the source that `where` opens."""
        return DataConfig(
            source=where,
            subsets=self.counts,
            seed=self.seed,
            size=self._size_now(),
            colour=self.colour.currentData(),
            fit=self.fit.currentData(),
            normalisation=self.normalisation.currentData(),
            augmentation=augmentation,
        )

    @property
    def _sizes_differ(self) -> bool:
        return self._source is not None and self._source.own_size_HW is None

    def _size_now(self) -> int:
        return USUAL_SIZE if self._size == 0 and self._sizes_differ else self._size

    def _lay_out(self) -> None:
        scroll = ScrollColumn()
        column = scroll.column
        column.addWidget(heading("Pictures of each class"))
        column.addWidget(self.subsets)
        column.addWidget(heading("What the network sees"))
        for name, field, note in (
            ("Picture size", self.size_field, self.size_complaint),
            ("Fit", self.fit, self.fit_note),
            ("Colour", self.colour, None),
            ("Values", self.normalisation, None),
        ):
            column.addLayout(named_row(name, field, stretched=True))
            if note is not None:
                note.setContentsMargins(NAME_WIDTH + RHYTHM // 2, 0, 0, 0)
                column.addWidget(note)
            field.setAccessibleName(name)
            leave_wheel(field)
            # No wider than the column, however long its entries are.
            field.setSizeAdjustPolicy(
                QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
            )
            field.setMinimumContentsLength(8)
        column.addStretch(1)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(scroll)

    def _own_words(self) -> str:
        own = self._source.own_size_HW if self._source is not None else None
        return f"{OWN} ({own[0]}x{own[1]})" if own is not None else OWN

    def _show_sizes(self) -> None:
        """The sizes to choose from; a source whose pictures differ has none of its own."""
        with QSignalBlocker(self.size_field):
            self.size_field.clear()
            if not self._sizes_differ:
                self.size_field.addItem(self._own_words())
            self.size_field.addItems([str(size) for size in SIZES])
        self._show_size()

    def _show_size(self) -> None:
        size = self._size_now()
        self.size_field.setEditText(str(size) if size else self._own_words())
        self.size_complaint.hide()

    def _commit_size(self) -> None:
        text = self.size_field.currentText().strip()
        own = text.lower().startswith(OWN)
        size = 0 if own else whole_number(text, LARGEST_SIZE)
        if own and self._sizes_differ:
            self._complain(
                "These pictures differ in size. Type the size that the network shall see, "
                f"such as {USUAL_SIZE}."
            )
        elif size is None or (size == 0 and not own):
            self._complain(
                f"The picture size is {text!r}. It must be a whole number of pixels from 1 to "
                f"{LARGEST_SIZE:,}, or '{OWN}'."
            )
        else:
            before, self._size = self._size_now(), size
            self._show_size()
            if size != before:
                self.changed.emit()

    def _complain(self, sentence: str) -> None:
        self.size_complaint.setText(sentence)
        self.size_complaint.show()

    def _show_fit(self) -> None:
        self.fit_note.setText(FIT_NOTES[self.fit.currentData()])
