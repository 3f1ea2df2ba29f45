"""The menu bar, built from actions and from choices among names."""

from collections.abc import Callable, Iterable

from PySide6.QtGui import QAction, QActionGroup, QKeySequence
from PySide6.QtWidgets import QMenu


def add(menu: QMenu, words: str, deed: Callable[[], object], keys: str = "") -> QAction:
    """An entry that does something."""
    action = menu.addAction(words)
    if keys:
        action.setShortcut(QKeySequence(keys))
    action.triggered.connect(lambda: deed())
    return action


class Choices:
    """A sub-menu to choose one of some values from, with a mark at the present one."""

    def __init__(
        self,
        menu: QMenu,
        title: str,
        values: Iterable[tuple[object, str]],
        chosen: object,
        deed: Callable[[object], object],
    ) -> None:
        """`values` with the words for each; `deed` gets the value that a person chose."""
        sub_menu = menu.addMenu(title)
        self._group = QActionGroup(sub_menu)
        for value, words in values:
            action = self._group.addAction(words)
            action.setCheckable(True)
            action.setData(value)
            action.setChecked(value == chosen)
            sub_menu.addAction(action)
        self._group.triggered.connect(lambda action: deed(action.data()))

    def mark(self, value: object) -> None:
        """Move the mark; does nothing else."""
        for action in self._group.actions():
            action.setChecked(action.data() == value)
