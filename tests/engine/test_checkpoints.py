"""Going back and on again is as if one had never gone back, in memory and over the disk."""

from collections.abc import Iterator
from pathlib import Path

import msgspec
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.config import (
    DIGITS,
    OPTIMIZERS,
    Augmentation,
    BatchNorm,
    Conv,
    Dense,
    Dropout,
    MaxPool,
    NetworkConfig,
    RunConfig,
    SubsetCounts,
    TrainingConfig,
)
from engine.data.source import Source
from engine.data.sources import open as opening
from engine.errors import DataError, PhaseError, RunError
from engine.messages import commands, events
from engine.runs import history
from engine.runs.checkpoint import Checkpoint
from engine.runs.history import History, Left
from engine.runs.packing import pack, unpack
from engine.state import Phase
from tests.engine.test_worker import SMALL, Engine

VARIED = RunConfig(
    data=msgspec.structs.replace(
        DIGITS,
        # 310 to learn from, and two batches to validate with.
        subsets=SubsetCounts(31, 30, 0),
        augmentation=Augmentation(rotation=10.0, zoom=0.1, mixup=0.2),
        normalisation="measured",
    ),
    network=NetworkConfig(
        "varied",
        (
            Conv(4),
            BatchNorm(),
            MaxPool(2),
            Conv(4, padding="same"),
            MaxPool(2),
            Dropout(0.5),
            Dense(0, activation="none"),
        ),
    ),
    training=TrainingConfig(epochs=2, batch_size=77, device="cpu", label_smoothing=0.1),
)
CHANGES = {"batch_size": 50, "optimizer": "sgd", "epochs": 3, "momentum": 0.5}

Ended = tuple[dict[str, torch.Tensor], list[np.ndarray], list[tuple[float, ...]], tuple[int, ...]]


def with_optimizer(name: str) -> RunConfig:
    training = msgspec.structs.replace(VARIED.training, optimizer=name)
    return msgspec.structs.replace(VARIED, training=training)


def turns(engine: Engine, count: int, changes: dict[int, dict[str, object]]) -> None:
    """So many steps and batches of the validation from where it stands, with changes before some,
    counted from the start of the run."""
    for _ in range(count):
        at = engine.turn = getattr(engine, "turn", 0) + 1
        if at in changes:
            engine.apply(commands.SetTraining(changes[at]))
        if engine.worker.phase is not Phase.TRAINING:
            engine.apply(commands.Start())
        engine.worker.advance()


def ended(engine: Engine) -> Ended:
    """All that a run came to; how long its epochs took is no part of it."""
    if engine.worker.phase is Phase.TRAINING:
        engine.apply(commands.Pause())
    run = engine.worker._loaded.run
    figures = engine.curves.read()
    memory = [
        value.contiguous().numpy()
        for _, own in sorted(run.optimizer.state_dict()["state"].items())
        for _, value in sorted(own.items())
    ]
    epochs = [
        (e.epoch, e.step, e.train_loss, e.train_accuracy, e.val_loss, e.val_accuracy)
        for e in figures.epochs
    ]
    place = (run.step_number, run.epoch, run.position, run.goal_epochs, run.used_in_epoch)
    curves = [figures.step_N, figures.loss_N, figures.accuracy_N]
    return run.network.state_dict(), [*curves, *memory], epochs, place


def assert_same(one: Ended, other: Ended) -> None:
    for name, value in one[0].items():
        assert torch.equal(value, other[0][name]), name
    assert len(one[1]) == len(other[1])
    for mine, theirs in zip(one[1], other[1], strict=True):
        np.testing.assert_array_equal(mine, theirs, strict=True)
    assert one[2:] == other[2:]


@pytest.fixture
def engines() -> Iterator[list[Engine]]:
    made: list[Engine] = []
    yield made
    for engine in made:
        engine.worker.close()


