"""From maps to one uint8 image, on the device, before anything is copied."""

import math
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as F

from engine.messages.frames import Region, Scale

LEAST_RANGE = 1e-30
"""In place of none, so that nothing is divided by zero."""


class Figures(NamedTuple):
    """Of each of C maps, whole: tensors (C,), float32 but for the count.

    As few operations as will do: `spread_C` is the root of the summed squares of the differences
    from the mean, and `others_C` the number of values that aren't zero.
    """

    low_C: Tensor
    high_C: Tensor
    mean_C: Tensor
    spread_C: Tensor
    others_C: Tensor


def figures_of(maps_CHW: Tensor) -> Figures:
    """The figures of each map."""
    flat_CP = maps_CHW.flatten(1)
    # On the CPU these are several times faster than aminmax, std_mean and a sum of comparisons.
    mean_C = flat_CP.mean(1)
    return Figures(
        low_C=flat_CP.amin(1),
        high_C=flat_CP.amax(1),
        mean_C=mean_C,
        spread_C=torch.linalg.vector_norm(flat_CP - mean_C[:, None], dim=1),
        others_C=torch.count_nonzero(flat_CP, dim=1),
    )


def part_of(maps_NHW: Tensor, region: Region) -> Tensor:
    """A view of the region of each map, at least one pixel large."""
    height, width = maps_NHW.shape[1:]
    top, bottom = _span(region.top, region.bottom, height)
    left, right = _span(region.left, region.right, width)
    return maps_NHW[:, top:bottom, left:right]


def _span(start: float, stop: float, size: int) -> tuple[int, int]:
    first = min(max(math.floor(start * size + 1e-6), 0), size - 1)
    last = min(max(math.ceil(stop * size - 1e-6), first + 1), size)
    return first, last


def at_most(maps_NHW: Tensor, tile: int) -> Tensor:
    """Maps larger than `tile` pixels a side shrunk by averaging; smaller ones as they are."""
    height, width = maps_NHW.shape[1:]
    largest = max(height, width)
    if largest <= tile:
        return maps_NHW
    size = (max(1, height * tile // largest), max(1, width * tile // largest))
    return F.interpolate(maps_NHW[None], size=size, mode="area")[0]


def ranges(low_N: Tensor, high_N: Tensor, scale: Scale, signed: bool) -> tuple[Tensor, Tensor]:
    """The value of byte 0 and of byte 255 of each map: its own range, or one for all of them.

    Signed ranges are symmetric about zero. "network" is like "layer" here: the caller gives the
    ranges of the whole network.
    """
    if scale != "map":
        low_N = low_N.amin().expand_as(low_N)
        high_N = high_N.amax().expand_as(high_N)
    if signed:
        high_N = torch.maximum(low_N.abs(), high_N.abs()).clamp_min_(LEAST_RANGE)
        low_N = -high_N
    return low_N, high_N


def range_of_one(map_CHW: Tensor, layer_CHW: Tensor) -> tuple[Tensor, Tensor]:
    """The value of byte 0 and of byte 255 of one map that is shown alone, (1, H, W), as tensors
    (1,): its own range. Of one value, such as a unit's, it has the range of its layer (C, H, W),
    so that a strong one is bright; and if that has none, from zero to it.
    """
    low_1, high_1 = map_CHW.amin((1, 2)), map_CHW.amax((1, 2))
    for low, high in (
        (layer_CHW.amin(), layer_CHW.amax()),
        (low_1.clamp_max(0.0), high_1.clamp_min(0.0)),
    ):
        flat_1 = low_1 == high_1
        low_1, high_1 = torch.where(flat_1, low, low_1), torch.where(flat_1, high, high_1)
    return low_1, high_1


def to_bytes(maps_NHW: Tensor, low_N: Tensor, high_N: Tensor) -> Tensor:
    """uint8 maps: low becomes 0, high 255. A map without range is 0, or 128 about zero.

    What is no number becomes 0 or 255.
    """
    factor_N = 255.0 / (high_N - low_N).clamp_min_(LEAST_RANGE)
    scaled_NHW = (maps_NHW - low_N[:, None, None]).mul_(factor_N[:, None, None])
    # Half a grey level more, as the conversion cuts off what stands after the point.
    return scaled_NHW.add_(0.5).clamp_(0.0, 255.0).to(torch.uint8)


def tiled(bytes_NHW: Tensor, columns: int) -> Tensor:
    """One contiguous mosaic, row by row, `columns` tiles wide; missing tiles are 0."""
    count, height, width = bytes_NHW.shape
    columns = max(1, min(columns, count))
    rows = -(-count // columns)
    if rows * columns > count:
        bytes_NHW = F.pad(bytes_NHW, (0, 0, 0, 0, 0, rows * columns - count))
    return (
        bytes_NHW.reshape(rows, columns, height, width)
        .permute(0, 2, 1, 3)
        .reshape(rows * height, columns * width)
        .contiguous()
    )
