"""What a run leaves on disk comes back as it was, or one sentence says why not."""

import errno
import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import msgspec
import numpy as np
import psutil
import pytest
import safetensors.torch
import torch
from torch import nn

from engine.config import (
    DIGITS,
    Conv,
    Dense,
    NetworkConfig,
    RunConfig,
    SubsetCounts,
    TrainingConfig,
)
from engine.data.batches.scaling import Scaling
from engine.errors import RunError
from engine.files import check_writable, write_files
from engine.messages.events import EpochEnded
from engine.networks.build import build
from engine.networks.presets import find_network
from engine.runs.checkpoint import Checkpoint, Origin
from engine.runs.names import NAMES
from engine.runs.saved import load_checkpoint, load_run, open_trained, save_run
from engine.training.figures import RunFigures

CONFIG = RunConfig(
    data=msgspec.structs.replace(DIGITS, subsets=SubsetCounts("rest", 50, 0)),
    network=find_network("digits-batch-norm"),
    training=TrainingConfig(epochs=3, learning_rate=0.003),
)
DIGIT = (1, 28, 28)
CLASSES = tuple("0123456789")
SCALING = Scaling((0.25,), (0.5,))
EPOCHS = [EpochEnded(n, 63 * n, 0.5 / n, 0.9, 0.4 / n, 0.95, 3000.0, 1.5) for n in (1, 2, 3)]
FILES = [
    "checkpoint.safetensors",
    "config.toml",
    "epochs.jsonl",
    "network.json",
    "weights.safetensors",
]


def network_with_a_past() -> nn.Module:
    torch.manual_seed(3)
    network = build(CONFIG.network, DIGIT, len(CLASSES))
    network(torch.rand(8, *DIGIT))  # batch norm has seen something
    return network


def checkpoint_with(
    network: nn.Module, config: RunConfig = CONFIG, scaling: Scaling = SCALING
) -> Checkpoint:
    """Of three epochs of 63 steps."""
    parameters = sum(parameter.numel() for parameter in network.parameters())
    ones_N = np.ones(189, np.float32)
    return Checkpoint(
        config=config,
        origin=Origin(DIGIT, CLASSES, scaling, 0, "fingerprint", 4000, 500, parameters),
        goal_epochs=3,
        step=189,
        epoch=3,
        position=0,
        learned=0,
        weights={name: value.clone() for name, value in network.state_dict().items()},
        memory={},
        figures=RunFigures(ones_N, ones_N, np.full(189, 64, np.int64), tuple(EPOCHS), 0.0),
    )


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    save_run(tmp_path / "run", checkpoint_with(network_with_a_past()))
    return tmp_path / "run"


@pytest.fixture
def older(saved: Path) -> Path:
    """A folder as it was before there were checkpoints."""
    (saved / "checkpoint.safetensors").unlink()
    return saved


def test_a_weight_of_one_value_is_saved_however_it_lies_in_memory(tmp_path: Path) -> None:
    config = msgspec.structs.replace(
        CONFIG, network=NetworkConfig("one output", (Conv(2), Dense(1, activation="none")))
    )
    checkpoint = checkpoint_with(build(config.network, DIGIT, 2), config)
    origin = msgspec.structs.replace(checkpoint.origin, classes=("cat", "dog"))
    name = "dense1.linear.bias"
    checkpoint.weights[name] = checkpoint.weights[name].as_strided((1,), (0,))
    checkpoint = msgspec.structs.replace(checkpoint, origin=origin)
    save_run(tmp_path, checkpoint)
    back = load_checkpoint(tmp_path)
    assert torch.equal(back.weights[name], checkpoint.weights[name])


def test_comes_back_as_it_was(saved: Path) -> None:
    random_state = torch.get_rng_state()
    trained = load_run(saved)
    assert torch.equal(torch.get_rng_state(), random_state)
    assert (trained.config, trained.classes, trained.shape_CHW) == (CONFIG, CLASSES, DIGIT)
    assert trained.scaling == SCALING
    assert not any(module.training for module in trained.network.modules())
    expected = network_with_a_past().state_dict()
    weights = trained.network.state_dict()
    assert weights.keys() == expected.keys()
    assert all(torch.equal(weights[name], expected[name]) for name in expected)
    batch_NCHW = torch.rand(2, *DIGIT)
    assert torch.equal(trained.network(batch_NCHW), network_with_a_past().eval()(batch_NCHW))


def test_leaves_files_that_others_can_read(saved: Path) -> None:
    assert sorted(path.name for path in saved.iterdir()) == FILES
    lines = (saved / "epochs.jsonl").read_text().splitlines()
    assert [msgspec.json.decode(line, type=EpochEnded) for line in lines] == EPOCHS
    ends = json.loads((saved / "network.json").read_text())
    assert ends["classes"] == list(CLASSES)
    assert ends["shape_CHW"] == list(DIGIT)


