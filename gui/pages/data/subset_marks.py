"""How the subsets look: one colour in three strengths, and hollow for what is left out."""

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPalette, QPen

from engine.data.source import NO_SUBSET, SUBSETS
from gui.widgets.theme import RHYTHM

LEFT_OUT = "left out"
SUBSET_NAMES = {**dict(enumerate(SUBSETS)), NO_SUBSET: LEFT_OUT}
"""What a person reads for each number in `subset_N`, in the order in which they are shown."""
MARK = RHYTHM
"""The side of a mark in pixels."""
_STRENGTHS = (1.0, 0.55, 0.2)


def subset_colour(palette: QPalette, subset: int) -> QColor:
    """The colour that stands for a subset, a number as in `subset_N`."""
    window = palette.color(QPalette.ColorRole.Window)
    if subset == NO_SUBSET:
        return window
    accent, strength = palette.color(QPalette.ColorRole.Accent), _STRENGTHS[subset]
    rest = 1 - strength
    return QColor.fromRgbF(
        strength * accent.redF() + rest * window.redF(),
        strength * accent.greenF() + rest * window.greenF(),
        strength * accent.blueF() + rest * window.blueF(),
    )


def paint_subset(painter: QPainter, area: QRectF, palette: QPalette, subset: int) -> None:
    """Fill an area, with an outline by which weak strengths are seen too."""
    role = QPalette.ColorRole.Accent if subset != NO_SUBSET else QPalette.ColorRole.PlaceholderText
    if area.width() < 2:
        painter.fillRect(area, palette.color(role))
        return
    painter.setPen(QPen(palette.color(role), 1))
    painter.setBrush(subset_colour(palette, subset))
    painter.drawRect(area.adjusted(0.5, 0.5, -0.5, -0.5))
    painter.setBrush(Qt.BrushStyle.NoBrush)
