"""What lies over a widget while something is dragged over it, and says what a drop would do."""

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPalette, QPen
from PySide6.QtWidgets import QWidget

from gui.widgets.theme import RHYTHM, title_font

OPACITY = 220


class Veil(QWidget):
    """Hidden until `light_up`. GUI thread only."""

    def __init__(self, covered: QWidget, words: str) -> None:
        super().__init__(covered)
        self._covered = covered
        self._words = words
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.hide()

    def light_up(self) -> None:
        self.setGeometry(self._covered.rect())
        self.raise_()
        self.show()

    def paintEvent(self, event: QPaintEvent) -> None:
        colours = self.palette()
        veil = QColor(colours.color(QPalette.ColorRole.Window))
        veil.setAlpha(OPACITY)
        painter = QPainter(self)
        painter.fillRect(self.rect(), veil)
        painter.setPen(QPen(colours.color(QPalette.ColorRole.Accent), 2, Qt.PenStyle.DashLine))
        painter.drawRect(self.rect().adjusted(RHYTHM, RHYTHM, -RHYTHM, -RHYTHM))
        painter.setPen(colours.color(QPalette.ColorRole.WindowText))
        painter.setFont(title_font(self))
        painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, self._words)
        painter.end()
