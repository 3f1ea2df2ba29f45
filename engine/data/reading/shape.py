"""Which shape the pictures of a source get before a network sees them. Any thread; no torch."""

import numpy as np

from engine.config import DataConfig
from engine.data.reading.header import header_of
from engine.data.source import Source
from engine.errors import PictureError

USUAL_SIDE = 150
"""Where the pictures of a source are of many sizes, or very large."""
LARGEST_OWN_SIDE = 512
"""Larger pictures, photographs of one camera say, are not what a network takes as they are."""
MOST_HEADERS = 32


def shape_for(source: Source, data: DataConfig) -> tuple[int, int, int]:
    """(C, H, W) of what a network sees of the pictures of a source.

    `data.size` 0 is the source's own size: that of its array, or of its files if those that are
    looked at, up to MOST_HEADERS evenly over the source, are all alike; else USUAL_SIDE.
    """
    channels = {"grey": 1, "rgb": 3, "own": own_channels(source)}[data.colour]
    if data.size:
        return channels, data.size, data.size
    return channels, *(own_size(source) or (USUAL_SIDE, USUAL_SIDE))


def own_channels(source: Source) -> int:
    """1 for a grey array; files may always have colours."""
    return 3 if source.pictures_NCHW is None else int(source.pictures_NCHW.shape[1])


def own_size(source: Source) -> tuple[int, int] | None:
    """Height and width, where all pictures that are looked at are alike and of a usable size."""
    if source.pictures_NCHW is not None:
        height, width = source.pictures_NCHW.shape[-2:]
        return int(height), int(width)
    assert source.files is not None
    own: tuple[int, int] | None = None
    looked_at_K = np.linspace(0, len(source) - 1, min(len(source), MOST_HEADERS)).astype(np.int64)
    for index in looked_at_K.tolist():
        try:
            header = header_of(source.files.read(index))
        except (OSError, PictureError):
            continue
        if header is None:
            continue
        if max(header.size_HW) > LARGEST_OWN_SIDE or own not in (None, header.size_HW):
            return None
        own = header.size_HW
    return own
