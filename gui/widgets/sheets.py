"""Many maps on sheets: which of them are seen, and a way to the others."""

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QLabel, QSizePolicy, QToolButton, QWidget

from gui.widgets.keys import with_keys
from gui.widgets.theme import make_quiet

MOST_MAPS = 64
"""How many maps a sheet holds at most."""
_BUTTON = 16
_GAP = 4


def sheet_at(first: int, count: int) -> range:
    """The places that a sheet shows which begins at or before `first`: as many as there are, so
    that the last sheet of 500 maps shows the last 64 and looks like the others."""
    first = max(0, min(first, count - MOST_MAPS))
    return range(first, min(count, first + MOST_MAPS))


class SheetTurner(QWidget):
    """Says "65–128 of 512" between two arrows; hidden where one sheet holds all. GUI thread only.

    It is as wide for every sheet, so that nothing moves when one turns.
    """

    turned = Signal(int)
    """By how many sheets, forward or, where negative, back."""

    def __init__(
        self, what: str = "maps", parent: QWidget | None = None, by_keys: bool = True
    ) -> None:
        """`what` is on the sheets; `by_keys`: the keys that turn them act where they are shown."""
        super().__init__(parent)
        before, after = ("PgUp", "PgDown") if by_keys else ("", "")
        self._back = self._button(
            Qt.ArrowType.LeftArrow, with_keys(f"The {what} before these", before), -1
        )
        self._on = self._button(
            Qt.ArrowType.RightArrow, with_keys(f"The {what} after these", after), 1
        )
        self._words = QLabel(self)
        self._words.setAlignment(Qt.AlignmentFlag.AlignCenter)
        make_quiet(self._words)
        self._widest = ""
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.hide()

    def _button(self, arrow: Qt.ArrowType, tip: str, by: int) -> QToolButton:
        button = QToolButton(self)
        button.setArrowType(arrow)
        button.setAutoRaise(True)
        button.setAutoRepeat(True)
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        button.setToolTip(tip)
        button.setAccessibleName(tip)
        button.clicked.connect(lambda: self.turned.emit(by))
        return button

    def show_sheet(self, shown: range, count: int) -> None:
        """Which places of how many are seen."""
        self.setVisible(count > MOST_MAPS)
        self._words.setText(_words(shown, count))
        self._back.setEnabled(shown.start > 0)
        self._on.setEnabled(shown.stop < count)
        widest = _words(sheet_at(count, count), count)
        if widest != self._widest:
            self._widest = widest
            self.updateGeometry()
            self._place()

    @property
    def text(self) -> str:
        return self._words.text()

    def sizeHint(self) -> QSize:
        room = self.fontMetrics().horizontalAdvance(self._widest) + 2 * _GAP
        return QSize(room + 2 * _BUTTON, self.fontMetrics().height())

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._place()

    def _place(self) -> None:
        height = self.height()
        right = min(self.width(), self.sizeHint().width()) - _BUTTON
        self._back.setGeometry(0, 0, _BUTTON, height)
        self._words.setGeometry(_BUTTON, 0, right - _BUTTON, height)
        self._on.setGeometry(right, 0, _BUTTON, height)


def _words(shown: range, count: int) -> str:
    return f"{shown.start + 1:,}–{shown.stop:,} of {count:,}"
