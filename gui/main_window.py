"""The window: bar, rail, pages, menus; what it looks like and remembers. Knows no session."""

from collections.abc import Callable
from functools import partial
from typing import Any

from PySide6.QtCore import QEvent, QPoint, Qt, QTimer, Signal
from PySide6.QtGui import QAction, QCloseEvent, QKeyEvent, QPaintEvent
from PySide6.QtWidgets import (
    QAbstractButton,
    QApplication,
    QComboBox,
    QHBoxLayout,
    QMainWindow,
    QMenu,
    QMessageBox,
    QStackedWidget,
    QWidget,
)

from engine.messages.frames import Scale
from engine.presets import presets
from engine.telemetry.curves import Curves
from gui.actions import Actions
from gui.controller import Parts
from gui.exports import Exports
from gui.menus import Choices, add
from gui.pages.data.page import DataPage
from gui.pages.train.page import TrainPage
from gui.settings import Settings
from gui.view_state import Sort, ViewState
from gui.widgets.drop_target import DropTarget
from gui.widgets.mosaic.palettes import palette_names
from gui.widgets.notices import ListDialog, Notices
from gui.widgets.rail import Rail
from gui.widgets.run_bar import RunBar
from gui.widgets.status_line import StatusLine
from gui.widgets.theme import THEME_CHOICES, Theme, ThemeChoice

SIZE = (1280, 800)
PAGES = ("train", "data")
"""As they stand on the rail."""
BUDGETS = (0.02, 0.05, 0.1, 0.2, 0.5, 1.0)
USUAL_BUDGET = 0.2
"""Not less: on two slow cores 15 frames a second cost up to a tenth."""
SCALES: dict[Scale, str] = {
    "map": "each map by itself",
    "layer": "by layer",
    "network": "over the whole network",
}
SORTS: dict[Sort, str] = {
    "channel": "channel",
    "mean": "mean",
    "max": "maximum",
    "std": "variation",
}
_SINGLE_KEYS = (Qt.Key.Key_Space, Qt.Key.Key_S, Qt.Key.Key_E)


