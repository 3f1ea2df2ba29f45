"""Python's collector of cyclic garbage, on the GUI thread alone.

By itself it runs in whatever thread allocates next: in the engine thread it would destroy Qt
objects there, which Qt forbids. And with torch loaded it looks through 400,000 objects, which
takes 0.2 s.
"""

import gc
import time

from PySide6.QtCore import QObject, QTimer

YOUNG_MS = 1000
"""How often young garbage is collected."""
ALL_BEATS = 30
"""All of it is looked through every so many times."""
LONGEST = 0.01
"""If that took longer, in seconds, what survived is taken as permanent and not looked at again."""


class Collector(QObject):
    """Takes the place of the automatic collector from `start` to `stop`. GUI thread only."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._beats = 0
        self._timer = QTimer(self)
        self._timer.setInterval(YOUNG_MS)
        self._timer.timeout.connect(self.collect)

    def start(self) -> None:
        gc.disable()
        self._timer.start()

    def stop(self) -> None:
        self._timer.stop()
        gc.unfreeze()
        gc.enable()

    def collect(self) -> None:
        """One beat. Modules just imported are set aside before the first look through all."""
        self._beats += 1
        if self._beats % ALL_BEATS:
            gc.collect(1)
            return
        if self._beats == ALL_BEATS:
            gc.freeze()
        began = time.perf_counter()
        gc.collect()
        if time.perf_counter() - began > LONGEST:
            gc.freeze()
