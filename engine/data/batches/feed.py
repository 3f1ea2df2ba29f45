"""Pictures of a source, batch by batch, read ahead by threads of its own.

    expect() -> waiting -> begun: rows from the cache, the others decoded -> done -> take()

The threads stand in this module alone. They take pieces of work from one queue: to begin a batch,
or to read one picture of it. Each picture goes to its own place in its batch, so that the result is
the same however many threads there are.
"""

import os
import threading
from collections import deque
from collections.abc import Callable, Sequence
from functools import partial
from math import prod

import numpy as np

from engine.config import Fit
from engine.data.cache.cache import Cache
from engine.data.reading.grid import decoded
from engine.data.reading.seen import as_seen
from engine.data.reading.unread import UNREADABLE, why_unread
from engine.data.reading.walking import shown
from engine.data.source import Problem, Source

_MOST_THREADS = 8
_MOST_AHEAD = 2**28
"""Bytes of pictures in batches that wait to be taken; further batches are begun later."""
_LARGE = 2**24
"""Files with more bytes, 16 MiB, are read and decoded one at a time: together they could fill the
memory."""
_PATIENCE = 8
"""A batch that so many later ones were taken before is forgotten: nobody wants it any more."""


class _Batch:
    """Pictures on their way. Its fields are guarded by the feed's lock, but for the places in
    `pictures_NCHW`, each of which one thread writes."""

    def __init__(self, index_N: np.ndarray, size: int) -> None:
        self.index_N = index_N
        self.size = size
        self.pictures_NCHW: np.ndarray = np.empty(0, np.uint8)
        self.kept_N = np.zeros(len(index_N), bool)
        self.begun = self.done = False
        self.forgotten = False
        """What is left to do of it need not be done."""
        self.left = 0
        self.overtaken = 0
        self.error: Exception | None = None


