"""What is painted over a picture: the part that is used, the numbers of its pixels, a mark."""

from collections.abc import Callable

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QBrush, QColor, QImage, QPainter, QPainterPath, QPalette, QPen

from gui.widgets.pictures.viewport import Viewport
from gui.widgets.theme import is_dark

Numbers = Callable[[int, int], tuple[str, ...]]
"""What is written into the pixel at a row and a column, a line a channel, where there is room."""

LEAST_MARK = 7
"""The least side of a mark, in logical pixels, however small what it marks."""
VEIL = 150
WIDEST_NUMBER = "\N{MINUS SIGN}00.00"


def paint_box(
    painter: QPainter, port: Viewport, image: QImage, box: QRectF, colours: QPalette
) -> None:
    """Outline the part of a picture that is used: what is outside darkens, what it needs beyond
    the edges is hatched."""
    whole, used = QPainterPath(), QPainterPath()
    whole.addRect(port.rect_of(QRectF(image.rect())))
    used.addRect(port.rect_of(box))
    veil = QColor(_darkest_and_lightest(colours)[0])
    veil.setAlpha(VEIL)
    painter.fillPath(whole.subtracted(used), veil)
    hatch = colours.color(QPalette.ColorRole.PlaceholderText)
    painter.fillPath(used.subtracted(whole), QBrush(hatch, Qt.BrushStyle.BDiagPattern))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(colours.color(QPalette.ColorRole.Accent), 2))
    painter.drawRect(port.rect_of(box))


def paint_numbers(
    painter: QPainter, port: Viewport, image: QImage, numbers: Numbers, colours: QPalette
) -> None:
    """Write into each pixel that is seen what it is, once pixels are large enough."""
    metrics = painter.fontMetrics()
    lines = len(numbers(0, 0))
    if port.scale < max(metrics.horizontalAdvance(WIDEST_NUMBER), lines * metrics.height()):
        return
    dark, light = _darkest_and_lightest(colours)
    part = port.visible().intersected(image.rect())
    for row in range(part.top(), part.bottom() + 1):
        for column in range(part.left(), part.right() + 1):
            ground = image.pixelColor(column, row)
            painter.setPen(dark if ground.lightness() > 127 else light)
            cell = port.rect_of(QRectF(column, row, 1, 1))
            words = "\n".join(numbers(row, column))
            painter.drawText(cell, Qt.AlignmentFlag.AlignCenter, words)


def paint_mark(painter: QPainter, area: QRectF, colours: QPalette) -> None:
    """Outline an area of the widget in two colours, so that it is seen on any picture."""
    wider = max(0.0, LEAST_MARK - area.width()) / 2
    higher = max(0.0, LEAST_MARK - area.height()) / 2
    area = area.adjusted(-wider, -higher, wider, higher)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(colours.color(QPalette.ColorRole.Accent), 3))
    painter.drawRect(area)
    painter.setPen(QPen(colours.color(QPalette.ColorRole.HighlightedText), 1))
    painter.drawRect(area)


def _darkest_and_lightest(colours: QPalette) -> tuple[QColor, QColor]:
    ground = colours.color(QPalette.ColorRole.Window)
    text = colours.color(QPalette.ColorRole.WindowText)
    return (ground, text) if is_dark(colours) else (text, ground)