def test_channels_last_weights_are_saved_all_the_same(tmp_path: Path) -> None:
    network = network_with_a_past()
    expected = {name: value.clone() for name, value in network.state_dict().items()}
    save_run(tmp_path, checkpoint_with(network.to(memory_format=torch.channels_last)))
    weights = load_run(tmp_path).network.state_dict()
    assert all(torch.equal(weights[name], expected[name]) for name in expected)


def test_a_newer_run_takes_the_place_of_an_older_one(saved: Path) -> None:
    config = msgspec.structs.replace(CONFIG, network=find_network("digits"))
    save_run(saved, checkpoint_with(build(config.network, DIGIT, 10), config))
    assert load_run(saved).config == config
    assert sorted(path.name for path in saved.iterdir()) == FILES


def replace(old: str, new: str) -> Callable[[Path], None]:
    def change(file: Path) -> None:
        text = file.read_text()
        assert old in text
        file.write_text(text.replace(old, new))

    return change


def cut(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-100])


def flip(file: Path) -> None:
    content = bytearray(file.read_bytes())
    content[-50] ^= 1
    file.write_bytes(content)


def make_folder(file: Path) -> None:
    file.unlink()
    file.mkdir()


@pytest.mark.parametrize(
    ("name", "damage", "sentence"),
    [
        ("config.toml", Path.unlink, "config.toml can't be read"),
        ("config.toml", replace("epochs = 3", "epochs = -3"), "training.epochs"),
        ("config.toml", replace("[data]", "[data"), "isn't TOML"),
        ("config.toml", replace("filters = 32", "filters = 33"), "don't fit together"),
        ("config.toml", replace("kernel = 3", "kernel = 30"), "don't fit together"),
        ("network.json", Path.unlink, "network.json is missing"),
        ("network.json", cut, "network.json is damaged"),
        ("network.json", replace('"9"', '"9", "10"'), "don't fit together"),
        ("network.json", replace('"shape_CHW"', '"shape"'), "network.json is damaged"),
        ("network.json", make_folder, "network.json can't be read"),
        ("weights.safetensors", Path.unlink, "weights.safetensors is missing"),
        ("weights.safetensors", cut, "damaged or belongs to another network"),
        ("weights.safetensors", flip, "damaged or belongs to another network"),
    ],
)
def test_what_is_damaged_is_one_sentence(
    older: Path, name: str, damage: Callable[[Path], None], sentence: str
) -> None:
    damage(older / name)
    with pytest.raises(RunError) as caught:
        load_run(older)
    assert sentence in str(caught.value)
    assert caught.value.hint


