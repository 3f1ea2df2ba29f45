"""One line of the list of sources, and how it is painted."""

from collections.abc import Sequence
from pathlib import Path

from msgspec import Struct
from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QSize, Qt
from PySide6.QtGui import QPainter, QPalette
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from engine.data.views import CatalogueEntry
from gui.widgets.class_bars import demi_bold
from gui.widgets.counted import counted
from gui.widgets.job_progress import megabytes
from gui.widgets.theme import RHYTHM

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


class SourceLine(QStyledItemDelegate):
    """A title over quiet facts; the heading of a group alone. `open_where` is marked as open."""

    open_where = ""

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        entry: SourceEntry = index.data(ENTRY)
        line = option.fontMetrics.height()
        return QSize(10 * RHYTHM, line + 2 * RHYTHM if not entry.where else 2 * line + RHYTHM)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        entry: SourceEntry = index.data(ENTRY)
        palette, metrics = option.palette, option.fontMetrics
        role = QPalette.ColorRole
        area = option.rect
        room = area.adjusted(RHYTHM, RHYTHM // 2, -RHYTHM // 2, -RHYTHM // 2)
        painter.save()
        if not entry.where:
            painter.setFont(demi_bold(option.font))
            painter.setPen(palette.color(role.PlaceholderText))
            painter.drawText(room, Qt.AlignmentFlag.AlignBottom, entry.title)
            painter.restore()
            return
        chosen = bool(option.state & QStyle.StateFlag.State_Selected)
        if chosen:
            painter.fillRect(area, palette.color(role.Midlight))
        elif option.state & QStyle.StateFlag.State_MouseOver:
            painter.fillRect(area, palette.color(role.AlternateBase))
        is_open = entry.where == self.open_where
        if is_open:
            bar = QRect(area.left(), area.top(), 3, area.height())
            painter.fillRect(bar, palette.color(role.Accent))
        painter.setFont(demi_bold(option.font) if is_open else option.font)
        painter.setPen(palette.color(role.PlaceholderText if entry.is_gone else role.WindowText))
        middle = Qt.TextElideMode.ElideMiddle
        title = painter.fontMetrics().elidedText(entry.title, middle, room.width())
        painter.drawText(room, Qt.AlignmentFlag.AlignTop, title)
        painter.setFont(option.font)
        painter.setPen(palette.color(role.PlaceholderText))
        facts = metrics.elidedText(entry.facts, middle, room.width())
        painter.drawText(room, Qt.AlignmentFlag.AlignBottom, facts)
        painter.restore()
