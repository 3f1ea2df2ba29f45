"""All that a person can do to the engine and the pictures: one QAction each, not yet connected."""

from collections.abc import Iterator

from PySide6.QtCore import QObject
from PySide6.QtGui import QAction, QKeySequence, QPalette
from PySide6.QtWidgets import QMainWindow

from engine.state import Phase, Status, Trigger, allows
from gui.widgets.icons import icon
from gui.widgets.keys import with_keys

_START_WORDS = {Phase.TRAINING: "Pause", Phase.PAUSED: "Resume"}


class Actions(QObject):
    """Toolbar, menus and keys share these; `show_status` enables what makes sense now."""

    def __init__(self, window: QMainWindow) -> None:
        super().__init__(window)
        self._window = window
        self._icons: dict[QAction, str] = {}
        self._keys: dict[QAction, str] = {}
        self._training = False
        self.start = self._add("Start", "start", "Space", "Train, or pause the training")
        self.step = self._add("Step", "step", "S", "Train one step, then pause")
        self.epoch = self._add("Epoch", "epoch", "E", "Train to the end of the epoch, then pause")
        self.stop = self._add("Stop", "stop", "", "End the run and keep the network as it is")
        self.start_over = self._add(
            "Start over", "start_over", "", "Begin anew from fresh weights; can be undone"
        )
        self.undo = self._add(
            "Undo", "undo", "Ctrl+Z", "Bring back the network and curves that were replaced"
        )
        self.redo = self._add(
            "Redo", "redo", "Ctrl+Shift+Z", "Bring back the network that was left by Undo"
        )
        self.evaluate = self._add(
            "Evaluate", "evaluate", "Ctrl+E", "Measure the network on pictures that it didn't learn"
        )
        self.open_pictures = self._add(
            "Open pictures…", "add_picture", "Ctrl+O", "Show the network pictures of yours"
        )
        self.open_folder = self._add(
            "Open folder…", "open", "Ctrl+Shift+O", "Show the network all pictures of a folder"
        )
        self.paste = self._add(
            "Paste picture", "", "Ctrl+V", "Show the network what is on the clipboard"
        )
        self.save_network = self._add(
            "Save network…", "save", "Ctrl+S", "Write the trained network into a folder"
        )
        self.quit = self._add("Quit", "", "Ctrl+Q", "Close the window and end the training")
        self.draw_icons(window.palette())

    def __iter__(self) -> Iterator[QAction]:
        return iter(self._icons)

    def draw_icons(self, palette: QPalette) -> None:
        """Draw the icons anew, in the colours of a palette."""
        for action, name in self._icons.items():
            if action is self.start:
                name = "pause" if self._training else "start"
            if name:
                action.setIcon(icon(name, palette))

    def train_by_keys(self, on: bool) -> None:
        """Whether the keys of the training act: on another page they mean other things."""
        for action in (self.start, self.step, self.epoch, self.undo, self.redo):
            action.setShortcut(QKeySequence(self._keys[action] if on else ""))

    def show_status(self, status: Status) -> None:
        """Enable what leads anywhere from the present phase."""
        phase = status.phase
        training = phase is Phase.TRAINING
        self.start.setText(_START_WORDS.get(phase, "Start"))
        self.start.setEnabled(training or allows(phase, Trigger.START))
        self.step.setEnabled(allows(phase, Trigger.STEP))
        self.epoch.setEnabled(allows(phase, Trigger.EPOCH))
        self.stop.setEnabled(allows(phase, Trigger.STOP))
        self.start_over.setEnabled(allows(phase, Trigger.START_OVER) and bool(status.network))
        self.undo.setEnabled(status.can_undo and allows(phase, Trigger.UNDO))
        self.redo.setEnabled(status.can_redo and allows(phase, Trigger.REDO))
        # What these keys bring back is no secret before they are pressed.
        self.undo.setText(f"Undo: back to {status.undo_words}" if status.can_undo else "Undo")
        self.redo.setText(f"Redo: on to {status.redo_words}" if status.can_redo else "Redo")
        self.save_network.setEnabled(bool(status.network))
        self.evaluate.setEnabled(bool(status.network))
        if training != self._training:
            self._training = training
            name = "pause" if training else "start"
            self.start.setIcon(icon(name, self._window.palette()))

    def _add(self, words: str, icon_name: str, keys: str, tip: str) -> QAction:
        action = QAction(words, self._window)
        self._keys[action] = keys
        if keys:
            action.setShortcut(QKeySequence(keys))
            # The key must not act again and again while it is held down.
            action.setAutoRepeat(False)
        action.setToolTip(with_keys(tip, keys))
        self._icons[action] = icon_name
        return action
