"""Random questions, senseless ones too, in random order: the desk is never stuck nor surprised.

By hand, longer and otherwise: CONVSCOPE_FUZZ=5000 CONVSCOPE_FUZZ_SEED=7 pytest tests/engine/...
"""

import os
import random
import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from engine.asking.service import Service
from engine.config import (
    COLOURS,
    DIGITS_CONVNET,
    FITS,
    NORMALISATIONS,
    Augmentation,
    Conv,
    DataConfig,
    Dense,
    MaxPool,
    NetworkConfig,
    SubsetCounts,
)
from engine.data.catalogue import catalogue
from engine.desk.desk import make_desk
from engine.errors import DataError
from engine.messages.questions import (
    ChooseSubsets,
    ClearCache,
    Fetch,
    OpenSource,
    Question,
    ShowAugmented,
    ShowCache,
    ShowCatalogue,
    ShowShapes,
    ShowSteps,
    ShowThumbnails,
    Survey,
    WriteSubsets,
)
from engine.messages.views import ProgressView, SourceView

COUNT = int(os.environ.get("CONVSCOPE_FUZZ", "200"))
SEED = int(os.environ.get("CONVSCOPE_FUZZ_SEED", "0"))
PATIENCE = 60.0
SEVERAL = 20
"""After so many the desk must come to rest."""


class Chance:
    """Questions, most of which make sense."""

    def __init__(self, seed: int, places: list[str], folder: Path) -> None:
        self.random = random.Random(seed)
        self.places = places
        self.folder = folder
        self.source = 1
        self.written = 0

    def number(self, sensible: int) -> int:
        """Within 0 and `sensible` for the most part."""
        if self.random.random() < 0.97:
            return self.random.randrange(sensible)
        return self.random.choice((-1, -(2**40), sensible, 10**6, 2**63, 2**70))

    def pick(self, sensible: Sequence[Any], *senseless: Any) -> Any:
        """One of the sensible for the most part."""
        return self.random.choice(sensible if self.random.random() < 0.97 else senseless)

    def text(self) -> str:
        return self.random.choice(("", ".", "\0", "\ud83d", "cat", "x" * 5000, "a/b", "~", "C:\\"))

    def data(self) -> DataConfig:
        chance = self.random
        return DataConfig(
            source=self.text(),
            subsets=self.counts(),
            seed=self.number(100),
            size=self.pick((0, 1, 2, 16, 33), -1, 2**40),
            colour=chance.choice(COLOURS),
            fit=self.pick(FITS, "bent"),
            normalisation=chance.choice(NORMALISATIONS),
            augmentation=self.augmentation(),
        )

    def augmentation(self) -> Augmentation:
        chance = self.random
        return Augmentation(
            rotation=self.pick((0.0, 20.0, 180.0), -1.0, float("nan")),
            shift=self.pick((0.0, 0.5, 0.99), 2.0),
            shear=chance.choice((0.0, 60.0)),
            zoom=chance.choice((0.0, 0.9)),
            flip_horizontal=chance.random() < 0.5,
            brightness=chance.choice((0.0, 0.99)),
            colour=self.pick((0.0, 1.0), float("inf")),
            fill=chance.choice(("black", "nearest", "mirror")),
            erasing=chance.choice((0.0, 1.0)),
            mixup=chance.choice((0.0, 10.0)),
            cutmix=chance.choice((0.0, 1e-9, 10.0)),
        )

    def counts(self) -> SubsetCounts | None:
        chance = self.random
        if chance.random() < 0.3:
            return None
        train = "rest" if chance.random() < 0.3 else self.number(4)
        return SubsetCounts(train, self.number(3), self.number(3))

    def network(self) -> NetworkConfig:
        chance = self.random
        if chance.random() < 0.3:
            return DIGITS_CONVNET
        layers = [
            chance.choice(
                (
                    Conv(self.number(40), self.number(6), self.number(4)),
                    MaxPool(self.number(4), self.number(3)),
                    Dense(self.number(50)),
                    Dense(0, activation="none"),
                )
            )
            for _ in range(chance.randrange(5))
        ]
        return NetworkConfig(self.text(), tuple(layers))

    def question(self) -> Question:
        chance = self.random
        kinds: list[Callable[[], Question]] = [
            lambda: OpenSource(chance.choice((*self.places, self.text()))),
            lambda: ChooseSubsets(self.counts(), self.number(1000)),
            Survey,
            lambda: ShowThumbnails(
                self.source + chance.choice((0, 0, 0, 0, -1, 5)),
                tuple(self.number(12) for _ in range(chance.randrange(30))),
                self.number(100),
            ),
            lambda: ShowSteps(self.number(12), self.data()),
            lambda: ShowAugmented(self.number(12), self.data(), self.number(8), self.number(9)),
            ShowCatalogue,
            lambda: Fetch(chance.choice(("mnist", "cifar10", self.text()))),
            self.writing,
            ShowCache,
            ClearCache,
            lambda: ShowShapes(
                self.network(),
                (self.number(4), self.number(40), self.number(40)),
                self.number(20),
            ),
        ]
        return chance.choice(kinds)()

    def writing(self) -> WriteSubsets:
        self.written += 1
        new = f"{self.folder}/written{self.written}"
        where = self.random.choice((new, f"{new}/deeper.json", *self.places, self.text()))
        kind = self.random.choice(("manifest", "folders"))
        # What is open must not be written over: it is looked at by all others.
        return WriteSubsets(new if where in self.places[1:] else where, kind)


