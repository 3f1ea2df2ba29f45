"""A picture of a source as a grid of RGB. Any thread."""

import numpy as np

from engine.data.reading.decode import decode
from engine.data.source import Source


def decoded(source: Source, index: int) -> np.ndarray:
    """Picture `index` at its full size: uint8 (H, W, 3), upright; grey ones have three equal
    channels. OSError or PictureError where its file has gone or is damaged."""
    if source.pictures_NCHW is not None:
        picture_HWC = source.pictures_NCHW[index].transpose(1, 2, 0)
        return np.ascontiguousarray(np.broadcast_to(picture_HWC, (*picture_HWC.shape[:2], 3)))
    assert source.files is not None
    return decode(source.files.read(index), source.names[index])
