"""Networks by name and from files."""

from pathlib import Path

import pytest
import torch

from engine.config import DIGITS_CONVNET, Conv, Dense, NetworkConfig, save
from engine.errors import ConfigError, NetworkError
from engine.networks.build import build
from engine.networks.presets import find_network, preset_names
from engine.networks.scores import class_scores


def test_digits_is_the_default_network() -> None:
    assert find_network("digits") == DIGITS_CONVNET


@pytest.mark.parametrize("name", preset_names())
def test_each_preset_is_built_for_its_pictures_and_runs(name: str) -> None:
    shape_CHW = (1, 28, 28) if name.startswith("digits") else (3, 150, 150)
    classes = 2 if name.startswith("cats-dogs") else 10
    scores_NK = class_scores(
        build(find_network(name), shape_CHW, classes)(torch.zeros(2, *shape_CHW))
    )
    assert scores_NK.shape == (2, classes)


def test_a_file_of_ones_own(tmp_path: Path) -> None:
    mine = NetworkConfig("mine", (Conv(4), Dense(activation="none")))
    save(mine, tmp_path / "mine.toml")
    assert find_network(str(tmp_path / "mine.toml")) == mine


def test_an_unknown_name_lists_the_presets(tmp_path: Path) -> None:
    for name in ("nothing", str(tmp_path), str(tmp_path / "nothing.toml"), ""):
        with pytest.raises(NetworkError) as caught:
            find_network(name)
        assert all(preset in str(caught.value) for preset in preset_names())


def test_a_file_that_is_no_network(tmp_path: Path) -> None:
    file = tmp_path / "odd.toml"
    file.write_text('name = "odd"\nlayers = [{ kind = "conv", filters = 0 }]\n')
    with pytest.raises(ConfigError, match=r"layers\[0\]\.filters"):
        find_network(str(file))
