"""The window's icons: line drawings in one colour, taken from the palette."""

from PySide6.QtCore import QByteArray, Qt
from PySide6.QtGui import QIcon, QPainter, QPalette, QPixmap
from PySide6.QtSvg import QSvgRenderer

from engine.program import NAME, RESOURCES

FOLDER = RESOURCES / "icons"
SIZE = 20
"""The side at which icons are shown, in pixels that don't depend on the screen."""


def icon(name: str, palette: QPalette) -> QIcon:
    """The drawing resources/icons/`name`.svg in the palette's text colour, sharp on any screen."""
    made = QIcon()
    for mode, group in (
        (QIcon.Mode.Normal, QPalette.ColorGroup.Active),
        (QIcon.Mode.Disabled, QPalette.ColorGroup.Disabled),
    ):
        colour = palette.color(group, QPalette.ColorRole.ButtonText).name()
        for ratio in (1, 2, 3):
            made.addPixmap(_drawn(name, colour, SIZE, ratio), mode)
    return made


def window_icon() -> QIcon:
    """The application's own icon, in its own colours."""
    made = QIcon()
    for side in (16, 32, 64, 128):
        made.addPixmap(_drawn(NAME, "", side, 1))
    return made


def _drawn(name: str, colour: str, side: int, ratio: int) -> QPixmap:
    drawing = (FOLDER / f"{name}.svg").read_text(encoding="utf-8").replace("currentColor", colour)
    renderer = QSvgRenderer(QByteArray(drawing.encode()))
    pixmap = QPixmap(side * ratio, side * ratio)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    renderer.render(painter)
    painter.end()
    pixmap.setDevicePixelRatio(ratio)
    return pixmap
