"""Reading every picture of a source, to know all that there is to know. Imports without torch."""

import logging
import threading
from collections.abc import Callable

import numpy as np

from engine.data.reading.grid import decoded
from engine.data.reading.unread import UNREADABLE, why_unread
from engine.data.reading.walking import shown
from engine.data.source import Source
from engine.data.subsets.duplicates import alike
from engine.messages.views import SurveyView

log = logging.getLogger(__name__)

SURVEY_THREADS = 2
"""No more: training may want the rest of the machine."""
PUBLISHED_EVERY = 0.3
"""Seconds between two views of a survey that goes on."""
MOST_PIXELS = 2**20
"""Of a picture with more, not all colours are counted: one pixel counts for each block of 2x2, or
3x3 and so on."""
_AT_ONCE = 1000

Cancelled = Callable[[], bool]


class Surveying:
    """Reads every picture once, at full size, in threads of its own, while its caller waits."""

    def __init__(self, source: Source, number: int) -> None:
        self._source = source
        self._number = number
        self._lock = threading.Lock()
        self._size_N2 = np.zeros((len(source), 2), np.int32)
        self._counts_CV = np.zeros((3, 256), np.int64)
        self._unreadable: dict[int, str] = {}
        self._done = 0

    def run(
        self, publish: Callable[[SurveyView], None], cancelled: Cancelled
    ) -> dict[int, str] | None:
        """The pictures that can't be read, by index, and why; None when it was cancelled."""
        if self._source.files is None:
            self._read_array(publish, cancelled)
        else:
            self._read_files(publish, cancelled)
        publish(self._view())
        groups = alike(self._source, np.arange(len(self._source)), cancelled)
        if cancelled():
            return None
        publish(self._view(groups, finished=True))
        return self._unreadable

    def _read_array(self, publish: Callable[[SurveyView], None], cancelled: Cancelled) -> None:
        from engine.data.batches.scaling import value_counts

        pictures_NCHW = self._source.pictures_NCHW
        assert pictures_NCHW is not None
        self._size_N2[:] = pictures_NCHW.shape[-2:]
        for start in range(0, len(pictures_NCHW), _AT_ONCE):
            if cancelled():
                return
            some_CNHW = pictures_NCHW[start : start + _AT_ONCE].swapaxes(0, 1)
            self._counts_CV += value_counts(some_CNHW)  # of one grey channel, for all three
            self._done += some_CNHW.shape[1]
            publish(self._view())

    def _read_files(self, publish: Callable[[SurveyView], None], cancelled: Cancelled) -> None:
        indices = iter(range(len(self._source)))

        def work() -> None:
            for index in indices:  # shared: each is taken by one thread
                if cancelled():
                    return
                self._read(index)

        threads = [
            threading.Thread(target=work, name=f"survey {number}", daemon=True)
            for number in range(SURVEY_THREADS)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            while thread.is_alive():
                thread.join(PUBLISHED_EVERY)
                publish(self._view())

    def _read(self, index: int) -> None:
        from engine.data.batches.scaling import value_counts

        name = shown(self._source.names[index])
        sentence = ""
        size_HW = (0, 0)
        counts_CV = np.zeros((3, 256), np.int64)
        try:
            rgb_HWC = decoded(self._source, index)
            size_HW = (rgb_HWC.shape[0], rgb_HWC.shape[1])
            apart = int(np.ceil(np.sqrt(size_HW[0] * size_HW[1] / MOST_PIXELS)))
            counts_CV = value_counts(rgb_HWC[::apart, ::apart].transpose(2, 0, 1)) * apart**2
        except UNREADABLE as error:
            sentence = why_unread(name, error)
        except Exception:
            log.exception("surveying %s failed", name)
            sentence = f"{name} can't be decoded. Save it anew."
        with self._lock:
            self._size_N2[index] = size_HW
            self._counts_CV += counts_CV
            self._done += 1
            if sentence:
                self._unreadable[index] = sentence

    def _view(self, groups: tuple[tuple[int, ...], ...] = (), finished: bool = False) -> SurveyView:
        from engine.data.batches.scaling import mean_and_std

        with self._lock:
            size_N2, counts_CV = self._size_N2.copy(), self._counts_CV.copy()
            done, unreadable = self._done, dict(self._unreadable)
        mean_C, std_C = mean_and_std(counts_CV)
        return SurveyView(
            source=self._number,
            done=done,
            total=len(size_N2),
            finished=finished,
            size_N2=size_N2,
            mean_C=mean_C,
            std_C=std_C,
            unreadable=unreadable,
            alike=groups,
        )
