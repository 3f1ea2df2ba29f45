"""What journeys need beside the driver: holding back, answering dialogs, reading what is seen."""

import itertools
import threading
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QMimeData, QUrl
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QFileDialog, QLabel, QWidget

from engine.messages.frames import MosaicFrame
from gui.widgets.live_label import LiveLabel

TIMEOUT_MS = 60_000
"""When a wait has failed; far beyond what anything takes, so that a busy machine does no harm."""


class Gate:
    """Holds a function back, in whatever thread calls it, until the gate is opened."""

    def __init__(
        self, monkeypatch: pytest.MonkeyPatch, owner: object, name: str, passes: int = 0
    ) -> None:
        """The first calls, as many as `passes`, are let through."""
        calls = itertools.count()
        self.reached = threading.Event()
        self._open = threading.Event()
        function = getattr(owner, name)

        def held(*arguments: object, **named: object) -> object:
            if next(calls) >= passes:
                self.reached.set()
                self._open.wait(TIMEOUT_MS / 1000)
            return function(*arguments, **named)

        monkeypatch.setattr(owner, name, held)

    def open(self) -> None:
        self._open.set()


def answer_dialog(monkeypatch: pytest.MonkeyPatch, kind: str, *paths: Path) -> None:
    """The next file dialogs of a kind, such as "getSaveFileName", give these paths, or none."""
    names = [str(path) for path in paths]
    answer: object = names if kind == "getOpenFileNames" else "".join(names[:1])
    with_filter = kind != "getExistingDirectory"
    monkeypatch.setattr(QFileDialog, kind, lambda *_, **__: (answer, "") if with_filter else answer)


def files(paths: Iterable[Path]) -> QMimeData:
    """Files and folders as a file manager hands them over."""
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    return mime


def texts(widget: QWidget) -> str:
    """All that the labels of a panel say."""
    live = [label.text for label in widget.findChildren(LiveLabel) if label.isVisible()]
    plain = [label.text() for label in widget.findChildren(QLabel) if label.isVisible()]
    return " | ".join([*live, *plain])


def pixels(widget: QWidget) -> np.ndarray:
    """What a widget looks like: rgb_HWC, uint8."""
    image = widget.grab().toImage().convertToFormat(QImage.Format.Format_RGB888)
    rows_HB = np.frombuffer(image.constBits(), np.uint8).reshape(
        image.height(), image.bytesPerLine()
    )
    return rows_HB[:, : 3 * image.width()].reshape(image.height(), image.width(), 3).copy()


def is_blank(rgb_HWC: np.ndarray) -> bool:
    """Whether a picture shows one colour only."""
    return bool((rgb_HWC == rgb_HWC[0, 0]).all())


def tile(frame: MosaicFrame, channel: int) -> np.ndarray:
    """The bytes that a mosaic shows of one channel, (H, W)."""
    row, column = divmod(frame.channels.index(channel), frame.columns)
    height, width = frame.tile_HW
    return frame.mosaic_HW[row * height : (row + 1) * height, column * width : (column + 1) * width]
