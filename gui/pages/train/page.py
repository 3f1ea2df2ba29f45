"""The page on which a network learns: the network as a strip, and docks around it."""

from collections.abc import Iterable
from typing import Any

from PySide6.QtCore import QMimeData, QPoint, Qt
from PySide6.QtWidgets import QAbstractButton, QDockWidget, QMenu, QWidget

from engine.messages.events import Event
from gui.guide import Step
from gui.menus import Choices, add
from gui.page import Around, Page
from gui.pages.train.controller import TrainController
from gui.pages.train.dropped import holds_pictures
from gui.pages.train.evaluation.panel import EvaluationPanel
from gui.pages.train.filters import FiltersPanel
from gui.pages.train.network_strip import NetworkStrip
from gui.pages.train.probes import ProbesPanel
from gui.pages.train.training import TrainingPanel
from gui.panel import Panel
from gui.settings import Settings
from gui.view_state import Sort, ViewState

DOCK_TITLES = {
    "curves": "Curves",
    "filters": "Filters",
    "map": "Map",
    "training": "Training",
    "probes": "Probe pictures",
    "evaluation": "Evaluation",
}
DOCKS_SHARE, LOWEST_DOCKS, HIGHEST_DOCKS = 0.32, 220, 400
"""How much of the window's height the row of docks gets at first, and within which bounds."""
PROBES_HEIGHT = 96
SORTS: dict[Sort, str] = {
    "channel": "channel",
    "mean": "mean",
    "max": "maximum",
    "std": "variation",
}
DROP_WORDS = "Drop pictures or a folder: the network looks at each of them"


