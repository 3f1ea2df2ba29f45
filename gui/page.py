"""What every page is to the window, and what the window lends it."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from PySide6.QtCore import QByteArray, QMimeData, Qt
from PySide6.QtWidgets import QDockWidget, QMainWindow, QMenu

from engine.config import DataConfig
from engine.messages.events import Event
from gui.actions import Actions
from gui.exports import Exports
from gui.panel import Panel
from gui.settings import Settings
from gui.view_state import ViewState
from gui.widgets.notices import Notices

if TYPE_CHECKING:
    from engine.sessions.session import Session
    from gui.guide import Step

LAYOUT_VERSION = 1


@dataclass(frozen=True)
class Around:
    """What the window lends its pages. The session is not open yet when they get it."""

    session: "Session"
    settings: Settings
    notices: Notices
    actions: Actions
    exports: Exports
    learn_from: Callable[[DataConfig], None]
    """Load other pictures to train with; what was trained before can be brought back."""
    open_source: Callable[[str], None]
    """Show a source, by its path, on the page that takes sources."""


class Page(QMainWindow):
    """One kind of work: a subclass and its entry in `gui/pages/listing.py`.

    It is made without a session, gets one with `join`, and builds what loads slowly in `complete`.
    All that it leaves as it is here, it does without. All methods run on the GUI thread.
    """

    name: ClassVar[str]
    """By which the settings remember it: one word in small letters."""
    title: ClassVar[str]
    """On the rail and in the View menu."""
    icon: ClassVar[str]
    """A file of resources/icons, without its ending."""
    tip: ClassVar[str]
    """What one does there, as a command: "Watch the network learn"."""
    layout_key: ClassVar[str] = ""
    """Under which the settings keep where its docks are; empty: the page's name and "layout"."""
    keys: ClassVar[tuple[tuple[str, str], ...]] = ()
    """Keys of its own for the help, each with what it does."""
    trains: ClassVar[bool] = False
    """The single keys of the training act while it is shown, and whoever starts to train from
    another page is brought here."""

    def __init__(self, view: ViewState) -> None:
        # A main window within the window: only these have docks.
        super().__init__(None, Qt.WindowType.Widget)
        self.view = view
        self.panels: list[Panel] = []
        """Fed by the pump and offered for export. It may grow in `complete`."""
        self.docks: dict[str, QDockWidget] = {}
        """By object name. Each has an entry in the View menu, and takes drops while it floats."""
        self._usual_layout = QByteArray()

    # Its life

    def join(self, around: Around) -> None:
        """Connect to the session and the window. Called once, before anything else."""

    def complete(self) -> None:
        """Build what loads slowly. Called once, after the window was painted."""

    def open(self) -> None:
        """The page is shown, with a session that is open: called each time."""

    def beat(self) -> bool:
        """Called at every beat of the pump; whether there is something to show that changes."""
        return False

    def show_event(self, event: Event) -> None:
        """React to an event, beyond what the panels do: these get every event before the page."""

    def end(self) -> bool:
        """End what runs for it; False while it still does, then this is called again."""
        return True

    # What it takes

    def drop_words(self, mime: QMimeData) -> str:
        """What would become of a drop, for a person who drags it; empty: not welcome here."""
        return ""

    def take_drop(self, mime: QMimeData) -> None:
        """Take what `drop_words` welcomed. `mime` belongs to the drag: it is gone afterwards."""

    def take_source(self, where: str) -> bool:
        """Show a source, by its path; False where this is no page for sources."""
        return False

    # What it adds

    def fill_file_menu(self, menu: QMenu) -> None:
        """Add exports of its own; each panel as a picture is offered without this."""

    def fill_view_menu(self, menu: QMenu) -> None:
        """Add how one looks at what it shows; its docks are there without this."""

    def free_below(self) -> int:
        """The pixels at its lower edge that notices shall not cover."""
        return 0

    def tour_steps(self) -> "Iterable[Step]":
        """What the tour does here; each step gets the guide."""
        return ()

    # What is remembered

    def restore(self, settings: Settings) -> None:
        """Bring back what it looked like the last time. Called once, before the window is shown."""
        self._usual_layout = self.saveState(LAYOUT_VERSION)
        self.restoreState(settings.blob(self._layout_key), LAYOUT_VERSION)

    def remember(self, settings: Settings) -> None:
        """Put what it looks like into the settings."""
        settings.put(self._layout_key, self.saveState(LAYOUT_VERSION))

    def reset_layout(self) -> None:
        """Every dock back to where it first was."""
        self.restoreState(self._usual_layout, LAYOUT_VERSION)

    @property
    def _layout_key(self) -> str:
        return self.layout_key or f"{self.name} layout"
