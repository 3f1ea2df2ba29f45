"""How the window looks: a light and a dark palette, the fonts and the rhythm.

Everything else takes its colours from the QPalette, so that a change of theme reaches it by itself.
"""

from typing import Literal, get_args

from PySide6.QtCore import QObject, Qt
from PySide6.QtGui import QColor, QFont, QGuiApplication, QPalette
from PySide6.QtWidgets import QApplication, QWidget

ThemeChoice = Literal["system", "light", "dark"]
THEME_CHOICES: tuple[ThemeChoice, ...] = get_args(ThemeChoice)

RHYTHM = 8
"""Distances are multiples of this many pixels, or half of it."""
TITLE_SCALE = 1.2
"""How much larger a title is than the body."""

_Role = QPalette.ColorRole
_LIGHT: dict[QPalette.ColorRole, str] = {
    _Role.Window: "#f3f4f5",
    _Role.WindowText: "#1d1e20",
    _Role.Base: "#ffffff",
    _Role.AlternateBase: "#f7f8f9",
    _Role.Text: "#1d1e20",
    _Role.PlaceholderText: "#5f646b",
    _Role.Button: "#fafafb",
    _Role.ButtonText: "#1d1e20",
    _Role.BrightText: "#b3261e",
    _Role.ToolTipBase: "#ffffff",
    _Role.ToolTipText: "#1d1e20",
    _Role.Highlight: "#1f66d1",
    _Role.HighlightedText: "#ffffff",
    _Role.Accent: "#1f66d1",
    _Role.Link: "#1f66d1",
    _Role.LinkVisited: "#1f66d1",
    _Role.Light: "#ffffff",
    _Role.Midlight: "#e9eaec",
    _Role.Mid: "#cfd2d6",
    _Role.Dark: "#aeb2b8",
    _Role.Shadow: "#7c8087",
}
_DARK: dict[QPalette.ColorRole, str] = {
    _Role.Window: "#1e1f22",
    _Role.WindowText: "#e4e5e7",
    _Role.Base: "#2d2f34",
    _Role.AlternateBase: "#33353b",
    _Role.Text: "#e4e5e7",
    _Role.PlaceholderText: "#9a9fa7",
    _Role.Button: "#34363b",
    _Role.ButtonText: "#e4e5e7",
    _Role.BrightText: "#ff8a80",
    _Role.ToolTipBase: "#36383c",
    _Role.ToolTipText: "#e4e5e7",
    _Role.Highlight: "#2f6fd6",
    _Role.HighlightedText: "#ffffff",
    _Role.Accent: "#5b9bff",
    _Role.Link: "#5b9bff",
    _Role.LinkVisited: "#5b9bff",
    _Role.Light: "#4a4d52",
    _Role.Midlight: "#383b41",
    _Role.Mid: "#45484e",
    _Role.Dark: "#141517",
    _Role.Shadow: "#0c0d0e",
}
_SCHEMES: dict[ThemeChoice, Qt.ColorScheme] = {
    "system": Qt.ColorScheme.Unknown,
    "light": Qt.ColorScheme.Light,
    "dark": Qt.ColorScheme.Dark,
}
_DISABLED = {"light": "#9fa3a9", "dark": "#6b6f76"}
_DISABLED_ROLES = (_Role.WindowText, _Role.Text, _Role.ButtonText, _Role.HighlightedText)


class Theme(QObject):
    """Keeps the application's palette to the choice made; "system" follows the system's."""

    def __init__(self, app: QApplication, choice: ThemeChoice = "system") -> None:
        super().__init__()
        self._app = app
        self._choice: ThemeChoice = choice
        app.setStyle("Fusion")
        app.setFont(tabular(app.font()))
        QGuiApplication.styleHints().colorSchemeChanged.connect(self._apply)
        self._apply()

    @property
    def choice(self) -> ThemeChoice:
        return self._choice

    @choice.setter
    def choice(self, choice: ThemeChoice) -> None:
        self._choice = choice
        self._apply()

    def _apply(self) -> None:
        hints = QGuiApplication.styleHints()
        # What the system draws goes along: the title bar, and its own dialogs.
        hints.setColorScheme(_SCHEMES[self._choice])
        dark = self._choice == "dark"
        if self._choice == "system":
            dark = hints.colorScheme() == Qt.ColorScheme.Dark
        palette = palette_of("dark" if dark else "light")
        if palette != self._app.palette():
            self._app.setPalette(palette)


def palette_of(name: Literal["light", "dark"]) -> QPalette:
    """The palette of a theme."""
    palette = QPalette()
    for role, colour in (_DARK if name == "dark" else _LIGHT).items():
        palette.setColor(role, QColor(colour))
    for role in _DISABLED_ROLES:
        palette.setColor(QPalette.ColorGroup.Disabled, role, QColor(_DISABLED[name]))
    return palette


def is_dark(palette: QPalette) -> bool:
    return palette.color(_Role.Window).lightness() < palette.color(_Role.WindowText).lightness()


def tabular(font: QFont) -> QFont:
    """The same font with figures of one width, where it has them."""
    font = QFont(font)
    font.setFeature(QFont.Tag("tnum"), 1)
    return font


def title_font(widget: QWidget) -> QFont:
    """The one larger font, for titles."""
    font = QFont(widget.font())
    font.setPointSizeF(font.pointSizeF() * TITLE_SCALE)
    font.setWeight(QFont.Weight.DemiBold)
    return font


def make_quiet(widget: QWidget) -> None:
    """Write in the colour of what is secondary: units, captions, hints."""
    widget.setForegroundRole(_Role.PlaceholderText)
