"""The rail at the left edge: one button for each page."""

from PySide6.QtCore import QEvent, QSize, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent, QPalette
from PySide6.QtWidgets import QButtonGroup, QToolButton, QVBoxLayout, QWidget

from gui.widgets.icons import icon
from gui.widgets.theme import RHYTHM

WIDTH = 7 * RHYTHM


class Rail(QWidget):
    """Says which page is shown, and chooses another. GUI thread only."""

    chosen = Signal(int)
    """The place of a page, from 0."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._icons: dict[QToolButton, str] = {}
        self._group = QButtonGroup(self)
        self._group.setExclusive(True)
        self._group.idClicked.connect(self.chosen)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(RHYTHM // 2, RHYTHM, RHYTHM // 2, RHYTHM)
        self._column.setSpacing(RHYTHM // 2)
        self._column.addStretch(1)
        self.setFixedWidth(WIDTH)

    def add(self, title: str, icon_name: str, tip: str) -> None:
        """A button for the next page."""
        button = QToolButton()
        button.setText(title)
        button.setToolTip(tip)
        button.setCheckable(True)
        button.setAutoRaise(True)
        button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextUnderIcon)
        button.setIconSize(QSize(20, 20))
        button.setFixedSize(WIDTH - RHYTHM, 6 * RHYTHM)
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        button.setIcon(icon(icon_name, self.palette()))
        place = len(self._icons)
        self._icons[button] = icon_name
        self._group.addButton(button, place)
        self._column.insertWidget(place, button)
        button.setChecked(place == 0)

    def mark(self, place: int) -> None:
        """Show which page is shown."""
        self._group.button(place).setChecked(True)
        self.update()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            for button, name in self._icons.items():
                button.setIcon(icon(name, self.palette()))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        colours = self.palette()
        painter.setPen(colours.color(QPalette.ColorRole.Mid))
        painter.drawLine(self.width() - 1, 0, self.width() - 1, self.height())
        checked = self._group.checkedButton()
        if checked is not None:
            place = checked.geometry()
            painter.fillRect(
                0, place.top(), 3, place.height(), colours.color(QPalette.ColorRole.Accent)
            )
        painter.end()
