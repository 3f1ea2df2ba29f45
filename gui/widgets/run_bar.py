"""The bar over the network: what is trained, the buttons that train it, and on which device."""

from collections.abc import Sequence

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QAction, QActionGroup, QPainter, QPaintEvent, QPalette
from PySide6.QtWidgets import QLabel, QMenu, QSizePolicy, QToolBar, QToolButton, QWidget

from engine.config import DEVICES
from engine.state import Status
from gui.widgets.icons import icon
from gui.widgets.theme import RHYTHM, title_font

_DEVICE_WORDS = {
    "auto": "The fastest there is",
    "cpu": "Processor (cpu)",
    "cuda": "NVIDIA or AMD graphics card (cuda)",
    "mps": "Apple graphics (mps)",
}


class RunBar(QToolBar):
    device_requested = Signal(str)
    """A device of config.DEVICES."""

    def __init__(self, actions: Sequence[QAction], parent: QWidget | None = None) -> None:
        super().__init__("Training bar", parent)
        self.setObjectName("run bar")
        self.setMovable(False)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.PreventContextMenu)
        self.toggleViewAction().setEnabled(False)
        self.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.status = Status()
        self._title = QLabel()
        self._title.setFont(title_font(self))
        self._title.setContentsMargins(RHYTHM, 0, RHYTHM * 3, 0)
        self.addWidget(self._title)
        for action in actions:
            self.addAction(action)
        self._steady_widths(actions)
        gap = QWidget()
        gap.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self.addWidget(gap)
        self._device = QToolButton()
        self._device.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self._device.setAccessibleName("Device")
        # As the other buttons of a bar: the space key starts and pauses.
        self._device.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._device.setToolTip("What the network is trained on")
        # Not setMenu: Fusion would draw an arrow of its own across the words.
        self._devices = self._device_menu()
        self._device.clicked.connect(self._open_devices)
        self.addWidget(self._device)
        self._show_device()

    def name_run(self, source: str, network: str) -> None:
        """Say what is trained, or is about to be."""
        self._title.setText(f"{source} · {network}")

    def show_status(self, status: Status) -> None:
        before, self.status = self.status.device, status
        if status.device != before:
            self._show_device()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange and hasattr(self, "_device"):
            self._device.setIcon(icon("device", self.palette()))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Only a line below: Fusion draws bright ones on all sides."""
        painter = QPainter(self)
        bottom = self.rect().bottom()
        painter.setPen(self.palette().color(QPalette.ColorRole.Mid))
        painter.drawLine(0, bottom, self.width(), bottom)

    def _open_devices(self) -> None:
        self._devices.popup(self._device.mapToGlobal(self._device.rect().bottomLeft()))

    def _show_device(self) -> None:
        self._device.setText(f"{self.status.device or 'device'} ▾")
        self._device.setEnabled(bool(self.status.device))
        self._device.setIcon(icon("device", self.palette()))

    def _steady_widths(self, actions: Sequence[QAction]) -> None:
        """A button whose words change keeps its width, so that the others stay in place."""
        button = self.widgetForAction(actions[0])
        extra = button.sizeHint().width() - button.fontMetrics().horizontalAdvance(
            actions[0].text()
        )
        button.setFixedWidth(extra + button.fontMetrics().horizontalAdvance("Resume"))

    def _device_menu(self) -> QMenu:
        menu = QMenu(self)
        group = QActionGroup(menu)
        for name in DEVICES:
            action = group.addAction(_DEVICE_WORDS[name])
            action.setData(name)
            menu.addAction(action)
        group.triggered.connect(lambda action: self.device_requested.emit(action.data()))
        return menu
