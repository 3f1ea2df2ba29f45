"""What a person does on the Data page becomes questions; what answers them reaches the page."""

import time
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
from PySide6.QtCore import QObject, Signal

from engine.asking.service import Service
from engine.config import DIGITS, DataConfig
from engine.files import text_as_name
from engine.messages.questions import Question, ShowThumbnails
from engine.messages.views import SourceView, Told
from gui.settings import Settings
from gui.widgets.notices import Notices

if TYPE_CHECKING:
    from gui.pages.data.page import DataPage

MOST_RECENT = 10
CLOSING_SECONDS = 20.0


class DataController(QObject):
    """Lives on the GUI thread; never waits for the desk. `tick` is called by the pump."""

    chosen = Signal(object)
    """The DataConfig that a person wants to train with."""

    def __init__(
        self,
        desk: Service,
        page: "DataPage",
        notices: Notices,
        settings: Settings,
        parent: QObject,
    ) -> None:
        """`desk` is not open yet."""
        super().__init__(parent)
        self._desk = desk
        self._page = page
        self._notices = notices
        self._settings = settings
        self._is_open = False
        self._closing_since: float | None = None
        self._asked: dict[type, int] = {}
        """The number of the last question of each type."""
        self._newest = -1
        self._recent = recent_in(settings)
        page.asked.connect(self._ask)
        page.thumbnails_wanted.connect(lambda *wanted: self._ask(ShowThumbnails(*wanted)))
        page.cancelled.connect(lambda number: desk.cancel(number or None))
        page.chosen.connect(self._choose)
        page.forgotten.connect(self._forget)
        page.last_folder = settings.text("data folder")

    def open(self) -> None:
        """Start the desk, with the source of the last time, when the page is shown for the first
        time; look anew which of the recent sources are there."""
        if self._closing_since is not None:
            return
        self._show_recent()
        if self._start():
            self._page.open_source(config_in(self._settings).source)

    def open_source(self, where: str) -> None:
        """Open a source, such as a folder that was dropped elsewhere on the window."""
        self._start()
        self._page.open_source(where)

    def tick(self) -> None:
        """Give the page what is new."""
        if not self._is_open:
            return
        for told in self._desk.told():
            self._tell(told)
        # The source first, for whatever else has come may be of it.
        for view in sorted(self._desk.take(), key=lambda view: not isinstance(view, SourceView)):
            self._page.show_view(view)
            if isinstance(view, SourceView):
                self._remember(view)

    def close(self) -> bool:
        """End the desk; False while it still runs, then ask again a little later."""
        if self._closing_since is None:
            self._closing_since = time.monotonic()
            self._keep()
        if not self._is_open:
            return True
        late = time.monotonic() - self._closing_since > CLOSING_SECONDS
        return self._desk.close(0.0) or late

    def _start(self) -> bool:
        """Whether the desk was started just now."""
        if self._is_open or self._closing_since is not None:
            return False
        self._is_open = True
        self._page.recall(config_in(self._settings))
        self._desk.open()
        return True

    def _ask(self, question: Question) -> None:
        self._asked[type(question)] = self._desk.ask(question)

    def _tell(self, told: Told) -> None:
        if told.wrong:
            self._notices.warn(told.sentence)
        else:
            self._notices.tell(told.sentence)
        kinds = (kind for kind, number in self._asked.items() if number == told.question)
        self._page.show_told(told, next(kinds, None))

    # Remembering

    def _choose(self, config: DataConfig) -> None:
        self._keep()
        self.chosen.emit(config)

    def _remember(self, view: SourceView) -> None:
        if view.source == self._newest:
            return
        self._newest = view.source
        if Path(view.where).is_absolute():
            others = [where for where in self._recent if where != view.where]
            self._recent = [view.where, *others][:MOST_RECENT]
        self._show_recent()

    def _forget(self, where: str) -> None:
        self._recent = [known for known in self._recent if known != where]
        self._show_recent()

    def _show_recent(self) -> None:
        gone = frozenset(where for where in self._recent if not Path(text_as_name(where)).exists())
        self._page.show_recent(self._recent, gone)

    def _keep(self) -> None:
        """Put what shall be there the next time into the settings."""
        put = self._settings.put
        put("recent sources", msgspec.json.encode(self._recent).decode())
        put("data folder", self._page.last_folder)
        if self._page.config is not None:
            put("data config", msgspec.json.encode(self._page.config).decode())
        self._settings.write()


def recent_in(settings: Settings) -> list[str]:
    """The remembered sources, newest first; none where what is remembered is damaged."""
    try:
        return msgspec.json.decode(settings.text("recent sources"), type=list[str])[:MOST_RECENT]
    except msgspec.DecodeError:
        return []


def config_in(settings: Settings) -> DataConfig:
    """How pictures were prepared the last time; the digits where that is not known."""
    try:
        return msgspec.json.decode(settings.text("data config"), type=DataConfig)
    except msgspec.DecodeError:
        return DIGITS
