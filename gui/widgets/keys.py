"""Keys as the system writes them, which is Ctrl+O or ⌘O."""

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QKeySequence

_NATIVE = QKeySequence.SequenceFormat.NativeText


def shown(keys: QKeySequence | str) -> str:
    """A sequence such as "Ctrl+O", as it stands on this system's keyboard."""
    return QKeySequence(keys).toString(_NATIVE)


def control() -> str:
    """What the key is called that Qt calls Ctrl: on macOS it is the command key."""
    zero = QKeySequence(Qt.Modifier.CTRL | Qt.Key.Key_0).toString(_NATIVE)
    return zero.removesuffix("0").removesuffix("+")


def with_keys(tip: str, keys: QKeySequence | str) -> str:
    """A tool tip that ends with the keys for the same."""
    return f"{tip} ({shown(keys)})" if keys else tip


def removes(action: QAction) -> None:
    """Let the keys that remove things act: the one that a MacBook calls delete is Backspace."""
    keys = QKeySequence.keyBindings(QKeySequence.StandardKey.Delete)
    action.setShortcuts([*keys, QKeySequence(Qt.Key.Key_Backspace)])
    action.setShortcutContext(Qt.ShortcutContext.WidgetShortcut)
