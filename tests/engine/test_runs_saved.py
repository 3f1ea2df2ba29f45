"""What a run leaves on disk comes back as it was, or one sentence says why not."""

import errno
import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
import torch
from torch import nn

from engine.config import DIGITS, RunConfig, SubsetCounts, TrainingConfig
from engine.data.batches.scaling import Scaling
from engine.errors import RunError
from engine.files import check_writable, write_files
from engine.messages.events import EpochEnded
from engine.networks.build import build
from engine.networks.presets import find_network
from engine.runs.saved import load_run, open_trained, save_run

CONFIG = RunConfig(
    data=msgspec.structs.replace(DIGITS, subsets=SubsetCounts("rest", 50, 0)),
    network=find_network("digits-batch-norm"),
    training=TrainingConfig(epochs=3, learning_rate=0.003),
)
DIGIT = (1, 28, 28)
CLASSES = tuple("0123456789")
SCALING = Scaling((0.25,), (0.5,))
EPOCHS = [EpochEnded(n, 63 * n, 0.5 / n, 0.9, 0.4 / n, 0.95, 3000.0, 1.5) for n in (1, 2, 3)]
FILES = ["config.toml", "epochs.jsonl", "network.json", "weights.safetensors"]


def network_with_a_past() -> nn.Module:
    torch.manual_seed(3)
    network = build(CONFIG.network, DIGIT, len(CLASSES))
    network(torch.rand(8, *DIGIT))  # batch norm has seen something
    return network


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    save_run(tmp_path / "run", CONFIG, network_with_a_past(), CLASSES, DIGIT, SCALING, EPOCHS)
    return tmp_path / "run"


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


def test_leaves_four_files_that_others_can_read(saved: Path) -> None:
    assert sorted(path.name for path in saved.iterdir()) == FILES
    lines = (saved / "epochs.jsonl").read_text().splitlines()
    assert [msgspec.json.decode(line, type=EpochEnded) for line in lines] == EPOCHS
    ends = json.loads((saved / "network.json").read_text())
    assert ends["classes"] == list(CLASSES)
    assert ends["shape_CHW"] == list(DIGIT)


def test_channels_last_weights_are_saved_all_the_same(tmp_path: Path) -> None:
    network = network_with_a_past()
    expected = {name: value.clone() for name, value in network.state_dict().items()}
    save_run(
        tmp_path,
        CONFIG,
        network.to(memory_format=torch.channels_last),
        CLASSES,
        DIGIT,
        SCALING,
        EPOCHS,
    )
    weights = load_run(tmp_path).network.state_dict()
    assert all(torch.equal(weights[name], expected[name]) for name in expected)


def test_a_newer_run_takes_the_place_of_an_older_one(saved: Path) -> None:
    config = msgspec.structs.replace(CONFIG, network=find_network("digits"))
    save_run(saved, config, build(config.network, DIGIT, 10), CLASSES, DIGIT, SCALING, [])
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
    saved: Path, name: str, damage: Callable[[Path], None], sentence: str
) -> None:
    damage(saved / name)
    with pytest.raises(RunError) as caught:
        load_run(saved)
    assert sentence in str(caught.value)
    assert caught.value.hint


def test_weights_of_another_run_are_refused(saved: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    torch.manual_seed(4)
    save_run(other, CONFIG, build(CONFIG.network, DIGIT, 10), CLASSES, DIGIT, SCALING, EPOCHS)
    shutil.copy(other / "weights.safetensors", saved)
    with pytest.raises(RunError, match="belongs to another network"):
        load_run(saved)


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
        save_run(saved, RunConfig(), network_with_a_past(), CLASSES, DIGIT, SCALING, [])
    assert {path.name: path.read_bytes() for path in saved.iterdir()} == before


def test_a_folder_in_the_place_of_a_file_changes_nothing(tmp_path: Path) -> None:
    (tmp_path / "b").mkdir()
    with pytest.raises(RunError, match="is a folder"):
        write_files(tmp_path, {"a": b"1", "b": b"2"})
    assert [path.name for path in tmp_path.iterdir()] == ["b"]
