"""How many pictures of each class are for what."""

import msgspec
import numpy as np
from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import QCheckBox, QLineEdit, QPushButton, QSpinBox, QVBoxLayout, QWidget

from engine.config import SubsetCounts
from engine.data.source import NO_SUBSET, SUBSETS
from engine.messages.views import SourceView
from gui.widgets.scroll_column import (
    NAME_WIDTH,
    complaint,
    give_up_with_escape,
    leave_wheel,
    named_row,
    plain_text,
    quiet_text,
    whole_number,
)
from gui.widgets.theme import RHYTHM

OWN_SUBSETS = "As the source comes", "The source says itself which pictures are for what"
SHARES = (
    "80, 10 and 10 % of each class",
    "Every picture is used: four fifths to learn from, a tenth to validate and a tenth to test",
)
MOST_A_CLASS = 10_000_000
LARGEST_SEED = 2**63 - 1
LONGEST_SEED = 26
"""Letters: the largest, with its commas, and one more that makes it too large."""
FIELD_WIDTH = 14 * RHYTHM


class SubsetFields(QWidget):
    """A number holds once Enter is pressed or the field is left. GUI thread only."""

    changed = Signal()
    """By a person: the counts or the seed."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._source: SourceView | None = None
        self._counts: SubsetCounts | None = None
        self._seed = 0
        self.as_it_comes = QCheckBox()
        self.as_it_comes.hide()
        self.numbers = {
            "train": _count_box("Training", "Pictures of each class to learn from", 1),
            "validation": _count_box(
                "Validation", "Pictures of each class that show how well it learns", 1
            ),
            "test": _count_box("Test", "Pictures of each class kept for the very end", 0),
        }
        self.rest = QCheckBox("all the rest")
        self.rest.setToolTip("Learn from every picture that validation and test leave")
        self.seed_field = QLineEdit("0")
        self.seed_field.setAccessibleName("Seed")
        self.seed_field.setToolTip("The same seed draws the same pictures")
        self.seed_field.setAlignment(Qt.AlignmentFlag.AlignRight)
        self.seed_field.setAcceptDrops(False)
        self.seed_field.setMaxLength(LONGEST_SEED)
        give_up_with_escape(self.seed_field, self._show_seed)
        self.shuffle = QPushButton("Shuffle")
        self.shuffle.setToolTip("Draw others, with the next seed")
        self.complaint = complaint()
        self.totals = plain_text()
        self.notes = quiet_text()
        self._lay_out()
        self._show_counts()

        self.as_it_comes.toggled.connect(lambda on: self._take(None if on else self._typed()))
        self.rest.toggled.connect(lambda: self._take(self._typed()))
        for field in self.numbers.values():
            field.valueChanged.connect(lambda: self._take(self._typed()))
        self.seed_field.editingFinished.connect(self._commit_seed)
        self.shuffle.clicked.connect(lambda: self._take_seed((self._seed + 1) % (LARGEST_SEED + 1)))

    @property
    def seed(self) -> int:
        """What the subsets are drawn with; setting it tells nobody."""
        return self._seed

    @seed.setter
    def seed(self, seed: int) -> None:
        self._seed = seed
        self._show_seed()

    @property
    def counts(self) -> SubsetCounts | None:
        """None: as the source comes, or its usual; setting them tells nobody."""
        return self._counts

    @counts.setter
    def counts(self, counts: SubsetCounts | None) -> None:
        self._counts = counts
        self._show_counts()

    def show_source(self, source: SourceView) -> None:
        """Show how a source is divided now."""
        self._source = source
        self.as_it_comes.setVisible(source.comes_with_subsets or source.usual is None)
        words, tip = OWN_SUBSETS if source.comes_with_subsets else SHARES
        self.as_it_comes.setText(words)
        self.as_it_comes.setToolTip(tip)
        self.totals.setText(totals_of(source.subset_N))
        self.notes.setText("\n".join(source.notes))
        self.notes.setVisible(bool(source.notes))
        self._show_counts()

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(RHYTHM // 2)
        column.addWidget(self.as_it_comes)
        column.addLayout(named_row("Training", self.numbers["train"], self.rest))
        column.addLayout(named_row("Validation", self.numbers["validation"]))
        column.addLayout(named_row("Test", self.numbers["test"]))
        column.addLayout(named_row("Seed", self.seed_field, self.shuffle))
        self.complaint.setContentsMargins(NAME_WIDTH + RHYTHM // 2, 0, 0, 0)
        for words in (self.complaint, self.totals, self.notes):
            column.addWidget(words)
        for field in (self.seed_field, *self.numbers.values()):
            field.setFixedWidth(FIELD_WIDTH)

    def _typed(self) -> SubsetCounts:
        counts = SubsetCounts(**{name: field.value() for name, field in self.numbers.items()})
        return msgspec.structs.replace(counts, train="rest") if self.rest.isChecked() else counts

    def _take(self, counts: SubsetCounts | None) -> None:
        if counts != self._counts:
            self.counts = counts
            self.changed.emit()

    def _show_counts(self) -> None:
        """Of the source's own subsets, and of shares, no numbers a class are known: then the fields
        are off."""
        source = self._source
        usual = source.usual if source is not None else None
        comes = source is not None and (source.comes_with_subsets or usual is None)
        comes = comes and self._counts is None
        counts = self._counts or usual or SubsetCounts()
        with QSignalBlocker(self.as_it_comes):
            self.as_it_comes.setChecked(comes)
        with QSignalBlocker(self.rest):
            self.rest.setChecked(counts.train == "rest")
        self.rest.setEnabled(not comes)
        for name, field in self.numbers.items():
            number = getattr(counts, name)
            if number != "rest":
                with QSignalBlocker(field):
                    field.setValue(number)
            field.setEnabled(not comes and number != "rest")

    def _show_seed(self) -> None:
        self.seed_field.setText(str(self._seed))
        self.complaint.hide()

    def _commit_seed(self) -> None:
        text = self.seed_field.text()
        seed = whole_number(text, LARGEST_SEED)
        if seed is None:
            self.complaint.setText(
                f"The seed is {text!r}. It must be a whole number from 0 up, such as 7."
            )
            self.complaint.show()
        else:
            self._take_seed(seed)

    def _take_seed(self, seed: int) -> None:
        before, self.seed = self._seed, seed
        if seed != before:
            self.changed.emit()


def totals_of(subset_N: np.ndarray) -> str:
    """How many pictures are for what, and how many for nothing."""
    parts = [f"{(subset_N == number).sum():,} {name}" for number, name in enumerate(SUBSETS)]
    return ", ".join([*parts, f"{(subset_N == NO_SUBSET).sum():,} left out"])


def _count_box(name: str, tip: str, least: int) -> QSpinBox:
    box = QSpinBox()
    box.setRange(least, MOST_A_CLASS)
    box.setKeyboardTracking(False)
    box.setGroupSeparatorShown(True)
    box.setAccessibleName(name)
    box.setToolTip(tip)
    box.setAlignment(Qt.AlignmentFlag.AlignRight)
    leave_wheel(box)
    return box
