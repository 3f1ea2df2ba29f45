"""Runs on pictures in files: the same from the same seed, resumed, and when files go."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec
import numpy as np
import pytest
import torch

from engine.config import (
    Augmentation,
    BatchNorm,
    Conv,
    DataConfig,
    Dense,
    Dropout,
    GlobalAveragePool,
    MaxPool,
    NetworkConfig,
    RunConfig,
    SubsetCounts,
    TrainingConfig,
)
from engine.data.cache.cache import Cache
from engine.data.sources.open import open_source
from engine.errors import EngineError, NetworkError
from engine.headless.reports import Report
from engine.headless.train import train
from engine.messages import commands, events
from engine.runs.checkpoint import checkpoint_of
from engine.runs.saved import load_run
from engine.state import Phase
from engine.telemetry.outlet import Outlet
from engine.training.run import Run
from engine.worker import Worker
from tests.engine.made_sources import encoded, noise

CPU = torch.device("cpu")
AUGMENTATION = Augmentation(rotation=20, shift=0.1, colour=0.3, erasing=0.3, mixup=0.4, cutmix=0.4)
LAYERS = (Conv(4), BatchNorm(), MaxPool(2), Dropout(0.3), Dense(0, activation="none"))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two classes of ten pictures of 12x16."""
    for number in range(20):
        of_class = tmp_path / "pictures" / ("cats" if number % 2 else "dogs")
        of_class.mkdir(parents=True, exist_ok=True)
        (of_class / f"{number}.png").write_bytes(encoded(noise(12, 16, number), "PNG"))
    return tmp_path / "pictures"


