"""The desk answers the Data page: beside long work, in order, and whatever goes wrong is told."""

import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

import msgspec
import numpy as np
import pytest
from PIL import Image

from engine.config import Augmentation, DataConfig, SubsetCounts
from engine.data import survey as data_survey
from engine.data.batches.feed import Feed
from engine.data.cache.cache import usual_cache
from engine.data.catalogue import catalogue
from engine.data.reading.seen import as_seen
from engine.data.source import NO_SUBSET, SUBSETS
from engine.data.sources.open import open_source
from engine.data.subsets.choose import choose_subsets
from engine.desk import pictures as module
from engine.desk import thumbnails as desk_thumbnails
from engine.desk.desk import make_desk
from engine.desk.source import OpenedSource
from engine.errors import DataError
from engine.messages.questions import (
    ChooseSubsets,
    ClearCache,
    Fetch,
    OpenSource,
    ShowAugmented,
    ShowSteps,
    ShowThumbnails,
    Survey,
    WriteSubsets,
)
from engine.messages.views import (
    Answer,
    AugmentedView,
    CacheView,
    CatalogueView,
    ProgressView,
    SourceView,
    StepsView,
    SurveyView,
    Thumbnail,
    Told,
    View,
)

ROOT = Path(__file__).parents[2]
PATIENCE = 30.0
"""Seconds after which a test fails that waits for something."""


def wait_until(condition: Callable[[], bool]) -> None:
    end = time.perf_counter() + PATIENCE
    while not condition():
        assert time.perf_counter() < end, "it did not come"
        time.sleep(0.002)


AnyView = TypeVar("AnyView", bound=Answer)


class Page:
    """Takes what is new, as the window does, and keeps all of it."""

    def __init__(self) -> None:
        self.desk = make_desk()
        self.came: list[View] = []
        self.place = 0
        self.all_told: list[Told] = []

    def wait_for(
        self, kind: type[AnyView], fits: Callable[..., bool] = lambda view: True
    ) -> AnyView:
        """The next view of a kind that fits; what came before the last wait doesn't count."""
        found: list[AnyView] = []

        def arrived() -> bool:
            self.came += self.desk.take()
            while self.place < len(self.came) and not found:
                view = self.came[self.place]
                self.place += 1
                if isinstance(view, kind) and fits(view):
                    found.append(view)
            return bool(found)

        wait_until(arrived)
        return found[0]

    def told(self) -> list[Told]:
        """All that was told until now."""
        self.all_told += self.desk.told()
        return self.all_told

    def wait_told(self, part: str) -> Told:
        wait_until(lambda: any(part in told.sentence for told in self.told()))
        return next(told for told in self.told() if part in told.sentence)

    def open(self, where: Path | str) -> SourceView:
        self.desk.ask(OpenSource(str(where)))
        view = self.wait_for(SourceView)
        assert isinstance(view, SourceView)
        return view

    def survey(self) -> SurveyView:
        self.desk.ask(Survey())
        view = self.wait_for(SurveyView, lambda view: view.finished)
        assert isinstance(view, SurveyView)
        return view

    def ended(self, what: str) -> None:
        self.wait_for(ProgressView, lambda progress: progress.what == what and progress.finished)