# Of an epoch of 6 steps and 2 batches of validation: in the middle, between steps and validation,
# in the validation, between epochs, in the middle of the next.
@pytest.mark.parametrize("at", [1, 3, 6, 7, 8, 10])
@pytest.mark.parametrize("way", ["undo", "disk"])
def test_to_go_back_and_on_is_never_to_have_gone(
    at: int, way: str, engines: list[Engine], tmp_path: Path
) -> None:
    straight, returned = Engine(VARIED), Engine(VARIED)
    engines += [straight, returned]
    changes = {3: {"batch_size": 50}, 9: CHANGES}
    turns(straight, 15, changes)
    turns(returned, at, changes)
    returned = there_and_back(returned, way, tmp_path, engines)
    # A validation begins once more: it has one more turn where its first batch was done.
    turns(returned, 15 - at + (at == 7), shifted(changes, 1 if at == 7 else 0, at))
    assert_same(ended(straight), ended(returned))


def shifted(changes: dict, by: int, after: int) -> dict:
    return {turn + by if turn > after else turn: change for turn, change in changes.items()}


def there_and_back(engine: Engine, way: str, folder: Path, engines: list[Engine]) -> Engine:
    engine.apply(commands.Pause())
    if way == "undo":
        engine.apply(commands.StartOver(), commands.Start())
        engine.steps(3)
        engine.apply(commands.SetTraining({"optimizer": "rmsprop"}), commands.Undo())
        return engine
    engine.apply(commands.Save(str(folder)))
    other = Engine(msgspec.structs.replace(VARIED, training=TrainingConfig(seed=5, device="cpu")))
    engines.append(other)
    other.apply(commands.Resume(str(folder)))
    assert other.worker.phase is Phase.PAUSED
    other.turn = engine.turn
    return other


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_each_optimiser_comes_back_with_its_memory(
    optimizer: str, engines: list[Engine], tmp_path: Path
) -> None:
    straight, saved = Engine(with_optimizer(optimizer)), Engine(with_optimizer(optimizer))
    engines += [straight, saved]
    changes = {3: {"momentum": 0.5, "weight_decay": 0.01}}
    turns(straight, 10, changes)
    turns(saved, 5, changes)
    resumed = there_and_back(saved, "disk", tmp_path, engines)
    turns(resumed, 5, {})
    assert_same(ended(straight), ended(resumed))


def test_the_return_from_nan_keeps_what_is_set_and_all_else_is_as_it_was(
    engines: list[Engine],
) -> None:
    straight, broken = Engine(VARIED), Engine(VARIED)
    engines += [straight, broken]
    # The copy was taken before the first step; then the batch size was changed, and epochs.
    turns(broken, 3, {3: {"batch_size": 50, "epochs": 3}})
    with torch.no_grad():
        next(broken.network.parameters()).fill_(float("nan"))
    while broken.worker.phase is Phase.TRAINING:
        broken.worker.advance()
    (lost,) = broken.events(events.LossNotFinite)
    turns(straight, lost.kept_step, {})
    straight.apply(commands.SetTraining({"batch_size": 50, "epochs": 3}))
    turns(straight, 10, {})
    broken.apply(commands.Start())
    turns(broken, 10, {})
    assert_same(ended(straight), ended(broken))


def test_undo_throws_nothing_away_and_redo_brings_it_back(engines: list[Engine]) -> None:
    engine = Engine(VARIED)
    engines.append(engine)
    turns(engine, 3, {})
    first = ended(engine)
    engine.apply(commands.StartOver())
    turns(engine, 5, {})
    second = ended(engine)
    status = engine.worker.status()
    assert (status.can_undo, status.can_redo) == (True, False)
    assert status.undo_words == "varied at step 3"
    engine.apply(commands.Undo())
    assert_same(first, ended(engine))
    status = engine.worker.status()
    assert (status.can_undo, status.redo_words) == (False, "varied at step 5")
    engine.apply(commands.Redo())
    assert_same(second, ended(engine))
    back, again = engine.events(events.BroughtBack)
    assert (back.step, back.redone, back.val_accuracy) == (3, False, None)
    assert (again.step, again.redone, again.network) == (5, True, "varied")
    assert (back.reversible, again.reversible) == (True, True)
    with pytest.raises(PhaseError, match="nothing to redo"):
        engine.apply(commands.Redo())
    # Where another begins instead, all that was gone back from is still there to go back to.
    engine.apply(commands.Undo(), commands.Load(VARIED))
    engine.apply(commands.Undo())
    assert_same(first, ended(engine))
    engine.apply(commands.Undo())
    assert_same(second, ended(engine))
    engine.apply(commands.Redo())
    assert_same(first, ended(engine))