@pytest.fixture(autouse=True)
def no_usual_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file is where the folder of the cache would be."""
    (tmp_path / "cache").touch()
    monkeypatch.setenv("CONVSCOPE_CACHE", str(tmp_path / "cache"))


def config_of(folder: Path, **training: object) -> RunConfig:
    settings = TrainingConfig(epochs=3, batch_size=4, device="cpu", schedule="constant")
    return RunConfig(
        data=DataConfig(
            source=str(folder),
            subsets=SubsetCounts(7, 3, 0),
            size=8,
            normalisation="measured",
            augmentation=AUGMENTATION,
        ),
        network=NetworkConfig("small", LAYERS),
        training=msgspec.structs.replace(settings, **training),
    )


def run_on(folder: Path, cache: Cache | None = None) -> Run:
    return Run(config_of(folder), open_source(str(folder)), CPU, cache)


def trained(run: Run, count: int) -> tuple[list[list[float]], dict[str, np.ndarray]]:
    """What `count` steps and batches of the validation gave, and the weights after them."""
    figures = []
    for _ in range(count):
        if run.is_epoch_trained:
            found = run.validate()
        else:
            learned = run.step()
            found = None if learned is None else learned.figures_2
        figures.append([] if found is None else found.tolist())
    weights = {name: value.numpy().copy() for name, value in run.network.state_dict().items()}
    return figures, weights


def assert_same(one: tuple[object, dict], other: tuple[object, dict]) -> None:
    assert one[0] == other[0]
    for name, values in one[1].items():
        np.testing.assert_array_equal(values, other[1][name], strict=True)


def test_threads_and_cache_change_nothing(folder, tmp_path, monkeypatch):
    outcomes = []
    cache = Cache(tmp_path / "decoded")
    # Without a cache, with one that fills, and with one that is full.
    for threads, kept in ((1, None), (2, None), (5, None), (2, cache), (5, cache), (1, cache)):
        monkeypatch.setattr(os, "cpu_count", lambda threads=threads: threads)
        run = run_on(folder, kept)
        outcomes.append(trained(run, 9))
        run.close_feed()
        assert run.problems == {}
    for outcome in outcomes[1:]:
        assert_same(outcomes[0], outcome)


@pytest.mark.parametrize("steps", [1, 6])
@pytest.mark.parametrize("afresh", [False, True])
def test_a_run_goes_on_from_the_middle_of_an_epoch_as_if_never_left(folder, steps, afresh):
    run = run_on(folder)
    trained(run, steps)
    assert run.position > 0
    snapshot = checkpoint_of(run)
    uninterrupted = trained(run, 6)
    if afresh:
        run.close_feed()
        run = run_on(folder)
    snapshot.put_back(run)
    resumed = trained(run, 6)
    run.close_feed()
    assert_same(uninterrupted, resumed)


@pytest.mark.skipif(sys.platform == "win32", reason="no time of the last change there")
def test_other_pictures_of_the_same_names_are_read_anew(folder, tmp_path):
    cache = Cache(tmp_path / "decoded")
    run = run_on(folder, cache)
    before = run.scaling
    run.close_feed()
    for number, path in enumerate(sorted(folder.rglob("*.png"))):
        status = path.stat()
        data = encoded(noise(12, 16, 100 + number), "PNG")
        assert len(data) == status.st_size
        path.write_bytes(data)
        os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    run = run_on(folder, cache)
    run.close_feed()
    assert run.scaling != before
    fresh = run_on(folder)
    fresh.close_feed()
    assert run.scaling == fresh.scaling


def test_batch_norm_after_global_pooling_needs_two_pictures(folder):
    layers = (Conv(4), GlobalAveragePool(), BatchNorm(), Dense(0, activation="none"))
    config = config_of(folder, batch_size=1)
    config = msgspec.structs.replace(config, network=NetworkConfig("pooled", layers))
    run = Run(config, open_source(str(folder)), CPU)
    try:
        with pytest.raises(NetworkError, match="batch size of 2 or more"):
            run.step()
        assert run.position == 0
        run.set(msgspec.structs.replace(run.settings, batch_size=2))
        assert run.step() is not None
    finally:
        run.close_feed()


class Engine:
    """A worker on a folder, and what it tells."""

    def __init__(self, config: RunConfig) -> None:
        outlet = Outlet()
        self.inbox, self.curves = outlet.join(), outlet.curves
        self.events: list = []
        self.worker = Worker(outlet)
        self.worker.start()
        self.worker.apply(commands.Load(config))
        loaded = self.worker._loaded
        assert loaded is not None
        self.run = loaded.run

    def told(self, kind: type) -> list:
        self.events += self.inbox.events()
        return [event for event in self.events if isinstance(event, kind)]

    def train(self, epochs: int | None = None) -> None:
        """To the end of so many epochs; or until it ends."""
        if self.worker.phase is not Phase.TRAINING:
            self.worker.apply(commands.Start())
        while self.worker.phase is Phase.TRAINING and self.run.epoch != epochs:
            self.worker.advance()

    def files(self, subset: str) -> list[Path]:
        where = Path(self.run.source.where)
        return [where / self.run.source.names[i] for i in self.run.subsets.indices(subset)]


@pytest.fixture
def engine(folder: Path) -> Iterator[Engine]:
    engine = Engine(config_of(folder))
    yield engine
    engine.worker.close()


def test_a_file_that_vanishes_is_left_out_and_told_once(engine):
    engine.train(epochs=1)
    gone = engine.files("train")[3]
    gone.unlink()
    engine.train()
    assert engine.worker.phase is Phase.FINISHED
    assert len(engine.curves.read().epochs) == 3
    (left_out,) = engine.told(events.PicturesLeftOut)
    ((name, sentence),) = left_out.problems
    assert name == f"{gone.parent.name}/{gone.name}"
    assert name in sentence
    assert left_out.source == engine.run.config.data.source


def test_a_picture_of_the_last_validation_is_told_of(engine):
    engine.train(epochs=2)
    while not engine.run.is_epoch_trained:
        engine.worker.advance()
    engine.files("validation")[0].unlink()
    engine.train()
    assert engine.worker.phase is Phase.FINISHED
    (left_out,) = engine.told(events.PicturesLeftOut)
    assert len(left_out.problems) == 1


@pytest.mark.parametrize(("subset", "purpose"), [("train", "train"), ("validation", "validate")])
def test_training_halts_when_all_vanish_and_goes_on_when_they_are_back(engine, subset, purpose):
    engine.train(epochs=1)
    kept = {path: path.read_bytes() for path in engine.files(subset)}
    for path in kept:
        path.unlink()
    engine.train()
    assert engine.worker.phase is Phase.PAUSED
    (halted,) = engine.told(events.Halted)
    assert halted.sentence == (
        f"Too few of the pictures to {purpose} with could be read."
        " Check that the source is still there and holds pictures."
    )
    told = [name for each in engine.told(events.PicturesLeftOut) for name, _ in each.problems]
    assert len(told) == len(set(told)) == len(kept)
    assert engine.run.epoch == 1
    for path, data in kept.items():
        path.write_bytes(data)
    engine.train()
    assert engine.worker.phase is Phase.FINISHED
    epochs = engine.curves.read().epochs
    assert [epoch.epoch for epoch in epochs] == [1, 2, 3]
    assert all(epoch.val_loss > 0 for epoch in epochs)


def test_a_batch_of_which_one_picture_is_left_is_not_learned_from(engine):
    engine.train(epochs=1)
    for path in engine.files("train")[1:]:
        path.unlink()
    steps = engine.run.step_number
    engine.train()
    assert engine.worker.phase is Phase.PAUSED
    assert engine.run.step_number == steps
    assert engine.told(events.Halted)


def test_a_cache_that_can_not_be_used_is_told_of_once(engine):
    engine.train()
    assert engine.worker.phase is Phase.FINISHED
    (problem,) = engine.told(events.CacheProblem)
    assert "can't be kept" in problem.sentence
    assert "decoded each time" in problem.sentence


class FilesGo(Report):
    """Removes all files after the first epoch."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.notes: list[str] = []

    def note(self, sentence: str) -> None:
        self.notes.append(sentence)

    def epoch(self, epoch: events.EpochEnded) -> None:
        for path in self.folder.rglob("*.png"):
            path.unlink()