@pytest.fixture
def page() -> Iterator[Page]:
    page = Page()
    page.desk.open()
    yield page
    assert page.desk.close()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two classes of six pictures, two of them the same."""
    chance = np.random.default_rng(0)
    for label in ("cats", "dogs"):
        inner = tmp_path / "pets" / label
        inner.mkdir(parents=True)
        for number in range(6):
            rgb_HWC = chance.integers(0, 256, (40 + number, 60, 3), np.uint8)
            Image.fromarray(rgb_HWC).save(inner / f"{number}.png")
    pets = tmp_path / "pets"
    (pets / "dogs" / "5.png").write_bytes((pets / "cats" / "0.png").read_bytes())
    return pets


class Gate:
    """Stands in for a function: whoever calls it waits until it is opened."""

    def __init__(self, function: Callable[..., object]) -> None:
        self.function = function
        self.opened = threading.Event()
        self.calls: list[tuple[object, ...]] = []

    def __call__(self, *arguments: object) -> object:
        self.calls.append(arguments)
        assert self.opened.wait(PATIENCE)
        return self.function(*arguments)


def test_it_is_imported_without_torch():
    code = "import sys, engine.desk.desk; assert 'torch' not in sys.modules"
    outcome = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert outcome.returncode == 0, outcome.stderr


# Opening and dividing


def test_a_source_is_opened_and_divided(page):
    assert page.wait_for(CatalogueView).entries == catalogue.entries()
    cache = page.wait_for(CacheView)
    assert isinstance(cache, CacheView)
    expected = (str(usual_cache().folder), 0, usual_cache().limit_bytes)
    assert (cache.folder, cache.bytes, cache.limit) == expected
    view = page.open("digits")
    digits = open_source("digits")
    assert (view.name, view.where, view.classes) == (digits.name, "digits", digits.classes)
    assert len(view.names) == len(view.labels_N) == len(view.subset_N) == 5000
    assert view.own_size_HW == (28, 28)
    assert not view.comes_with_subsets
    np.testing.assert_array_equal(view.subset_N, choose_subsets(digits, None, 0).subset_N)
    page.desk.ask(ChooseSubsets(SubsetCounts(100, 50, 20), 3))
    chosen = page.wait_for(SourceView)
    assert chosen.source == view.source
    asked = choose_subsets(digits, SubsetCounts(100, 50, 20), 3)
    np.testing.assert_array_equal(chosen.subset_N, asked.subset_N)


def test_another_source_has_another_number(page, folder):
    first, second = page.open("digits"), page.open(folder)
    assert second.source > first.source
    assert second.own_size_HW is None
    assert second.classes == ("cats", "dogs")


def test_what_can_not_be_opened_is_told_and_the_last_source_stays(page, tmp_path):
    first = page.open("digits")
    page.desk.ask(OpenSource(str(tmp_path / "nowhere")))
    assert page.wait_told("nowhere").wrong
    page.ended("open")
    page.desk.ask(ChooseSubsets(None, 1))
    assert page.wait_for(SourceView).source == first.source


def test_a_source_without_two_pictures_a_class_is_shown_all_the_same(page, tmp_path):
    (tmp_path / "one" / "cats").mkdir(parents=True)
    Image.new("RGB", (9, 9)).save(tmp_path / "one" / "cats" / "1.png")
    view = page.open(tmp_path / "one")
    assert (view.subset_N == NO_SUBSET).all()
    assert "two pictures" in view.notes[0]
    page.desk.ask(ChooseSubsets(SubsetCounts(1, 1, 1), 0))
    assert page.wait_told("two pictures").wrong


def test_before_a_source_is_open_everything_says_so(page, tmp_path):
    for asked in (
        Survey(),
        ShowSteps(0, DataConfig()),
        ShowAugmented(0, DataConfig(), 2, 0),
        ChooseSubsets(None, 0),
        WriteSubsets(str(tmp_path / "a.json"), "manifest"),
    ):
        page.desk.ask(asked)
    wait_until(lambda: len(page.told()) == 5)
    assert {told.sentence for told in page.told()} == {
        "No pictures are open yet. Open a source first."
    }
    page.desk.ask(ShowThumbnails(1, (0, 1), 32))


def test_a_source_takes_the_place_of_one_that_is_being_opened(page, monkeypatch):
    asked: list[str] = []

    def opening(where: str, cancelled: Callable[[], bool]):
        asked.append(where)
        if where != "digits":
            wait_until(cancelled)
            raise DataError("It was cancelled.")
        return open_source(where)

    monkeypatch.setattr(module, "open_source", opening)
    page.desk.ask(OpenSource("slow"))
    wait_until(lambda: asked == ["slow"])
    page.desk.ask(ShowSteps(0, DataConfig()))
    page.desk.ask(OpenSource("slower"))
    view = page.open("digits")
    assert asked[0] == "slow"
    assert asked[-1] == "digits"
    assert view.source == 1
    page.desk.ask(OpenSource("slow"))
    wait_until(lambda: asked[-1] == "slow")
    page.desk.cancel()
    page.ended("open")
    page.desk.ask(ChooseSubsets(None, 1))
    page.wait_for(SourceView)
    assert page.told() == []


# Single pictures


def test_the_steps_are_those_of_training(page, folder):
    view = page.open(folder)
    data = DataConfig(size=24, fit="crop", normalisation="measured")
    page.desk.ask(ShowSteps(3, data))
    steps = page.wait_for(StepsView)
    assert isinstance(steps, StepsView)
    assert (steps.source, steps.index, steps.name) == (view.source, 3, view.names[3])
    train_N = np.flatnonzero(view.subset_N == SUBSETS.index("train"))
    feed = Feed(open_source(str(folder)), (3, 24, 24), "crop", None)
    seen_NCHW = feed.take(train_N)[0] / 255
    feed.close()
    assert steps.measured_on == len(train_N)
    np.testing.assert_allclose(steps.mean_C, seen_NCHW.mean((0, 2, 3)))
    np.testing.assert_allclose(steps.std_C, seen_NCHW.std((0, 2, 3)))
    # Others learn, so others are measured.
    page.desk.ask(ChooseSubsets(SubsetCounts(1, 1, 0), 0))
    page.desk.ask(ShowSteps(3, data))
    again = page.wait_for(StepsView)
    assert again.measured_on == 2
    assert again.mean_C != steps.mean_C
    page.desk.ask(ShowSteps(3, msgspec.structs.replace(data, normalisation="none")))
    plain = page.wait_for(StepsView)
    assert (plain.measured_on, plain.mean_C, plain.std_C) == (0, (0.0,) * 3, (1.0,) * 3)


def test_a_picture_that_can_not_be_read_is_told_by_its_name(page, folder):
    view = page.open(folder)
    (folder / "cats" / "1.png").unlink()
    (folder / "cats" / "2.png").write_bytes(b"")
    for name in ("cats/1.png", "cats/2.png"):
        for asked in (
            ShowSteps(view.names.index(name), DataConfig(size=20)),
            ShowAugmented(view.names.index(name), DataConfig(size=20), 2, 0),
        ):
            before = len(page.told())
            page.desk.ask(asked)
            wait_until(lambda before=before: len(page.told()) > before)
            told = page.told()[-1]
            assert told.wrong
            assert Path(name).name in told.sentence
    page.desk.ask(ShowSteps(1000, DataConfig()))
    assert page.wait_told("not there any more").wrong
    page.desk.ask(ShowSteps(0, DataConfig(size=20)))
    page.wait_for(StepsView)


def test_a_picture_is_drawn_again_and_again(page, folder):
    source = page.open(folder).source
    plain = DataConfig(size=20)
    page.desk.ask(ShowAugmented(1, plain, 3, 0))
    view = page.wait_for(AugmentedView)
    assert isinstance(view, AugmentedView)
    rgb_HWC = np.asarray(Image.open(folder / "cats" / "1.png"))
    seen_HWC = as_seen(rgb_HWC, (3, 20, 20), fit=plain.fit).transpose(1, 2, 0)
    np.testing.assert_array_equal(view.pictures_NHWC, np.stack([seen_HWC] * 3))
    assert (view.source, view.index, view.labels) == (source, 1, ("cats",) * 3)

    def drawn(seed: int, **how: float) -> AugmentedView:
        data = msgspec.structs.replace(plain, augmentation=Augmentation(**how))
        page.desk.ask(ShowAugmented(1, data, 8, seed))
        view = page.wait_for(AugmentedView)
        assert isinstance(view, AugmentedView)
        return view

    first, again, other = drawn(0, rotation=30), drawn(0, rotation=30), drawn(1, rotation=30)
    np.testing.assert_array_equal(first.pictures_NHWC, again.pictures_NHWC)
    assert (first.pictures_NHWC != other.pictures_NHWC).any()
    assert len({picture.tobytes() for picture in first.pictures_NHWC}) == 8
    mixed = drawn(0, mixup=5.0)
    assert any("cats" in label and "dogs" in label and "%" in label for label in mixed.labels)
    assert all(label.startswith(("cats", "dogs")) or "%" in label for label in mixed.labels)


def test_grey_pictures_are_drawn_in_three_equal_channels(page):
    page.open("digits")
    page.desk.ask(ShowAugmented(0, DataConfig(augmentation=Augmentation(shift=0.2)), 500, 0))
    pictures_NHWC = page.wait_for(AugmentedView).pictures_NHWC
    assert pictures_NHWC.dtype == np.uint8
    assert pictures_NHWC.shape == (100, 28, 28, 3), "and not without bound"
    assert (pictures_NHWC[..., :1] == pictures_NHWC).all()


def test_of_the_moves_of_a_slider_only_the_last_is_answered(page, monkeypatch):
    page.open("digits")
    augmented = OpenedSource.augmented
    gate = Gate(augmented)
    monkeypatch.setattr(OpenedSource, "augmented", lambda opened, asked: gate(opened, asked))
    for seed in range(20):
        page.desk.ask(ShowAugmented(0, DataConfig(), 1, seed))
        page.desk.ask(ShowSteps(seed, DataConfig()))
        wait_until(lambda: bool(gate.calls))
    gate.opened.set()
    page.wait_for(StepsView, lambda view: view.index == 19)
    assert [asked.seed for _, asked in gate.calls] in ([0, 19], [0, 1, 19])


# Thumbnails


def test_thumbnails_fit_what_is_asked_and_tell_why_there_is_none(page, folder):
    (folder / "cats" / "2.png").write_bytes(b"\x89PNG and no more")
    view = page.open(folder)
    page.desk.ask(ShowThumbnails(view.source, tuple(range(len(view.names))), 30))
    found: dict[int, Thumbnail] = {}
    while len(found) < len(view.names):
        thumbnail = page.wait_for(Thumbnail)
        assert isinstance(thumbnail, Thumbnail)
        found[thumbnail.index] = thumbnail
    for index, name in enumerate(view.names):
        thumbnail = found[index]
        if name == "cats/2.png":
            assert thumbnail.rgb_HWC is None
            assert "2.png" in thumbnail.sentence
        else:
            assert thumbnail.rgb_HWC is not None
            assert thumbnail.rgb_HWC.dtype == np.uint8
            assert max(thumbnail.rgb_HWC.shape[:2]) == 30
            assert thumbnail.sentence == ""
            assert thumbnail.side == 30


def test_digits_are_shown_at_their_size_or_smaller(page):
    view = page.open("digits")
    for side, expected in ((100, 28), (14, 14)):
        page.desk.ask(ShowThumbnails(view.source, (17,), side))
        thumbnail = page.wait_for(Thumbnail)
        assert isinstance(thumbnail, Thumbnail)
        assert thumbnail.rgb_HWC is not None
        assert thumbnail.rgb_HWC.shape == (expected, expected, 3)


def test_only_what_is_wanted_now_is_decoded_in_that_order(page, monkeypatch):
    view = page.open("digits")
    gate = Gate(desk_thumbnails.thumbnail)
    monkeypatch.setattr(desk_thumbnails, "thumbnail", gate)
    page.desk.ask(ShowThumbnails(view.source, tuple(range(1000)), 32))
    wait_until(lambda: len(gate.calls) == desk_thumbnails.THREADS)
    page.desk.ask(ShowThumbnails(view.source, (900, 1, 0, 800, 5), 32))
    gate.opened.set()
    page.wait_for(Thumbnail, lambda view: view.index == 5)
    page.desk.ask(ShowThumbnails(view.source, (), 32))
    decoded = [index for _, index, _ in gate.calls]
    assert sorted(decoded[:2]) == [0, 1]
    assert decoded[2:] == [900, 800, 5], "and none that is begun is begun again"


def test_a_thumbnail_of_a_side_that_is_no_longer_wanted_is_not_given(page, monkeypatch):
    view = page.open("digits")
    gate = Gate(desk_thumbnails.thumbnail)
    monkeypatch.setattr(desk_thumbnails, "thumbnail", gate)
    page.desk.ask(ShowThumbnails(view.source, (0, 1), 32))
    wait_until(lambda: len(gate.calls) == desk_thumbnails.THREADS)
    page.desk.ask(ShowThumbnails(view.source, (0, 1), 20))
    gate.opened.set()
    came = [page.wait_for(Thumbnail), page.wait_for(Thumbnail)]
    assert sorted(view.index for view in came) == [0, 1]
    assert {view.side for view in came} == {20}


def test_thumbnails_of_another_source_than_the_one_that_is_open_are_not_made(page, folder):
    digits = page.open("digits")
    view = page.open(folder)
    page.desk.ask(ShowThumbnails(digits.source, (0, 1, 2), 32))
    page.desk.ask(ShowThumbnails(view.source, (3,), 32))
    assert page.wait_for(Thumbnail).source == view.source
    page.desk.ask(ShowThumbnails(digits.source, (0, 1, 2), 32))
    page.desk.ask(ShowThumbnails(view.source, (4,), 32))
    assert page.wait_for(Thumbnail).source == view.source
    assert all(
        thumbnail.source == view.source
        for thumbnail in page.came
        if isinstance(thumbnail, Thumbnail)
    )


# Surveys


def test_a_survey_finds_sizes_mean_unreadable_and_identical_pictures(page, folder):
    (folder / "dogs" / "4.png").write_bytes((folder / "dogs" / "4.png").read_bytes()[:500])
    before = page.open(folder)
    bad = before.names.index("dogs/4.png")
    assert before.subset_N[bad] != NO_SUBSET
    survey = page.survey()
    assert (survey.source, survey.done, survey.total) == (before.source, 12, 12)
    assert list(survey.unreadable) == [bad]
    assert "4.png" in survey.unreadable[bad]
    assert survey.size_N2.dtype == np.int32
    rows = []
    for index, name in enumerate(before.names):
        if index == bad:
            assert survey.size_N2[index].tolist() == [0, 0]
            continue
        rgb_HWC = np.asarray(Image.open(folder / name))
        assert survey.size_N2[index].tolist() == list(rgb_HWC.shape[:2])
        rows.append(rgb_HWC.reshape(-1, 3) / 255)
    pixels = np.concatenate(rows)
    np.testing.assert_allclose(survey.mean_C, pixels.mean(0))
    np.testing.assert_allclose(survey.std_C, pixels.std(0))
    same = tuple(sorted((before.names.index("cats/0.png"), before.names.index("dogs/5.png"))))
    assert survey.alike == (same,)
    after = page.wait_for(SourceView)
    assert after.source == before.source
    assert after.subset_N[bad] == NO_SUBSET
    # It stays left out, however the source is divided.
    page.desk.ask(ChooseSubsets(SubsetCounts("rest", 1, 0), 5))
    assert page.wait_for(SourceView).subset_N[bad] == NO_SUBSET


def test_the_digits_are_surveyed_too(page):
    page.open("digits")
    survey = page.survey()
    pixels = open_source("digits").pictures_NCHW / 255
    np.testing.assert_allclose(survey.mean_C, [pixels.mean()] * 3)
    np.testing.assert_allclose(survey.std_C, [pixels.std()] * 3)
    assert (survey.size_N2 == 28).all()
    assert survey.unreadable == {}


def test_of_a_large_picture_not_every_pixel_is_counted(page, tmp_path):
    for label in ("a", "b"):
        (tmp_path / "large" / label).mkdir(parents=True)
        for number in range(2):
            half = np.zeros((1200, 1000, 3), np.uint8)
            half[:600] = 200
            Image.fromarray(half).save(tmp_path / "large" / label / f"{number}.png")
    page.open(tmp_path / "large")
    survey = page.survey()
    np.testing.assert_allclose(survey.mean_C, [100 / 255] * 3)
    np.testing.assert_allclose(survey.std_C, [100 / 255] * 3)
    assert (survey.size_N2 == (1200, 1000)).all()


def test_quick_questions_are_answered_while_a_survey_runs_and_other_tasks_wait(
    page, folder, monkeypatch, tmp_path
):
    gate = Gate(data_survey.decoded)
    monkeypatch.setattr(data_survey, "decoded", gate)
    view = page.open(folder)
    page.desk.ask(Survey())
    wait_until(lambda: len(gate.calls) == data_survey.THREADS)
    partial = page.wait_for(SurveyView)
    assert (partial.done, partial.total, partial.finished) == (0, 12, False)
    page.desk.ask(ShowSteps(0, DataConfig(size=10)))
    page.wait_for(StepsView)
    page.desk.ask(ShowAugmented(0, DataConfig(size=10), 2, 0))
    page.wait_for(AugmentedView)
    page.desk.ask(ShowThumbnails(view.source, (3,), 20))
    page.wait_for(Thumbnail)
    page.desk.ask(Survey())  # it runs already: nothing to say
    page.desk.ask(WriteSubsets(str(tmp_path / "subsets.json"), "manifest"))
    assert page.wait_told("still being surveyed").wrong
    assert len(page.told()) == 1
    page.desk.cancel()
    gate.opened.set()
    page.ended("survey")
    assert not any(isinstance(view, SurveyView) and view.finished for view in page.came)
    assert page.survey().done == 12, "and it can be begun anew"


def test_another_source_ends_the_survey_of_the_one_before(page, folder, monkeypatch):
    gate = Gate(data_survey.decoded)
    monkeypatch.setattr(data_survey, "decoded", gate)
    page.open(folder)
    page.desk.ask(Survey())
    wait_until(lambda: len(gate.calls) == data_survey.THREADS)
    digits = page.open("digits")
    page.desk.ask(Survey())
    gate.opened.set()
    survey = page.wait_for(SurveyView, lambda view: view.finished)
    assert survey.source == digits.source
    assert len(gate.calls) == data_survey.THREADS
    assert page.told() == []


def test_a_picture_that_breaks_the_decoder_is_unreadable_and_logged(
    page, folder, monkeypatch, expect_log
):
    expect_log("0.png")

    def broken(source, index):
        if index == 0:
            raise RuntimeError("out of luck")
        return original(source, index)

    original = data_survey.decoded
    monkeypatch.setattr(data_survey, "decoded", broken)
    page.open(folder)
    survey = page.survey()
    assert list(survey.unreadable) == [0]
    assert survey.done == 12


# Downloads, writing, the cache


def test_what_is_downloaded_is_opened(page, monkeypatch):
    def fetch(name, on_progress, cancelled):
        on_progress(3, 10)
        page_saw_it.wait(PATIENCE)
        on_progress(10, 10)

    page_saw_it = threading.Event()
    monkeypatch.setattr(catalogue, "fetch", fetch)
    monkeypatch.setattr(module, "open_source", lambda where, cancelled: open_source("digits"))
    page.wait_for(CatalogueView)
    number = page.desk.ask(Fetch("mnist"))
    progress = page.wait_for(ProgressView, lambda progress: progress.done)
    assert progress == ProgressView("fetch", 3, 10, False, "bytes", question=number)
    page_saw_it.set()
    page.wait_for(SourceView)
    assert any(isinstance(view, CatalogueView) for view in page.came[1:]), "it is here now"
    assert ProgressView("fetch", 10, 10, True, "bytes", question=number) in page.came


def test_a_download_does_not_take_the_place_of_what_was_opened_meanwhile(page, monkeypatch):
    gate = Gate(lambda *arguments: None)
    monkeypatch.setattr(catalogue, "fetch", gate)
    page.desk.ask(Fetch("mnist"))
    wait_until(lambda: bool(gate.calls))
    page.open("digits")
    gate.opened.set()
    assert not page.wait_told("mnist is downloaded").wrong
    page.desk.ask(ChooseSubsets(None, 1))
    assert page.wait_for(SourceView).where == "digits"


def test_a_download_can_be_cancelled_and_can_fail(page, monkeypatch):
    def fetch(name, on_progress, cancelled):
        if name == "slow":
            began.set()
            wait_until(cancelled)
        else:
            raise DataError("There is no network.", "Put it there by hand.")

    began = threading.Event()
    monkeypatch.setattr(catalogue, "fetch", fetch)
    page.desk.ask(Fetch("slow"))
    assert began.wait(PATIENCE)
    page.desk.cancel()
    assert not page.wait_told("was stopped").wrong
    page.ended("fetch")
    page.desk.ask(Fetch("other"))
    assert page.wait_told("no network").wrong
    page.ended("fetch")


def test_subsets_are_written_as_they_are(page, folder, tmp_path):
    (folder / "dogs" / "4.png").write_bytes(b"")
    page.open(folder)
    page.survey()
    page.wait_for(SourceView)
    page.desk.ask(ChooseSubsets(SubsetCounts(2, 1, 1), 4))
    chosen = page.wait_for(SourceView)
    page.desk.ask(WriteSubsets(str(tmp_path / "subsets.json"), "manifest"))
    assert not page.wait_told("subsets.json").wrong
    page.ended("write")
    page.desk.ask(WriteSubsets(str(tmp_path / "out"), "folders"))
    page.wait_told(str(tmp_path / "out"))
    page.ended("write")
    names = {"train": set(), "validation": set(), "test": set()}
    for index in np.flatnonzero(chosen.subset_N != NO_SUBSET):
        names[SUBSETS[chosen.subset_N[index]]].add(chosen.names[index])
    for subset, expected in names.items():
        written = {
            str(path.relative_to(tmp_path / "out" / subset))
            for path in (tmp_path / "out" / subset).rglob("*.png")
        }
        assert written == expected
    opened = page.open(tmp_path / "subsets.json")
    np.testing.assert_array_equal(opened.subset_N, chosen.subset_N)
    assert opened.comes_with_subsets
    assert [problem.name for problem in opened.problems] == ["dogs/4.png"]
    page.desk.ask(WriteSubsets(str(tmp_path / "out"), "folders"))
    assert page.wait_told("isn't empty").wrong


@pytest.mark.parametrize("path", ["", "a\0b", "\ud83d"])
@pytest.mark.parametrize("kind", ["manifest", "folders"])
def test_what_can_not_be_a_path_is_refused(page, path, kind):
    page.open("digits")
    page.desk.ask(WriteSubsets(path, kind))
    assert page.wait_told("Nothing can be written to").wrong


def test_the_cache_is_cleared(page, folder):
    with_cache = Feed(open_source(str(folder)), (3, 20, 20), "stretch", usual_cache())
    with_cache.take(np.arange(12))
    with_cache.close()
    page.wait_for(CacheView, lambda view: view.bytes == 0 or view.bytes > 0)
    page.open(folder)
    page.wait_for(CacheView, lambda view: view.bytes > 0)
    page.desk.ask(ClearCache())
    page.wait_for(CacheView, lambda view: view.bytes == 0)
    assert usual_cache().size() == 0


# Whatever happens


def test_an_error_that_nobody_expected_is_told_and_the_desk_goes_on(page, monkeypatch, expect_log):
    expect_log("failed")

    def broken(where, cancelled):
        raise ZeroDivisionError("division by zero")

    with monkeypatch.context() as context:
        context.setattr(module, "open_source", broken)
        page.desk.ask(OpenSource("digits"))
        assert page.wait_told("ZeroDivisionError").wrong
        page.ended("open")
    assert page.open("digits").source == 1


def test_it_closes_while_everything_runs(folder, monkeypatch):
    page = Page()
    page.desk.open()
    gate = Gate(data_survey.decoded)
    monkeypatch.setattr(data_survey, "decoded", gate)
    opening = threading.Event()
    view = page.open(folder)
    page.desk.ask(Survey())
    wait_until(lambda: len(gate.calls) == data_survey.THREADS)

    def slow(where, cancelled):
        opening.set()
        wait_until(cancelled)
        raise DataError("It was cancelled.")

    monkeypatch.setattr(module, "open_source", slow)
    page.desk.ask(ShowThumbnails(view.source, tuple(range(12)) * 1000, 16))
    page.desk.ask(OpenSource("slow"))
    assert opening.wait(PATIENCE)
    assert not page.desk.close(0.0), "the survey is at a picture"
    gate.opened.set()
    assert page.desk.close()
    assert len(gate.calls) == data_survey.THREADS
    assert page.told() == []


def test_it_closes_before_it_was_opened_and_answers_what_was_asked_before():
    assert make_desk().close()
    page = Page()
    page.desk.ask(OpenSource("digits"))
    page.desk.open()
    page.wait_for(SourceView)
    assert page.desk.close()
    assert page.desk.close()
