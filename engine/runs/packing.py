"""A checkpoint as the bytes of one safetensors file, and back. No pickle: reading runs no code.

Its tensors are "weights:NAME", "memory:NUMBER:NAME" for the optimiser's, "steps:NAME" for the
figures of the steps and "epochs", a row for each. All else is JSON in its metadata, with a hash
over everything.
"""

import hashlib
import json
from pathlib import Path
from typing import Annotated, Any

import msgspec
import numpy as np
import safetensors.torch
import torch
from msgspec import Meta, Struct
from safetensors import SafetensorError
from torch import Tensor, nn

from engine.config import Optimizer, RunConfig
from engine.data.batches.scaling import Scaling
from engine.errors import NetworkError, RunError
from engine.messages.events import EpochEnded
from engine.networks.build import build
from engine.runs.checkpoint import Checkpoint, Origin
from engine.training.figures import RunFigures

AGAIN = "Train and save it again."
LARGEST_SIDE = 2**14
_VERSION = 1
_MOST_SCALE = 1e6
_LEAST_STD = 1e-6
_FIGURES = {"loss": torch.float32, "accuracy": torch.float32, "pictures": torch.int64}

# What an optimiser remembers of each weight: always, and at times.
_MEMORY: dict[Optimizer, tuple[set[str], set[str]]] = {
    "adam": ({"step", "exp_avg", "exp_avg_sq"}, set()),
    "adamw": ({"step", "exp_avg", "exp_avg_sq"}, set()),
    "rmsprop": ({"step", "square_avg"}, {"momentum_buffer"}),
    "sgd": (set(), {"momentum_buffer"}),
}

Number = Annotated[int, Meta(ge=0, le=2**53)]


class _Rest(Struct, frozen=True, forbid_unknown_fields=True):
    """What is no tensor."""

    version: int
    config: RunConfig
    origin: Origin
    goal_epochs: Annotated[int, Meta(ge=1, le=2**53)]
    step: Number
    epoch: Number
    position: Number
    learned: Number
    seconds: Annotated[float, Meta(ge=0, le=1e12)]


def pack(checkpoint: Checkpoint) -> bytes:
    """The bytes of a checkpoint with its figures; RunError where its weights aren't numbers."""
    figures = checkpoint.figures
    assert figures is not None
    if not checkpoint.is_finite:
        raise RunError(
            f"The weights of step {checkpoint.step:,} aren't numbers any more.",
            "Start over with a smaller learning rate.",
        )
    rest = _Rest(
        version=_VERSION,
        config=checkpoint.config,
        origin=checkpoint.origin,
        goal_epochs=checkpoint.goal_epochs,
        step=checkpoint.step,
        epoch=checkpoint.epoch,
        position=checkpoint.position,
        learned=checkpoint.learned,
        seconds=figures.seconds,
    )
    tensors = {f"weights:{name}": value for name, value in checkpoint.weights.items()}
    for number, own in checkpoint.memory.items():
        tensors |= {f"memory:{number}:{name}": value for name, value in own.items()}
    for name in _FIGURES:
        tensors[f"steps:{name}"] = torch.tensor(getattr(figures, f"{name}_N"))
    rows = [msgspec.structs.astuple(epoch) for epoch in figures.epochs]
    columns = len(EpochEnded.__struct_fields__)
    tensors["epochs"] = torch.tensor(rows, dtype=torch.float64).reshape(-1, columns)
    tensors = {name: value.contiguous() for name, value in tensors.items()}
    # The library's own JSON refuses names of files that are no text; this one escapes them.
    text = json.dumps(msgspec.to_builtins(rest))
    return safetensors.torch.save(tensors, {"run": text, "sha256": _digest(text, tensors)})


def unpack(data: bytes, where: Path) -> Checkpoint:
    """The checkpoint of a file's bytes; RunError where they are damaged or can't be one."""
    try:
        tensors = safetensors.torch.load(data)
        header = json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")])
        metadata = header["__metadata__"]
        text, digest = metadata["run"], metadata["sha256"]
    except (SafetensorError, KeyError, TypeError, ValueError, RecursionError) as error:
        raise RunError(f"{where} is damaged.", AGAIN) from error
    if _digest(text, tensors) != digest:
        raise RunError(f"{where} is damaged.", AGAIN)
    try:
        fields = json.loads(text)
        if isinstance(fields, dict) and fields.get("version") != _VERSION:
            raise RunError(
                f"{where} was written by another version.", "Open it with the one that wrote it."
            )
        rest = msgspec.convert(fields, _Rest)
        checkpoint = _put_together(rest, tensors)
        check_scaling(rest.origin.scaling, rest.origin.shape_CHW)
        network = empty_network(rest.config, rest.origin.shape_CHW, len(rest.origin.classes))
        check_weights(network, checkpoint.weights)
        _check_memory(rest.config.training.optimizer, network, checkpoint.memory)
    except (ValueError, KeyError, NetworkError, RecursionError) as error:
        raise RunError(f"{where} can't be used: {error}.", AGAIN) from error
    return checkpoint