def test_the_command_saves_what_it_has_when_the_pictures_go(folder, tmp_path):
    report = FilesGo(folder)
    with pytest.raises(EngineError) as told:
        train(config_of(folder), tmp_path / "saved", report)
    assert "Too few of the pictures to train with" in str(told.value)
    assert f"saved in {tmp_path / 'saved'}" in str(told.value)
    assert load_run(tmp_path / "saved").classes == ("cats", "dogs")
    (note,) = report.notes
    assert "can't be kept" in note


def test_names_are_told_on_one_line(folder):
    for number in range(10):
        (folder / "cats" / f"line\n\x1b[31m{number}.png").write_text("no picture")
    engine = Engine(config_of(folder))
    engine.train(epochs=1)
    engine.worker.close()
    told = [text for each in engine.told(events.PicturesLeftOut) for text in each.problems]
    assert told
    assert all(text.isprintable() for pair in told for text in pair)


def test_a_saved_network_predicts_as_the_live_one(engine, tmp_path):
    engine.train(epochs=1)
    engine.worker.save(tmp_path / "saved")
    saved = load_run(tmp_path / "saved")
    pictures_NCHW = torch.from_numpy(noise(8, 8).transpose(2, 0, 1)[None].copy())
    live = engine.run
    assert not live.scaling.is_identity
    assert saved.scaling == live.scaling
    live.network.eval()
    saved.network.eval()
    with torch.no_grad():
        expected_NK = live.network(live.scaling.apply(pictures_NCHW))
        found_NK = saved.network(saved.scaling.apply(pictures_NCHW))
    # The live one's weights lie in another order in memory, which may round otherwise.
    np.testing.assert_allclose(found_NK.numpy(), expected_NK.numpy(), rtol=1e-5, atol=1e-6)
