"""The window: bar, rail, pages, menus; what it looks like and remembers. Knows no session, and no
page by its name."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from PySide6.QtCore import QEvent, QMimeData, Qt, QTimer, Signal
from PySide6.QtGui import QAction, QCloseEvent, QKeyEvent, QPaintEvent
from PySide6.QtWidgets import (
    QAbstractButton,
    QApplication,
    QComboBox,
    QHBoxLayout,
    QMainWindow,
    QMenu,
    QStackedWidget,
    QWidget,
)

from engine.presets import presets
from engine.program import TITLE
from gui.actions import Actions
from gui.closing import Closing
from gui.controller import Parts
from gui.engines import ENGINES, remembered_engine
from gui.exports import Exports
from gui.guarded import guarded
from gui.help import show_about, show_keys
from gui.menus import Choices, add
from gui.page import Around, Page
from gui.placing import first_place
from gui.settings import Settings
from gui.view_state import SCALES, ViewState
from gui.widgets.drop_target import DropTarget
from gui.widgets.keys import with_keys
from gui.widgets.mosaic.palettes import palette_names
from gui.widgets.notices import Notices
from gui.widgets.rail import Rail
from gui.widgets.run_bar import RunBar
from gui.widgets.status_line import StatusLine
from gui.widgets.theme import THEME_CHOICES, Theme, ThemeChoice

BUDGETS = (0.02, 0.05, 0.1, 0.2, 0.5, 1.0)
USUAL_BUDGET = 0.2
"""Not less: on two slow cores 15 frames a second cost up to a tenth."""
_SINGLE_KEYS = (Qt.Key.Key_Space, Qt.Key.Key_S, Qt.Key.Key_E)


class MainWindow(QMainWindow):
    """Shows itself before what loads slowly: call `begin` once it was `painted`."""

    painted = Signal()
    """The window stands: it was painted for the first time."""
    complete = Signal()
    """All panels are built, and what the engine tells is shown from now on."""
    preset_chosen = Signal(str)
    """The name of a preset of engine.presets."""
    budget_chosen = Signal(float)
    """The largest share of time, 0 to 1, that looking may cost."""

    def __init__(self, settings: Settings, theme: Theme, pages: Sequence[type[Page]]) -> None:
        """`pages` as they shall stand on the rail; the first is shown at the first start."""
        super().__init__()
        self.setWindowTitle(TITLE)
        self.settings = settings
        self._theme = theme
        self._stands = False
        self._begun = False
        view = ViewState()
        view.restore(settings)
        self.budget = settings.number("budget", USUAL_BUDGET, min(BUDGETS), 1.0)
        self.pages = {kind.name: kind(view) for kind in pages}
        """By name, as they stand on the rail."""
        actions = Actions(self)
        bar_actions = [actions.start, actions.step, actions.epoch, actions.stop, actions.start_over]
        status_line = StatusLine()
        self.parts = Parts(
            actions=actions,
            view=view,
            notices=Notices(self, margin_below=self._below_notices),
            run_bar=RunBar(bar_actions, self),
            status_line=status_line,
            pages=tuple(self.pages.values()),
            panels=[panel for page in self.pages.values() for panel in page.panels],
        )
        self.closing = Closing(self, status_line.say)
        self.closing.keep.append(self._remember)
        self.exports = Exports(self, self.parts.notices, settings, self.parts.run_bar)
        self.drop_target = DropTarget(self, self._drop_words)
        self.drop_target.dropped.connect(self.take_drop)
        self.addToolBar(self.parts.run_bar)
        self._lay_out()
        self.page.setFocus()
        self.statusBar().setSizeGripEnabled(False)
        self.statusBar().addPermanentWidget(status_line, 1)
        self.setGeometry(first_place(self.screen().availableGeometry()))
        actions.quit.triggered.connect(self.close)
        # Whoever trains from another page sees what it is that trains.
        seen = (actions.start, actions.step, actions.epoch, actions.start_over, actions.evaluate)
        for action in seen:
            action.triggered.connect(self.show_training)

    # Building

    def _lay_out(self) -> None:
        self._rail, self._stack = Rail(), QStackedWidget()
        for place, page in enumerate(self.pages.values()):
            self._stack.addWidget(page)
            self._rail.add(page.title, page.icon, with_keys(page.tip, f"Ctrl+{place + 1}"))
            for dock in page.docks.values():
                self.drop_target.watch(dock)
        self._rail.chosen.connect(lambda place: self.show_page(list(self.pages)[place]))
        middle = QWidget()
        row = QHBoxLayout(middle)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        row.addWidget(self._rail)
        row.addWidget(self._stack, 1)
        self.setCentralWidget(middle)

    def join(self, around: Around) -> None:
        """Give the pages what they need, then build the menus and bring back how all looked the
        last time. Call once, before the window is shown."""
        for page in self.pages.values():
            page.join(around)
        self._build_menus()
        for page in self.pages.values():
            page.restore(self.settings)
        self.restoreGeometry(self.settings.blob("geometry"))
        names = list(self.pages)
        self.show_page(self.settings.one_of("page", names, names[0]))

    def begin(self) -> None:
        """Build what loads slowly, once the window was painted and the session is open."""
        for page in self.pages.values():
            before = len(page.panels)
            guarded(page.complete)
            for panel in page.panels[before:]:
                self.parts.panels.append(panel)
                self.exports.add_panel(panel)
        self._begun = True
        self.page.open()

    def _build_menus(self) -> None:
        actions, bar = self.parts.actions, self.menuBar()
        file_menu = bar.addMenu("&File")
        file_menu.addActions([actions.open_pictures, actions.open_folder, actions.paste])
        file_menu.addSeparator()
        self.exports.build_menu(file_menu)
        for panel in self.parts.panels:
            self.exports.add_panel(panel)
        for page in self.pages.values():
            page.fill_file_menu(file_menu)
        file_menu.addSeparator()
        file_menu.addAction(actions.save_network)
        file_menu.addSeparator()
        file_menu.addAction(actions.quit)
        train_menu = bar.addMenu("&Train")
        train_menu.addActions([actions.start, actions.step, actions.epoch, actions.stop])
        train_menu.addSeparator()
        train_menu.addActions([actions.start_over, actions.undo, actions.redo])
        train_menu.addSeparator()
        train_menu.addAction(actions.evaluate)
        train_menu.addSeparator()
        begin = train_menu.addMenu("Begin with")
        for name, preset in presets().items():
            add(begin, preset.title, partial(self.preset_chosen.emit, name))
        train_menu.addSeparator()
        engine = remembered_engine(self.settings)
        Choices(train_menu, "Engine", ENGINES.items(), engine, self._choose_engine)
        self._build_view_menu(bar.addMenu("&View"))
        help_menu = bar.addMenu("&Help")
        add(help_menu, "Keyboard shortcuts", self._show_keys, "F1")
        add(help_menu, f"About {TITLE}", lambda: show_about(self, self.settings.folder))

    def _build_view_menu(self, menu: QMenu) -> None:
        view, pages = self.parts.view, self.pages.values()
        for place, page in enumerate(pages):
            add(menu, f"{page.title} page", partial(self.show_page, page.name), f"Ctrl+{place + 1}")
        menu.addSeparator()
        for page in pages:
            for dock in page.docks.values():
                menu.addAction(dock.toggleViewAction())
        menu.addSeparator()
        names = [(name, name) for name in palette_names(signed=False)]
        Choices(menu, "Palette of maps", names, view.palette, self._set("palette"))
        names = [(name, name) for name in palette_names(signed=True)]
        Choices(menu, "Palette of filters", names, view.signed_palette, self._set("signed_palette"))
        Choices(menu, "Scale maps", SCALES.items(), view.scale, self._set("scale"))
        for page in pages:
            page.fill_view_menu(menu)
        menu.addSeparator()
        themes = [(choice, choice.capitalize()) for choice in THEME_CHOICES]
        Choices(menu, "Theme", themes, self._theme.choice, self._choose_theme)
        budgets = [(b, "no cap" if b == 1 else f"at most {b:.0%}") for b in BUDGETS]
        Choices(menu, "Looking may cost", budgets, self.budget, self._choose_budget)
        menu.addSeparator()
        add(menu, "Reset layout", self.reset_layout)

    # Pages

    @property
    def page(self) -> Page:
        """The page that is shown."""
        return list(self.pages.values())[self._stack.currentIndex()]

    def show_page(self, name: str) -> None:
        """Show a page by its name."""
        place = list(self.pages).index(name)
        self._rail.mark(place)
        self._stack.setCurrentIndex(place)
        self.parts.actions.train_by_keys(self.page.trains)
        if self._begun:
            self.page.open()

    def show_training(self) -> None:
        """Show the page on which one sees what trains, unless one does already."""
        if not self.page.trains:
            self.show_page(next((p.name for p in self.pages.values() if p.trains), self.page.name))

    def open_source(self, where: str) -> None:
        """Show a source, by its path, on the first page that takes it."""
        taker = next((page for page in self.pages.values() if page.take_source(where)), None)
        if taker is not None:
            self.show_page(taker.name)

    def _taker(self, mime: QMimeData) -> Page | None:
        """The page that a drop is for: the one that is shown, or else the first that takes it."""
        pages = (self.page, *self.pages.values())
        return next((page for page in pages if page.drop_words(mime)), None)

    def _drop_words(self, mime: QMimeData) -> str:
        taker = self._taker(mime)
        return taker.drop_words(mime) if taker is not None else ""

    def take_drop(self, mime: QMimeData) -> None:
        """Hand on what was dropped on the window."""
        taker = self._taker(mime)
        if taker is not None:
            taker.take_drop(mime)

    def beat(self) -> bool:
        """One beat of the pump, for every page; whether one shows what changes."""
        shows = [guarded(page.beat) for page in self.pages.values()]
        return any(shows)

    # What a person chooses

    def _set(self, name: str) -> Callable[[Any], None]:
        return lambda value: setattr(self.parts.view, name, value)

    def _choose_theme(self, choice: Any) -> None:
        self._theme.choice = choice

    def _choose_budget(self, share: Any) -> None:
        self.budget = share
        self.budget_chosen.emit(share)

    def _choose_engine(self, engine: Any) -> None:
        self.settings.put("engine", engine)
        self.parts.notices.tell(f"From the next start on the engine runs {ENGINES[engine]}.")

    def _show_keys(self) -> None:
        actions = [*self.parts.actions, *self.menuBar().findChildren(QAction)]
        show_keys(self, actions, [row for page in self.pages.values() for row in page.keys])

    # Looks

    def _below_notices(self) -> int:
        """The height that notices leave free: the status line, and what the page keeps."""
        return self.height() - self.statusBar().y() + self.page.free_below()

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if not self._stands:
            self._stands = True
            # The pixels reach the screen when this event is over.
            QTimer.singleShot(0, self.painted.emit)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange and hasattr(self, "parts"):
            self.parts.actions.draw_icons(self.palette())

    def event(self, event: QEvent) -> bool:
        # A button or a list of choices with the focus uses single keys itself. Fields that are
        # typed in see to that on their own.
        if (
            event.type() == QEvent.Type.ShortcutOverride
            and isinstance(event, QKeyEvent)
            and event.modifiers() == Qt.KeyboardModifier.NoModifier
            and event.key() in _SINGLE_KEYS
            and isinstance(QApplication.focusWidget(), (QAbstractButton, QComboBox))
        ):
            event.accept()
            return True
        return super().event(event)

    # What is remembered

    def reset_layout(self) -> None:
        """Every dock back to where it first was."""
        for page in self.pages.values():
            page.reset_layout()

    def _remember(self) -> None:
        settings = self.settings
        settings.put("geometry", self.saveGeometry())
        settings.put("page", self.page.name)
        for page in self.pages.values():
            guarded(page.remember, settings)
        settings.put("theme", self._theme.choice)
        self.parts.view.remember(settings)
        settings.put("budget", self.budget)
        settings.write()

    def closeEvent(self, event: QCloseEvent) -> None:
        self.closing.handle(event)


def theme_choice(settings: Settings) -> ThemeChoice:
    """The theme that a person chose the last time."""
    return settings.one_of("theme", THEME_CHOICES, "system")
