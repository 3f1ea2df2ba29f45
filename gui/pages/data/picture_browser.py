"""The pictures of a source as thumbnails, sifted by class, subset and problem."""

from PySide6.QtCore import QEvent, QModelIndex, QSignalBlocker, Qt, QTimer, Signal
from PySide6.QtGui import QPalette, QShowEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QCheckBox,
    QComboBox,
    QCompleter,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QSizePolicy,
    QSlider,
    QStackedLayout,
    QVBoxLayout,
    QWidget,
)

from engine.messages.views import SourceView, SurveyView, Thumbnail
from gui.pages.data.picture_list import PictureList, Sieve
from gui.pages.data.picture_tile import PictureTile, tile_size
from gui.pages.data.subset_marks import SUBSET_NAMES
from gui.widgets.counted import counted
from gui.widgets.keys import control
from gui.widgets.live_label import LiveLabel
from gui.widgets.pictures.tiles import TileView
from gui.widgets.theme import RHYTHM, make_quiet, title_font

SIDE, SMALLEST, LARGEST, SIDE_STEP = 96, 48, 192, 16
REST_MS = 50
"""The least time between two questions for thumbnails."""


class PictureBrowser(QWidget):
    """Shows what a sieve lets through and asks for the thumbnails that are seen, and for those
    a screen further. GUI thread only; costs nothing while hidden."""

    thumbnails_wanted = Signal(int, object, int)
    """The number of the source, the pictures, seen ones first, and the side in device pixels."""
    picture_chosen = Signal(int)
    """The number of a picture in its source."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._view: SourceView | None = None
        self._wanted: tuple[int, tuple[int, ...], int] | None = None
        self._picture = -1
        self._more_moved = False
        self.model = PictureList()
        self._rest = QTimer(self)
        self._rest.setSingleShot(True)
        self._rest.setInterval(REST_MS)
        self._rest.timeout.connect(self._rested)
        self._build_grid()
        self._build_sieve()
        self._name = LiveLabel()
        self._name.setFont(title_font(self))
        self._name.setForegroundRole(QPalette.ColorRole.WindowText)
        self._lay_out()

    def _build_grid(self) -> None:
        self._tile = PictureTile(self)
        self.grid = TileView(tile_size(SIDE, self.fontMetrics()))
        self.grid.setModel(self.model)
        self.grid.setItemDelegate(self._tile)
        self.grid.setAccessibleName("Pictures")
        self.grid.moved.connect(self._moved)
        self.grid.zoomed.connect(self._zoom)
        self.grid.selectionModel().currentChanged.connect(self._choose)
        self.side = QSlider(Qt.Orientation.Horizontal)
        self.side.setRange(SMALLEST, LARGEST)
        self.side.setSingleStep(SIDE_STEP)
        self.side.setPageStep(2 * SIDE_STEP)
        self.side.setValue(SIDE)
        self.side.setFixedWidth(12 * RHYTHM)
        self.side.setAccessibleName("Size of the thumbnails")
        self.side.setToolTip(f"Size of the thumbnails ({control()} and the wheel)")
        self.side.valueChanged.connect(self._resize_tiles)
        self.caption = LiveLabel()

    def _build_sieve(self) -> None:
        self.classes = QComboBox()
        self.classes.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
        self.classes.setMinimumContentsLength(6)
        self.classes.setSizeAdjustPolicy(
            QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        )
        self.classes.setMaxVisibleItems(20)
        self.classes.setAccessibleName("Class")
        self.classes.setToolTip("Type a part of a name to find a class")
        typed = QLineEdit()
        typed.setAcceptDrops(False)
        self.classes.setLineEdit(typed)
        finder = QCompleter(self.classes.model(), self.classes)
        finder.setFilterMode(Qt.MatchFlag.MatchContains)
        finder.setCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        self.classes.setCompleter(finder)
        # Of a long name its beginning is seen.
        self.classes.currentIndexChanged.connect(lambda: typed.setCursorPosition(0))
        typed.editingFinished.connect(
            lambda: self.classes.setEditText(self.classes.itemText(self.classes.currentIndex()))
        )
        self.subsets = QComboBox()
        self.subsets.addItem("All subsets", None)
        for number, name in SUBSET_NAMES.items():
            self.subsets.addItem(name.capitalize(), number)
        self.subsets.setAccessibleName("Subset")
        self.subsets.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.problems = QCheckBox("Problems")
        self.problems.setToolTip("Only pictures that can't be read, as far as that is known")
        self.count = QLabel()
        self.count.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        make_quiet(self.count)
        self.show_all = QPushButton("Show all pictures")
        for signal in (
            self.classes.currentIndexChanged,
            self.subsets.currentIndexChanged,
            self.problems.toggled,
        ):
            signal.connect(self._sift)
        self.show_all.clicked.connect(lambda: self._show_sieve(Sieve()))
        self.model.modelReset.connect(self._count_shown)

    def _lay_out(self) -> None:
        heading = QHBoxLayout()
        heading.setSpacing(RHYTHM)
        heading.addWidget(self._name, 1)
        heading.addWidget(self.count, 0, Qt.AlignmentFlag.AlignBottom)
        row = QHBoxLayout()
        row.setSpacing(RHYTHM)
        row.addWidget(self.classes, 1)
        row.addWidget(self.subsets)
        row.addWidget(self.problems)
        nothing = QWidget()
        middle = QVBoxLayout(nothing)
        middle.setSpacing(RHYTHM)
        middle.addStretch(1)
        words = QLabel("No picture is like that.")
        make_quiet(words)
        middle.addWidget(words, 0, Qt.AlignmentFlag.AlignHCenter)
        middle.addWidget(self.show_all, 0, Qt.AlignmentFlag.AlignHCenter)
        middle.addStretch(1)
        self._stack = QStackedLayout()
        self._stack.addWidget(self.grid)
        self._stack.addWidget(nothing)
        below = QHBoxLayout()
        below.setSpacing(RHYTHM)
        below.addWidget(self.caption, 1)
        below.addWidget(self.side)
        column = QVBoxLayout(self)
        column.setContentsMargins(RHYTHM, RHYTHM, RHYTHM, RHYTHM)
        column.setSpacing(RHYTHM)
        column.addLayout(heading)
        column.addLayout(row)
        column.addLayout(self._stack, 1)
        column.addLayout(below)

    # What there is to show

    def show_source(self, view: SourceView) -> None:
        """Show another source, or the same one divided anew."""
        same = self._view is not None and self._view.source == view.source
        self._view = view
        self._name.set_text(view.name)
        self._name.setToolTip(view.where)
        if not same:
            with QSignalBlocker(self.classes):
                self.classes.clear()
                self.classes.addItem("All classes", None)
                self.classes.addItems(view.classes)
            self._picture = -1
            self._wanted = None
        self.model.ask_for(self._device_side())
        self.model.show_source(view)
        self._show_sieve(self.model.sieve)
        if self._picture >= 0:
            self.caption.set_text(self.model.words(self._picture))
        if not same and len(view.labels_N):
            self.show_picture(0)

    def show_survey(self, view: SurveyView) -> None:
        """Mark the pictures that can't be read."""
        self.model.show_survey(view)

    def show_thumbnail(self, thumbnail: Thumbnail) -> None:
        self.model.put(thumbnail)
        if thumbnail.index == self._picture:
            self.caption.set_text(self.model.words(self._picture))

    def show_picture(self, picture: int) -> None:
        """Choose a picture and bring it into sight; the sieve ends where it leaves it out."""
        if not self.model.index_of(picture).isValid():
            self._show_sieve(Sieve())
        index = self.model.index_of(picture)
        self.grid.setCurrentIndex(index)
        self.grid.scrollTo(index, QAbstractItemView.ScrollHint.PositionAtCenter)

    @property
    def picture(self) -> int:
        """The number of the chosen picture; -1 where there is none."""
        return self._picture

    # What a person does

    def _sift(self) -> None:
        label = self.classes.currentIndex() - 1
        self._apply(
            Sieve(
                label if label >= 0 else None,
                self.subsets.currentData(),
                self.problems.isChecked(),
            )
        )

    def _show_sieve(self, new: Sieve) -> None:
        with (
            QSignalBlocker(self.classes),
            QSignalBlocker(self.subsets),
            QSignalBlocker(self.problems),
        ):
            self.classes.setCurrentIndex(0 if new.label is None else new.label + 1)
            self.subsets.setCurrentIndex(self.subsets.findData(new.subset))
            self.problems.setChecked(new.problems_only)
        self._apply(new)

    def _apply(self, new: Sieve) -> None:
        self.model.sift(new)
        index = self.model.index_of(self._picture)
        if index.isValid():
            with QSignalBlocker(self.grid.selectionModel()):
                self.grid.setCurrentIndex(index)
            self.grid.scrollTo(index)
        self._moved()

    def _count_shown(self) -> None:
        shown = self.model.rowCount()
        total = len(self._view.labels_N) if self._view else 0
        classes = len(self._view.classes) if self._view else 0
        self.count.setText(
            f"{counted(total, 'picture')} · {counted(classes, 'class', 'classes')}"
            if shown == total
            else f"{shown:,} of {counted(total, 'picture')}"
        )
        self._stack.setCurrentIndex(0 if shown else 1)

    def _choose(self, index: QModelIndex) -> None:
        if not index.isValid():
            return
        picture = int(self.model.picture_N[index.row()])
        self.caption.set_text(self.model.words(picture))
        if picture != self._picture:
            self._picture = picture
            self.picture_chosen.emit(picture)

    def _zoom(self, notches: int) -> None:
        self.side.setValue(self.side.value() + notches * SIDE_STEP)

    def _resize_tiles(self, side: int) -> None:
        self._tile.side = side
        self.model.ask_for(self._device_side())
        self.grid.tile = tile_size(side, self.fontMetrics())
        self._moved()

    # Thumbnails

    def _device_side(self) -> int:
        return round(self.side.value() * self.devicePixelRatioF())

    def event(self, event: QEvent) -> bool:
        if event.type() in (QEvent.Type.DevicePixelRatioChange, QEvent.Type.FontChange):
            self._resize_tiles(self.side.value())
        return super().event(event)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._moved()

    def _moved(self) -> None:
        if self._rest.isActive():
            self._more_moved = True
        else:
            self._want()

    def _rested(self) -> None:
        if self._more_moved:
            self._more_moved = False
            self._want()

    def _want(self) -> None:
        """Ask for what is seen, then for a screen after it and one before it."""
        if self._view is None or not self.isVisible():
            return
        seen = self.grid.visible_rows()
        ahead = min(len(seen), (self.model.most - len(seen)) // 2)
        after = range(seen.stop, min(seen.stop + ahead, self.model.rowCount()))
        before = range(max(0, seen.start - ahead), seen.start)
        pictures = tuple(
            picture for rows in (seen, after, before) for picture in self.model.missing(rows)
        )
        wanted = self._view.source, pictures, self._device_side()
        if wanted != self._wanted and (pictures or self._wanted is not None):
            self._wanted = wanted
            self._rest.start()
            self.thumbnails_wanted.emit(*wanted)
