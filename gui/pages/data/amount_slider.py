"""An amount from nothing to the most there can be: by slider, by number, and back to nothing."""

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import (
    QDoubleSpinBox,
    QSlider,
    QToolButton,
    QWidget,
)

from gui.widgets.scroll_column import leave_wheel, named_row
from gui.widgets.theme import RHYTHM

NUMBER_WIDTH = 9 * RHYTHM


class AmountSlider(QWidget):
    """The value set is kept as it is, however coarsely slider and number show it.

    GUI thread only.
    """

    changed = Signal(float)
    """The new value, at every move by a person."""

    def __init__(
        self,
        name: str,
        most: float,
        unit: str = "",
        decimals: int = 0,
        times: float = 1.0,
        slider_most: float | None = None,
        tip: str = "",
    ) -> None:
        """`most` is the largest value; a person reads value `times` `times`, with `decimals`, as
        for percent. `slider_most`: the slider goes no further, where larger values are rare."""
        super().__init__()
        self._value = 0.0
        self._times = times
        self._steps = 10**decimals
        self._slider = QSlider(Qt.Orientation.Horizontal)
        self._slider.setRange(0, round((slider_most or most) * times * self._steps))
        self._slider.setPageStep(max(1, self._slider.maximum() // 10))
        self._number = QDoubleSpinBox()
        self._number.setDecimals(decimals)
        self._number.setRange(0, round(most * times * self._steps) / self._steps)
        self._number.setSingleStep(max(1, self._slider.maximum() // 50) / self._steps)
        self._number.setSuffix(unit)
        self._number.setKeyboardTracking(False)
        self._number.setFixedWidth(NUMBER_WIDTH)
        self._number.setAlignment(Qt.AlignmentFlag.AlignRight)
        self._reset = QToolButton()
        self._reset.setText("×")
        self._reset.setAutoRaise(True)
        self._reset.setToolTip("Back to nothing")
        self._reset.setAccessibleName(f"{name}: back to nothing")
        row = named_row(name, self._slider, self._number, self._reset, stretched=True)
        row.setContentsMargins(0, 0, 0, 0)
        self.setLayout(row)
        self.setToolTip(tip)
        for field in (self._slider, self._number):
            field.setAccessibleName(name)
            leave_wheel(field)
        kept = self._reset.sizePolicy()
        kept.setRetainSizeWhenHidden(True)
        self._reset.setSizePolicy(kept)
        self._show()
        self._slider.valueChanged.connect(lambda at: self._take(at / self._steps / times))
        self._number.valueChanged.connect(lambda number: self._take(number / times))
        self._reset.clicked.connect(lambda: self._take(0.0))

    @property
    def value(self) -> float:
        return self._value

    @value.setter
    def value(self, value: float) -> None:
        """Show a value without telling of it."""
        self._value = value
        self._show()

    def _take(self, value: float) -> None:
        if value != self._value:
            self._value = value
            self._show()
            self.changed.emit(value)

    def _show(self) -> None:
        with QSignalBlocker(self._slider), QSignalBlocker(self._number):
            self._slider.setValue(round(self._value * self._times * self._steps))
            self._number.setValue(self._value * self._times)
        if self._value == 0 and self._reset.hasFocus():
            self._slider.setFocus()
        self._reset.setVisible(self._value != 0)
