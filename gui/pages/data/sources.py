"""The sources to choose from: the built-in digits, recent ones, and what can be downloaded."""

from collections.abc import Sequence
from html import escape

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAction, QPalette
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QListView,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from engine.data.catalogue.entry import CatalogueEntry
from engine.messages.views import ProgressView
from gui.pages.data.source_line import SourceLine
from gui.pages.data.source_list import SourceEntry, SourceList, entries_of
from gui.widgets.keys import removes
from gui.widgets.scroll_column import plain_text
from gui.widgets.task_progress import TaskProgress, megabytes
from gui.widgets.theme import RHYTHM, title_font

HINT = "A double click opens a source. What is dropped anywhere on this page is opened too."
CARD_LINES = 3


class DataSources(QWidget):
    """A click tells what a source is; a double click or Enter opens it. GUI thread only."""

    open_requested = Signal(str)
    """What opens the source."""
    fetch_requested = Signal(str)
    """A name of the catalogue; its size and licence have been read."""
    forget_requested = Signal(str)
    """A recent source to be taken off the list."""
    folder_requested = Signal()
    file_requested = Signal()
    cancelled = Signal(int)
    """The number of the question that shall end; 0: not known yet."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._recent: tuple[str, ...] = ()
        self._gone: frozenset[str] = frozenset()
        self._catalogue: tuple[CatalogueEntry, ...] = ()
        title = QLabel("Sources")
        title.setFont(title_font(self))
        self.open_folder = QPushButton("Open folder…")
        self.open_folder.setToolTip("A folder with a folder for each class, or named as cat.0.jpg")
        self.open_file = QPushButton("Open zip or CSV…")
        self.open_file.setToolTip("A zip is read in place; a CSV says path and class of each")
        self.open_folder.clicked.connect(self.folder_requested)
        self.open_file.clicked.connect(self.file_requested)
        self._line = SourceLine(self)
        self.model = SourceList()
        self.list = QListView()
        self.list.setModel(self.model)
        self.list.setFrameShape(QFrame.Shape.NoFrame)
        self.list.viewport().setAutoFillBackground(False)
        self.list.setItemDelegate(self._line)
        self.list.setMouseTracking(True)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setVerticalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        self.list.setAccessibleName("Sources")
        self.list.selectionModel().currentChanged.connect(self._show_details)
        self.list.activated.connect(self._use)
        forget = QAction("Remove from this list", self.list)
        removes(forget)
        forget.triggered.connect(self._forget)
        self.list.addAction(forget)
        self._build_card()
        buttons = QHBoxLayout()
        buttons.setSpacing(RHYTHM)
        buttons.addWidget(self.open_folder, 1)
        buttons.addWidget(self.open_file, 1)
        self._column = column = QVBoxLayout(self)
        column.setContentsMargins(RHYTHM, RHYTHM, RHYTHM, RHYTHM)
        column.setSpacing(RHYTHM)
        column.addWidget(title)
        column.addLayout(buttons)
        column.addWidget(self.list, 1)
        column.addWidget(self._card)
        column.addWidget(self.progress)
        self._fill()

    def _build_card(self) -> None:
        """What is known of the chosen source, and what can be done with it."""
        self._card = QWidget()
        self.details = plain_text()
        self.home_page = QLabel()
        self.home_page.setTextFormat(Qt.TextFormat.RichText)
        self.home_page.setTextInteractionFlags(Qt.TextInteractionFlag.TextBrowserInteraction)
        self.home_page.setOpenExternalLinks(True)
        self.use = QPushButton()
        self.forget = QPushButton("Remove")
        self.forget.setToolTip("From this list; nothing is deleted (Delete)")
        self.progress = TaskProgress("Download")
        self.use.clicked.connect(self._use)
        self.forget.clicked.connect(self._forget)
        self.progress.cancelled.connect(self.cancelled)
        row = QHBoxLayout()
        row.setSpacing(RHYTHM)
        row.addWidget(self.home_page)
        row.addStretch(1)
        row.addWidget(self.forget)
        row.addWidget(self.use)
        column = QVBoxLayout(self._card)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(RHYTHM)
        column.addWidget(self.details, 1)
        column.addLayout(row)
        # Always as high, so that a double click meets the same line of the list twice.
        lines = CARD_LINES * self.fontMetrics().lineSpacing()
        self._card.setFixedHeight(lines + RHYTHM + self.use.sizeHint().height())

    # What there is to show

    def show_recent(self, recent: Sequence[str], gone: frozenset[str]) -> None:
        """The sources that were opened last, newest first, and which of them have gone."""
        self._recent, self._gone = tuple(recent), gone
        self._fill()

    def show_catalogue(self, catalogue: tuple[CatalogueEntry, ...]) -> None:
        """What can be downloaded, and what of it is here."""
        self._catalogue = catalogue
        self._fill()

    def mark_open(self, where: str) -> None:
        """Show which source is open."""
        self._line.open_where = where
        self.list.viewport().update()
        self._show_details()

    def show_progress(self, progress: ProgressView) -> None:
        """How far the download is."""
        if progress.what == "fetch":
            self.progress.show_progress(progress)
            self._show_details()

    def _fill(self) -> None:
        """Show what there is now; what was chosen stays chosen."""
        chosen = self._entry()
        self.model.show_entries(entries_of(self._recent, self._gone, self._catalogue))
        if chosen is not None and not self.list.currentIndex().isValid():
            self.list.setCurrentIndex(self.model.index_of(chosen.where))
        self._show_details()

    def _entry(self) -> SourceEntry | None:
        return self.model.entry(self.list.currentIndex())

    def _show_details(self) -> None:
        entry = self._entry() or SourceEntry("", details=HINT)
        role = QPalette.ColorRole
        self.details.setForegroundRole(role.WindowText if entry.where else role.PlaceholderText)
        self.details.setText(entry.details)
        self.details.setToolTip(entry.details)
        self.home_page.setText(f'<a href="{escape(entry.page, quote=True)}">Home page</a>')
        self.home_page.setToolTip(entry.page)
        self.home_page.setVisible(bool(entry.page))
        self.forget.setVisible(entry.is_recent)
        self.use.setVisible(bool(entry.where))
        is_open = entry.where == self._line.open_where
        self.use.setText(f"Download {megabytes(entry.megabytes)}" if entry.megabytes else "Open")
        waits = bool(entry.megabytes) and not self.progress.isHidden()
        self.use.setEnabled(not (is_open or entry.is_gone or waits))

    # What a person does

    def _use(self) -> None:
        entry = self._entry()
        if entry is None or not self.use.isEnabled():
            return
        if entry.megabytes:
            self.progress.begin(f"Connecting for {entry.title} …")
            self._column.activate()  # the list has become shorter
            self.list.scrollTo(self.list.currentIndex())
            self.fetch_requested.emit(entry.where)
        else:
            self.open_requested.emit(entry.where)
        self._show_details()

    def _forget(self) -> None:
        entry = self._entry()
        if entry is not None and entry.is_recent:
            self.forget_requested.emit(entry.where)