class Feed:
    """Reads pictures of one source as a network of one shape sees them.

    `take`, `expect` and `close` are for one thread, and `problems` for any. Sources that are
    arrays of that shape need no thread and no cache.
    """

    def __init__(
        self,
        source: Source,
        shape_CHW: tuple[int, int, int],
        fit: Fit,
        cache: Cache | None,
        threads: int | None = None,
    ) -> None:
        self._source = source
        self._shape_CHW = shape_CHW
        self._fit: Fit = fit
        self._cache = cache if source.files is not None else None
        array_NCHW = source.pictures_NCHW
        self._array_NCHW = (
            array_NCHW if array_NCHW is not None and array_NCHW.shape[1:] == shape_CHW else None
        )
        self._cached = None if self._cache is None else self._cache.open(source, shape_CHW, fit)
        self._cache_lock = threading.Lock()
        self._large = threading.Lock()
        self._changed = threading.Condition()
        self._pieces: deque[tuple[_Batch, Callable[[], None]]] = deque()
        self._batches: dict[bytes, _Batch] = {}
        self._problems: dict[int, Problem] = {}
        self._closed = False
        count = threads or min(_MOST_THREADS, os.cpu_count() or 1)
        self._threads = [
            threading.Thread(target=self._work, name=f"picture feed {number}", daemon=True)
            for number in range(count)
        ]

    @property
    def cache_problem(self) -> str:
        """Why decoded pictures are not, or no longer, kept: a sentence, or ""."""
        if self._cached is not None:
            return self._cached.problem
        return self._cache.problem if self._cache is not None else ""

    def problems(self) -> dict[int, Problem]:
        """The pictures that could not be read so far, by their index."""
        with self._changed:
            return dict(self._problems)

    def expect(self, index_N: np.ndarray) -> None:
        """Begin to read a batch that will be taken, after those expected before it."""
        if self._array_NCHW is not None or not len(index_N):
            return
        with self._changed:
            self._expected(index_N)
            self._begin_more()

    def take(self, index_N: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """A batch: uint8 (B, C, H, W), a fresh array, and bool (N,), which pictures are in it.

        What can't be read is left out, and noted among the problems. Waits until it is read; one
        that was not expected is read at once. Any other error of the reading is raised here.
        """
        if self._array_NCHW is not None:
            return self._array_NCHW[index_N], np.ones(len(index_N), bool)
        with self._changed:
            batch = self._expected(index_N)
            if not batch.begun:
                self._begin(batch, urgent=True)
            self._changed.wait_for(lambda: batch.done or self._closed)
            self._remove(batch)
            self._begin_more()
            if batch.error is not None:
                raise batch.error
            if not batch.done:
                raise RuntimeError("the feed was closed while a batch was taken")
        return batch.pictures_NCHW, batch.kept_N

    def close(self) -> None:
        """End the threads: each finishes the picture that it is at."""
        with self._changed:
            self._closed = True
            self._pieces.clear()
            self._batches.clear()
            self._changed.notify_all()
        for thread in self._threads:
            if thread.ident is not None:
                thread.join()
        if self._cached is not None:
            self._cached.close()

    # Under the lock

    def _expected(self, index_N: np.ndarray) -> _Batch:
        index_N = np.array(index_N, np.int64)
        key = index_N.tobytes()
        if key not in self._batches:
            self._batches[key] = _Batch(index_N, len(index_N) * prod(self._shape_CHW))
        return self._batches[key]

    def _remove(self, taken: _Batch) -> None:
        """Forget a batch that is taken, and those that it is the last of many to overtake."""
        for key, batch in list(self._batches.items()):
            if batch is taken:
                del self._batches[key]
                return
            batch.overtaken += 1
            if batch.overtaken == _PATIENCE:
                batch.forgotten = True
                del self._batches[key]

    def _begin_more(self) -> None:
        ahead = sum(batch.size for batch in self._batches.values() if batch.begun)
        for batch in self._batches.values():
            if not batch.begun:
                if ahead and ahead + batch.size > _MOST_AHEAD:
                    break
                ahead += batch.size
                self._begin(batch, urgent=False)

    def _begin(self, batch: _Batch, urgent: bool) -> None:
        if self._closed:
            raise RuntimeError("the feed is closed")
        for thread in self._threads:
            if thread.ident is None:
                thread.start()
        batch.begun = True
        self._add_pieces(batch, [partial(self._fill, batch, urgent)], urgent)

    def _add_pieces(
        self, batch: _Batch, pieces: Sequence[Callable[[], None]], urgent: bool
    ) -> None:
        pairs = [(batch, piece) for piece in pieces]
        if urgent:
            self._pieces.extendleft(reversed(pairs))
        else:
            self._pieces.extend(pairs)
        self._changed.notify_all()

    # In the threads

    def _work(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._pieces or self._closed)
                if self._closed:
                    return
                batch, piece = self._pieces.popleft()
                if batch.forgotten:
                    continue
            try:
                piece()
            except Exception as error:  # noqa: BLE001 - it is raised where the batch is taken
                with self._changed:
                    batch.error = error
                    batch.done = batch.forgotten = True
                    self._changed.notify_all()

    def _fill(self, batch: _Batch, urgent: bool) -> None:
        """Take what is in the cache, and have the rest read."""
        pictures_NCHW = np.empty((len(batch.index_N), *self._shape_CHW), np.uint8)
        found_N = np.zeros(len(batch.index_N), bool)
        if self._cached is not None:
            with self._cache_lock:
                found_N = self._cached.gather(batch.index_N, pictures_NCHW)
        missing = np.flatnonzero(~found_N)
        batch.pictures_NCHW = pictures_NCHW
        batch.kept_N = found_N
        batch.left = len(missing)
        if not len(missing):
            self._finish(batch, missing)
            return
        with self._changed:
            pieces = [partial(self._read, batch, place, missing) for place in missing.tolist()]
            self._add_pieces(batch, pieces, urgent)

    def _read(self, batch: _Batch, place: int, missing: np.ndarray) -> None:
        """Read one picture; the last of a batch finishes it."""
        index = int(batch.index_N[place])
        problem = None
        try:
            rgb_HWC = self._decoded(index)
            batch.pictures_NCHW[place] = as_seen(rgb_HWC, self._shape_CHW, fit=self._fit)
        except UNREADABLE as error:
            name = self._source.names[index]
            problem = Problem(shown(name), shown(why_unread(name, error)))
        with self._changed:
            if problem is None:
                batch.kept_N[place] = True
            else:
                self._problems.setdefault(index, problem)
            batch.left -= 1
            last = batch.left == 0
        if last:
            self._finish(batch, missing)

    def _decoded(self, index: int) -> np.ndarray:
        files = self._source.files
        if files is None or files.size(index) <= _LARGE:
            return decoded(self._source, index)
        with self._large:
            return decoded(self._source, index)

    def _finish(self, batch: _Batch, read: np.ndarray) -> None:
        """Keep what was read in the cache and leave out what could not be."""
        kept = read[batch.kept_N[read]]
        if self._cached is not None and len(kept):
            with self._cache_lock:
                self._cached.put(batch.index_N[kept], batch.pictures_NCHW[kept])
        if not batch.kept_N.all():
            batch.pictures_NCHW = batch.pictures_NCHW[batch.kept_N]
        with self._changed:
            batch.done = True
            self._changed.notify_all()
