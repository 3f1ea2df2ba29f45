"""What is wrong with a source, as a Qt model: one line for each problem."""

from collections.abc import Sequence
from typing import Any

from msgspec import Struct
from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt

HEADERS = ("Picture", "What is wrong")
Index = QModelIndex | QPersistentModelIndex


class Trouble(Struct, frozen=True):
    """One line. `picture` is its number in the source; None for a file that is no picture."""

    name: str
    sentence: str
    picture: int | None = None


class ProblemTable(QAbstractTableModel):
    def __init__(self) -> None:
        super().__init__()
        self._lines: Sequence[Trouble] = ()

    def show_lines(self, lines: Sequence[Trouble]) -> None:
        """Show these instead, unless they are the same."""
        if lines != self._lines:
            self.beginResetModel()
            self._lines = lines
            self.endResetModel()

    def line(self, index: Index) -> Trouble:
        return self._lines[index.row()]

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self._lines)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return len(HEADERS)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        line = self.line(index)
        if role == Qt.ItemDataRole.DisplayRole:
            return line.sentence if index.column() else line.name
        if role == Qt.ItemDataRole.ToolTipRole:
            return f"{line.name}: {line.sentence}"
        return None

    def headerData(
        self,
        section: int,
        orientation: Qt.Orientation,
        role: int = Qt.ItemDataRole.DisplayRole,
    ) -> Any:
        across = orientation == Qt.Orientation.Horizontal
        return HEADERS[section] if across and role == Qt.ItemDataRole.DisplayRole else None
