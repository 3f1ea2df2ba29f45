"""Long work of the desk: one job at a time, on a thread of its own."""

import threading
from collections.abc import Callable
from typing import Literal

from engine.desk.board import Board
from engine.errors import DataError
from engine.messages.views import JobView

JobKind = Literal["survey", "fetch", "write"]

_RUNNING: dict[JobKind, str] = {
    "survey": "The pictures are still being surveyed.",
    "fetch": "A download is still running.",
    "write": "Subsets are still being written.",
}
_FAILED: dict[JobKind, str] = {
    "survey": "The survey",
    "fetch": "The download",
    "write": "Writing the subsets",
}


class Job:
    """Long work: `work` gets the job, tells how far it is, and ends soon when it is cancelled."""

    def __init__(
        self, kind: JobKind, work: Callable[["Job"], object], board: Board, source: int = 0
    ) -> None:
        """`source` is the number of the one that is worked on, where there is one."""
        self.kind = kind
        self.source = source
        self._work = work
        self._board = board
        self._cancelled = threading.Event()
        self._done = self._total = 0

    def cancel(self) -> None:
        self._cancelled.set()

    def is_cancelled(self) -> bool:
        return self._cancelled.is_set()

    def tell(self, done: int, total: int) -> None:
        """How far it is, in bytes for a download and else in pictures; `total` 0: not known."""
        self._done, self._total = done, total
        self._show(finished=False)

    def run(self) -> None:
        self._show(finished=False)
        self._board.attempt(_FAILED[self.kind], lambda: self._work(self), self.is_cancelled)

    def end(self) -> None:
        self._show(finished=True)

    def _show(self, finished: bool) -> None:
        unit: Literal["bytes", "pictures"] = "bytes" if self.kind == "fetch" else "pictures"
        view = JobView(self.kind, self._done, self._total, finished, unit)
        self._board.put(("job", self.kind), view)


class JobRunner:
    """Every method is thread-safe, and none waits for a job."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._running: Job | None = None
        self._next: Job | None = None
        self._closing = False
        self.thread = threading.Thread(target=self._work, name="data job", daemon=True)

    def begin(self, job: Job) -> None:
        """Begin a job as soon as one that is cancelled has ended. Nothing happens where just that
        survey goes on already; DataError where another job does."""
        with self._changed:
            for other in (self._running, self._next):
                if other is None or other.is_cancelled():
                    continue
                if job.kind == "survey" and (other.kind, other.source) == (job.kind, job.source):
                    return
                raise DataError(_RUNNING[other.kind], "Wait until that has ended, or cancel it.")
            self._next = job
            self._changed.notify_all()

    def cancel(self, kind: JobKind | None = None) -> None:
        """End the job, where it is of that kind."""
        with self._changed:
            for job in (self._running, self._next):
                if job is not None and kind in (None, job.kind):
                    job.cancel()

    def stop(self) -> None:
        """The thread ends as soon as its job has noticed."""
        with self._changed:
            self._closing = True
            self._changed.notify_all()
        self.cancel()

    def _work(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._next or self._closing)
                if self._closing or self._next is None:
                    return
                job, self._next = self._next, None
                self._running = job
            job.run()
            with self._changed:
                self._running = None  # before anybody knows that it has ended, and asks for more
            job.end()
