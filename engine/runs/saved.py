"""A trained network on disk: written when a run is saved, read to predict, to look and to go on.

A folder holds
    checkpoint.safetensors  all that the run is: one file, replaced as a whole
and, written after it for people and other programs,
    config.toml          the RunConfig, to repeat the run
    network.json         what goes in and what comes out: the shape and the classes
    weights.safetensors  the weights by the names of the modules
    epochs.jsonl         the figures of each epoch, one JSON object a line
Where there is a checkpoint nothing else is read. Older folders have the other four alone: they can
be predicted with, but there is no going on.
"""

import hashlib
import os
from pathlib import Path
from typing import Annotated

import msgspec
import safetensors.torch
from msgspec import Meta, Struct
from safetensors import SafetensorError
from torch import nn

from engine import config as configs
from engine.config import Count, RunConfig
from engine.data.batches.scaling import Scaling
from engine.errors import ConfigError, NetworkError, RunError
from engine.files import read_file, write_files
from engine.messages.events import EpochEnded
from engine.networks.presets import preset_names
from engine.program import COMMAND
from engine.runs.checkpoint import Checkpoint
from engine.runs.names import CHECKPOINT, CONFIG, EPOCHS, NETWORK, WEIGHTS
from engine.runs.packing import AGAIN, check_scaling, check_weights, empty_network, pack, unpack

MOST_BYTES = 2**33
"""Of a file of a run: 8 GiB."""


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


def save_run(folder: Path, checkpoint: Checkpoint) -> None:
    """Write a run, on the host and with its figures, in all its files; makes the folder.

    On any thread. Whatever ends this in between, the folder opens as the run of before or as this
    one. RunError says why it can't be written.
    """
    origin, figures = checkpoint.origin, checkpoint.figures
    packed = pack(checkpoint)
    weights = safetensors.torch.save(
        {name: value.contiguous() for name, value in checkpoint.weights.items()}
    )
    ends = _Ends(
        shape_CHW=origin.shape_CHW,
        classes=origin.classes,
        parameters=origin.parameters,
        weights_sha256=hashlib.sha256(weights).hexdigest(),
        scaling=origin.scaling,
    )
    epochs = figures.epochs if figures is not None else ()
    write_files(
        folder,
        {
            CHECKPOINT: packed,
            WEIGHTS: weights,
            CONFIG: configs.as_toml(checkpoint.config).encode(),
            EPOCHS: b"".join(msgspec.json.encode(_figures_of(epoch)) + b"\n" for epoch in epochs),
            NETWORK: msgspec.json.format(msgspec.json.encode(ends)) + b"\n",
        },
    )


def keep_checkpoint(folder: Path, checkpoint: Checkpoint) -> None:
    """Write a run as its checkpoint alone, to go on from; otherwise like `save_run`."""
    write_files(folder, {CHECKPOINT: pack(checkpoint)})


def load_checkpoint(folder: Path) -> Checkpoint:
    """All that a saved run is; RunError says what is missing, damaged or can't be."""
    file = folder / CHECKPOINT
    if not _exists(file) and _exists(folder / WEIGHTS):
        raise RunError(
            f"{folder} holds a network that was saved without what it takes to go on.",
            f"Train it anew with `{COMMAND} train --out DIR`; predict and maps can use it.",
        )
    return unpack(_read(file), file)


def load_run(folder: Path) -> Trained:
    """The network of a saved run; RunError says what is missing, damaged or doesn't fit together.

    Draws nothing from the random state.
    """
    if not _exists(folder / CHECKPOINT):
        return _load_older(folder)
    checkpoint = load_checkpoint(folder)
    origin = checkpoint.origin
    network = empty_network(checkpoint.config, origin.shape_CHW, len(origin.classes))
    network.load_state_dict(checkpoint.weights, assign=True)
    return Trained(
        checkpoint.config, network.eval(), origin.classes, origin.shape_CHW, origin.scaling
    )


def _exists(path: Path) -> bool:
    """Whether there is such a file, as far as can be known: reading it says why, where it can't."""
    return os.path.exists(path)  # noqa: PTH110 - unlike Path.exists, it never raises


def _load_older(folder: Path) -> Trained:
    network_file, weights_file, config_file = folder / NETWORK, folder / WEIGHTS, folder / CONFIG
    try:
        ends = msgspec.json.decode(_read(network_file), type=_Ends)
        check_scaling(ends.scaling, ends.shape_CHW)
    except (msgspec.DecodeError, ValueError) as error:
        raise RunError(f"{network_file} is damaged: {error}.", AGAIN) from error
    weights = _read(weights_file)
    try:
        config = configs.load(config_file, RunConfig)
    except ConfigError as error:
        raise RunError(error.message, AGAIN) from error
    if hashlib.sha256(weights).hexdigest() != ends.weights_sha256:
        raise RunError(f"{weights_file} is damaged or belongs to another network.", AGAIN)
    try:
        network = empty_network(config, ends.shape_CHW, len(ends.classes))
        tensors = safetensors.torch.load(weights)
        check_weights(network, tensors)
    except (NetworkError, ValueError, SafetensorError) as error:
        reason = f": {error}" if isinstance(error, ValueError) else ""
        raise RunError(
            f"{config_file} and {weights_file} don't fit together{reason}.", AGAIN
        ) from error
    network.load_state_dict(tensors, assign=True)
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


def _figures_of(epoch: EpochEnded) -> dict[str, float]:
    return {name: getattr(epoch, name) for name in epoch.__struct_fields__}
