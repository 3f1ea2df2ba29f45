"""What the Data page asks of the engine, answered beside the training, which it never waits for.

    ask() -> data thread: opens, divides, shows single pictures -> take(), told()
                  \\-> data job thread: surveys, downloads, writes
    want_thumbnails() -> thumbnail threads

Imports without torch: it loads in these threads, where something first needs it.
"""

import threading
import time
from collections import deque
from collections.abc import Callable
from functools import partial
from itertools import count

from engine.data.cache.cache import usual_cache
from engine.data.catalogue import catalogue
from engine.data.reading.unread import UNREADABLE, why_unread
from engine.data.reading.walking import shown
from engine.data.sources.open import open_source
from engine.desk.board import Board
from engine.desk.jobs import Surveying, Writing
from engine.desk.runner import Job, JobRunner
from engine.desk.source import OpenedSource
from engine.desk.thumbnails import Thumbnails
from engine.errors import DataError
from engine.messages.views import (
    CacheView,
    ChooseSubsets,
    ClearCache,
    Fetch,
    JobView,
    OpenSource,
    Request,
    ShowAugmented,
    ShowSteps,
    Survey,
    SurveyView,
    Told,
    View,
    ViewKey,
    WriteSubsets,
)

_NEWEST_ONLY = (OpenSource, ShowSteps, ShowAugmented)
"""Of several that wait only the last is answered: they come with every move of a slider."""
_ON_A_SOURCE = (ChooseSubsets, Survey, ShowSteps, ShowAugmented)
"""They are of the source that was open when they were asked."""

_Task = Callable[[], None]


