"""How training pictures are varied: amounts to set, and at once what they do to one picture."""

from collections.abc import Callable

import msgspec
from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QHBoxLayout,
    QMenu,
    QPushButton,
    QSplitter,
    QVBoxLayout,
    QWidget,
)

from engine.config import FILLS, Augmentation
from engine.messages.views import AugmentedView
from gui.pages.data.amount_slider import AmountSlider
from gui.widgets.pictures.grid import PictureGrid
from gui.widgets.scroll_column import ScrollColumn, heading, leave_wheel, named_row, quiet_text
from gui.widgets.theme import RHYTHM

EMPTY = "Choose a picture to see how it is varied"
PRESETS: dict[str, Augmentation] = {
    "None": Augmentation(),
    "As in the chapter": Augmentation(
        rotation=40.0, shift=0.2, shear=11.0, zoom=0.2, flip_horizontal=True, fill="nearest"
    ),
    "Digits": Augmentation(rotation=12.0, shift=0.1, zoom=0.15),
}
"""The chapter's shear of 0.2 is taken as radians: 11 degrees."""
FILL_WORDS = {"black": "Black", "nearest": "The nearest pixel", "mirror": "The picture mirrored"}
LARGEST_SHARE = 0.99
PICTURES_HEIGHT, AMOUNTS_HEIGHT = 27 * RHYTHM, 38 * RHYTHM
"""At first; the line between them can be moved."""


