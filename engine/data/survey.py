"""Every picture of a source read once, in threads of its own. Imports without torch."""

import logging
import queue
import threading
from collections.abc import Callable, Generator

import numpy as np

from engine.data.reading.grid import decoded
from engine.data.reading.unread import UNREADABLE, why_unread
from engine.data.reading.walking import shown
from engine.data.source import Source

log = logging.getLogger(__name__)

THREADS = 2
"""No more beside a window: training may want the rest of the machine."""
_PATIENCE = 0.3
"""Seconds after which whoever waits for a picture looks up, so that Ctrl+C is heard everywhere."""


def survey(
    source: Source,
    look: Callable[[int, np.ndarray], object],
    cancelled: Callable[[], bool],
    threads: int = THREADS,
) -> Generator[tuple[int, str], None, None]:
    """The index of each picture once it was read, as they come, with the reason where it can't be.

    `look` gets the index and the pixels (H, W, 3) uint8 of those that can, in the threads that
    read, several at once. Ends early where it is `cancelled`; no thread outlives it.
    """
    indices = iter(range(len(source)))
    outcomes: queue.SimpleQueue[tuple[int, str] | None] = queue.SimpleQueue()
    stopped = threading.Event()

    def work() -> None:
        for index in indices:  # each is taken by one thread
            if stopped.is_set() or cancelled():
                break
            outcomes.put((index, _why_not(source, look, index)))
        outcomes.put(None)

    workers = [
        threading.Thread(target=work, name=f"survey {number}", daemon=True)
        for number in range(threads)
    ]
    try:
        for worker in workers:
            worker.start()
        running = threads
        while running:
            try:
                outcome = outcomes.get(timeout=_PATIENCE)
            except queue.Empty:
                continue
            if outcome is None:
                running -= 1
            else:
                yield outcome
    finally:
        stopped.set()
        for worker in workers:
            if worker.ident is not None:
                worker.join()


def _why_not(source: Source, look: Callable[[int, np.ndarray], object], index: int) -> str:
    """Why a picture can't be read; nothing, where it was looked at."""
    name = shown(source.names[index])
    try:
        look(index, decoded(source, index))
    except UNREADABLE as error:
        return why_unread(name, error)
    except Exception:
        log.exception("surveying %s failed", name)
        return f"{name} can't be decoded. Save it anew."
    return ""