def _put_together(rest: _Rest, tensors: dict[str, Tensor]) -> Checkpoint:
    weights: dict[str, Tensor] = {}
    memory: dict[int, dict[str, Tensor]] = {}
    for key, value in sorted(tensors.items()):
        kind, _, name = key.partition(":")
        if kind == "weights":
            weights[name] = value
        elif kind == "memory":
            number, _, name = name.partition(":")
            memory.setdefault(int(number), {})[name] = value
    if rest.position > rest.origin.training_pictures or rest.learned > rest.position:
        raise ValueError("it stands behind the end of an epoch")
    return Checkpoint(
        config=rest.config,
        origin=rest.origin,
        goal_epochs=rest.goal_epochs,
        step=rest.step,
        epoch=rest.epoch,
        position=rest.position,
        learned=rest.learned,
        weights=weights,
        memory=dict(sorted(memory.items())),
        figures=_figures(rest, tensors),
    )


def _figures(rest: _Rest, tensors: dict[str, Tensor]) -> RunFigures:
    steps: dict[str, np.ndarray] = {}
    for name, dtype in _FIGURES.items():
        value = tensors[f"steps:{name}"]
        if value.shape != (rest.step,) or value.dtype != dtype:
            raise ValueError(f"it has no {name} for every step")
        steps[name] = value.numpy()
    table = tensors["epochs"]
    columns = EpochEnded.__struct_fields__
    if table.shape != (rest.epoch, len(columns)) or table.dtype != torch.float64:
        raise ValueError("it has no figures for every epoch")
    whole = ("epoch", "step")
    epochs = []
    for row in table.tolist():
        named: dict[str, Any] = dict(zip(columns, row, strict=True))
        if not all(0 <= named[name] <= rest.step and named[name] % 1 == 0 for name in whole):
            raise ValueError("its epochs aren't in the order of its steps")
        epochs.append(EpochEnded(**{**named, **{name: int(named[name]) for name in whole}}))
    ends = [epoch.step for epoch in epochs]
    if ends != sorted(ends) or not bool((tensors["steps:pictures"] > 0).all()):
        raise ValueError("its epochs aren't in the order of its steps")
    return RunFigures(
        steps["loss"], steps["accuracy"], steps["pictures"], tuple(epochs), rest.seconds
    )


def check_scaling(scaling: Scaling, shape_CHW: tuple[int, int, int]) -> None:
    """ValueError for a scaling that can't be one of pictures of this shape."""
    counts = {len(scaling.mean_C), len(scaling.std_C)}
    if len(counts) > 1 or not counts <= {1, shape_CHW[0]}:
        raise ValueError("its scaling is of another number of channels")
    means = all(abs(mean) <= _MOST_SCALE for mean in scaling.mean_C)
    if not means or not all(_LEAST_STD <= std <= _MOST_SCALE for std in scaling.std_C):
        raise ValueError("its scaling has values that no pictures have")


def empty_network(config: RunConfig, shape_CHW: tuple[int, int, int], classes: int) -> nn.Module:
    """The network of a config, without memory for its weights; NetworkError as `build`, ValueError
    for a shape or a number of classes that none has."""
    if not all(1 <= side <= LARGEST_SIDE for side in shape_CHW) or not classes >= 1:
        raise ValueError("its pictures are of no possible shape")
    with torch.device("meta"):
        return build(config.network, shape_CHW, classes)


def check_weights(network: nn.Module, weights: dict[str, Tensor]) -> None:
    """ValueError for weights that are not those of a network, or no numbers."""
    expected = network.state_dict()
    if weights.keys() != expected.keys():
        raise ValueError("its weights are of another network")
    for name, value in weights.items():
        if value.shape != expected[name].shape or value.dtype != expected[name].dtype:
            raise ValueError(f"its weights {name} are of another shape or kind")
        if not bool(torch.isfinite(value).all()):
            raise ValueError(f"its weights {name} aren't all numbers")


def _check_memory(
    optimizer: Optimizer, network: nn.Module, memory: dict[int, dict[str, Tensor]]
) -> None:
    parameters = list(network.parameters())
    always, at_times = _MEMORY[optimizer]
    for number, own in memory.items():
        if not 0 <= number < len(parameters) or not always <= own.keys() <= always | at_times:
            raise ValueError("its optimiser remembers another network")
        for name, value in own.items():
            shape = torch.Size() if name == "step" else parameters[number].shape
            if value.shape != shape or value.dtype != torch.float32:
                raise ValueError("its optimiser remembers another network")


def _digest(text: str, tensors: dict[str, Tensor]) -> str:
    found = hashlib.sha256(text.encode("utf-8", "surrogatepass"))
    for name in sorted(tensors):
        value = tensors[name]
        found.update(f"{name} {value.dtype} {tuple(value.shape)}".encode())
        # Of one value, a tensor counts as contiguous whatever its stride is.
        found.update(value.reshape(-1).numpy().data.cast("B"))
    return found.hexdigest()