class Desk:
    """Requests in; views and what is told out. Every method may be called from any thread, and
    none but `close` waits."""

    def __init__(self) -> None:
        self._board = Board()
        self._thumbnails = Thumbnails(self._board)
        self._jobs = JobRunner()
        self._changed = threading.Condition()
        self._waiting: deque[Request | _Task] = deque([self._show_catalogue, self._show_cache])
        self._present: Request | _Task | None = None
        self._stop = threading.Event()
        self._closing = False
        self._opens = 0
        self._numbers = count(1)
        self._opened: OpenedSource | None = None
        self._data = threading.Thread(target=self._serve, name="data", daemon=True)

    def open(self) -> None:
        """Start the threads. What was asked before is answered now."""
        for thread in self._threads:
            thread.start()

    def close(self, timeout: float = 20.0) -> bool:
        """End all work and the threads; False if one outlived the timeout (s): ask again later."""
        with self._changed:
            self._closing = True
            self._stop.set()
            self._changed.notify_all()
        self._thumbnails.stop()
        self._jobs.stop()
        end = time.monotonic() + timeout
        for thread in self._threads:
            if thread.is_alive():
                thread.join(max(end - time.monotonic(), 0))
        return not any(thread.is_alive() for thread in self._threads)

    def ask(self, request: Request) -> None:
        """Queue a request. A source that is opened takes the place of one that is being opened, and
        of what was asked of the one before."""
        with self._changed:
            replaced: tuple[type, ...] = ()
            if isinstance(request, _NEWEST_ONLY):
                replaced = (type(request),)
            if isinstance(request, OpenSource):
                replaced = (OpenSource, *_ON_A_SOURCE)
                self._opens += 1
                self._stop.set()
            self._waiting = deque(each for each in self._waiting if not isinstance(each, replaced))
            self._waiting.append(request)
            self._changed.notify_all()

    def want_thumbnails(self, source: int, indices: tuple[int, ...], side: int) -> None:
        """Make thumbnails of these pictures, in this order, to fit a square of `side` pixels;
        what was wanted before is dropped. `source` is its number in the SourceView."""
        self._thumbnails.want(source, indices, side)

    def cancel(self) -> None:
        """End the long job, and the opening of a source."""
        self._jobs.cancel()
        with self._changed:
            if isinstance(self._present, OpenSource):
                self._stop.set()

    def take(self) -> dict[ViewKey, View]:
        """The newest view of each key since the last time."""
        return self._board.take()

    def told(self, place: int) -> list[Told]:
        """What was told from number `place` on."""
        return self._board.told(place)

    @property
    def _threads(self) -> list[threading.Thread]:
        return [self._data, self._jobs.thread, *self._thumbnails.threads]

    # The data thread

    def _serve(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._waiting or self._closing)
                if self._closing:
                    return
                self._present = task = self._waiting.popleft()
                self._stop = stop = threading.Event()
            self._board.attempt("What was asked last", partial(self._answer, task), stop.is_set)
            with self._changed:
                self._present = None

    def _later(self, task: _Task) -> None:
        with self._changed:
            self._waiting.append(task)
            self._changed.notify_all()

    def _answer(self, asked: Request | _Task) -> None:
        stopped = self._stop.is_set
        match asked:
            case OpenSource():
                self._open_source(asked.where, stopped)
            case ChooseSubsets():
                self._need().choose(asked.counts, asked.seed)
                self._show_source()
            case ShowSteps():
                self._show_picture("steps", asked, lambda: self._need().steps(asked, stopped))
            case ShowAugmented():
                self._show_picture("augmented", asked, lambda: self._need().augmented(asked))
            case Survey():
                self._begin_survey(self._need())
            case Fetch():
                opens = self._opens
                self._jobs.begin(
                    Job("fetch", lambda job: self._fetch(job, asked.name, opens), self._board)
                )
            case WriteSubsets():
                writing = Writing(asked, self._need())
                self._jobs.begin(Job("write", lambda job: self._write(job, writing), self._board))
            case ClearCache():
                usual_cache().clear()
                self._show_cache()
            case _:
                asked()

    def _need(self) -> OpenedSource:
        if self._opened is None:
            raise DataError("No pictures are open yet.", "Open a source first.")
        return self._opened

    def _open_source(self, where: str, stopped: Callable[[], bool]) -> None:
        self._board.put(("job", "open"), JobView("open", 0, 0, finished=False))
        try:
            source = open_source(where, stopped)
            if stopped():
                return
            self._jobs.cancel("survey")
            self._opened = OpenedSource(next(self._numbers), source)
            self._thumbnails.show(self._opened.number, source)
            self._show_source()
            self._show_cache()
        finally:
            self._board.put(("job", "open"), JobView("open", 0, 0, finished=True))

    def _show_picture(
        self, kind: str, asked: ShowSteps | ShowAugmented, show: Callable[[], View]
    ) -> None:
        names = self._need().source.names
        if not 0 <= asked.index < len(names):
            raise DataError("That picture is not there any more.", "Choose another.")
        try:
            self._board.put((kind, 0), show())
        except UNREADABLE as error:
            self._board.tell(why_unread(shown(names[asked.index]), error), wrong=True)

    def _show_source(self) -> None:
        self._board.put(("source", 0), self._need().view())

    def _show_catalogue(self) -> None:
        self._board.put(("catalogue", 0), catalogue.entries())

    def _show_cache(self) -> None:
        cache = usual_cache()
        view = CacheView(str(cache.folder), cache.size(), cache.limit_bytes)
        self._board.put(("cache", 0), view)

    def _begin_survey(self, opened: OpenedSource) -> None:
        surveying = Surveying(opened.source, opened.number)
        job = Job("survey", lambda job: self._survey(job, surveying), self._board, opened.number)
        self._jobs.begin(job)

    def _leave_out(self, number: int, unreadable: dict[int, str]) -> None:
        """What a survey could not read is in no subset any more."""
        if self._opened is not None and self._opened.number == number:
            self._opened.leave_out(unreadable)
            self._show_source()

    # The data job thread

    def _survey(self, job: Job, surveying: Surveying) -> None:
        def publish(view: SurveyView) -> None:
            self._board.put(("survey", 0), view)
            job.tell(view.done, view.total)

        unreadable = surveying.run(publish, job.is_cancelled)
        if unreadable is not None:
            self._later(lambda: self._leave_out(job.source, unreadable))

    def _fetch(self, job: Job, name: str, opens: int) -> None:
        """Download a source, and open it if nothing else was opened meanwhile."""
        try:
            catalogue.fetch(name, job.tell, job.is_cancelled)
        finally:
            self._later(self._show_catalogue)
        if job.is_cancelled():
            self._board.tell("The download was stopped. Fetch it again to go on from there.")
        elif opens == self._opens:
            self.ask(OpenSource(name))
        else:
            self._board.tell(f"{name} is downloaded, and can be opened.")

    def _write(self, job: Job, writing: Writing) -> None:
        self._board.tell(writing.run(job.tell, job.is_cancelled))
