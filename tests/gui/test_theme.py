"""The theme: the window's own palette, and what the system is told of it."""

import pytest
from PySide6.QtCore import QObject, Qt, Signal

from gui.widgets import theme
from gui.widgets.theme import Theme, is_dark

_Scheme = Qt.ColorScheme


class Hints(QObject):
    """What the system does with a colour scheme, as on Windows and macOS."""

    colorSchemeChanged = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[Qt.ColorScheme] = []
        self.system = _Scheme.Light

    def setColorScheme(self, scheme: Qt.ColorScheme) -> None:
        before = self.colorScheme()
        self.asked.append(scheme)
        if self.colorScheme() != before:
            self.colorSchemeChanged.emit(self.colorScheme())

    def colorScheme(self) -> Qt.ColorScheme:
        asked = self.asked[-1] if self.asked else _Scheme.Unknown
        return self.system if asked == _Scheme.Unknown else asked


@pytest.fixture
def hints(monkeypatch):
    hints = Hints()

    class Application:
        styleHints = staticmethod(lambda: hints)

    monkeypatch.setattr(theme, "QGuiApplication", Application)
    return hints


def test_the_system_is_told_the_choice(qapp, hints):
    chosen = Theme(qapp, "dark")
    assert hints.colorScheme() == _Scheme.Dark
    assert is_dark(qapp.palette())
    chosen.choice = "light"
    assert hints.colorScheme() == _Scheme.Light
    assert not is_dark(qapp.palette())


def test_the_system_s_own_is_followed_again(qapp, hints):
    hints.system = _Scheme.Dark
    chosen = Theme(qapp, "light")
    chosen.choice = "system"
    assert hints.asked[-1] == _Scheme.Unknown
    assert is_dark(qapp.palette())
    hints.system = _Scheme.Light
    hints.colorSchemeChanged.emit(hints.system)
    assert not is_dark(qapp.palette())
