"""A page, the run that it starts and the manifest that it writes divide the pictures alike."""

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from engine.config import Conv, DataConfig, Dense, NetworkConfig, RunConfig, SubsetCounts
from engine.data.source import NO_SUBSET
from engine.data.sources.open import open_source
from engine.data.subsets.choose import subsets_of
from engine.messages.questions import ChooseSubsets, WriteSubsets
from engine.messages.views import SourceView
from engine.training.run import Run
from tests.engine.test_desk import Page

COUNTS = SubsetCounts(60, 30, 30)
BAD = 7
NETWORK = NetworkConfig("small", (Conv(2), Dense(0, activation="none")))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two classes of 150 pictures, of which some can't be read."""
    draw = np.random.default_rng(0)
    for name in ("cats", "dogs"):
        (tmp_path / "pictures" / name).mkdir(parents=True)
        for number in range(150):
            rgb_HWC = draw.integers(0, 255, (8, 8, 3), np.uint8)
            Image.fromarray(rgb_HWC).save(tmp_path / "pictures" / name / f"{number}.png")
    for number in range(BAD):
        (tmp_path / "pictures" / "dogs" / f"{number * 20}.png").write_bytes(b"no picture")
    return tmp_path / "pictures"


@pytest.fixture
def page() -> Iterator[Page]:
    page = Page()
    page.desk.open()
    yield page
    assert page.desk.close()


def surveyed(page: Page, folder: Path) -> SourceView:
    """The source as the page shows it once all its pictures were read."""
    page.open(folder)
    page.desk.ask(ChooseSubsets(COUNTS, 3))
    page.wait_for(SourceView)
    assert len(page.survey().unreadable) == BAD
    return page.wait_for(SourceView)


def config_of(view: SourceView) -> RunConfig:
    """What the page trains with."""
    data = DataConfig(source=view.where, subsets=COUNTS, seed=3, unreadable=view.unreadable)
    return RunConfig(data=data, network=NETWORK)


def test_a_run_divides_as_the_page_that_started_it(page: Page, folder: Path) -> None:
    view = surveyed(page, folder)
    run = Run(config_of(view), open_source(str(folder)), torch.device("cpu"))
    run.close_feed()
    np.testing.assert_array_equal(run.subsets.subset_N, view.subset_N)
    assert (view.subset_N == NO_SUBSET).sum() >= BAD
    # Without what the survey found, it would be another division.
    plain = subsets_of(run.source, DataConfig(source=view.where, subsets=COUNTS, seed=3))
    assert (plain.subset_N != view.subset_N).any()


def test_a_manifest_holds_the_division_of_the_page(
    page: Page, folder: Path, tmp_path: Path
) -> None:
    view = surveyed(page, folder)
    manifest = tmp_path / "chosen.json"
    page.desk.ask(WriteSubsets(str(manifest), "manifest"))
    page.wait_told("chosen.json")
    assert json.loads(manifest.read_text())
    source = open_source(str(manifest))
    divided = subsets_of(source, DataConfig(source=str(manifest)))
    by_name = dict(zip(source.names, divided.subset_N, strict=True))
    for name, subset in zip(view.names, view.subset_N, strict=True):
        assert by_name.get(name, NO_SUBSET) == subset


def test_a_source_that_has_changed_leaves_out_the_same_files(folder: Path) -> None:
    """By their names: another file before them moves nothing."""
    data = DataConfig(source=str(folder), subsets=COUNTS, unreadable=("dogs/0.png", "dogs/20.png"))
    (folder / "cats" / "1.png").unlink()
    source = open_source(str(folder))
    subset_N = subsets_of(source, data).subset_N
    for name in data.unreadable:
        assert subset_N[source.names.index(name)] == NO_SUBSET
