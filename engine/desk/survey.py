"""What a survey finds besides what can't be read: sizes, colours, what is there twice."""

import threading
import time
from collections.abc import Callable
from contextlib import closing

import numpy as np

from engine.data.source import Source
from engine.data.subsets.duplicates import alike
from engine.data.survey import survey
from engine.messages.views import SurveyView

PUBLISHED_EVERY = 0.3
"""Seconds between two views of a survey that goes on."""
MOST_PIXELS = 2**20
"""Of a picture with more, not all colours are counted: one pixel counts for each block of 2x2, or
3x3 and so on."""
_AT_ONCE = 1000

Publish = Callable[[SurveyView], object]
Cancelled = Callable[[], bool]


class Surveying:
    """One survey of a source. `run` is called once, in any thread."""

    def __init__(self, source: Source, number: int) -> None:
        """`number` is the source's, for the views."""
        self._source = source
        self._number = number
        self._lock = threading.Lock()
        self._size_N2 = np.zeros((len(source), 2), np.int32)
        self._counts_CV = np.zeros((3, 256), np.int64)
        self._unreadable: dict[int, str] = {}
        self._done = 0

    def run(self, publish: Publish, cancelled: Cancelled) -> dict[int, str] | None:
        """The pictures that can't be read, by index, and why; None when it was cancelled."""
        publish(self._view())
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

    def _read_array(self, publish: Publish, cancelled: Cancelled) -> None:
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

    def _read_files(self, publish: Publish, cancelled: Cancelled) -> None:
        published = time.monotonic()
        with closing(survey(self._source, self._look, cancelled)) as outcomes:
            for index, sentence in outcomes:
                self._done += 1
                if sentence:
                    self._unreadable[index] = sentence
                if time.monotonic() - published >= PUBLISHED_EVERY:
                    publish(self._view())
                    published = time.monotonic()

    def _look(self, index: int, rgb_HWC: np.ndarray) -> None:
        from engine.data.batches.scaling import value_counts

        height, width, _ = rgb_HWC.shape
        apart = int(np.ceil(np.sqrt(height * width / MOST_PIXELS)))
        counts_CV = value_counts(rgb_HWC[::apart, ::apart].transpose(2, 0, 1)) * apart**2
        with self._lock:
            self._size_N2[index] = (height, width)
            self._counts_CV += counts_CV

    def _view(self, groups: tuple[tuple[int, ...], ...] = (), finished: bool = False) -> SurveyView:
        from engine.data.batches.scaling import mean_and_std

        with self._lock:
            size_N2, counts_CV = self._size_N2.copy(), self._counts_CV.copy()
        mean_C, std_C = mean_and_std(counts_CV)
        return SurveyView(
            source=self._number,
            done=self._done,
            total=len(size_N2),
            finished=finished,
            size_N2=size_N2,
            mean_C=mean_C,
            std_C=std_C,
            unreadable=dict(sorted(self._unreadable.items())),
            alike=groups,
        )
