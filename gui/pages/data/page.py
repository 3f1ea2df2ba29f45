"""The page on which pictures are chosen, looked at and made ready to train with."""

from collections.abc import Iterable, Sequence
from pathlib import Path

import msgspec
from PySide6.QtCore import QMimeData, QTimer, Signal
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import (
    QFileDialog,
    QStackedWidget,
    QTabWidget,
    QWidget,
)

from engine.config import DIGITS, DataConfig
from engine.data.endings import SOURCES
from engine.desk.desk import make_desk
from engine.files import name_as_text
from engine.messages import questions, views
from engine.messages.views import ProgressView, SourceView, Told, View
from gui.guide import Step
from gui.page import Around, Page
from gui.pages.data.augmentation import AugmentationPanel
from gui.pages.data.columns import Columns
from gui.pages.data.controller import DataController
from gui.pages.data.footer import DataFooter
from gui.pages.data.overview import DataOverview
from gui.pages.data.picture_browser import PictureBrowser
from gui.pages.data.preparation import PreparationPanel
from gui.pages.data.sources import DataSources
from gui.pages.data.steps import StepsPanel
from gui.pages.data.welcome import DataWelcome
from gui.settings import Settings
from gui.view_state import ViewState
from gui.widgets.file_filter import file_filter

DRAWS = 12
"""How often a picture is drawn to show its augmentation."""
TABS = ("Overview", "Steps", "Augmentation")
READING = "Reading the picture …"
PATIENCE_MS = 400
"""After so long without an answer its tab says that it works."""
SOURCE_FILES = file_filter("Zip, CSV, TSV or manifest", SOURCES)
DROP_WORDS = "Drop a folder, a zip, a CSV or a manifest to see its pictures"


