"""Mosaics of a single map or a single filter, made from frames of true values."""

import numpy as np
from msgspec import structs

from engine.messages.frames import DetailFrame, KernelsDemand, MapsDemand, MosaicFrame, Region

_NO_FIGURES = np.empty(0, np.float32)


def values_tile(frame: DetailFrame, region: Region) -> MosaicFrame:
    """A region of a map as one tile, on the scale of the whole map."""
    height, width = frame.bytes_HW.shape
    shown_HW = frame.bytes_HW[
        round(region.top * height) : round(region.bottom * height),
        round(region.left * width) : round(region.right * width),
    ]
    demand = MapsDemand(frame.tap, channels=(frame.channel,), region=region)
    return _mosaic(frame, shown_HW[np.newaxis], (frame.channel,), (frame.low, frame.high), demand)


def slices(frame: DetailFrame, sheet: range) -> MosaicFrame:
    """Some of the slices of a filter, on one scale about zero for all of them."""
    assert frame.filter_bytes_IHW is not None
    bytes_IHW = frame.filter_bytes_IHW[sheet.start : sheet.stop]
    span = -frame.filter_high, frame.filter_high
    return _mosaic(frame, bytes_IHW, tuple(sheet), span, KernelsDemand(frame.tap))


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