@pytest.fixture
def places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The digits, a folder with what is damaged in it, an empty folder, and a file."""
    chance = np.random.default_rng(0)
    for label in ("cats", "dogs"):
        (tmp_path / "pets" / label).mkdir(parents=True)
        for number in range(6):
            rgb_HWC = chance.integers(0, 256, (20 + number, 30, 3), np.uint8)
            Image.fromarray(rgb_HWC).save(tmp_path / "pets" / label / f"{number}.png")
    (tmp_path / "pets" / "dogs" / "5.png").write_bytes(b"\x89PNG and no more")
    for name in ("empty", "here"):
        (tmp_path / name).mkdir()
    (tmp_path / "table.csv").write_text("a,b\n")
    monkeypatch.chdir(tmp_path / "here")
    return ["digits", *(str(tmp_path / name) for name in ("pets", "empty", "table.csv"))]


def fetch_nothing(
    name: str, on_progress: Callable[[int, int], None], cancelled: Callable[[], bool]
) -> None:
    """A download without a network: it goes on for a moment, and may succeed."""
    if name not in ("mnist", "cifar10"):
        raise DataError(f"There is no {name!r}.")
    for done in range(10):
        if cancelled():
            return
        on_progress(done, 10)
        time.sleep(0.002)
    if name == "cifar10":
        raise DataError("There is no network.")


def last_of(asked: list[Question]) -> str:
    """What may have been the cause, and how to have it again."""
    return "\n".join([f"seed {SEED}, number {len(asked)}:", *(repr(q)[:300] for q in asked[-9:])])


def come_to_rest(desk: Service, asked: list[Question]) -> None:
    end = time.perf_counter() + PATIENCE
    while not desk.rests:
        assert time.perf_counter() < end, f"stuck after {last_of(asked)}"
        time.sleep(0.002)


def test_whatever_is_asked_is_answered_or_refused_in_a_sentence(
    places: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(catalogue, "fetch", fetch_nothing)
    chance = Chance(SEED, places, tmp_path)
    desk = make_desk()
    desk.open()
    asked: list[Question] = []
    shown: Counter[str] = Counter()
    progress: dict[str, ProgressView] = {}
    told = 0

    def read() -> None:
        nonlocal told
        for view in desk.take():
            shown[type(view).__name__] += 1
            if isinstance(view, SourceView):
                chance.source = view.source
            if isinstance(view, ProgressView):
                progress[view.what] = view
        for each in desk.told():
            told += 1
            assert each.sentence
            assert "failed: " not in each.sentence, f"{each} after {last_of(asked)}"

    try:
        for number in range(COUNT):
            question = chance.question()
            asked.append(question)
            last = desk.ask(question)
            if chance.random.random() < 0.1:
                desk.cancel(chance.random.choice((None, last, last - 1)))
            if chance.random.random() < 0.5:
                time.sleep(chance.random.choice((0.0, 0.001, 0.01)))
                read()
            if number % SEVERAL == SEVERAL - 1:
                come_to_rest(desk, asked)
                read()
                assert all(view.finished for view in progress.values())
        desk.ask(OpenSource(places[1]))
        come_to_rest(desk, asked)
        read()
        before = shown.copy()
        for question in (
            ShowSteps(0, DataConfig(size=9)),
            ShowAugmented(0, DataConfig(size=9), 2, 0),
            ShowThumbnails(chance.source, (0, 1), 9),
            Survey(),
        ):
            desk.ask(question)
        come_to_rest(desk, asked)
        read()
        for _ in range(SEVERAL):
            desk.ask(chance.question())
    finally:
        closed = desk.close(2.0)
        desk.close()
    assert closed
    print(f"{COUNT} questions, {told} sentences, {dict(shown)}")
    assert told
    answers = ("StepsView", "AugmentedView", "Thumbnail", "SurveyView", "SourceView")
    assert all(shown[name] > before[name] for name in answers), "it answers as at first"
