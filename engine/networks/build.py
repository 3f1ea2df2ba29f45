"""From a layer list to a torch network.

Sizes are worked out before each module is made, so that a list that can't be built is refused with
the name of the layer and its sizes, never with an error of torch's.
"""

from collections import Counter, OrderedDict
from collections.abc import Callable, Iterator
from math import prod

from torch import nn

from engine.config import (
    Activation,
    AveragePool,
    BatchNorm,
    Conv,
    Dense,
    Dropout,
    GlobalAveragePool,
    Layer,
    MaxPool,
    NetworkConfig,
)
from engine.errors import NetworkError

MOST_WEIGHTS = 500_000_000  # of all layers: 2 GB in float32, and training holds several copies
MOST_VALUES = 100_000_000  # that all layers give for one picture: 400 MB in float32

Shape = tuple[int, ...]

_KINDS: dict[type[Layer], str] = {
    Conv: "conv",
    MaxPool: "pool",
    AveragePool: "pool",
    GlobalAveragePool: "pool",
    BatchNorm: "norm",
    Dropout: "dropout",
    Dense: "dense",
}

_ACTIVATIONS: dict[Activation, Callable[[], nn.Module]] = {
    "relu": lambda: nn.ReLU(inplace=True),
    "leaky_relu": lambda: nn.LeakyReLU(inplace=True),
    "elu": lambda: nn.ELU(inplace=True),
    "gelu": nn.GELU,
    "tanh": nn.Tanh,
    "sigmoid": nn.Sigmoid,
}


class LayerNetwork(nn.Sequential):
    """A network built from a layer list: one child a layer, named by kind and number (conv1,
    pool1, ...), and "flatten" where maps become a vector.

    A conv child holds `conv` and, under its own name, the activation: tap "conv1" is the feature
    maps after the activation, "conv1.conv" the filters' responses before it. A dense child holds
    `linear` and the activation.
    """


def build(config: NetworkConfig, shape_CHW: tuple[int, int, int], classes: int) -> nn.Sequential:
    """The network of a layer list for pictures of `shape_CHW`: float32, on torch's default device.

    Takes a batch NCHW and gives what `class_scores` takes: (N, classes), or (N, 1) for two. The
    weights are drawn from torch's global random state as torch draws them for each layer by
    default. NetworkError says which layer can't be built and why.
    """
    _check_end(config)
    children = OrderedDict(
        (name, module) for name, module, _ in each_layer(config, shape_CHW, classes)
    )
    return LayerNetwork(children)


def each_layer(
    config: NetworkConfig, shape_CHW: tuple[int, int, int], classes: int
) -> Iterator[tuple[str, nn.Module, Shape]]:
    """The children that `build` makes, one after another, each with its name and the shape that it
    gives for one picture. NetworkError where the next can't be built."""
    shape: Shape = shape_CHW
    room = _Room()
    numbers: Counter[str] = Counter()
    for place, layer in enumerate(config.layers, start=1):
        kind = _KINDS[type(layer)]
        numbers[kind] += 1
        name = f"{kind}{numbers[kind]}"
        if isinstance(layer, Dense):
            if len(shape) == 3:
                shape = (prod(shape),)
                yield "flatten", nn.Flatten(), shape
            units = _units(name, layer, classes, last=place == len(config.layers))
            module: nn.Module = _dense(name, shape[0], units, layer.activation, room)
            shape = (units,)
        elif isinstance(layer, BatchNorm):
            room.take(name, 2 * shape[0], prod(shape))
            module = (nn.BatchNorm2d if len(shape) == 3 else nn.BatchNorm1d)(shape[0])
        elif isinstance(layer, Dropout):
            room.take(name, 0, prod(shape))
            module = nn.Dropout(layer.share)
        elif len(shape) != 3:
            raise NetworkError(
                f"{name} stands behind a dense layer, where there are no maps any more.",
                "Move it in front of the first dense layer.",
            )
        else:
            module, shape = _over_maps(name, layer, shape, room)
        yield name, module, shape
    _check_end(config)


def _check_end(config: NetworkConfig) -> None:
    if not config.layers or not isinstance(config.layers[-1], Dense):
        raise NetworkError(
            f"The network {config.name!r} doesn't end in a dense layer.",
            "Add one with activation 'none': it gives the scores of the classes.",
        )