class AugmentationPanel(QWidget):
    """Ctrl+Z takes back the last change, a preset too. GUI thread only."""

    changed = Signal()
    """By a person, at every move of a slider."""
    drawn_again = Signal()
    """Other draws with the same amounts are asked for."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._shown = Augmentation()
        self._before: list[Augmentation] = []
        self._touched = ""
        self.amounts = self._make_amounts()
        self.flips = {
            "flip_horizontal": QCheckBox("Left to right"),
            "flip_vertical": QCheckBox("Upside down"),
        }
        self.fill = QComboBox()
        for fill in FILLS:
            self.fill.addItem(FILL_WORDS[fill], fill)
        self.fill.setAccessibleName("Fill")
        self.fill.setToolTip("What comes in from outside the picture")
        leave_wheel(self.fill)
        self.grid = PictureGrid("The same picture drawn again and again")
        self.grid.clear(EMPTY)
        self.caption = quiet_text()
        self.presets = QPushButton("Presets")
        self.presets.setMenu(self._preset_menu())
        self.again = QPushButton("Draw again")
        self.again.setToolTip("The same amounts, other chances")
        self._lay_out()
        self._show(self._shown)

        for name, amount in self.amounts.items():
            amount.changed.connect(lambda value, name=name: self._take(name, value))
        for name, box in self.flips.items():
            box.toggled.connect(lambda on, name=name: self._take(name, on))
        self.fill.currentIndexChanged.connect(lambda: self._take("fill", self.fill.currentData()))
        self.again.clicked.connect(self.drawn_again)

    @property
    def augmentation(self) -> Augmentation:
        """What is set; setting it tells nobody, and forgets what could be taken back."""
        return self._shown

    @augmentation.setter
    def augmentation(self, augmentation: Augmentation) -> None:
        self._before.clear()
        self._touched = ""
        self._show(augmentation)

    def show_augmented(self, view: AugmentedView) -> None:
        """Show draws of one picture; what they count as stands under them where it differs."""
        differ = len(set(view.labels)) > 1
        self.grid.show_pictures(view.pictures_NHWC, view.labels if differ else ())
        count = len(view.pictures_NHWC)
        of = "" if differ or not view.labels else f", each {view.labels[0]}"
        self.caption.setText(f"{count} draws{of}")

    def clear(self, words: str = EMPTY) -> None:
        """There is no picture to vary."""
        self.grid.clear(words)
        self.caption.clear()

    def take_back(self) -> None:
        """Undo the last change; the moves of one slider after another are one."""
        if self._before:
            self._touched = ""
            self._show(self._before.pop())
            self.changed.emit()

    def _make_amounts(self) -> dict[str, AmountSlider]:
        def degrees(name: str, most: float, tip: str) -> AmountSlider:
            return AmountSlider(name, most, unit="°", tip=tip)

        def share(name: str, tip: str, most: float = LARGEST_SHARE) -> AmountSlider:
            return AmountSlider(name, most, unit=" %", times=100, tip=tip)

        def alpha(name: str, tip: str) -> AmountSlider:
            return AmountSlider(name, 10.0, decimals=2, slider_most=2.0, tip=tip)

        return {
            "rotation": degrees("Rotation", 180, "At most so far, to either side"),
            "shift": share("Shift", "At most by this share of the side, each way"),
            "shear": degrees("Shear", 60, "Slanted by at most so much"),
            "zoom": share("Zoom", "At most so much larger or smaller"),
            "brightness": share("Brightness", "At most so much brighter or darker"),
            "contrast": share("Contrast", "At most so much more or less contrast"),
            "colour": share("Colour", "At most so much more or less saturated", 1.0),
            "erasing": share("Erasing", "How likely a rectangle is blacked out", 1.0),
            "mixup": alpha(
                "MixUp",
                "Two pictures shown through one another, and their classes in the same "
                "shares; alpha of the shares' Beta distribution, 0 is off",
            ),
            "cutmix": alpha(
                "CutMix",
                "A rectangle of another picture, and its class by its area; alpha of "
                "the areas' Beta distribution, 0 is off",
            ),
        }

    def _preset_menu(self) -> QMenu:
        menu = QMenu(self)
        for name, augmentation in PRESETS.items():
            chosen = menu.addAction(name)
            chosen.triggered.connect(
                lambda _=False, augmentation=augmentation: self._take_preset(augmentation)
            )
        menu.addSeparator()
        self.back = QAction("Take back the last change", self)
        self.back.setShortcut(QKeySequence.StandardKey.Undo)
        self.back.setShortcutContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        self.back.triggered.connect(self.take_back)
        self.addAction(self.back)
        menu.addAction(self.back)
        return menu

    def _lay_out(self) -> None:
        pictures = QWidget()
        above = QVBoxLayout(pictures)
        above.setContentsMargins(RHYTHM, RHYTHM, RHYTHM, RHYTHM // 2)
        above.setSpacing(RHYTHM // 2)
        buttons = QHBoxLayout()
        buttons.addWidget(self.presets)
        buttons.addStretch(1)
        buttons.addWidget(self.again)
        above.addLayout(buttons)
        above.addWidget(self.grid, 1)
        above.addWidget(self.caption)
        amounts = ScrollColumn()
        column = amounts.column
        self._add_group(column, "Geometry", "rotation", "shift", "shear", "zoom")
        column.addLayout(named_row("Flips", *self.flips.values()))
        column.addLayout(named_row("Fill", self.fill))
        self._add_group(column, "Light", "brightness", "contrast", "colour")
        self._add_group(column, "Hiding and mixing", "erasing", "mixup", "cutmix")
        column.addStretch(1)
        parts = QSplitter(Qt.Orientation.Vertical)
        parts.setChildrenCollapsible(False)
        parts.addWidget(pictures)
        parts.addWidget(amounts)
        parts.setSizes([PICTURES_HEIGHT, AMOUNTS_HEIGHT])
        parts.setStretchFactor(0, 1)
        parts.setStretchFactor(1, 1)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(parts)

    def _add_group(self, column: QVBoxLayout, title: str, *names: str) -> None:
        column.addWidget(heading(title))
        for name in names:
            column.addWidget(self.amounts[name])

    def _show(self, augmentation: Augmentation) -> None:
        self._shown = augmentation
        for name, amount in self.amounts.items():
            amount.value = getattr(augmentation, name)
        for name, box in self.flips.items():
            with QSignalBlocker(box):
                box.setChecked(getattr(augmentation, name))
        with QSignalBlocker(self.fill):
            self.fill.setCurrentIndex(FILLS.index(augmentation.fill))
        self.back.setEnabled(bool(self._before))

    def _take(self, name: str, value: object) -> None:
        self._change(name, lambda shown: msgspec.structs.replace(shown, **{name: value}))

    def _take_preset(self, augmentation: Augmentation) -> None:
        self._touched = ""
        self._change("", lambda shown: augmentation)

    def _change(self, name: str, change: Callable[[Augmentation], Augmentation]) -> None:
        """Show and tell a change by a person; further ones of the same field are taken back as
        one."""
        new = change(self._shown)
        if new == self._shown:
            return
        if not name or name != self._touched:
            self._before.append(self._shown)
        self._touched = name
        self._show(new)
        self.changed.emit()
