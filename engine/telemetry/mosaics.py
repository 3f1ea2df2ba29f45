"""From maps to one uint8 image, on the device, before anything is copied.

`host_mosaics` has the same functions in numpy, for maps that are on the host already.
"""

import math
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from engine.telemetry.plans import Plan, averaging

LEAST_RANGE = 1e-30
"""In place of none, so that nothing is divided by zero."""

HALF = 0.5 + 2**-12
"""Half a grey level, added as the conversion to bytes cuts off what stands after the point; and a
little more, so that the zero of a signed range is 128 however what comes before is rounded."""


class Figures(NamedTuple):
    """Of each of C maps, whole: float32 tensors (C,).

    As few operations as will do: `spread_C` is the root of the summed squares of the differences
    from the mean, and `others_C` the number of values that aren't zero.
    """

    low_C: Tensor
    high_C: Tensor
    mean_C: Tensor
    spread_C: Tensor
    others_C: Tensor


def array_of(maps_CHW: Tensor) -> Tensor:
    """The maps in the form that the functions of this module take."""
    return maps_CHW


def own(maps_CHW: Tensor) -> Tensor:
    """A copy, which nothing can overwrite."""
    return maps_CHW.clone()


def figures_of(maps_CHW: Tensor) -> Figures:
    """The figures of each map."""
    flat_CP = maps_CHW.flatten(1)
    mean_C = flat_CP.mean(1)
    return Figures(
        low_C=flat_CP.amin(1),
        high_C=flat_CP.amax(1),
        mean_C=mean_C,
        spread_C=torch.linalg.vector_norm(flat_CP - mean_C[:, None], dim=1),
        others_C=torch.count_nonzero(flat_CP, dim=1).float(),
    )


def std_and_zeros(
    spread_C: np.ndarray, others_C: np.ndarray, pixels: int
) -> tuple[np.ndarray, np.ndarray]:
    """The standard deviation and the share of exact zeros of each map, from what came to the host
    of their last two figures."""
    return spread_C / np.float32(math.sqrt(pixels)), 1 - others_C / np.float32(pixels)


def picked(figure_C: Tensor, plan: Plan) -> Tensor:
    """Of a figure of each map those of the maps that are shown, (N,)."""
    return figure_C[_pick(plan, figure_C.device)]


def shown(maps_CHW: Tensor, plan: Plan) -> Tensor:
    """The maps of a plan (N, H, W): chosen, cut, and shrunk by averaging. May be a view."""
    cut_NHW = maps_CHW[_pick(plan, maps_CHW.device)][:, plan.rows, plan.across]
    if plan.tile_HW == plan.cut_HW:
        return cut_NHW
    # Not F.interpolate: MPS refuses to average over sides that don't divide, and on the CPU two
    # products are several times faster.
    (height, width), (tile_height, tile_width) = plan.cut_HW, plan.tile_HW
    down_TH = _averaging(height, tile_height, maps_CHW.device)
    across_TW = _averaging(width, tile_width, maps_CHW.device)
    return down_TH @ cut_NHW.contiguous() @ across_TW.T


def _pick(plan: Plan, device: torch.device) -> slice | Tensor:
    return plan.pick if isinstance(plan.pick, slice) else _index(plan.channels, device)


@lru_cache(maxsize=256)
def _index(channels: tuple[int, ...], device: torch.device) -> Tensor:
    """Channels, int64 on the device; kept, since the same ones come again."""
    return torch.tensor(channels, dtype=torch.long, device=device)


@lru_cache(maxsize=256)
def _averaging(before: int, after: int, device: torch.device) -> Tensor:
    return torch.from_numpy(averaging(before, after)).to(device)


def shared(low_C: list[Tensor], high_C: list[Tensor], count: int) -> tuple[Tensor, Tensor]:
    """One range for `count` maps, (N,) each: that of all maps whose lows and highs are given, layer
    by layer."""
    low = torch.cat(low_C).amin()
    high = torch.cat(high_C).amax()
    return low.expand(count), high.expand(count)


def about_zero(low_N: Tensor, high_N: Tensor) -> tuple[Tensor, Tensor]:
    """Ranges as large as these, symmetric about zero."""
    high_N = torch.maximum(low_N.abs(), high_N.abs()).clamp_min(LEAST_RANGE)
    return -high_N, high_N


def mean_and_zeros(map_1HW: Tensor) -> tuple[Tensor, Tensor]:
    """Of one map (1, H, W) the mean and the share of exact zeros, float32 (1,)."""
    return map_1HW.mean((1, 2)), (map_1HW == 0).float().mean((1, 2))


def range_of_one(map_1HW: Tensor, layer_CHW: Tensor) -> tuple[Tensor, Tensor]:
    """The value of byte 0 and of byte 255 of one map that is shown alone, (1, H, W), as tensors
    (1,): its own range. Of one value, such as a unit's, it has the range of its layer (C, H, W),
    so that a strong one is bright; and if that has none, from zero to it.
    """
    low_1, high_1 = range_of_all(map_1HW)
    for low, high in (
        range_of_all(layer_CHW),
        (low_1.clamp_max(0.0), high_1.clamp_min(0.0)),
    ):
        flat_1 = low_1 == high_1
        low_1, high_1 = torch.where(flat_1, low, low_1), torch.where(flat_1, high, high_1)
    return low_1, high_1


def range_of_all(maps_CHW: Tensor) -> tuple[Tensor, Tensor]:
    """The lowest and the highest value of all maps, as tensors (1,)."""
    return maps_CHW.amin()[None], maps_CHW.amax()[None]


def to_bytes(maps_NHW: Tensor, low_N: Tensor, high_N: Tensor) -> Tensor:
    """uint8 maps: low becomes 0, high 255. A map without range is 0, or 128 about zero.

    What is no number becomes 0 or 255.
    """
    factor_N = 255.0 / (high_N - low_N).clamp_min_(LEAST_RANGE)
    scaled_NHW = (maps_NHW - low_N[:, None, None]).mul_(factor_N[:, None, None])
    return scaled_NHW.add_(HALF).clamp_(0.0, 255.0).to(torch.uint8)


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
