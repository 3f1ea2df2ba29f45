"""Keys are told as the system writes them: Ctrl+O, or ⌘O."""

import ast
import re
from pathlib import Path

import pytest
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QMainWindow
from pytestqt.qtbot import QtBot

from gui.actions import Actions
from gui.widgets import keys

GUI = Path(__file__).parents[2] / "gui"
SEQUENCE = re.compile(r"(Ctrl\+|Alt\+|Shift\+)+(\w|\{\})")
IN_A_TERMINAL = "Ctrl-C"  # which is Ctrl there on macOS too


class MacKeys(QKeySequence):
    """As Qt writes them on macOS: signs instead of words, and nothing between."""

    def toString(
        self, how: QKeySequence.SequenceFormat = QKeySequence.SequenceFormat.PortableText
    ) -> str:
        words = super().toString(QKeySequence.SequenceFormat.PortableText)
        if how == QKeySequence.SequenceFormat.PortableText:
            return words
        return words.replace("Shift+", "⇧").replace("Ctrl+", "⌘")


@pytest.fixture
def mac(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keys, "QKeySequence", MacKeys)


def test_here_they_have_names() -> None:
    assert keys.shown("Ctrl+Shift+O") == "Ctrl+Shift+O"
    assert keys.control() == "Ctrl"
    assert keys.with_keys("Stop", "") == "Stop"


@pytest.mark.usefixtures("mac")
def test_on_macos_they_have_signs(qtbot: QtBot) -> None:
    assert keys.shown("Ctrl+Shift+O") == "⌘⇧O"
    assert keys.control() == "⌘"
    window = QMainWindow()
    qtbot.addWidget(window)
    actions = Actions(window)
    tips = [action.toolTip() for action in actions]
    assert any("(⌘O)" in tip for tip in tips)
    assert not any("Ctrl" in tip for tip in tips)


def test_no_text_spells_out_a_key_that_macos_calls_otherwise() -> None:
    """A string that names Ctrl is a key sequence for Qt to parse, or a docstring."""
    spelled = [
        f"{path.relative_to(GUI)}: {text}"
        for path in GUI.rglob("*.py")
        for text in texts(ast.parse(path.read_text(encoding="utf-8")))
        if "Ctrl" in text.replace(IN_A_TERMINAL, "") and not SEQUENCE.fullmatch(text)
    ]
    assert spelled == []


def texts(tree: ast.Module) -> list[str]:
    """All strings of a module but its docstrings; what is filled in is {}."""
    parts = {id(part) for node in ast.walk(tree) for part in parts_of(node)}
    found = []
    for node in ast.walk(tree):
        if id(node) in parts:
            continue
        if isinstance(node, ast.JoinedStr):
            found.append(
                "".join(
                    part.value if isinstance(part, ast.Constant) else "{}" for part in node.values
                )
            )
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            found.append(node.value)
    return found


def parts_of(node: ast.AST) -> list[ast.expr]:
    if isinstance(node, ast.JoinedStr):
        return node.values
    return [node.value] if isinstance(node, ast.Expr) else []


def test_no_key_is_shown_as_it_is_stored() -> None:
    """Without a format, QKeySequence.toString gives the portable text: Ctrl+O on macOS too."""
    stored = [
        f"{path.relative_to(GUI)}:{node.lineno}"
        for path in GUI.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "toString"
        and not node.args
    ]
    assert stored == []
