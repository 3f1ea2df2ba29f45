"""What is asked of pictures: sources are opened, divided, surveyed, downloaded and written.

Imports without torch, which opening a source has no need of.
"""

from collections.abc import Callable, Iterator
from functools import partial
from itertools import count

from msgspec import Struct

from engine.asking.handler import Handler, Task
from engine.asking.service import Asked
from engine.data.cache.cache import usual_cache
from engine.data.catalogue import catalogue
from engine.data.reading.unread import UNREADABLE, why_unread
from engine.data.reading.walking import shown
from engine.data.sources.open import open_source
from engine.desk.source import OpenedSource
from engine.desk.survey import Surveying
from engine.desk.thumbnails import thumbnail_view
from engine.desk.writing import Writing
from engine.errors import DataError
from engine.messages import questions
from engine.messages.views import CacheView, CatalogueView, SurveyView, View

LANE, THUMBNAILS = "data", "thumbnails"


class LeaveOut(Struct, frozen=True):
    """What a survey could not read shall be in no subset any more."""

    unreadable: dict[int, str]


class PictureDesk:
    """The source that is open, and the answers of all that is asked of it.

    One lane opens and divides it, so that what is asked later finds it so; thumbnails have another,
    and look only at which source it is.
    """

    def __init__(self) -> None:
        self._numbers = count(1)
        self._opened: OpenedSource | None = None

    def handlers(self) -> tuple[Handler, ...]:
        return (
            Handler(
                questions.OpenSource,
                self.open_source,
                LANE,
                newest_only=True,
                opens_subject=True,
                what="Opening the pictures",
                progress="open",
            ),
            Handler(
                questions.ChooseSubsets,
                self.choose_subsets,
                LANE,
                of_subject=True,
                what="Dividing the pictures",
            ),
            Handler(LeaveOut, self.leave_out, LANE, of_subject=True, what="Dividing the pictures"),
            Handler(
                questions.ShowSteps,
                self.show_steps,
                LANE,
                newest_only=True,
                of_subject=True,
                what="Taking a picture apart",
            ),
            Handler(
                questions.ShowAugmented,
                self.show_augmented,
                LANE,
                newest_only=True,
                of_subject=True,
                what="Varying a picture",
            ),
            Handler(
                questions.ShowThumbnails,
                self.show_thumbnail,
                THUMBNAILS,
                newest_only=True,
                once=True,
                of_subject=True,
                split=each_picture,
            ),
            Handler(
                questions.Survey,
                self.survey,
                LANE,
                once=True,
                of_subject=True,
                what="The survey",
                busy="The pictures are still being surveyed.",
                progress="survey",
            ),
            Handler(
                questions.Fetch,
                self.fetch,
                LANE,
                what="The download",
                busy="A download is still running.",
                progress="fetch",
                unit="bytes",
            ),
            Handler(
                questions.WriteSubsets,
                self.write_subsets,
                LANE,
                what="Writing the subsets",
                busy="Subsets are still being written.",
                progress="write",
            ),
            Handler(questions.ShowCatalogue, show_catalogue, LANE),
            Handler(questions.ShowCache, show_cache, LANE),
            Handler(questions.ClearCache, clear_cache, LANE, what="Clearing the cache"),
        )

    def open_source(self, asked: questions.OpenSource, answer: Asked) -> None:
        source = open_source(asked.where, answer.is_cancelled)
        if answer.cancelled:
            return
        self._opened = OpenedSource(next(self._numbers), source)
        answer.open_subject()
        answer.put(self._opened.view())
        answer.then(questions.ShowCache())

    def choose_subsets(self, asked: questions.ChooseSubsets, answer: Asked) -> None:
        opened = self._need()
        opened.choose(asked.counts, asked.seed)
        answer.put(opened.view())

    def leave_out(self, asked: LeaveOut, answer: Asked) -> None:
        opened = self._need()
        opened.leave_out(asked.unreadable)
        answer.put(opened.view())

    def show_steps(self, asked: questions.ShowSteps, answer: Asked) -> None:
        opened = self._need()
        put_picture(opened, asked.index, answer, lambda: opened.steps(asked, answer.is_cancelled))

    def show_augmented(self, asked: questions.ShowAugmented, answer: Asked) -> None:
        opened = self._need()
        put_picture(opened, asked.index, answer, lambda: opened.augmented(asked))

    def show_thumbnail(self, asked: questions.ShowThumbnails, answer: Asked) -> None:
        """Of one picture; nothing, where another source is open than whoever asks knew of."""
        opened, (index,) = self._opened, asked.indices
        if opened is None or opened.number != asked.source:
            return
        if 0 <= index < len(opened.source):
            answer.put(thumbnail_view(opened.source, opened.number, index, asked.side))

    def survey(self, asked: questions.Survey, answer: Asked) -> Task:
        opened = self._need()
        return partial(survey, Surveying(opened.source, opened.number), answer)

    def fetch(self, asked: questions.Fetch, answer: Asked) -> Task:
        return partial(fetch, asked.name, answer)

    def write_subsets(self, asked: questions.WriteSubsets, answer: Asked) -> Task:
        writing = Writing(asked, self._need())
        return lambda: answer.tell(writing.run(answer.progress, answer.is_cancelled))

    def _need(self) -> OpenedSource:
        if self._opened is None:
            raise DataError("No pictures are open yet.", "Open a source first.")
        return self._opened


def each_picture(asked: questions.ShowThumbnails) -> Iterator[questions.ShowThumbnails]:
    return (
        questions.ShowThumbnails(asked.source, (index,), asked.side)
        for index in dict.fromkeys(asked.indices)
    )


def put_picture(opened: OpenedSource, index: int, answer: Asked, show: Callable[[], View]) -> None:
    """Show something of one picture, or tell why that can't be."""
    names = opened.source.names
    if not 0 <= index < len(names):
        raise DataError("That picture is not there any more.", "Choose another.")
    try:
        answer.put(show())
    except UNREADABLE as error:
        answer.tell(why_unread(shown(names[index]), error), wrong=True)


def survey(surveying: Surveying, answer: Asked) -> None:
    def publish(view: SurveyView) -> None:
        answer.put(view)
        answer.progress(view.done, view.total)

    unreadable = surveying.run(publish, answer.is_cancelled)
    if unreadable is not None:
        answer.then(LeaveOut(unreadable))


def fetch(name: str, answer: Asked) -> None:
    """Download a source, and open it if nothing else was opened meanwhile."""
    try:
        catalogue.fetch(name, answer.progress, answer.is_cancelled)
    finally:
        answer.then(questions.ShowCatalogue())
    if answer.cancelled:
        answer.tell("The download was stopped. Fetch it again to go on from there.")
    elif not answer.then_if_newest(questions.OpenSource(name)):
        answer.tell(f"{name} is downloaded, and can be opened.")


def show_catalogue(asked: questions.ShowCatalogue, answer: Asked) -> None:
    answer.put(CatalogueView(catalogue.entries()))


def show_cache(asked: questions.ShowCache, answer: Asked) -> None:
    cache = usual_cache()
    answer.put(CacheView(str(cache.folder), cache.size(), cache.limit_bytes))


def clear_cache(asked: questions.ClearCache, answer: Asked) -> None:
    usual_cache().clear()
    answer.then(questions.ShowCache())
