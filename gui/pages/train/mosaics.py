"""Mosaics of a single map or a single filter, made from frames of true values."""

import math

import numpy as np
from msgspec import structs

from engine.messages.frames import DetailFrame, KernelsDemand, MapsDemand, MosaicFrame, Region
from gui.view_state import MOST_MAPS

_NO_FIGURES = np.empty(0, np.float32)


def values_tile(frame: DetailFrame, region: Region) -> MosaicFrame:
    """A region of a map as one tile, scaled to the range of the whole map."""
    values_HW = frame.values_HW
    height, width = values_HW.shape
    low, high = float(values_HW.min()), float(values_HW.max())
    shown_HW = values_HW[
        round(region.top * height) : round(region.bottom * height),
        round(region.left * width) : round(region.right * width),
    ]
    scaled_HW = np.zeros(shown_HW.shape, np.uint8)
    if 0 < high - low < math.inf:
        scaled_HW[...] = (shown_HW - low) * (255 / (high - low))
    return _mosaic(
        frame,
        scaled_HW[np.newaxis],
        (frame.channel,),
        (low, high),
        MapsDemand(frame.tap, channels=(frame.channel,), region=region),
    )


def slices(frame: DetailFrame) -> MosaicFrame:
    """The slices of a filter, at most MOST_MAPS, on one scale about zero."""
    assert frame.filter_IHW is not None
    filter_IHW = frame.filter_IHW[:MOST_MAPS]
    most = float(np.abs(filter_IHW).max())
    scaled_IHW = np.full(filter_IHW.shape, 128, np.uint8)
    if 0 < most < math.inf:
        scaled_IHW[...] = np.rint(filter_IHW * (127 / most) + 128)
    channels = tuple(range(len(filter_IHW)))
    return _mosaic(frame, scaled_IHW, channels, (-most, most), KernelsDemand(frame.tap))


def one_map(frame: MosaicFrame, channel: int) -> MosaicFrame:
    """The part of a mosaic that shows one of its channels."""
    index = frame.channels.index(channel)
    row, column = divmod(index, frame.columns)
    height, width = frame.tile_HW
    return structs.replace(
        frame,
        mosaic_HW=frame.mosaic_HW[
            row * height : (row + 1) * height, column * width : (column + 1) * width
        ],
        columns=1,
        channels=(channel,),
        low_N=frame.low_N[index : index + 1],
        high_N=frame.high_N[index : index + 1],
    )


def _mosaic(
    frame: DetailFrame,
    tiles_NHW: np.ndarray,
    channels: tuple[int, ...],
    low_high: tuple[float, float],
    demand: MapsDemand | KernelsDemand,
) -> MosaicFrame:
    """Tiles below each other; the figures of other channels aren't known."""
    count, height, width = tiles_NHW.shape
    low, high = low_high
    return MosaicFrame(
        key=demand.key,
        step=frame.step,
        probe=frame.probe,
        mosaic_HW=tiles_NHW.reshape(count * height, width),
        tile_HW=(height, width),
        columns=1,
        channels=channels,
        shape_CHW=(count, height, width),
        low_N=np.full(count, low, np.float32),
        high_N=np.full(count, high, np.float32),
        mean_C=_NO_FIGURES,
        std_C=_NO_FIGURES,
        max_C=_NO_FIGURES,
        zeros_C=_NO_FIGURES,
        demand=demand,
    )
