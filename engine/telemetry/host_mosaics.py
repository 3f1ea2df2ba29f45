"""From maps that are on the host to one uint8 image: `mosaics` in numpy.

Small arrays want few calls, and numpy's cost a fraction of torch's. The figures are the same to
the last digits, and so are the bytes, but for one in thousands that is rounded to the grey level
beside it.
"""

import math
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from engine.telemetry.mosaics import HALF, LEAST_RANGE
from engine.telemetry.plans import Plan, averaging

TWICE = 64
"""Pixels from which on a map in channels-last order is reduced row by row, then over the rows: each
call takes longer than so many pixels at once."""


_WHITE, _HALF, _LEAST = np.float32(255), np.float32(HALF), np.float32(LEAST_RANGE)
minimum, maximum, add = np.minimum.reduce, np.maximum.reduce, np.add.reduce


class Figures(NamedTuple):
    """Of each of C maps, whole: float32 arrays (C,); `zeros_C` is the share of exact zeros."""

    low_C: np.ndarray
    high_C: np.ndarray
    mean_C: np.ndarray
    std_C: np.ndarray
    zeros_C: np.ndarray


def array_of(maps_CHW: Tensor) -> np.ndarray:
    """The maps as an array that is contiguous, or that is so as (H, W, C): the tensor's own memory
    where it is in the order that suits its size, as what a conv layer gives is."""
    array: np.ndarray = maps_CHW.numpy()
    count, height, width = array.shape
    if array.flags.c_contiguous:
        if not 1 < height * width <= TWICE or count == 1:
            return array
    elif array.transpose(1, 2, 0).flags.c_contiguous:
        return array
    # Small maps are reduced faster in this order, pixel by pixel over all channels.
    return np.ascontiguousarray(array.transpose(1, 2, 0)).transpose(2, 0, 1)


def own(maps_CHW: np.ndarray) -> np.ndarray:
    """A copy, which nothing can overwrite."""
    return maps_CHW.copy("K")


def figures_of(maps_CHW: np.ndarray) -> Figures:
    """The figures of each map."""
    count, height, width = maps_CHW.shape
    pixels = height * width
    if pixels == 1:  # as of a dense layer: nothing to reduce
        value_C = maps_CHW.reshape(count).copy()
        none_C = np.zeros(count, np.float32)
        return Figures(value_C, value_C, value_C, none_C, (value_C == 0).astype(np.float32))
    each = np.float32(1 / pixels)
    if maps_CHW.flags.c_contiguous:
        flat_CP = maps_CHW.reshape(count, pixels)
        low_C, high_C, sum_C = minimum(flat_CP, 1), maximum(flat_CP, 1), add(flat_CP, 1)
        zeros_C = add((flat_CP == 0).view(np.int8), 1, np.int32)
        sum_C *= each
        apart_CP = flat_CP - sum_C[:, None]
        squares_C = np.einsum("cp,cp->c", apart_CP, apart_CP)
    else:
        flat_PC = maps_CHW.transpose(1, 2, 0).reshape(pixels, count)
        # Rows of several pixels make for fewer and longer runs along the memory.
        rows = height if pixels > TWICE else pixels
        by_row_RX = flat_PC.reshape(rows, -1)
        low_C, high_C, sum_C = minimum(by_row_RX), maximum(by_row_RX), add(by_row_RX)
        zeros_C = add((by_row_RX == 0).view(np.int8), 0, np.int8 if rows < 128 else np.int32)
        if rows < pixels:
            low_C, high_C = minimum(low_C.reshape(-1, count)), maximum(high_C.reshape(-1, count))
            sum_C, zeros_C = (
                add(sum_C.reshape(-1, count)),
                add(zeros_C.reshape(-1, count), 0, np.int32),
            )
        sum_C *= each
        apart_PC = flat_PC - sum_C
        squares_C = np.einsum("pc,pc->c", apart_PC, apart_PC)
    squares_C *= each
    return Figures(
        low_C=low_C,
        high_C=high_C,
        mean_C=sum_C,
        std_C=np.sqrt(squares_C, out=squares_C),
        zeros_C=np.multiply(zeros_C, each, dtype=np.float32),
    )


def std_and_zeros(
    std_C: np.ndarray, zeros_C: np.ndarray, pixels: int
) -> tuple[np.ndarray, np.ndarray]:
    """`mosaics.std_and_zeros`: here they are finished already."""
    return std_C, zeros_C


def picked(figure_C: np.ndarray, plan: Plan) -> np.ndarray:
    """Of a figure of each map those of the maps that are shown, (N,)."""
    return figure_C[plan.pick]


