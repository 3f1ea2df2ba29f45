"""The dialogs of the Help menu."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMessageBox, QWidget

from engine.program import TITLE
from gui.widgets.keys import shown
from gui.widgets.notices import ListDialog


def show_keys(
    window: QWidget, actions: Iterable[QAction], others: Sequence[tuple[str, str]]
) -> None:
    """List the keys of actions, and others with what they do."""
    keys = {shown(a.shortcut()): a.toolTip().partition(" (")[0] for a in actions}
    rows = [*((key, words) for key, words in keys.items() if key), *others]
    caption = "Keys act everywhere but in a field that is being typed in."
    ListDialog("Keyboard shortcuts", caption, ("Key", "What it does"), rows, window).show()


def show_about(window: QWidget, settings_folder: Path) -> None:
    """Say what the program is for, and where it keeps its settings."""
    box = QMessageBox(window)
    box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    box.setWindowTitle(f"About {TITLE}")
    box.setIconPixmap(window.windowIcon().pixmap(64))
    box.setText(
        f"{TITLE} shows what a convolutional network does while it learns: "
        "its filters, their responses, the feature maps and the curves."
    )
    box.setInformativeText(f"Settings are kept in {settings_folder}")
    box.open()
