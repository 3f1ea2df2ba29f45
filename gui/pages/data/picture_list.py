"""The pictures of a source as a Qt model: the ones that a sieve lets through."""

from collections import OrderedDict
from typing import Any

import numpy as np
from msgspec import Struct
from PySide6.QtCore import QAbstractListModel, QModelIndex, QPersistentModelIndex, Qt
from PySide6.QtGui import QPixmap

from engine.messages.views import SourceView, SurveyView, Thumbnail
from gui.pages.data.subset_marks import SUBSET_NAMES
from gui.widgets.pictures.images import image_of

MOST_THUMBNAILS = 2000
MOST_PIXELS = 48 * 2**20
"""In all thumbnails together; each takes four bytes."""
TILE = Qt.ItemDataRole.UserRole
"""The role under which a row gives its Tile."""
Index = QModelIndex | QPersistentModelIndex


class Sieve(Struct, frozen=True):
    """Which pictures are shown; None is any. `label` is a place in `classes`, `subset` a number
    as in `subset_N`."""

    label: int | None = None
    subset: int | None = None
    problems_only: bool = False


class Tile(Struct, frozen=True, eq=False):
    """One picture as the browser shows it. `sentence` says why it can't be read."""

    picture: int
    name: str
    label: str
    subset: int
    pixmap: QPixmap | None
    sentence: str


class PictureList(QAbstractListModel):
    """Rows are places in an array of picture numbers, so that 100,000 cost no more than ten.

    Thumbnails are kept for the pictures that were painted last.
    """

    def __init__(self) -> None:
        super().__init__()
        self._view: SourceView | None = None
        self._sieve = Sieve()
        self._picture_N = np.zeros(0, np.int64)
        self._problem_N = np.zeros(0, bool)
        self._sentences: dict[int, str] = {}
        self._pixmaps: OrderedDict[int, tuple[int, QPixmap]] = OrderedDict()
        self._most = MOST_THUMBNAILS
        self._side = 0

    # What Qt asks of a model

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self._picture_N)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        view, row = self._view, index.row()
        if view is None or not 0 <= row < len(self._picture_N):
            return None
        picture = int(self._picture_N[row])
        if role == TILE:
            return self.tile(picture)
        if role == Qt.ItemDataRole.DisplayRole:
            return view.names[picture]
        if role in (Qt.ItemDataRole.ToolTipRole, Qt.ItemDataRole.AccessibleTextRole):
            return self.words(picture)
        return None

    # What there is

    def tile(self, picture: int) -> Tile:
        """A picture by its number in the source, which must be open."""
        view = self._view
        assert view is not None
        known = self._pixmaps.get(picture)
        if known is not None:
            self._pixmaps.move_to_end(picture)
        return Tile(
            picture,
            view.names[picture],
            view.classes[view.labels_N[picture]],
            int(view.subset_N[picture]),
            known[1] if known else None,
            self._sentences.get(picture, ""),
        )

    def words(self, picture: int) -> str:
        """What there is to know of a picture, in one line."""
        tile = self.tile(picture)
        words = f"{tile.name} · {tile.label} · {SUBSET_NAMES[tile.subset]}"
        return f"{words} · {tile.sentence}" if tile.sentence else words

    @property
    def picture_N(self) -> np.ndarray:
        """The numbers of the pictures that are shown, ascending."""
        return self._picture_N

    @property
    def sieve(self) -> Sieve:
        return self._sieve

    @property
    def most(self) -> int:
        """How many thumbnails are kept at most."""
        return self._most

    def index_of(self, picture: int) -> QModelIndex:
        """Invalid where the sieve leaves the picture out."""
        row = int(np.searchsorted(self._picture_N, picture))
        there = row < len(self._picture_N) and self._picture_N[row] == picture
        return self.index(row) if there else QModelIndex()

    def missing(self, rows: range) -> tuple[int, ...]:
        """The pictures among some rows whose thumbnail isn't there in the present size."""
        shown = self._picture_N[rows.start : rows.stop].tolist()
        return tuple(
            picture
            for picture in shown
            if picture not in self._sentences
            and self._pixmaps.get(picture, (0, None))[0] != self._side
        )

    # What changes

    def show_source(self, view: SourceView | None) -> None:
        """Show a source, or the same one divided anew; None: there is none."""
        same = view is not None and self._view is not None and view.source == self._view.source
        self._view = view
        if not same:
            self._pixmaps.clear()
            self._sentences.clear()
            self._problem_N = np.zeros(len(view.labels_N) if view else 0, bool)
            self._sieve = Sieve()
        self._choose()

    def show_survey(self, view: SurveyView) -> None:
        """Take over which pictures can't be read."""
        new = {p: s for p, s in view.unreadable.items() if p not in self._sentences}
        if new:
            self._sentences |= new
            self._problem_N[list(new)] = True
            if self._sieve.problems_only:
                self._choose()
            elif self.rowCount():
                self.dataChanged.emit(self.index(0), self.index(self.rowCount() - 1))

    def sift(self, new: Sieve) -> None:
        """Show only what a sieve lets through."""
        if new != self._sieve:
            self._sieve = new
            self._choose()

    def ask_for(self, side: int) -> None:
        """The side in device pixels of the thumbnails that come from now on; older ones are
        shown until those are there."""
        self._side = side
        self._most = max(1, min(MOST_THUMBNAILS, MOST_PIXELS // (side * side)))
        self._drop_old()

    def put(self, thumbnail: Thumbnail) -> None:
        """Keep a thumbnail of the open source, and show it where its picture is shown."""
        picture = thumbnail.index
        if thumbnail.rgb_HWC is None:
            self._sentences[picture] = thumbnail.sentence or "It can't be read."
            self._problem_N[picture] = True
        else:
            known = self._pixmaps.get(picture)
            if known is not None and known[0] == self._side != thumbnail.side:
                return  # one that was asked for earlier and comes late
            pixmap = QPixmap.fromImage(image_of(thumbnail.rgb_HWC))
            self._pixmaps[picture] = (thumbnail.side, pixmap)
            self._pixmaps.move_to_end(picture)
            self._drop_old()
        index = self.index_of(picture)
        if index.isValid():
            self.dataChanged.emit(index, index)

    def _drop_old(self) -> None:
        while len(self._pixmaps) > self._most:
            self._pixmaps.popitem(last=False)

    def _choose(self) -> None:
        self.beginResetModel()
        view, only = self._view, self._sieve
        if view is None:
            self._picture_N = np.zeros(0, np.int64)
        else:
            shown_N = np.ones(len(view.labels_N), bool)
            if only.label is not None:
                shown_N &= view.labels_N == only.label
            if only.subset is not None:
                shown_N &= view.subset_N == only.subset
            if only.problems_only:
                shown_N &= self._problem_N
            self._picture_N = np.flatnonzero(shown_N)
        self.endResetModel()
