"""The window's last line: what the engine does, how far it is, how fast, and what looking costs."""

import re

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPalette, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QWidget

from engine.percent import percent
from engine.state import Phase, Status
from gui.widgets.theme import RHYTHM, make_quiet

LEAST_PHASE = 20 * RHYTHM
"""The room that is kept for what the engine does."""
_MEBI = 1024.0


class StatusLine(QWidget):
    """Every field has a fixed width, and text is set only when it changed: nothing jumps. In a
    narrow window the fields that matter least are left out."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._row = row = QHBoxLayout(self)
        row.setContentsMargins(RHYTHM, RHYTHM // 2, RHYTHM, RHYTHM // 2)
        row.setSpacing(RHYTHM * 2)
        self._phase = QLabel()
        self._phase.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        row.addWidget(self._phase, 1)
        self._position = self._field(row, "epoch 1,000/1,000 · step 99,999/99,999", "Progress")
        self._bar = ProgressLine()
        row.addWidget(self._bar)
        self._speed = self._field(row, "99,999 pictures/s", "Pictures trained on a second")
        self._left = self._field(row, "99:59:59 left", "Time left at this speed")
        self._device = self._field(row, "cuda:0 · 99.9 GB", "Device and memory in use")
        self._frames = self._field(row, "99 frames/s", "New frames a second of each visible layer")
        self._looking = self._field(
            row,
            "looking costs 0.9% of at most 100%",
            "The share of time that looking takes from training; the cap is in the View menu",
        )

        self._by_worth: tuple[QWidget, ...] = (
            self._position,
            self._bar,
            self._left,
            self._speed,
            self._looking,
            self._device,
            self._frames,
        )

    def minimumSizeHint(self) -> QSize:
        return QSize(2 * LEAST_PHASE, super().minimumSizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        room = self.width() - 2 * RHYTHM - LEAST_PHASE
        for field in self._by_worth:
            room -= field.minimumWidth() + self._row.spacing()
            field.setVisible(room >= 0)

    def say(self, sentence: str) -> None:
        """Say one thing instead of what the engine does, such as that the window is closing."""
        _set(self._phase, sentence)

    def show_status(self, status: Status, frames_per_second: float, budget: float) -> None:
        """`budget` is the share of time, 0 to 1, that looking may cost at most."""
        training = status.phase is Phase.TRAINING
        _set(self._phase, sentence_of(status))
        has_run = status.steps_per_epoch > 0
        _set(self._position, position_of(status) if has_run else "")
        whole = max(1, status.epochs * status.steps_per_epoch)
        done = status.epoch * status.steps_per_epoch + status.step_in_epoch
        self._bar.show_share(done / whole if has_run else None)
        _set(self._speed, f"{status.images_per_second:,.0f} pictures/s" if training else "")
        left = status.seconds_left
        _set(self._left, f"{clock_time(left)} left" if left is not None else "")
        device = re.split(r"[ ,(]", status.device)[0]
        _set(self._device, f"{device} · {memory(status.memory_mb)}" if device else "")
        _set(self._frames, f"{frames_per_second:.0f} frames/s" if training else "")
        share = status.looking_share
        costs = percent(share, decimals=int(0 < share < 0.01))
        words = f"looking costs {costs} of at most {percent(budget)}"
        _set(self._looking, words if training else "")

    def _field(self, row: QHBoxLayout, widest: str, tip: str) -> QLabel:
        label = QLabel()
        # Fixed in both ways: then new text asks for no new layout.
        metrics = label.fontMetrics()
        label.setFixedSize(metrics.horizontalAdvance(widest), metrics.height())
        label.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        label.setToolTip(tip)
        make_quiet(label)
        row.addWidget(label)
        return label


class ProgressLine(QWidget):
    """A slim bar; redrawn only when it is a pixel longer."""

    def __init__(self) -> None:
        super().__init__()
        self.setFixedSize(QSize(12 * RHYTHM, RHYTHM // 2))
        self._pixels = -1

    def show_share(self, share: float | None) -> None:
        """`share` of the whole, 0 to 1; None leaves its place empty."""
        pixels = -1 if share is None else round(min(max(share, 0.0), 1.0) * self.width())
        if pixels != self._pixels:
            self._pixels = pixels
            self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        if self._pixels < 0:
            return
        painter = QPainter(self)
        painter.fillRect(self.rect(), self.palette().color(QPalette.ColorRole.Mid))
        accent = self.palette().color(QPalette.ColorRole.Accent)
        painter.fillRect(0, 0, self._pixels, self.height(), accent)


def sentence_of(status: Status) -> str:
    """What the engine does, for people: "Training", "Loading torch …"."""
    if status.phase in (Phase.STARTING, Phase.LOADING):
        return f"{status.activity or status.phase.capitalize()} …"
    name = status.phase.capitalize()
    return f"{name} · {status.activity.lower()}" if status.activity else name


def position_of(status: Status) -> str:
    """Where a run stands, the epoch under way counted from one."""
    under_way = min(status.epoch + 1, max(status.epochs, 1))
    return (
        f"epoch {under_way:,}/{status.epochs:,}"
        f" · step {status.step_in_epoch:,}/{status.steps_per_epoch:,}"
    )


def clock_time(seconds: float) -> str:
    """0:21, 12:05 or 1:02:03."""
    minutes, second = divmod(round(seconds), 60)
    hours, minute = divmod(minutes, 60)
    return f"{hours}:{minute:02}:{second:02}" if hours else f"{minute}:{second:02}"


def memory(mebibytes: float) -> str:
    if mebibytes < _MEBI:
        return f"{mebibytes:.0f} MB"
    return f"{mebibytes / _MEBI:.1f} GB"


def _set(label: QLabel, text: str) -> None:
    if label.text() != text:
        label.setText(text)