def test_weights_of_another_run_are_refused(older: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    torch.manual_seed(4)
    save_run(other, checkpoint_with(build(CONFIG.network, DIGIT, 10)))
    shutil.copy(other / "weights.safetensors", older)
    with pytest.raises(RunError, match="belongs to another network"):
        load_run(older)


def test_a_preset_is_not_trained(
    saved: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(RunError) as caught:
        open_trained("digits")
    assert "has not been trained" in str(caught.value)
    assert "python main.py train --network digits --out DIR" in str(caught.value)
    saved.rename("digits")
    assert open_trained("digits").config == CONFIG


def test_what_is_no_run_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "empty").mkdir()
    for name in ("file", "empty", "nothing"):
        with pytest.raises(RunError, match="is missing"):
            open_trained(str(tmp_path / name))


def test_a_folder_is_made_and_left_empty(tmp_path: Path) -> None:
    check_writable(tmp_path / "a" / "b")
    assert list((tmp_path / "a" / "b").iterdir()) == []


def test_a_file_in_the_way_is_said_before_training(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for folder in (tmp_path / "file", tmp_path / "file" / "run"):
        with pytest.raises(RunError, match="is in the way"):
            check_writable(folder)


@pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write anywhere"
)
def test_a_closed_folder_is_said_before_training(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    try:
        with pytest.raises(RunError, match="permission denied"):
            check_writable(tmp_path)
    finally:
        tmp_path.chmod(0o700)


def test_a_full_disk_changes_nothing(saved: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = {path.name: path.read_bytes() for path in saved.iterdir()}

    def fsync(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", fsync)
    with pytest.raises(RunError, match="the disk is full"):
        save_run(saved, checkpoint_with(network_with_a_past(), RunConfig()))
    assert {path.name: path.read_bytes() for path in saved.iterdir()} == before


def test_a_folder_in_the_place_of_a_file_changes_nothing(tmp_path: Path) -> None:
    (tmp_path / "b").mkdir()
    with pytest.raises(RunError, match="is a folder"):
        write_files(tmp_path, {"a": b"1", "b": b"2"})
    assert [path.name for path in tmp_path.iterdir()] == ["b"]


def test_a_folder_of_before_there_were_checkpoints_still_opens(older: Path) -> None:
    expected = network_with_a_past().state_dict()
    weights = load_run(older).network.state_dict()
    assert all(torch.equal(weights[name], expected[name]) for name in expected)
    with pytest.raises(RunError, match="saved without what it takes to go on"):
        load_checkpoint(older)


def test_the_checkpoint_is_the_truth_where_it_is_there(saved: Path) -> None:
    for name in FILES[1:]:
        (saved / name).write_bytes(b"of another run")
    assert load_run(saved).config == CONFIG
    (saved / FILES[0]).write_bytes(b"damaged")
    with pytest.raises(RunError, match="is damaged"):
        load_run(saved)


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_weights_that_are_no_numbers_are_neither_saved_nor_read(older: Path, value: float) -> None:
    network = network_with_a_past()
    with torch.no_grad():
        next(network.parameters())[0] = value
    with pytest.raises(RunError, match="step 189 aren't numbers any more"):
        save_run(older / "more", checkpoint_with(network))
    # As another program, or an older one, may have written them.
    weights = safetensors.torch.save(
        {name: tensor.contiguous() for name, tensor in network.state_dict().items()}
    )
    (older / "weights.safetensors").write_bytes(weights)
    ends = json.loads((older / "network.json").read_text())
    ends["weights_sha256"] = hashlib.sha256(weights).hexdigest()
    (older / "network.json").write_text(json.dumps(ends))
    with pytest.raises(RunError, match="aren't all numbers"):
        load_run(older)


@pytest.mark.parametrize(
    "scaling",
    [
        {"mean_C": [0.5], "std_C": [0.0]},
        {"mean_C": [0.5], "std_C": [-1.0]},
        {"mean_C": [0.5], "std_C": [1e-300]},
        {"mean_C": [0.5, 0.5], "std_C": [1.0, 1.0]},
        {"mean_C": [0.5, 0.5], "std_C": [1.0]},
        {"mean_C": [], "std_C": []},
        {"mean_C": [1e300], "std_C": [1.0]},
    ],
)
def test_a_scaling_that_no_pictures_have_is_one_sentence(
    saved: Path, older: Path, scaling: dict[str, list[float]]
) -> None:
    ends = json.loads((older / "network.json").read_text())
    ends["scaling"] = scaling
    (older / "network.json").write_text(json.dumps(ends))
    with pytest.raises(RunError, match="scaling"):
        load_run(older)
    wrong = Scaling(tuple(scaling["mean_C"]), tuple(scaling["std_C"]))
    save_run(saved, checkpoint_with(network_with_a_past(), scaling=wrong))
    with pytest.raises(RunError, match="scaling"):
        load_run(saved)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes with a name here")
@pytest.mark.parametrize("name", FILES)
def test_a_pipe_in_the_place_of_a_file_is_not_waited_for(saved: Path, name: str) -> None:
    if name != FILES[0]:
        (saved / FILES[0]).unlink()
    if name == "epochs.jsonl":
        return  # nobody reads it
    (saved / name).unlink()
    os.mkfifo(saved / name)
    with pytest.raises(RunError, match="isn't a file but a pipe"):
        load_run(saved)


def test_what_a_killed_process_left_is_removed_and_nothing_else(
    saved: Path, tmp_path: Path
) -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as dead:
        pass
    assert not psutil.pid_exists(dead.pid)
    (saved / f".config.toml.{dead.pid}.part").touch()
    (saved / f".checkpoint.safetensors.{dead.pid}-3.part").touch()
    living = f".checkpoint.safetensors.{os.getppid()}-1.part"
    for name in (living, ".mine.part", "notes.part"):
        (saved / name).touch()
    save_run(saved, checkpoint_with(network_with_a_past()))
    assert sorted(path.name for path in saved.iterdir()) == sorted(
        [*FILES, living, ".mine.part", "notes.part"]
    )


def test_a_file_that_is_held_for_a_moment_is_replaced_a_moment_later(
    saved: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, tries, pauses = Path.replace, [], []

    def held_once(self: Path, target: Path) -> Path:
        tries.append(target)
        if len(tries) == 1:
            raise PermissionError(errno.EACCES, "The process cannot access the file")
        return real(self, target)

    monkeypatch.setattr(Path, "replace", held_once)
    monkeypatch.setattr("time.sleep", pauses.append)
    config = msgspec.structs.replace(CONFIG, training=TrainingConfig(epochs=9))
    save_run(saved, checkpoint_with(network_with_a_past(), config))
    assert load_run(saved).config == config
    assert len(pauses) == 1


def test_a_file_that_is_held_for_good_is_one_sentence_and_the_old_run_stays(
    saved: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = {path.name: path.read_bytes() for path in saved.iterdir()}
    pauses: list[float] = []

    def held(self: Path, target: Path) -> Path:
        raise PermissionError(errno.EACCES, "The process cannot access the file")

    monkeypatch.setattr(Path, "replace", held)
    monkeypatch.setattr("time.sleep", pauses.append)
    with pytest.raises(RunError, match="can't be written: the process cannot access the file"):
        save_run(saved, checkpoint_with(network_with_a_past(), RunConfig()))
    assert {path.name: path.read_bytes() for path in saved.iterdir()} == before
    assert 1 < sum(pauses) < 5


def test_a_folder_in_the_way_of_a_file_is_said_before(tmp_path: Path) -> None:
    (tmp_path / "weights.safetensors").mkdir()
    with pytest.raises(RunError, match="is a folder, where a file must be"):
        check_writable(tmp_path, NAMES)
