"""How any picture becomes what a network sees. numpy and Pillow, no torch; on any thread."""

import numpy as np
from PIL import Image
from PIL.Image import Resampling

from engine.errors import NetworkError


def as_seen(rgb_HWC: np.ndarray, shape_CHW: tuple[int, int, int], inverted: bool) -> np.ndarray:
    """A picture (uint8, RGB) as uint8 of `shape_CHW`, a fresh array.

    One channel is grey (luma as ITU-R 601 defines it), three are RGB. A picture of another size
    keeps its aspect ratio: it is widened to the shape's with the median colour of its border, then
    resized with antialiasing, as torchvision's `resize` does. `inverted` gives the negative.
    NetworkError when a network wants neither one channel nor three.
    """
    channels, height, width = shape_CHW
    if channels not in (1, 3):
        raise NetworkError(
            f"This network sees {channels} channels, which no picture has.",
            "Choose a network that sees 1 channel (grey) or 3 (colour).",
        )
    image = Image.fromarray(rgb_HWC)
    if channels == 1:
        image = image.convert("L")
    if image.size != (width, height):
        image = _widened(image, width / height).resize((width, height), Resampling.BILINEAR)
    seen_HWC = np.array(image).reshape(height, width, channels)
    if inverted:
        seen_HWC = 255 - seen_HWC
    return np.ascontiguousarray(seen_HWC.transpose(2, 0, 1))


def background_is_light(rgb_HWC: np.ndarray) -> bool:
    """Whether the border of a picture (uint8, RGB) is mostly light: median luma above 127."""
    border_1KC = _border(rgb_HWC)[np.newaxis]
    return bool(np.median(np.asarray(Image.fromarray(border_1KC).convert("L"))) > 127)


def _border(picture_HWC: np.ndarray) -> np.ndarray:
    """The outermost pixels, (K, C)."""
    sides = (picture_HWC[0], picture_HWC[-1], picture_HWC[1:-1, 0], picture_HWC[1:-1, -1])
    return np.concatenate(sides)


def _widened(image: Image.Image, aspect: float) -> Image.Image:
    """The picture in the middle of one whose width is `aspect` times its height."""
    width = max(image.width, round(image.height * aspect))
    height = max(image.height, round(image.width / aspect))
    if (width, height) == image.size:
        return image
    pixels = np.asarray(image).reshape(image.height, image.width, -1)
    colour = tuple(int(value) for value in np.median(_border(pixels), axis=0).round())
    wide = Image.new(image.mode, (width, height), colour)
    wide.paste(image, ((width - image.width) // 2, (height - image.height) // 2))
    return wide