class TrainPage(Page):
    """Shows itself before what imports pyqtgraph: that is built by `complete`."""

    name = "train"
    title = "Train"
    icon = "train"
    tip = "Watch the network learn"
    trains = True
    layout_key = "layout"
    keys = (
        ("Arrow keys, P", "In the network: choose a map, pin it"),
        ("Wheel, + - 0", "On a map: zoom, all maps of the layer with it"),
        ("Page Up, Page Down", "In the network: turn to the other maps of a layer with many"),
        ("Delete, Backspace", "In the probe pictures: remove one"),
        ("Arrow keys, Esc", "In the evaluation: choose a cell of the matrix, or none"),
    )

    def __init__(self, view: ViewState) -> None:
        super().__init__(view)
        self.strip, self.filters = NetworkStrip(view), FiltersPanel(view)
        self.probes, self.training = ProbesPanel(view), TrainingPanel(view)
        self.evaluation = EvaluationPanel(view)
        self._evaluation_placed = False
        self.panels = [self.strip, self.filters, self.probes, self.training, self.evaluation]
        self.setCentralWidget(self.strip)
        # Not the first button or list on the way: these use single keys themselves.
        self.setFocusProxy(self.strip)
        self.docks = self._build_docks(
            {
                "filters": self.filters,
                "probes": self.probes,
                "training": self.training,
                "evaluation": self.evaluation,
            }
        )

    def _build_docks(self, panels: dict[str, Panel]) -> dict[str, QDockWidget]:
        self.setDockNestingEnabled(True)
        docks = {}
        for name, title in DOCK_TITLES.items():
            dock = docks[name] = QDockWidget(title, self)
            dock.setObjectName(name)
            dock.setWidget(panels.get(name) or QWidget())
        self.addDockWidget(Qt.DockWidgetArea.BottomDockWidgetArea, docks["curves"])
        for left, right in (("curves", "filters"), ("filters", "map"), ("map", "training")):
            self.splitDockWidget(docks[left], docks[right], Qt.Orientation.Horizontal)
        self.addDockWidget(
            Qt.DockWidgetArea.BottomDockWidgetArea, docks["probes"], Qt.Orientation.Vertical
        )
        self.addDockWidget(Qt.DockWidgetArea.RightDockWidgetArea, docks["evaluation"])
        docks["evaluation"].hide()
        docks["evaluation"].toggleViewAction().triggered.connect(self._place_evaluation)
        return docks

    def show_evaluation(self) -> None:
        """Bring the panel before the others, and ask for figures where it has none of now."""
        dock = self.docks["evaluation"]
        self._place_evaluation()
        dock.show()
        if not dock.isFloating():
            dock.raise_()  # it may be a tab behind others
        self.evaluation.setFocus()
        if not self.evaluation.is_up_to_date:
            self.evaluation.evaluate()

    def _place_evaluation(self) -> None:
        """Before it is shown for the first time: over the window, so that all else keeps its place,
        and as large as it reads well and the screen allows."""
        dock, room = self.docks["evaluation"], self.screen().availableSize() * 0.9
        if not self._evaluation_placed:
            dock.setFloating(True)
            dock.resize(self.evaluation.sizeHint().boundedTo(room))
            middle = self.window().frameGeometry().center()
            dock.move(middle - dock.rect().center())
        self._evaluation_placed = True

    def join(self, around: Around) -> None:
        self._around = around
        self._controller = TrainController(self, around)

    def complete(self) -> None:
        """Add the panels that import pyqtgraph."""
        from gui.pages.train.curves import CurvesPanel
        from gui.pages.train.map_detail import MapDetailPanel

        settings = self._around.settings
        self.curves = CurvesPanel(self.view, self._around.session.curves)
        self.curves.smoothing = settings.number("smoothing", 0.6, 0.0, 0.99)
        self.curves.log_loss = settings.text("log loss") == "yes"
        self.map_detail = MapDetailPanel(self.view)
        late: tuple[tuple[str, Panel], ...] = (("curves", self.curves), ("map", self.map_detail))
        for name, panel in late:
            placeholder = self.docks[name].widget()
            self.docks[name].setWidget(panel)
            if placeholder is not None:
                placeholder.deleteLater()
            self.panels.append(panel)
        # After a click on a button the space key shall still start and pause.
        for button in self.findChildren(QAbstractButton):
            if button.focusPolicy() & Qt.FocusPolicy.ClickFocus:
                button.setFocusPolicy(Qt.FocusPolicy.TabFocus)

    def show_event(self, event: Event) -> None:
        self._controller.show_event(event)

    def drop_words(self, mime: QMimeData) -> str:
        return DROP_WORDS if holds_pictures(mime) else ""

    def take_drop(self, mime: QMimeData) -> None:
        self._controller.take_pictures(mime)

    def fill_file_menu(self, menu: QMenu) -> None:
        ask = self._around.exports.ask
        add(menu, "Export curve as CSV…", lambda: ask("curves", "CSV", self.curves.save_csv))
        add(menu, "Export map as NPY…", self._export_map)

    def fill_view_menu(self, menu: QMenu) -> None:
        sorts = Choices(menu, "Sort maps by", SORTS.items(), self.view.sort, self._sort)
        self.view.changed.connect(lambda: sorts.mark(self.view.sort))
        add(menu, "Reset zoom", self._reset_zoom, "Ctrl+0")

    def _export_map(self) -> None:
        if self.view.selected is None:
            self._around.notices.warn("No map is selected. Click a map first.")
            return
        tap, channel = self.view.selected
        self._around.exports.ask(f"{tap}-map-{channel}", "NPY", self.map_detail.save_npy)

    def _sort(self, sort: Any) -> None:
        self.view.sort_by(sort, self.strip.frames)

    def _reset_zoom(self) -> None:
        self.view.reset_zoom()
        self.curves.reset_zoom()

    def free_below(self) -> int:
        """New probe pictures are seen over notices, where they stand in the lower half."""
        dock = self.docks["probes"]
        if not dock.isVisible() or dock.isFloating():
            return 0
        top = dock.mapTo(self, QPoint()).y()
        return self.height() - top if top > self.height() // 2 else 0

    def tour_steps(self) -> Iterable[Step]:
        from gui.pages.train.tour import steps

        return steps(self, self._around)

    def restore(self, settings: Settings) -> None:
        sizes = {"curves": 400, "filters": 340, "map": 320, "training": 220}
        docks = [self.docks[name] for name in sizes]
        self.resizeDocks(docks, list(sizes.values()), Qt.Orientation.Horizontal)
        share = round(DOCKS_SHARE * self.window().height())
        heights = [min(max(share, LOWEST_DOCKS), HIGHEST_DOCKS), PROBES_HEIGHT]
        self.resizeDocks([docks[0], self.docks["probes"]], heights, Qt.Orientation.Vertical)
        super().restore(settings)
        self._evaluation_placed = settings.text("evaluation placed") == "yes"

    def reset_layout(self) -> None:
        super().reset_layout()
        self._evaluation_placed = False

    def remember(self, settings: Settings) -> None:
        super().remember(settings)
        settings.put("evaluation placed", "yes" if self._evaluation_placed else "no")
        if hasattr(self, "curves"):
            settings.put("smoothing", self.curves.smoothing)
            settings.put("log loss", "yes" if self.curves.log_loss else "no")