def shown(maps_CHW: np.ndarray, plan: Plan) -> np.ndarray:
    """The maps of a plan (N, H, W): chosen, cut, and shrunk by averaging. May be a view."""
    cut_NHW = maps_CHW[plan.pick, plan.rows, plan.across]
    if plan.tile_HW == plan.cut_HW:
        return cut_NHW
    # By torch, with the threads that torch was given: numpy's products take threads of their own.
    (height, width), (tile_height, tile_width) = plan.cut_HW, plan.tile_HW
    down_TH = torch.from_numpy(averaging(height, tile_height))
    across_TW = torch.from_numpy(averaging(width, tile_width))
    if cut_NHW.strides[0] < cut_NHW.strides[2]:  # channels last: brought into another order later
        cut_HWN = torch.from_numpy(np.ascontiguousarray(cut_NHW.transpose(1, 2, 0)))
        lower_TWN = (down_TH @ cut_HWN.flatten(1)).view(tile_height, *cut_HWN.shape[1:])
        return (across_TW @ lower_TWN).numpy().transpose(2, 0, 1)
    cut = torch.from_numpy(np.ascontiguousarray(cut_NHW))
    return (down_TH @ cut @ across_TW.T).numpy()


def shared(
    low_C: list[np.ndarray], high_C: list[np.ndarray], count: int
) -> tuple[np.ndarray, np.ndarray]:
    """`mosaics.shared`."""
    low = np.minimum.reduce(np.concatenate(low_C))
    high = np.maximum.reduce(np.concatenate(high_C))
    return np.full(count, low), np.full(count, high)


def about_zero(low_N: np.ndarray, high_N: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """`mosaics.about_zero`."""
    high_N = np.maximum(np.maximum(np.abs(low_N), np.abs(high_N)), _LEAST)
    return -high_N, high_N


def mean_and_zeros(map_1HW: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """`mosaics.mean_and_zeros`."""
    flat_1P = map_1HW.reshape(1, map_1HW.size)
    zeros = 1 - np.count_nonzero(flat_1P) / flat_1P.size
    return add(flat_1P, 1) / np.float32(flat_1P.size), np.array([zeros], np.float32)


def range_of_one(map_1HW: np.ndarray, layer_CHW: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """`mosaics.range_of_one`."""
    low_1, high_1 = range_of_all(map_1HW)
    if low_1[0] == high_1[0]:
        low_1, high_1 = range_of_all(layer_CHW)
    if low_1[0] == high_1[0]:
        low_1, high_1 = np.minimum(low_1, 0), np.maximum(high_1, 0)
    return low_1, high_1


def range_of_all(maps_CHW: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """`mosaics.range_of_all`."""
    flat_1X = maps_CHW.reshape(1, maps_CHW.size)
    return minimum(flat_1X, 1), maximum(flat_1X, 1)


def to_bytes(maps_NHW: np.ndarray, low_N: np.ndarray, high_N: np.ndarray) -> np.ndarray:
    """`mosaics.to_bytes`."""
    span_N = high_N - low_N
    least = minimum(span_N)
    if not least > LEAST_RANGE:  # a map without range, or one with what is no number
        span_N = np.maximum(span_N, _LEAST)
    above_NHW = maps_NHW - low_N[:, None, None] if low_N.any() else maps_NHW
    scaled_NHW = above_NHW * (_WHITE / span_N)[:, None, None]
    scaled_NHW += _HALF
    # What lies within its range needs no more; of a range that isn't finite nothing is known.
    if not math.isfinite(add(span_N)):
        np.nan_to_num(scaled_NHW, copy=False).clip(0, 255, out=scaled_NHW)
    return scaled_NHW.astype(np.uint8)


def tiled(bytes_NHW: np.ndarray, columns: int) -> np.ndarray:
    """One contiguous mosaic, row by row, `columns` tiles wide; missing tiles are 0."""
    count, height, width = bytes_NHW.shape
    columns = max(1, min(columns, count))
    rows = -(-count // columns)
    full = rows * columns == count
    mosaic_RHCW = (np.empty if full else np.zeros)((rows, height, columns, width), np.uint8)
    by_row_RCHW = mosaic_RHCW.transpose(0, 2, 1, 3)
    whole = count // columns
    by_row_RCHW[:whole] = bytes_NHW[: whole * columns].reshape(whole, columns, height, width)
    if not full:
        by_row_RCHW[whole, : count - whole * columns] = bytes_NHW[whole * columns :]
    return mosaic_RHCW.reshape(rows * height, columns * width)
