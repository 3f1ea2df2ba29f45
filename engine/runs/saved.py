"""A trained network on disk: written when a run is saved, read to predict and to look.

A folder holds
    config.toml          the RunConfig, to repeat the run
    network.json         what goes in and what comes out: the shape and the classes
    weights.safetensors  the weights by the names of the modules
    epochs.jsonl         the figures of each epoch, one JSON object a line
"""

import hashlib
from pathlib import Path
from typing import Annotated

import msgspec
import safetensors.torch
import torch
from msgspec import Meta, Struct
from safetensors import SafetensorError
from torch import nn

from engine import config as configs
from engine.config import Count, RunConfig
from engine.data.batches.scaling import Scaling
from engine.errors import ConfigError, NetworkError, RunError
from engine.files import read_file, write_files
from engine.messages.events import EpochEnded
from engine.networks.build import build
from engine.networks.presets import preset_names
from engine.program import COMMAND

CONFIG = "config.toml"
NETWORK = "network.json"
WEIGHTS = "weights.safetensors"
EPOCHS = "epochs.jsonl"

MOST_BYTES = 2**33
"""Of a file of a run: 8 GiB."""

_AGAIN = "Train and save it again."


class Trained(Struct, frozen=True, eq=False):
    """A trained network on the CPU, in eval mode: takes float32 (N, *shape_CHW) as `scaling`
    makes them, and gives what `class_scores` takes."""

    config: RunConfig
    network: nn.Module
    classes: tuple[str, ...]
    shape_CHW: tuple[int, int, int]
    scaling: Scaling


class _Ends(Struct, frozen=True):
    """network.json. The hash shows whether the weights are those of this file and undamaged."""

    shape_CHW: tuple[Count, Count, Count]
    classes: Annotated[tuple[str, ...], Meta(min_length=1)]
    parameters: int
    weights_sha256: str
    scaling: Scaling = Scaling()


def save_run(
    folder: Path,
    config: RunConfig,
    network: nn.Module,
    classes: tuple[str, ...],
    shape_CHW: tuple[int, int, int],
    scaling: Scaling,
    epochs: list[EpochEnded],
) -> None:
    """Write a network that was built from `config`, with the figures of its epochs.

    Makes the folder; files of a run saved there before are replaced. Waits for the device. RunError
    says why it can't be written, and what was there before is then still there, whole.
    """
    weights = safetensors.torch.save(
        {name: value.contiguous() for name, value in network.state_dict().items()}
    )
    ends = _Ends(
        shape_CHW=shape_CHW,
        classes=classes,
        parameters=sum(parameter.numel() for parameter in network.parameters()),
        weights_sha256=hashlib.sha256(weights).hexdigest(),
        scaling=scaling,
    )
    write_files(
        folder,
        {
            WEIGHTS: weights,
            CONFIG: configs.as_toml(config).encode(),
            EPOCHS: b"".join(msgspec.json.encode(epoch) + b"\n" for epoch in epochs),
            NETWORK: msgspec.json.format(msgspec.json.encode(ends)) + b"\n",
        },
    )


def load_run(folder: Path) -> Trained:
    """Read what `save_run` wrote; RunError says what is missing, damaged or doesn't fit together.

    Draws nothing from the random state.
    """
    network_file, weights_file, config_file = folder / NETWORK, folder / WEIGHTS, folder / CONFIG
    try:
        ends = msgspec.json.decode(_read(network_file), type=_Ends)
    except msgspec.DecodeError as error:
        raise RunError(f"{network_file} is damaged: {error}.", _AGAIN) from error
    weights = _read(weights_file)
    try:
        config = configs.load(config_file, RunConfig)
    except ConfigError as error:
        raise RunError(error.message, _AGAIN) from error
    if hashlib.sha256(weights).hexdigest() != ends.weights_sha256:
        raise RunError(f"{weights_file} is damaged or belongs to another network.", _AGAIN)
    try:
        with torch.device("meta"):
            network = build(config.network, ends.shape_CHW, len(ends.classes))
        network.load_state_dict(safetensors.torch.load(weights), assign=True)
    except (NetworkError, RuntimeError, SafetensorError) as error:
        raise RunError(f"{config_file} and {weights_file} don't fit together.", _AGAIN) from error
    return Trained(config, network.eval(), ends.classes, ends.shape_CHW, ends.scaling)


def open_trained(folder_or_name: str) -> Trained:
    """The trained network in a folder. RunError for anything else; it says so if it is a preset,
    which has no weights until it is trained."""
    folder = Path(folder_or_name)
    if folder_or_name in preset_names() and not folder.is_dir():
        raise RunError(
            f"The network {folder_or_name} has not been trained.",
            f"Train it with `{COMMAND} train --network {folder_or_name} --out DIR`, then name DIR.",
        )
    return load_run(folder)


def _read(path: Path) -> bytes:
    try:
        return read_file(path, MOST_BYTES)
    except (FileNotFoundError, NotADirectoryError):
        raise RunError(
            f"{path} is missing.", "Name a folder that `train --out` or the window wrote."
        ) from None
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise RunError(f"{path} can't be read: {reason}.", "Check its permissions.") from error
