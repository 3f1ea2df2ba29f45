"""The page on which a network learns: the network as a strip, and docks around it."""

from PySide6.QtCore import QByteArray, Qt
from PySide6.QtWidgets import QDockWidget, QMainWindow, QWidget

from engine.telemetry.curves import Curves
from gui.pages.train.filters import FiltersPanel
from gui.pages.train.network_strip import NetworkStrip
from gui.pages.train.probes import ProbesPanel
from gui.pages.train.training import TrainingPanel
from gui.panel import Panel
from gui.settings import Settings
from gui.view_state import ViewState

LAYOUT_VERSION = 1
DOCK_TITLES = {
    "curves": "Curves",
    "filters": "Filters",
    "map": "Map",
    "training": "Training",
    "probes": "Probe pictures",
}


class TrainPage(QMainWindow):
    """Shows itself before what imports pyqtgraph: call `build_last_panels` once it is painted."""

    def __init__(self, view: ViewState) -> None:
        # A main window within the window: only these have docks.
        super().__init__(None, Qt.WindowType.Widget)
        self.view = view
        self.strip, self.filters = NetworkStrip(view), FiltersPanel(view)
        self.probes, self.training = ProbesPanel(view), TrainingPanel(view)
        self.panels: list[Panel] = [self.strip, self.filters, self.probes, self.training]
        self._usual_layout = QByteArray()
        self.setCentralWidget(self.strip)
        # Not the first button or list on the way: these use single keys themselves.
        self.setFocusProxy(self.strip)
        self.docks = self._build_docks(
            {"filters": self.filters, "probes": self.probes, "training": self.training}
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
        return docks

    def build_last_panels(self, curves: Curves, settings: Settings) -> None:
        """Add the panels that import pyqtgraph."""
        from gui.pages.train.curves import CurvesPanel
        from gui.pages.train.map_detail import MapDetailPanel

        self.curves = CurvesPanel(self.view, curves)
        self.curves.smoothing = settings.number("smoothing", 0.6, 0.0, 0.99)
        self.curves.log_loss = settings.text("log loss") == "yes"
        self.map_detail = MapDetailPanel(self.view)
        for name, panel in (("curves", self.curves), ("map", self.map_detail)):
            placeholder = self.docks[name].widget()
            self.docks[name].setWidget(panel)
            if placeholder is not None:
                placeholder.deleteLater()
            self.panels.append(panel)

    def restore_layout(self, settings: Settings) -> None:
        """Bring back the layout of the last time. Call once, before the page is shown."""
        sizes = {"curves": 400, "filters": 340, "map": 320, "training": 220}
        docks = [self.docks[name] for name in sizes]
        self.resizeDocks(docks, list(sizes.values()), Qt.Orientation.Horizontal)
        self.resizeDocks([docks[0], self.docks["probes"]], [260, 96], Qt.Orientation.Vertical)
        self._usual_layout = self.saveState(LAYOUT_VERSION)
        self.restoreState(settings.blob("layout"), LAYOUT_VERSION)

    def reset_layout(self) -> None:
        """Every dock back to where it first was."""
        self.restoreState(self._usual_layout, LAYOUT_VERSION)

    def remember(self, settings: Settings) -> None:
        """Put what the page looks like into the settings."""
        settings.put("layout", self.saveState(LAYOUT_VERSION))
        if hasattr(self, "curves"):
            settings.put("smoothing", self.curves.smoothing)
            settings.put("log loss", "yes" if self.curves.log_loss else "no")
