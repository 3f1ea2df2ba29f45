"""Fields give the keys back: after Enter a space trains again, wherever a value was typed."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import (
    QComboBox,
    QDoubleSpinBox,
    QLineEdit,
    QMainWindow,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)
from pytestqt.qtbot import QtBot

from gui.widgets.field_keys import give_keys_back


class Window(QMainWindow):
    """Fields around what the window is about, and a key of the window's own."""

    def __init__(self) -> None:
        super().__init__()
        self.spaces = 0
        space = QAction("Start", self)
        space.setShortcut(Qt.Key.Key_Space)
        space.triggered.connect(self._count)
        self.addAction(space)
        middle = QWidget()
        self.setCentralWidget(middle)
        column = QVBoxLayout(middle)
        self.about = QWidget()
        self.about.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setFocusProxy(self.about)
        self.line, self.number, self.choice = QLineEdit(), QSpinBox(), QComboBox()
        self.real = QDoubleSpinBox()
        self.number.setKeyboardTracking(False)
        self.choice.addItems(["adam", "adamw", "sgd"])
        for widget in (self.line, self.number, self.real, self.choice, self.about):
            column.addWidget(widget)
        give_keys_back(self.line, self.number, self.real, self.choice)

    def _count(self) -> None:
        self.spaces += 1


@pytest.fixture
def window(qtbot: QtBot) -> Window:
    window = Window()
    qtbot.addWidget(window)
    window.show()
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    return window


def press(qtbot: QtBot, window: Window, *keys: Qt.Key) -> None:
    """Where the focus is, as a keyboard does."""
    for key in keys:
        qtbot.keyClick(window.windowHandle(), key)


@pytest.mark.parametrize("key", [Qt.Key.Key_Return, Qt.Key.Key_Enter])
@pytest.mark.parametrize("name", ["line", "number", "real"])
def test_after_enter_what_was_typed_holds_and_the_keys_are_the_window_s(
    window: Window, qtbot: QtBot, name: str, key: Qt.Key
) -> None:
    field = getattr(window, name)
    field.setFocus()
    field.selectAll()
    press(qtbot, window, Qt.Key.Key_1, Qt.Key.Key_2)
    if name == "line":
        field.editingFinished.connect(lambda: field.setModified(False))
    press(qtbot, window, key)
    assert field.text().startswith("12")
    assert name == "line" or field.value() == 12
    assert window.about.hasFocus()
    press(qtbot, window, Qt.Key.Key_Space)
    assert window.spaces == 1


def test_escape_leaves_a_number_as_it_was(window: Window, qtbot: QtBot) -> None:
    window.number.setValue(7)
    window.number.setFocus()
    window.number.selectAll()
    press(qtbot, window, Qt.Key.Key_9, Qt.Key.Key_Escape)
    assert (window.number.value(), window.number.text()) == (7, "7")
    assert window.about.hasFocus()


def test_what_can_not_be_taken_keeps_the_keys(window: Window, qtbot: QtBot) -> None:
    window.line.setFocus()
    press(qtbot, window, Qt.Key.Key_X, Qt.Key.Key_Return)
    assert window.line.isModified()
    assert window.line.hasFocus()


@pytest.mark.qt_log_ignore("This plugin does not support")
def test_a_choice_from_the_open_list_gives_them_back(window: Window, qtbot: QtBot) -> None:
    window.choice.setFocus()
    window.choice.showPopup()
    view = window.choice.view()
    qtbot.keyClick(view, Qt.Key.Key_Down)
    qtbot.keyClick(view, Qt.Key.Key_Return)
    assert window.choice.currentText() == "adamw"
    qtbot.waitUntil(window.about.hasFocus)
    press(qtbot, window, Qt.Key.Key_Space)
    assert window.spaces == 1


def test_arrows_step_on_through_a_closed_list(window: Window, qtbot: QtBot) -> None:
    window.choice.setFocus()
    press(qtbot, window, Qt.Key.Key_Down, Qt.Key.Key_Down)
    assert window.choice.currentText() == "sgd"
    assert window.choice.hasFocus()
    press(qtbot, window, Qt.Key.Key_Return)
    assert window.about.hasFocus()


def test_without_anything_around_it_a_field_lets_go(qtbot: QtBot) -> None:
    alone = QWidget()
    field = QSpinBox(alone)
    give_keys_back(field)
    qtbot.addWidget(alone)
    alone.show()
    alone.activateWindow()
    qtbot.waitUntil(alone.isActiveWindow)
    field.setFocus()
    qtbot.keyClick(alone.windowHandle(), Qt.Key.Key_Return)
    assert not field.hasFocus()
