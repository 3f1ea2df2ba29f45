"""What a demand comes to for maps of a certain shape: which channels, which pixels, how large."""

import math
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from engine.messages.frames import WHOLE, Region


class Plan(NamedTuple):
    """One mosaic of maps (C, H, W), each number within what there is.

    `pick` gives the `channels` of an array whose first dimension they are: a slice where they are
    the first ones, as they come. `rows` and `across` cut a part out of each map, `cut_HW` large,
    which is shrunk to `tile_HW`. The mosaic is `columns` tiles wide.
    """

    channels: tuple[int, ...]
    pick: slice | list[int]
    rows: slice
    across: slice
    cut_HW: tuple[int, int]
    tile_HW: tuple[int, int]
    columns: int


@lru_cache(maxsize=512)
def plan(
    shape_CHW: tuple[int, int, int],
    channels: tuple[int, ...] | None,
    columns: int,
    tile: int | None = None,
    region: Region = WHOLE,
) -> Plan | None:
    """What is shown of maps of this shape; None where that is nothing.

    Channels that aren't there are left out, and a channel that is named twice is shown once. A
    map larger than `tile` pixels a side is shrunk to it; None leaves each at its own size.
    """
    count, height, width = shape_CHW
    if channels is None:
        there = tuple(range(count))
    else:
        there = tuple(dict.fromkeys(c for c in channels if 0 <= c < count))
    if not there or not height or not width:
        return None
    rows = _span(region.top, region.bottom, height)
    across = _span(region.left, region.right, width)
    cut_HW = rows.stop - rows.start, across.stop - across.start
    return Plan(
        channels=there,
        pick=slice(len(there)) if there == tuple(range(len(there))) else list(there),
        rows=rows,
        across=across,
        cut_HW=cut_HW,
        tile_HW=_at_most(cut_HW, tile),
        columns=max(1, min(columns, len(there))),
    )


def _span(start: float, stop: float, size: int) -> slice:
    """The pixels between two shares of a side: at least one; all of them where a share is no
    number."""
    if math.isnan(start) or math.isnan(stop):
        return slice(0, size)
    first = math.floor(min(max(start, 0.0), 1.0) * size + 1e-6)
    first = min(first, size - 1)
    last = math.ceil(min(max(stop, 0.0), 1.0) * size - 1e-6)
    return slice(first, min(max(last, first + 1), size))


def _at_most(size_HW: tuple[int, int], tile: int | None) -> tuple[int, int]:
    """A size that keeps its shape and is no larger than a tile, nor smaller than a pixel."""
    height, width = size_HW
    largest = max(height, width)
    if tile is None or largest <= tile:
        return size_HW
    tile = max(1, tile)
    return max(1, height * tile // largest), max(1, width * tile // largest)


@lru_cache(maxsize=256)
def averaging(before: int, after: int) -> np.ndarray:
    """The float32 matrix (after, before) that shrinks a side by averaging, each pixel of the
    result over all those that it touches."""
    place_A = np.arange(after)
    first_A, last_A = place_A * before // after, -(-(place_A + 1) * before // after)
    place_B = np.arange(before)
    touched_AB = (place_B >= first_A[:, None]) & (place_B < last_A[:, None])
    return (touched_AB / touched_AB.sum(1, keepdims=True)).astype(np.float32)
