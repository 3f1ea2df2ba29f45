"""What is done with the pictures once they are prepared: train with them, or write them down."""

from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QMenu, QPushButton, QVBoxLayout, QWidget

from engine.messages.views import CacheView, ProgressView
from gui.pages.data.primary_button import PrimaryButton
from gui.widgets.live_label import LiveLabel
from gui.widgets.task_progress import MEGA, TaskProgress, megabytes
from gui.widgets.theme import RHYTHM


class DataFooter(QWidget):
    """Buttons, and the pictures that are kept decoded on the disk. GUI thread only."""

    train_requested = Signal()
    manifest_requested = Signal()
    folders_requested = Signal()
    clear_requested = Signal()
    cancelled = Signal(int)
    """The number of the question that shall end; 0: not known yet."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.train = PrimaryButton("Train with this")
        self.train.setToolTip("Load these pictures, so prepared, on the Train page")
        self.train.clicked.connect(self.train_requested)
        self.write = QPushButton("Write subsets…")
        menu = QMenu(self)
        menu.addAction("As a manifest file…", self.manifest_requested.emit)
        menu.addAction("As folders…", self.folders_requested.emit)
        self.write.setMenu(menu)
        self.progress = TaskProgress("Writing")
        self.progress.cancelled.connect(self.cancelled)
        self.kept = LiveLabel()
        self.clear = QPushButton("Clear")
        self.clear.setToolTip("Remove them; they are decoded again when they are needed")
        self.clear.clicked.connect(self.clear_requested)
        buttons = QHBoxLayout()
        buttons.setSpacing(RHYTHM)
        buttons.addWidget(self.train, 1)
        buttons.addWidget(self.write, 1)
        line = QHBoxLayout()
        line.setSpacing(RHYTHM)
        line.addWidget(self.kept, 1)
        line.addWidget(self.clear)
        column = QVBoxLayout(self)
        column.setContentsMargins(RHYTHM, RHYTHM, RHYTHM, RHYTHM)
        column.setSpacing(RHYTHM)
        column.addLayout(buttons)
        column.addWidget(self.progress)
        column.addLayout(line)
        self.clear.hide()
        self.allow(False)

    def allow(self, on: bool) -> None:
        """Whether there is anything to train with or to write."""
        self.train.setEnabled(on)
        self.write.setEnabled(on)

    def show_progress(self, progress: ProgressView) -> None:
        """How far the writing is."""
        if progress.what == "write":
            self.progress.show_progress(progress)

    def show_cache(self, cache: CacheView) -> None:
        """How much is kept on the disk, and where."""
        size = megabytes(cache.bytes / MEGA)
        self.kept.set_text(f"Decoded: {size} in {shortened(cache.folder)}")
        self.kept.setToolTip(
            f"{size} of decoded pictures are kept in {cache.folder}, so that later epochs are "
            f"fast; {megabytes(cache.limit / MEGA)} at most."
        )
        self.clear.show()
        self.clear.setEnabled(cache.bytes > 0)


def shortened(folder: str) -> str:
    """A path with ~ for the user's own folder."""
    path, home = Path(folder), Path.home()
    return str(Path("~") / path.relative_to(home)) if path.is_relative_to(home) else folder
