"""What stands in the place of the pictures while there are none: an invitation, or a wait."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QLabel, QPushButton, QStackedLayout, QVBoxLayout, QWidget

from engine.messages.views import ProgressView
from gui.widgets.task_progress import TaskProgress
from gui.widgets.theme import RHYTHM, make_quiet, title_font

WIDTH = 34 * RHYTHM
KINDS = (
    "A folder with a folder for each class, pictures named as cat.0.jpg, "
    "a zip of either, or a CSV of paths and classes."
)


class DataWelcome(QWidget):
    """Invites at first. GUI thread only."""

    folder_requested = Signal()
    file_requested = Signal()
    cancelled = Signal(int)
    """The number of the question that shall end; 0: not known yet."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.open_folder = QPushButton("Open folder…")
        self.open_file = QPushButton("Open zip or CSV…")
        self.open_folder.clicked.connect(self.folder_requested)
        self.open_file.clicked.connect(self.file_requested)
        self._opening = self._title("")
        self.progress = TaskProgress("Opening")
        self.progress.cancelled.connect(self.cancelled)
        self._stack = QStackedLayout(self)
        kinds = QLabel(KINDS)
        kinds.setWordWrap(True)
        kinds.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        make_quiet(kinds)
        self._stack.addWidget(
            self._centred(
                self._title("Drop pictures here"), kinds, self.open_folder, self.open_file
            )
        )
        self._stack.addWidget(self._centred(self._opening, self.progress))

    def invite(self) -> None:
        """No source is open."""
        self.progress.hide()
        self._stack.setCurrentIndex(0)

    def wait_for(self, name: str) -> None:
        """A source is being opened."""
        self._opening.setText(f"Opening {name}")
        self.progress.begin("Looking at its files …")
        self._stack.setCurrentIndex(1)

    def show_progress(self, progress: ProgressView) -> None:
        """How far the opening is."""
        if progress.what == "open" and not progress.finished:
            self.progress.show_progress(progress)

    def _title(self, words: str) -> QLabel:
        label = QLabel(words)
        label.setFont(title_font(self))
        label.setTextFormat(Qt.TextFormat.PlainText)
        label.setWordWrap(True)
        label.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        return label

    def _centred(self, *widgets: QWidget) -> QWidget:
        block = QWidget()
        block.setFixedWidth(WIDTH)
        lines = QVBoxLayout(block)
        lines.setContentsMargins(0, 0, 0, 0)
        lines.setSpacing(RHYTHM)
        for widget in widgets:
            if isinstance(widget, QPushButton):
                widget.setFixedWidth(WIDTH // 2)
                lines.addWidget(widget, 0, Qt.AlignmentFlag.AlignHCenter)
            else:
                lines.addWidget(widget)
        whole = QWidget()
        column = QVBoxLayout(whole)
        column.setContentsMargins(0, 0, 0, 0)
        column.addStretch(1)
        column.addWidget(block, 0, Qt.AlignmentFlag.AlignHCenter)
        column.addStretch(2)
        return whole
