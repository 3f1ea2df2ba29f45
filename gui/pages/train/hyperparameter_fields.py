"""A field for each kind of hyperparameter. Each shows a value without asking for it, and tells, by
`committed`, the one that a person chose."""

from collections.abc import Callable
from math import isfinite

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtGui import QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QCheckBox, QComboBox, QDoubleSpinBox, QLabel, QLineEdit, QSpinBox

from engine.errors import ConfigError
from engine.hyperparameters import Hyperparameter, Value
from gui.widgets.scroll_column import leave_wheel
from gui.widgets.theme import RHYTHM, make_quiet

MOST_WHOLE = 100_000
_DECIMALS = 4


class NumberEdit(QLineEdit):
    """A number of any magnitude, as typed: Enter or leaving the field commits it, Escape gives it
    up. It has room for a second number beside it, such as what a schedule makes of it."""

    committed = Signal(object)
    complained = Signal(str)
    """Why what was typed can't be used; "" once that is settled."""

    def __init__(self, what: Hyperparameter) -> None:
        super().__init__()
        self._what = what
        self._value: Value = 0.0
        self.setAcceptDrops(False)
        self._now = QLabel(self)
        self._now.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self._now.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        make_quiet(self._now)
        self.editingFinished.connect(self._commit)
        self.textChanged.connect(self._fit_now)

    def show_value(self, value: Value) -> None:
        """Unless a person is typing another one."""
        self._value = value
        if not self.isModified():
            self._show()

    def show_now(self, number: float) -> None:
        """What is made of the number now; left out where the field has no room for it."""
        words = f"→ {number:.2g}"
        if words != self._now.text():
            self._now.setText(words)
            self._fit_now()

    @property
    def now(self) -> str:
        return self._now.text()

    def _fit_now(self) -> None:
        advance = self.fontMetrics().horizontalAdvance
        room = self.width() - 3 * RHYTHM
        self._now.setVisible(advance(self.text()) + advance(self.now) <= room)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit_now()
        self._now.setGeometry(self.rect().adjusted(self.width() // 3, 0, -RHYTHM, 0))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape and self.isModified():
            self._show()
        else:
            super().keyPressEvent(event)

    def _show(self) -> None:
        self.setText(f"{self._value:g}")  # which is then not modified
        self.complained.emit("")

    def _commit(self) -> None:
        if not self.isModified():
            return
        try:
            number = self._what.number_from(self.text())
        except ConfigError as error:
            self.complained.emit(str(error))
            return
        self.setModified(False)
        self.complained.emit("")
        self.committed.emit(number)


class WholeEdit(QSpinBox):
    """A whole number."""

    committed = Signal(object)

    def __init__(self, what: Hyperparameter) -> None:
        super().__init__()
        self.setRange(int(what.least), int(min(what.most, MOST_WHOLE)))
        self.setKeyboardTracking(False)
        self.setGroupSeparatorShown(True)
        leave_wheel(self)
        self.valueChanged.connect(self.committed.emit)

    def show_value(self, value: Value) -> None:
        with QSignalBlocker(self):
            self.setValue(int(value))


class StepEdit(QDoubleSpinBox):
    """A number that one steps through."""

    committed = Signal(object)

    def __init__(self, what: Hyperparameter) -> None:
        super().__init__()
        self.setDecimals(_DECIMALS)
        least = 10.0**-_DECIMALS
        most = what.most if isfinite(what.most) else float(MOST_WHOLE)
        self.setRange(what.least + least * what.above, most - least * what.below)
        self.setSingleStep(what.step)
        self.setKeyboardTracking(False)
        leave_wheel(self)
        self.valueChanged.connect(self.committed.emit)

    def show_value(self, value: Value) -> None:
        with QSignalBlocker(self):
            self.setValue(float(value))

    def textFromValue(self, value: float) -> str:
        return self.locale().toString(value, "g")


class ChoiceEdit(QComboBox):
    """One of a few words."""

    committed = Signal(object)

    def __init__(self, what: Hyperparameter) -> None:
        super().__init__()
        self.addItems(what.choices)
        leave_wheel(self)
        self.textActivated.connect(self.committed.emit)

    def show_value(self, value: Value) -> None:
        self.setCurrentText(str(value))


class SwitchEdit(QCheckBox):
    """On or off."""

    committed = Signal(object)

    def __init__(self, what: Hyperparameter) -> None:
        super().__init__()
        self.clicked.connect(lambda on: self.committed.emit(on))

    def show_value(self, value: Value) -> None:
        self.setChecked(bool(value))


Field = NumberEdit | WholeEdit | StepEdit | ChoiceEdit | SwitchEdit


def make_field(what: Hyperparameter) -> Field:
    """The field that fits, with its words; disabled until there is something to set."""
    kinds: dict[type, Callable[[Hyperparameter], Field]] = {
        bool: SwitchEdit,
        int: WholeEdit,
        float: NumberEdit if what.typed else StepEdit,
        str: ChoiceEdit,
    }
    field = kinds[what.kind](what)
    field.setToolTip(what.words)
    field.setAccessibleName(what.title)
    # A switch that was clicked leaves the keys to the page.
    tab = isinstance(field, SwitchEdit)
    field.setFocusPolicy(Qt.FocusPolicy.TabFocus if tab else Qt.FocusPolicy.StrongFocus)
    field.setEnabled(False)
    return field