class DataPage(Page):
    """Sources and preparation on the left, pictures in the middle, a closer look on the right.

    Asks for views and shows those it is given; knows no engine. GUI thread only.
    """

    asked = Signal(object)
    """A Question."""
    thumbnails_wanted = Signal(int, object, int)
    """The number of the source, the pictures in the order wanted, the side in device pixels."""
    cancelled = Signal(int)
    """The question of this number shall end; 0: whatever takes long."""
    chosen = Signal(object)
    """The DataConfig to train with."""
    forgotten = Signal(str)
    """A recent source that shall not be remembered."""

    name = "data"
    title = "Data"
    icon = "data"
    tip = "Choose and see what it learns from"

    def __init__(self, view: ViewState) -> None:
        super().__init__(view)
        self._view: SourceView | None = None
        self._remembered: DataConfig | None = None
        self._draw_seed = 0
        self._waits = False
        self._awaited: StepsPanel | AugmentationPanel | None = None
        self._stale = {"steps", "augmented"}
        self.last_folder = ""
        self.sources, self.preparation, self.footer = (
            DataSources(),
            PreparationPanel(),
            DataFooter(),
        )
        self.welcome, self.browser = DataWelcome(), PictureBrowser()
        self.overview, self.steps = DataOverview(), StepsPanel()
        self.augmentation = AugmentationPanel()
        self._lay_out()
        self._connect_sources()
        self._connect_looks()

    def _lay_out(self) -> None:
        self._middle = QStackedWidget()
        self._middle.addWidget(self.welcome)
        self._middle.addWidget(self.browser)
        self.tabs = QTabWidget()
        self.tabs.setDocumentMode(True)
        for panel, title in zip((self.overview, self.steps, self.augmentation), TABS, strict=True):
            self.tabs.addTab(panel, title)
        self._patience = QTimer(self, interval=PATIENCE_MS, singleShot=True)
        self._patience.timeout.connect(lambda: self._name_tabs(self._awaited))
        self._columns = Columns(
            self.sources, (self.preparation, self.footer), (self._middle, self.tabs)
        )
        self.setCentralWidget(self._columns)
        self.preparation.setEnabled(False)

    def _connect_sources(self) -> None:
        for chooser in (self.sources, self.welcome):
            chooser.folder_requested.connect(self._choose_folder)
            chooser.file_requested.connect(self._choose_file)
        self.sources.open_requested.connect(self.open_source)
        self.sources.fetch_requested.connect(lambda name: self.asked.emit(questions.Fetch(name)))
        self.sources.forget_requested.connect(self.forgotten)
        self.sources.cancelled.connect(self.cancelled)
        self.welcome.cancelled.connect(self.cancelled)
        self.footer.train_requested.connect(self._train)
        self.footer.manifest_requested.connect(self._write_manifest)
        self.footer.folders_requested.connect(self._write_folders)
        self.footer.clear_requested.connect(lambda: self.asked.emit(questions.ClearCache()))
        self.footer.cancelled.connect(self.cancelled)

    def _connect_looks(self) -> None:
        self.browser.thumbnails_wanted.connect(self.thumbnails_wanted)
        self.browser.picture_chosen.connect(lambda: self._look_again("steps", "augmented"))
        self.overview.survey_requested.connect(lambda: self.asked.emit(questions.Survey()))
        self.overview.cancelled.connect(self.cancelled)
        self.overview.picture_requested.connect(self.browser.show_picture)
        self.preparation.changed.connect(lambda: self._look_again("steps", "augmented"))
        self.preparation.subsets_changed.connect(self._divide)
        self.augmentation.changed.connect(lambda: self._look_again("augmented"))
        self.augmentation.drawn_again.connect(self._draw_again)
        self.tabs.currentChanged.connect(lambda: self._look_again())

    # What there is to show

    def show_view(self, view: View) -> None:
        """Show what is new; what is of a source before the open one is left."""
        match view:
            case views.SourceView():
                self._show_source(view)
            case views.Thumbnail():
                if self._is_of_open(view):
                    self.browser.show_thumbnail(view)
            case views.StepsView():
                if self._is_of_open(view):
                    self._end_look()
                    self.steps.show_steps(view)
            case views.AugmentedView():
                if self._is_of_open(view):
                    self._end_look()
                    self.augmentation.show_augmented(view)
            case views.SurveyView():
                if self._is_of_open(view):
                    self.browser.show_survey(view)
                    self.overview.show_survey(view)
            case views.ProgressView():
                self._show_progress(view)
            case views.CacheView():
                self.footer.show_cache(view)
            case views.CatalogueView():
                self.sources.show_catalogue(view.entries)

    def show_told(self, told: Told, kind: type | None) -> None:
        """`kind` is the type of the question, where it is the last of that type. The picture that
        is looked at may be one that can't be read."""
        looks = (questions.ShowSteps, questions.ShowAugmented)
        if told.wrong and kind in looks and self._awaited is not None:
            self._awaited.clear(told.sentence)
            self._end_look()

    def show_recent(self, recent: Sequence[str], gone: frozenset[str]) -> None:
        """The sources that were opened last, newest first, and which of them have gone."""
        self.sources.show_recent(recent, gone)

    def recall(self, config: DataConfig) -> None:
        """How a source was prepared the last time: taken when that source is opened."""
        self._remembered = config

    @property
    def config(self) -> DataConfig | None:
        """The open source as it is prepared now; None where none is open."""
        if self._view is None:
            return None
        view = self._view
        config = self.preparation.data_config(view.where, self.augmentation.augmentation)
        return msgspec.structs.replace(config, unreadable=view.unreadable)

    def open_source(self, where: str) -> None:
        """Open a source: "digits", a name of the catalogue, or a path."""
        self._wait_for(Path(where).name or where)
        self.asked.emit(questions.OpenSource(name_as_text(where)))

    def _is_of_open(self, view: object) -> bool:
        return self._view is not None and getattr(view, "source", None) == self._view.source

    def _show_source(self, view: SourceView) -> None:
        if self._view is not None and view.source < self._view.source:
            return
        is_another = self._view is None or view.source != self._view.source
        before, self._view = self.config, view
        self.preparation.show_source(view)
        self.overview.show_source(view)
        if is_another:
            self._end_look()
            self.steps.clear(READING)
            self.augmentation.clear(READING)
            self.sources.mark_open(view.where)
            known = (before, self._remembered)
            config = next((c for c in known if c and c.source == view.where), usual_config(view))
            self.preparation.show_config(config)
            self.augmentation.augmentation = config.augmentation
            if config.subsets is not None or config.seed:
                self._divide()
        if is_another or not self._waits:
            self._stop_waiting()
        self.browser.show_source(view)
        if not is_another:
            self._look_again("steps", "augmented")

    def _show_progress(self, progress: ProgressView) -> None:
        if progress.what == "open":
            if progress.finished:
                self._stop_waiting()
            elif not self._waits:
                self._wait_for("pictures")
        for panel in (self.sources, self.welcome, self.overview, self.footer):
            panel.show_progress(progress)

    def _wait_for(self, name: str) -> None:
        self._waits = True
        self.welcome.wait_for(name)
        self._middle.setCurrentWidget(self.welcome)
        self._let_go(False)

    def _stop_waiting(self) -> None:
        """The source is open now, or the one before still is."""
        self._waits = False
        self.welcome.invite()
        if self._view is not None:
            self._middle.setCurrentWidget(self.browser)
            self._let_go(True)

    def _let_go(self, on: bool) -> None:
        """Whether there is a source to work with."""
        self.preparation.setEnabled(on)
        self.footer.allow(on)

    # What the window asks

    def join(self, around: Around) -> None:
        self._controller = DataController(make_desk(), self, around.notices, around.settings, self)
        self._controller.chosen.connect(around.learn_from)

    def open(self) -> None:
        self._controller.open()

    def beat(self) -> bool:
        self._controller.tick()
        return self.isVisible()

    def end(self) -> bool:
        return self._controller.close()

    def drop_words(self, mime: QMimeData) -> str:
        return DROP_WORDS if path_in(mime) else ""

    def take_drop(self, mime: QMimeData) -> None:
        self.open_source(path_in(mime))

    def take_source(self, where: str) -> bool:
        self._controller.open_source(where)
        return True

    def tour_steps(self) -> Iterable[Step]:
        from gui.pages.data.tour import steps

        return steps(self)

    # What a person does

    def _choose_folder(self) -> None:
        name = QFileDialog.getExistingDirectory(self, "Open a folder of pictures", self.last_folder)
        if name:
            self.last_folder = name
            self.open_source(name)

    def _choose_file(self) -> None:
        name, _ = QFileDialog.getOpenFileName(self, "Open pictures", self.last_folder, SOURCE_FILES)
        if name:
            self.last_folder = str(Path(name).parent)
            self.open_source(name)

    def _divide(self) -> None:
        self.asked.emit(questions.ChooseSubsets(self.preparation.counts, self.preparation.seed))

    def _train(self) -> None:
        if self.config is not None:
            self.chosen.emit(self.config)

    def _write_manifest(self) -> None:
        start = str(Path(self.last_folder) / "subsets.json")
        name, _ = QFileDialog.getSaveFileName(
            self, "Write the subsets as a manifest", start, "Manifest (*.json)"
        )
        if name:
            path = name if name.endswith(".json") else f"{name}.json"
            self.asked.emit(questions.WriteSubsets(name_as_text(path), "manifest"))

    def _write_folders(self) -> None:
        name = QFileDialog.getExistingDirectory(
            self, "Choose an empty folder for the subsets", self.last_folder
        )
        if name:
            self.asked.emit(questions.WriteSubsets(name_as_text(name), "folders"))

    def _draw_again(self) -> None:
        self._draw_seed += 1
        self._look_again("augmented")

    def _look_again(self, *what: str) -> None:
        """`what` is out of date; ask anew for what of it is seen."""
        self._stale |= set(what)
        config, picture, shown = self.config, self.browser.picture, self.tabs.currentWidget()
        if config is None or not self.isVisible() or shown is self.overview:
            return
        kind = "steps" if shown is self.steps else "augmented"
        if kind not in self._stale:
            return
        panel = self.steps if shown is self.steps else self.augmentation
        if picture < 0:
            panel.clear()
            return
        self._stale.remove(kind)
        self._awaited = panel
        self._patience.start()
        if kind == "steps":
            self.asked.emit(questions.ShowSteps(picture, config))
        else:
            self.asked.emit(questions.ShowAugmented(picture, config, DRAWS, self._draw_seed))

    def _end_look(self) -> None:
        """What was asked is here, or won't come."""
        self._awaited = None
        self._patience.stop()
        self._name_tabs(None)

    def _name_tabs(self, works: QWidget | None) -> None:
        for place, title in enumerate(TABS):
            self.tabs.setTabText(place, f"{title} …" if self.tabs.widget(place) is works else title)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._look_again()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._patience.stop()

    # What is remembered

    def restore(self, settings: Settings) -> None:
        numbers = self._columns.bring_back(settings.blob("data layout"), 2)
        if numbers is not None:
            side, tab = numbers
            self.browser.side.setValue(side)
            self.tabs.setCurrentIndex(tab)

    def remember(self, settings: Settings) -> None:
        state = self._columns.save(self.browser.side.value(), self.tabs.currentIndex())
        settings.put("data layout", state)


def usual_config(view: SourceView) -> DataConfig:
    """How a source is prepared that nobody has prepared yet."""
    return DIGITS if view.where == DIGITS.source else DataConfig(source=view.where)


def path_in(mime: QMimeData) -> str:
    """The first file or folder that is dragged; empty where there is none."""
    return next((url.toLocalFile() for url in mime.urls() if url.isLocalFile()), "")