def test_what_cannot_be_brought_back_leaves_what_is_there(
    engines: list[Engine], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = Engine(VARIED)
    engines.append(engine)
    turns(engine, 2, {})
    engine.apply(commands.Pause(), commands.Save(str(tmp_path / "run")))
    before = ended(engine)
    with pytest.raises(RunError, match="is missing"):
        engine.apply(commands.Resume(str(tmp_path / "none")))
    digits = opening.open_source("digits")

    def changed(where: str) -> Source:
        return msgspec.structs.replace(digits, fingerprint="other")

    monkeypatch.setattr("engine.succession.open_source", changed)
    with pytest.raises(DataError, match="digits have changed since"):
        engine.apply(commands.Resume(str(tmp_path / "run")))
    assert engine.worker.phase is Phase.PAUSED
    assert_same(before, ended(engine))
    turns(engine, 1, {})


def test_only_so_many_runs_are_kept_and_the_last_one_always(
    engines: list[Engine], monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = Engine(VARIED)
    engines.append(engine)
    turns(engine, 1, {})
    loaded = engine.worker._loaded

    def left(step: int) -> Left:
        checkpoint = msgspec.structs.replace(loaded.checkpoint(), step=step)
        return Left(checkpoint, loaded.run.source, loaded.stages)

    kept = History()
    for step in range(history.MOST_KEPT + 5):
        kept.leave(left(step))
    assert [each.checkpoint.step for each in kept.before] == list(range(5, history.MOST_KEPT + 5))
    monkeypatch.setattr(history, "MOST_BYTES", 1)
    kept.leave(left(99))
    assert [each.checkpoint.step for each in kept.before] == [99]


@settings(deadline=None, max_examples=60)
@given(data=st.data())
def test_no_file_gives_anything_but_a_checkpoint_or_a_sentence(
    packed: bytes, data: st.DataObject
) -> None:
    content = bytearray(packed)
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(content) - 1) | st.integers(0, 3000))
        content[min(place, len(content) - 1)] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(content)) | st.just(len(content)))
    try:
        found = unpack(bytes(content[:cut]), Path("run"))
    except RunError as error:
        assert error.hint
        assert "\n" not in str(error)
    else:
        assert alike(found, unpack(packed, Path("run")))


def alike(one: Checkpoint, other: Checkpoint) -> bool:
    """Whether two are the same to the last bit."""
    mine, theirs = (msgspec.structs.asdict(each) for each in (one, other))
    tensors = [
        [*fields.pop("weights").items()]
        + [(name, v) for own in fields.pop("memory").values() for name, v in own.items()]
        for fields in (mine, theirs)
    ]
    figures = [msgspec.structs.astuple(fields.pop("figures")) for fields in (mine, theirs)]
    return (
        mine == theirs
        and all(a == b and torch.equal(v, w) for (a, v), (b, w) in zip(*tensors, strict=True))
        and all(np.array_equal(a, b) for a, b in zip(*figures, strict=True))
    )


@pytest.fixture(scope="module")
def packed() -> bytes:
    engine = Engine(VARIED)
    turns(engine, 2, {})
    checkpoint = engine.worker._loaded.checkpoint()
    engine.worker.close()
    return pack(checkpoint)


def test_a_checkpoint_comes_back_from_its_bytes(packed: bytes) -> None:
    found = unpack(packed, Path("run"))
    assert alike(found, unpack(pack(found), Path("again")))
    assert (found.step, found.position) == (2, 154)
    assert found.config.training == VARIED.training


def test_runs_that_were_left_hold_the_pictures_of_their_source_once() -> None:
    engine = Engine()
    for _ in range(3):
        engine.apply(commands.Step())
        engine.finish()
        engine.apply(commands.Load(SMALL))
    left = engine.worker._runs.history.before
    assert len(left) == 3
    assert len({id(each.source.pictures_NCHW) for each in left}) == 1
    engine.worker.close()
