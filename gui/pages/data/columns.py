"""How the Data page is divided: three columns, the left one in two."""

from collections.abc import Sequence

from PySide6.QtCore import QByteArray, QDataStream, QIODevice, Qt
from PySide6.QtWidgets import QSplitter, QVBoxLayout, QWidget

from gui.widgets.theme import RHYTHM

WIDTHS = (320, 480, 424)
LEAST_WIDTHS = (40 * RHYTHM, 36 * RHYTHM, 40 * RHYTHM)
STRETCHES = (0, 2, 1)
HEIGHTS = (300, 390)
STATE_VERSION = 1


class Columns(QSplitter):
    """No part can be pushed away whole. GUI thread only."""

    def __init__(self, above: QWidget, below: Sequence[QWidget], others: Sequence[QWidget]) -> None:
        """`above` and `below` fill the left column, the first of `below` what is left of it;
        `others` are the other columns."""
        super().__init__()
        under = QWidget()
        column = QVBoxLayout(under)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        for at, part in enumerate(below):
            column.addWidget(part, 1 if at == 0 else 0)
        self._left = QSplitter(Qt.Orientation.Vertical)
        self._left.addWidget(above)
        self._left.addWidget(under)
        self._left.setSizes(HEIGHTS)
        for at, each in enumerate((self._left, *others)):
            each.setMinimumWidth(LEAST_WIDTHS[at])
            self.addWidget(each)
            self.setStretchFactor(at, STRETCHES[at])
        for splitter in (self, self._left):
            splitter.setChildrenCollapsible(False)
        self.setSizes(WIDTHS)

    def save(self, *numbers: int) -> QByteArray:
        """The division, and numbers beside it, for `bring_back`."""
        state = QByteArray()
        stream = QDataStream(state, QIODevice.OpenModeFlag.WriteOnly)
        stream.writeInt32(STATE_VERSION)
        stream << self.saveState() << self._left.saveState()
        for number in numbers:
            stream.writeInt32(number)
        return state

    def bring_back(self, state: QByteArray, count: int) -> tuple[int, ...] | None:
        """Divide as it was, and give the `count` numbers; None, and nothing changed, where the
        state can't be read."""
        stream, of_columns, of_left = QDataStream(state), QByteArray(), QByteArray()
        version = stream.readInt32()
        stream >> of_columns >> of_left
        numbers = tuple(stream.readInt32() for _ in range(count))
        if version != STATE_VERSION or stream.status() != QDataStream.Status.Ok:
            return None
        self.restoreState(of_columns)
        self._left.restoreState(of_left)
        return numbers
