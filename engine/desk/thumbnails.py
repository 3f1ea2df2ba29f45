"""Thumbnails of what is visible: made in the order in which they are wanted now."""

import logging
import threading
from collections import deque

from engine.data.reading.thumbnail import thumbnail
from engine.data.reading.unread import UNREADABLE, why_unread
from engine.data.reading.walking import shown
from engine.data.source import Source
from engine.desk.board import Board
from engine.messages.views import Thumbnail

log = logging.getLogger(__name__)

THREADS = 2
"""No more: training may want the rest of the machine."""


class Thumbnails:
    """A small pool of threads. Every method is thread-safe, and none waits for a picture."""

    def __init__(self, board: Board) -> None:
        self._board = board
        self._changed = threading.Condition()
        self._number = 0
        self._source: Source | None = None
        self._side = 0
        self._wanted: deque[int] = deque()
        self._begun: set[tuple[int, int, int]] = set()
        self._closing = False
        self.threads = [
            threading.Thread(target=self._work, name=f"thumbnails {number}", daemon=True)
            for number in range(THREADS)
        ]

    def show(self, number: int, source: Source) -> None:
        """Make them of another source from now on."""
        with self._changed:
            self._number, self._source = number, source
            self._wanted.clear()
            self._board.drop("thumbnail")

    def want(self, number: int, indices: tuple[int, ...], side: int) -> None:
        """Make these, in this order, and nothing that was wanted before but for what is begun."""
        with self._changed:
            if number != self._number:
                return  # asked before the window knew of another source
            self._side = side
            self._wanted = deque(
                index for index in indices if (number, index, side) not in self._begun
            )
            self._changed.notify_all()

    def stop(self) -> None:
        """The threads end as soon as they have finished the picture that they are at."""
        with self._changed:
            self._closing = True
            self._changed.notify_all()

    def _work(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._wanted or self._closing)
                if self._closing:
                    return
                number, source, side = self._number, self._source, self._side
                index = self._wanted.popleft()
                self._begun.add((number, index, side))
            assert source is not None
            view = _made(source, number, index, side)
            with self._changed:
                self._begun.discard((number, index, side))
                # One of a side that nobody wants any more must not replace one that is wanted.
                if (number, side) == (self._number, self._side):
                    self._board.put(("thumbnail", index), view)


def _made(source: Source, number: int, index: int, side: int) -> Thumbnail:
    name = shown(source.names[index])
    try:
        return Thumbnail(number, index, side, thumbnail(source, index, side))
    except UNREADABLE as error:
        return Thumbnail(number, index, side, None, why_unread(name, error))
    except Exception:
        log.exception("the thumbnail of %s failed", name)
        return Thumbnail(number, index, side, None, f"{name} can't be decoded. Save it anew.")
