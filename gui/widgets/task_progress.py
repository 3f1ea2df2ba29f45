"""How far long work is, with a button that ends it."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QProgressBar, QPushButton, QVBoxLayout, QWidget

from engine.messages.views import ProgressView
from gui.widgets.live_label import LiveLabel
from gui.widgets.theme import RHYTHM

_PARTS = 1000
MEGA = 1e6


class TaskProgress(QWidget):
    """Hidden while nothing runs. GUI thread only."""

    cancelled = Signal(int)
    """The number of the question that shall end; 0 while nothing is known of it."""

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        """`name` says what the work is."""
        super().__init__(parent)
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setFixedHeight(RHYTHM)
        self.bar.setRange(0, _PARTS)
        self.bar.setAccessibleName(name)
        self.words = LiveLabel()
        self.cancel = QPushButton("Cancel")
        self._question = 0
        self.cancel.clicked.connect(lambda: self.cancelled.emit(self._question))
        row = QHBoxLayout()
        row.setSpacing(RHYTHM)
        row.addWidget(self.words, 1)
        row.addWidget(self.cancel)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(RHYTHM // 2)
        column.addWidget(self.bar)
        column.addLayout(row)
        self.hide()

    def begin(self, words: str) -> None:
        """The work was asked for; nothing is known of it yet."""
        self._question = 0
        self.bar.setValue(0)
        self.words.set_text(words)
        self.show()

    def show_progress(self, progress: ProgressView) -> None:
        """Show how far it is; finished work is hidden."""
        self._question = progress.question
        # In thousandths: a QProgressBar can't count to two thousand million bytes.
        self.bar.setValue(_PARTS * progress.done // progress.total if progress.total else 0)
        self.words.set_text(how_far(progress))
        self.setVisible(not progress.finished)


def how_far(progress: ProgressView) -> str:
    """1,234 of 25,000 pictures, or 3.4 of 12 MB."""
    if progress.unit == "bytes":
        done = megabytes(progress.done / MEGA)
        return f"{done} of {megabytes(progress.total / MEGA)}" if progress.total else done
    of = f" of {progress.total:,}" if progress.total else ""
    return f"{progress.done:,}{of} pictures"


def megabytes(number: float) -> str:
    """0.4 MB, 12 MB, 2.6 GB, from a number of millions of bytes."""
    if number >= 1000:
        return f"{number / 1000:,.1f} GB"
    return f"{number:,.0f} MB" if number >= 10 or number == int(number) else f"{number:.1f} MB"
