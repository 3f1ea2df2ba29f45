"""The sources that can be chosen, as a Qt model: a row each, and one for each group's heading."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from msgspec import Struct
from PySide6.QtCore import QAbstractListModel, QModelIndex, QPersistentModelIndex, Qt

from engine.data.catalogue.entry import CatalogueEntry
from gui.widgets.counted import counted
from gui.widgets.task_progress import megabytes

ENTRY = Qt.ItemDataRole.UserRole
"""The role under which a row gives its SourceEntry."""
GONE = "not there any more"
Index = QModelIndex | QPersistentModelIndex


class SourceEntry(Struct, frozen=True):
    """A source to choose. `where` opens it, and is empty for the heading of a group."""

    title: str
    where: str = ""
    facts: str = ""
    details: str = ""
    """All that there is to know before it is opened or downloaded."""
    page: str = ""
    megabytes: int = 0
    """To download first; 0 where it is here."""
    is_recent: bool = False
    is_gone: bool = False


DIGITS = SourceEntry(
    "Handwritten digits",
    "digits",
    "5,000 pictures · 10 classes · built in",
    "5,000 pictures of 28 x 28 in 10 classes, a part of MNIST. They come with ConvScope.",
)


def entries_of(
    recent: Sequence[str], gone: frozenset[str], catalogue: Sequence[CatalogueEntry]
) -> list[SourceEntry]:
    """The whole list, with headings."""
    entries = [SourceEntry("Built in"), DIGITS]
    if recent:
        entries += [SourceEntry("Recent"), *(_of_path(path, path in gone) for path in recent)]
    here = [entry for entry in catalogue if entry.is_here]
    others = [entry for entry in catalogue if not entry.is_here]
    for title, group in (("Downloaded", here), ("To download", others)):
        if group:
            entries += [SourceEntry(title), *(_of_catalogue(entry) for entry in group)]
    return entries


def _of_path(path: str, gone: bool) -> SourceEntry:
    parent = str(Path(path).parent)
    return SourceEntry(
        Path(path).name or path,
        path,
        GONE if gone else parent,
        f"{path} is {GONE}." if gone else path,
        is_recent=True,
        is_gone=gone,
    )


def _of_catalogue(entry: CatalogueEntry) -> SourceEntry:
    classes = counted(entry.classes, "class", "classes")
    counts = f"{entry.pictures:,} pictures · {classes}"
    size = f" of {entry.size_HW[1]} x {entry.size_HW[0]}" if entry.size_HW else ""
    return SourceEntry(
        entry.title,
        entry.name,
        counts if entry.is_here else f"{counts} · {megabytes(entry.megabytes)}",
        f"{entry.pictures:,} pictures{size} in {classes}. "
        f"{megabytes(entry.megabytes)} to download. Licence: {entry.licence}.",
        entry.page,
        0 if entry.is_here else max(1, entry.megabytes),
    )


class SourceList(QAbstractListModel):
    """GUI thread only."""

    def __init__(self) -> None:
        super().__init__()
        self._entries: tuple[SourceEntry, ...] = ()

    def show_entries(self, entries: Sequence[SourceEntry]) -> None:
        """Show these instead, unless they are the same."""
        if tuple(entries) != self._entries:
            self.beginResetModel()
            self._entries = tuple(entries)
            self.endResetModel()

    def entry(self, index: Index) -> SourceEntry | None:
        """The entry of a row; None of none."""
        return self._entries[index.row()] if index.isValid() else None

    def index_of(self, where: str) -> QModelIndex:
        """The row that opens a source; an invalid one where there is none."""
        rows = (row for row, entry in enumerate(self._entries) if entry.where == where)
        return self.index(next(rows, -1), 0)

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self._entries)

    def flags(self, index: Index) -> Qt.ItemFlag:
        entry = self.entry(index)
        is_heading = entry is None or not entry.where
        return Qt.ItemFlag.NoItemFlags if is_heading else super().flags(index)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        entry = self.entry(index)
        if entry is None:
            return None
        if role == ENTRY:
            return entry
        if role == Qt.ItemDataRole.DisplayRole:
            return entry.title
        return entry.details if role == Qt.ItemDataRole.ToolTipRole else None
