"""What takes the desk long: reading every picture of a source, and writing its subsets.

Each runs on the thread of its caller until it is done or `cancelled`. Imports without torch.
"""

import logging
import threading
from collections.abc import Callable
from pathlib import Path

import numpy as np

from engine.data.reading.grid import decoded
from engine.data.reading.unread import UNREADABLE, why_unread
from engine.data.reading.walking import shown
from engine.data.source import Problem, Source
from engine.data.sources.manifests import write_manifest
from engine.data.subsets.duplicates import alike
from engine.data.subsets.writing import write_folders
from engine.desk.source import OpenedSource
from engine.messages.questions import WriteSubsets
from engine.messages.views import SurveyView

log = logging.getLogger(__name__)

SURVEY_THREADS = 2
"""No more: training may want the rest of the machine."""
PUBLISHED_EVERY = 0.3
"""Seconds between two views of a survey that goes on."""
MOST_PIXELS = 2**20
"""Of a picture with more, only every second, third, ... pixel of every such row is counted."""
_AT_ONCE = 1000

Cancelled = Callable[[], bool]


class Surveying:
    """Reads every picture once, at full size, in threads of its own."""

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


class Writing:
    """Subsets on their way to the disk: as they were when this was made."""

    def __init__(self, asked: WriteSubsets, opened: OpenedSource) -> None:
        self._path = Path(asked.path)
        self._as_manifest = asked.kind == "manifest"
        self._source, self._subsets = opened.source, opened.subsets
        self._counts, self._seed = opened.counts, opened.seed
        self._unreadable = opened.unreadable

    def run(self, on_progress: Callable[[int, int], None], cancelled: Cancelled) -> str:
        """What was written, a sentence. EngineError where that can't be, or was cancelled."""
        problems = tuple(
            Problem(shown(self._source.names[index]), sentence)
            for index, sentence in self._unreadable.items()
        )
        place = shown(str(self._path))
        if self._as_manifest:
            write_manifest(
                self._path, self._source, self._subsets, self._counts, self._seed, problems
            )
            return f"Wrote {place}."
        left_out = write_folders(self._path, self._source, self._subsets, on_progress, cancelled)
        if not left_out:
            return f"Wrote {place}."
        more = f", nor could {len(left_out) - 1:,} others" if len(left_out) > 1 else ""
        return (
            f"Wrote {place}, but {left_out[0].name} could not be copied{more}: "
            f"{left_out[0].sentence}"
        )