class MainWindow(QMainWindow):
    """Shows itself before what imports pyqtgraph: call `build_last_panels` once `painted`."""

    painted = Signal()
    """The window stands: it was painted for the first time."""
    complete = Signal()
    """All panels are built, and what the engine tells is shown from now on."""
    preset_chosen = Signal(str)
    """The name of a preset of engine.presets."""
    page_shown = Signal(int)
    """The place of a page on the rail."""
    budget_chosen = Signal(float)
    """The largest share of time, 0 to 1, that looking may cost."""

    def __init__(self, settings: Settings, theme: Theme, curves: Curves) -> None:
        super().__init__()
        self.setWindowTitle("ConvScope")
        self.settings = settings
        self.end_engine: Callable[[], bool] = lambda: True
        """Asked when the window closes, until it returns True: then nothing runs any more."""
        self._theme = theme
        self._curves = curves
        self._stands = False
        self._closes = False
        view = ViewState()
        actions = Actions(self)
        bar_actions = [actions.start, actions.step, actions.epoch, actions.stop, actions.start_over]
        self.train, self.data = TrainPage(view), DataPage()
        self.docks = self.train.docks
        status_line = StatusLine()
        self.parts = Parts(
            actions=actions,
            view=view,
            notices=Notices(self, margin_below=self._below_notices),
            run_bar=RunBar(bar_actions, self),
            status_line=status_line,
            strip=self.train.strip,
            probes=self.train.probes,
            training=self.train.training,
            panels=self.train.panels,
        )
        self.exports = Exports(self, self.parts.notices, settings, self.parts.run_bar)
        self.drop_target = DropTarget(self)
        for dock in self.docks.values():
            self.drop_target.watch(dock)
        self.addToolBar(self.parts.run_bar)
        self._build_pages()
        # Not the first button or list on the way: these use single keys themselves.
        self.train.strip.setFocus()
        self.statusBar().setSizeGripEnabled(False)
        self.statusBar().addPermanentWidget(status_line, 1)
        self._restore_view()
        self._build_menus()
        self.resize(*SIZE)
        actions.quit.triggered.connect(self.close)
        # Whoever trains from another page sees what it is that trains.
        for action in (actions.start, actions.step, actions.epoch, actions.start_over):
            action.triggered.connect(lambda: self.show_page(PAGES.index("train")))

    # Building

    def _build_pages(self) -> None:
        self._rail, self._pages = Rail(), QStackedWidget()
        for page, title, icon, tip in (
            (self.train, "Train", "train", "Watch the network learn (Ctrl+1)"),
            (self.data, "Data", "data", "Choose and see what it learns from (Ctrl+2)"),
        ):
            self._pages.addWidget(page)
            self._rail.add(title, icon, tip)
        self._rail.chosen.connect(self.show_page)
        middle = QWidget()
        row = QHBoxLayout(middle)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        row.addWidget(self._rail)
        row.addWidget(self._pages, 1)
        self.setCentralWidget(middle)

    @property
    def page(self) -> int:
        """The place on the rail of the page that is shown."""
        return self._pages.currentIndex()

    def show_page(self, place: int) -> None:
        """Show a page by its place on the rail."""
        self._rail.mark(place)
        self._pages.setCurrentIndex(place)
        self.parts.actions.train_by_keys(PAGES[place] == "train")
        self.page_shown.emit(place)

    def build_last_panels(self) -> None:
        """Add the panels that import pyqtgraph."""
        before = len(self.train.panels)
        self.train.build_last_panels(self._curves, self.settings)
        self.curves, self.map_detail = self.train.curves, self.train.map_detail
        for panel in self.train.panels[before:]:
            self.exports.add_panel(panel)
        # After a click on a button the space key shall still start and pause.
        for button in self.train.findChildren(QAbstractButton):
            if button.focusPolicy() & Qt.FocusPolicy.ClickFocus:
                button.setFocusPolicy(Qt.FocusPolicy.TabFocus)

    def _build_menus(self) -> None:
        actions, bar = self.parts.actions, self.menuBar()
        file_menu = bar.addMenu("&File")
        file_menu.addActions([actions.open_pictures, actions.open_folder, actions.paste])
        file_menu.addSeparator()
        self.exports.build_menu(file_menu)
        for panel in self.parts.panels:
            self.exports.add_panel(panel)
        add(
            file_menu,
            "Export curve as CSV…",
            lambda: self.exports.ask("curves", "CSV", self.curves.save_csv),
        )
        add(file_menu, "Export map as NPY…", self._export_map)
        file_menu.addSeparator()
        file_menu.addAction(actions.save_network)
        file_menu.addSeparator()
        file_menu.addAction(actions.quit)
        train_menu = bar.addMenu("&Train")
        train_menu.addActions([actions.start, actions.step, actions.epoch, actions.stop])
        train_menu.addSeparator()
        train_menu.addActions([actions.start_over, actions.undo])
        begin = train_menu.addMenu("Begin with")
        for name, preset in presets().items():
            add(begin, preset.title, partial(self.preset_chosen.emit, name))
        self._build_view_menu(bar.addMenu("&View"))
        help_menu = bar.addMenu("&Help")
        add(help_menu, "Keyboard shortcuts", self._show_keys, "F1")
        add(help_menu, "About ConvScope", self._show_about)

    def _build_view_menu(self, menu: QMenu) -> None:
        view = self.parts.view
        for place, title in enumerate(PAGES):
            words = f"{title.capitalize()} page"
            add(menu, words, partial(self.show_page, place), f"Ctrl+{place + 1}")
        menu.addSeparator()
        for dock in self.docks.values():
            menu.addAction(dock.toggleViewAction())
        menu.addSeparator()
        names = [(name, name) for name in palette_names(signed=False)]
        Choices(menu, "Palette of maps", names, view.palette, self._set("palette"))
        names = [(name, name) for name in palette_names(signed=True)]
        Choices(menu, "Palette of filters", names, view.signed_palette, self._set("signed_palette"))
        Choices(menu, "Scale maps", SCALES.items(), view.scale, self._set("scale"))
        sorts = Choices(menu, "Sort maps by", SORTS.items(), view.sort, self._sort)
        view.changed.connect(lambda: sorts.mark(view.sort))
        add(menu, "Reset zoom", self._reset_zoom, "Ctrl+0")
        menu.addSeparator()
        themes = [(choice, choice.capitalize()) for choice in THEME_CHOICES]
        Choices(menu, "Theme", themes, self._theme.choice, self._choose_theme)
        budgets = [(b, "no cap" if b == 1 else f"at most {b:.0%}") for b in BUDGETS]
        Choices(menu, "Looking may cost", budgets, self.budget, self._choose_budget)
        menu.addSeparator()
        add(menu, "Reset layout", self.reset_layout)

    # What a person chooses

    def _set(self, name: str) -> Callable[[Any], None]:
        return lambda value: setattr(self.parts.view, name, value)

    def _sort(self, sort: Any) -> None:
        self.parts.view.sort_by(sort, self.parts.strip.frames)

    def _reset_zoom(self) -> None:
        self.parts.view.reset_zoom()
        self.curves.reset_zoom()

    def _choose_theme(self, choice: Any) -> None:
        self._theme.choice = choice

    def _choose_budget(self, share: Any) -> None:
        self.budget = share
        self.budget_chosen.emit(share)

    def _export_map(self) -> None:
        selected = self.parts.view.selected
        if selected is None:
            self.parts.notices.warn("No map is selected. Click a map first.")
        else:
            tap, channel = selected
            self.exports.ask(f"{tap}-map-{channel}", "NPY", self.map_detail.save_npy)

    def _show_keys(self) -> None:
        actions = [*self.parts.actions, *self.menuBar().findChildren(QAction)]
        keys = {a.shortcut().toString(): a.toolTip().partition(" (")[0] for a in actions}
        rows = [(key, words) for key, words in keys.items() if key]
        rows += [
            ("Arrow keys, P", "In the network: choose a map, pin it"),
            ("Wheel, + - 0", "On a map: zoom, all maps of the layer with it"),
            ("Delete", "In the probe pictures: remove one"),
        ]
        caption = "Keys act everywhere but in a field that is being typed in."
        ListDialog("Keyboard shortcuts", caption, ("Key", "What it does"), rows, self).show()

    def _show_about(self) -> None:
        box = QMessageBox(self)
        box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        box.setWindowTitle("About ConvScope")
        box.setIconPixmap(self.windowIcon().pixmap(64))
        box.setText(
            "ConvScope shows what a convolutional network does while it learns: "
            "its filters, their responses, the feature maps and the curves."
        )
        box.setInformativeText("Settings are kept in " + str(self.settings.folder))
        box.open()

    # Looks

    def _below_notices(self) -> int:
        """The height that notices leave free: the status line, and new probe pictures over it."""
        probes = self.docks["probes"]
        covers = probes.isVisible() and not probes.isFloating()
        top = probes.mapTo(self, QPoint()).y() if covers else 0
        return self.height() - (top if top > self.height() // 2 else self.statusBar().y())

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

    def restore_layout(self) -> None:
        """Bring back the layout of the last time. Call once, before the window is shown."""
        self.train.restore_layout(self.settings)
        self.data.restore_state(self.settings.blob("data layout"))
        self.restoreGeometry(self.settings.blob("geometry"))
        self.show_page(PAGES.index(self.settings.one_of("page", PAGES, PAGES[0])))

    def reset_layout(self) -> None:
        """Every dock back to where it first was."""
        self.train.reset_layout()

    def _restore_view(self) -> None:
        settings, view = self.settings, self.parts.view
        view.palette = settings.one_of("palette", palette_names(signed=False), view.palette)
        view.signed_palette = settings.one_of(
            "signed palette", palette_names(signed=True), view.signed_palette
        )
        view.scale = settings.one_of("scale", tuple(SCALES), view.scale)
        self.budget = settings.number("budget", USUAL_BUDGET, min(BUDGETS), 1.0)

    def _remember(self) -> None:
        settings, view = self.settings, self.parts.view
        settings.put("geometry", self.saveGeometry())
        settings.put("data layout", self.data.save_state())
        settings.put("page", PAGES[self.page])
        self.train.remember(settings)
        settings.put("theme", self._theme.choice)
        settings.put("palette", view.palette)
        settings.put("signed palette", view.signed_palette)
        settings.put("scale", view.scale)
        settings.put("budget", self.budget)
        settings.write()

    def closeEvent(self, event: QCloseEvent) -> None:
        if not self._closes:
            self._closes = True
            self._remember()
        if self.end_engine():
            event.accept()
            return
        event.ignore()
        self.setEnabled(False)
        self.parts.status_line.say("Closing …")
        QTimer.singleShot(50, self.close)


def theme_choice(settings: Settings) -> ThemeChoice:
    """The theme that a person chose the last time."""
    return settings.one_of("theme", THEME_CHOICES, "system")
