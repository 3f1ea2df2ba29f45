"""Writes checkpoints to the disk in a thread of its own, while the training goes on."""

import threading
import time
from collections.abc import Callable
from pathlib import Path

from engine.errors import EngineError
from engine.runs.checkpoint import Checkpoint
from engine.runs.saved import keep_checkpoint, save_run

KEEP_SECONDS = 10.0
"""How often a run that trains is kept, at most, but for the ends of its epochs."""
EPOCH_SECONDS = 1.0
"""How often at these."""
KEEP_SHARE = 0.01
"""The share of time that copying and writing may take."""


class Keeper:
    """Keeps the newest checkpoint that it was offered in a folder. Nobody waits for it but who
    closes it; every method but `start` and `close` may be called from any thread.

    One that comes while another is written waits, and a newer takes its place. Weights that aren't
    numbers are not kept: the folder stays as it is.
    """

    def __init__(
        self,
        folder: Path,
        complain: Callable[[str], None],
        for_people: bool = False,
    ) -> None:
        """`complain` is told, in the keeper's thread, why nothing is kept any more: once, until it
        is again. `for_people` writes all files of a saved run, at the end of every epoch."""
        self.folder = folder
        self._complain = complain
        self._write = save_run if for_people else keep_checkpoint
        self._epoch_seconds = 0.0 if for_people else EPOCH_SECONDS
        self._share = 1.0 if for_people else KEEP_SHARE
        self._changed = threading.Condition()
        self._waiting: Checkpoint | None = None
        self._writing = self._closing = False
        self._spent = 0.0
        self._due = 0.0
        self._epoch_due = 0.0
        self._complained = False
        self._thread = threading.Thread(target=self._work, name="keeper", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def is_due(self, now: float, at_epoch_end: bool) -> bool:
        """Whether a run that trains is to be offered, `now` in the seconds of its clock."""
        return now >= (self._epoch_due if at_epoch_end else self._due)

    def offer(self, checkpoint: Checkpoint) -> None:
        """Keep this one, on the host, instead of those that wait."""
        with self._changed:
            self._waiting = checkpoint
            self._changed.notify_all()

    def note_copied(self, now: float, seconds: float) -> None:
        """A copy to offer took the engine so long; with what the writing took, that says when the
        next one is due."""
        with self._changed:
            cost, self._spent = seconds + self._spent, 0.0
        self._due = now + max(KEEP_SECONDS, cost / self._share)
        self._epoch_due = now + max(self._epoch_seconds, cost / self._share)

    def wait(self) -> None:
        """Until all that was offered is kept, so that somebody else may write into the folder."""
        with self._changed:
            self._changed.wait_for(lambda: self._waiting is None and not self._writing)

    def close(self) -> None:
        """Write what waits and end the thread."""
        with self._changed:
            self._closing = True
            self._changed.notify_all()
        if self._thread.ident is not None:
            self._thread.join()

    def _work(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._waiting is not None or self._closing)
                checkpoint, self._waiting = self._waiting, None
                self._writing = checkpoint is not None
            if checkpoint is None:
                return
            began = time.thread_time()
            self._keep(checkpoint)
            with self._changed:
                self._spent += time.thread_time() - began
                self._writing = False
                self._changed.notify_all()

    def _keep(self, checkpoint: Checkpoint) -> None:
        if not checkpoint.is_finite:
            return
        try:
            self._write(self.folder, checkpoint)
        except (EngineError, MemoryError) as error:
            if not self._complained:
                self._complained = True
                self._complain(f"What is trained isn't kept: {error}")
        else:
            self._complained = False
