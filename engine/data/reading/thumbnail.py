"""Small pictures to choose from. Any thread; no torch."""

import io

import numpy as np
from PIL import Image

from engine.data.reading.grid import decoded
from engine.data.reading.pictures import read_grid
from engine.data.source import Source


def thumbnail(source: Source, index: int, side: int) -> np.ndarray:
    """A picture that fits a square of `side` pixels: uint8 (H, W, 3); smaller ones as they are.

    A JPEG is decoded no larger than needed. Raises what reading a picture raises.
    """
    if source.files is not None:
        return read_grid(source.names[index], io.BytesIO(source.files.read(index)), side)[0]
    image = Image.fromarray(decoded(source, index))
    image.thumbnail((side, side))
    return np.array(image)
