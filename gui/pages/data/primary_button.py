"""The one button of a page that leads on."""

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPalette, QPen
from PySide6.QtWidgets import QPushButton

CORNER = 2.0


class PrimaryButton(QPushButton):
    """Filled with the accent colour while it can be pressed."""

    def paintEvent(self, event: QPaintEvent) -> None:
        if not self.isEnabled():
            super().paintEvent(event)
            return
        colours, role = self.palette(), QPalette.ColorRole
        fill = QColor(colours.color(role.Highlight))
        if self.isDown() or self.underMouse():
            fill = fill.darker(120 if self.isDown() else 108)
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(fill)
        painter.drawRoundedRect(QRectF(self.rect()), CORNER, CORNER)
        painter.setPen(colours.color(role.HighlightedText))
        painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, self.text())
        if self.hasFocus():
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(colours.color(role.HighlightedText), 1))
            painter.drawRect(QRectF(self.rect()).adjusted(2.5, 2.5, -2.5, -2.5))
        painter.end()