def _over_maps(
    name: str,
    layer: Conv | MaxPool | AveragePool | GlobalAveragePool,
    shape: Shape,
    room: "_Room",
) -> tuple[nn.Module, Shape]:
    """A layer that goes over maps (C, H, W), and the shape of the maps it gives."""
    channels, height, width = shape
    if isinstance(layer, GlobalAveragePool):
        return nn.AdaptiveAvgPool2d(1), (channels, 1, 1)
    if isinstance(layer, Conv):
        padded = layer.kernel - 1 if layer.padding == "same" else 0
        padded_size = (height + padded, width + padded)
        size = _size_after(name, layer.kernel, layer.stride, padded_size)
        weights = layer.filters * (channels * layer.kernel**2 + 1)
        room.take(name, weights, max(layer.filters * prod(size), channels * prod(padded_size)))
        return _conv(channels, layer), (layer.filters, *size)
    stride = layer.stride or layer.size
    size = _size_after(name, layer.size, stride, (height, width))
    room.take(name, 0, channels * prod(size))
    pool = nn.MaxPool2d if isinstance(layer, MaxPool) else nn.AvgPool2d
    return pool(layer.size, stride), (channels, *size)


def _size_after(name: str, kernel: int, stride: int, size_HW: tuple[int, int]) -> tuple[int, int]:
    """How many places a window has, from the top left on, along the height and the width."""
    height, width = size_HW
    if kernel > min(size_HW):
        raise NetworkError(
            f"{name} needs maps of at least {kernel}x{kernel} but gets {height}x{width}.",
            "Remove a pool before it, or make its kernel smaller.",
        )
    if stride > max(size_HW):
        raise NetworkError(
            f"{name} has a stride of {stride} but gets maps of only {height}x{width}.",
            f"Choose a stride of at most {max(size_HW)}.",
        )
    return (height - kernel) // stride + 1, (width - kernel) // stride + 1


def _conv(channels: int, layer: Conv) -> nn.Sequential:
    parts: OrderedDict[str, nn.Module] = OrderedDict()
    padding = 0
    if layer.padding == "same" and layer.kernel % 2:
        padding = layer.kernel // 2
    elif layer.padding == "same":
        # An even kernel needs one row and column more behind than before, which Conv2d can't do.
        before, after = (layer.kernel - 1) // 2, layer.kernel // 2
        parts["pad"] = nn.ZeroPad2d((before, after, before, after))
    parts["conv"] = nn.Conv2d(channels, layer.filters, layer.kernel, layer.stride, padding)
    return _activated(parts, layer.activation)


def _dense(
    name: str, values: int, units: int, activation: Activation, room: "_Room"
) -> nn.Sequential:
    room.take(name, units * (values + 1), units)
    return _activated(OrderedDict(linear=nn.Linear(values, units)), activation)


def _activated(parts: "OrderedDict[str, nn.Module]", activation: Activation) -> nn.Sequential:
    if activation != "none":
        parts[activation] = _ACTIVATIONS[activation]()
    return nn.Sequential(parts)


def _units(name: str, layer: Dense, classes: int, last: bool) -> int:
    if not last:
        if layer.units == 0:
            raise NetworkError(
                f"{name} has no units.", "Only the last dense layer may leave them to the classes."
            )
        return layer.units
    if layer.activation != "none":
        raise NetworkError(
            f"{name} is the last layer and has the activation {layer.activation!r}.",
            "The scores of the classes need 'none'.",
        )
    # One output is enough for two classes: see class_scores.
    if layer.units == 1 and classes == 2:
        return 1
    if layer.units not in (0, classes):
        raise NetworkError(
            f"{name} is the last layer and has {layer.units} units for {classes} classes.",
            f"Give it {classes}, or 0 for as many as there are.",
        )
    return classes


class _Room:
    """What layers may still take, worked out before each is made."""

    def __init__(self) -> None:
        self._weights = 0
        self._values = 0

    def take(self, name: str, weights: int, values: int) -> None:
        """NetworkError where a layer has too many weights, or gives too many values for a picture,
        by itself or with those before it."""
        self._weights += weights
        self._values += values
        if self._weights > MOST_WEIGHTS:
            more = "" if self._weights == weights else f", {self._weights:,} with those before it"
            raise NetworkError(
                f"{name} would have {weights:,} weights{more}; {MOST_WEIGHTS:,} is the most.",
                "Give it fewer filters or units, or pool the maps before it.",
            )
        if self._values > MOST_VALUES:
            more = "" if self._values == values else f", {self._values:,} with those before it"
            raise NetworkError(
                f"{name} would give {values:,} values for a picture{more}; {MOST_VALUES:,} is the"
                " most.",
                "Give it fewer filters or a larger stride.",
            )
