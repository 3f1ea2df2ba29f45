"""The probe pictures as a Qt model."""

from typing import Any

from msgspec import Struct
from PySide6.QtCore import QAbstractListModel, QModelIndex, QPersistentModelIndex, Qt
from PySide6.QtGui import QPixmap

INVITATION = "+ drop pictures here"
ENTRY = Qt.ItemDataRole.UserRole
"""The role under which a row gives its Entry, or None for the invitation."""
Index = QModelIndex | QPersistentModelIndex


class Entry(Struct):
    """One probe as the strip shows it."""

    probe: int
    name: str
    size_HW: tuple[int, int]
    thumbnail: QPixmap
    verdict: str = ""
    share: float = 0.0


class ProbeList(QAbstractListModel):
    """The probes in the order they came; a last row invites to bring more."""

    def __init__(self) -> None:
        super().__init__()
        self._entries: list[Entry] = []
        self._invitation = INVITATION

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self._entries) + 1

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        entry = self.entry(index)
        if role == ENTRY:
            return entry
        if role == Qt.ItemDataRole.DisplayRole:
            return entry.name if entry else self._invitation
        if role in (Qt.ItemDataRole.ToolTipRole, Qt.ItemDataRole.AccessibleTextRole):
            if entry is None:
                return "Open pictures, drop them anywhere on the window, or paste one"
            height, width = entry.size_HW
            seen_as = f": {entry.verdict}, {entry.share:.1%}" if entry.verdict else ""
            return f"{entry.name}, {width} x {height}{seen_as}"
        return None

    def entry(self, index: Index) -> Entry | None:
        """The probe of a row, or None for the invitation."""
        row = index.row()
        return self._entries[row] if 0 <= row < len(self._entries) else None

    def index_of(self, probe: int) -> QModelIndex:
        """Invalid when there is no such probe."""
        rows = (row for row, entry in enumerate(self._entries) if entry.probe == probe)
        return self.index(next(rows, -1))

    def put(self, entry: Entry) -> None:
        """Add a probe, or show it anew."""
        index = self.index_of(entry.probe)
        if index.isValid():
            self._entries[index.row()] = entry
            self.dataChanged.emit(index, index)
            return
        row = len(self._entries)
        self.beginInsertRows(QModelIndex(), row, row)
        self._entries.append(entry)
        self.endInsertRows()

    def remove(self, probe: int) -> None:
        index = self.index_of(probe)
        if index.isValid():
            self.beginRemoveRows(QModelIndex(), index.row(), index.row())
            del self._entries[index.row()]
            self.endRemoveRows()

    def invite(self, words: str) -> None:
        if words != self._invitation:
            self._invitation = words
            last = self.index(len(self._entries))
            self.dataChanged.emit(last, last)

    def judge(self, verdicts: dict[int, tuple[str, float]]) -> None:
        """Set the top class of probes and its probability, 0 to 1; tells where that looks new."""
        for row, entry in enumerate(self._entries):
            verdict, share = verdicts.get(entry.probe, ("", 0.0))
            if verdict != entry.verdict or round(100 * share) != round(100 * entry.share):
                entry.verdict, entry.share = verdict, share
                self.dataChanged.emit(self.index(row), self.index(row))
