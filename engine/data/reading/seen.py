"""How any picture becomes what a network sees: the one definition, for training and for probes.

Any thread. Loads torch, for its resize.
"""

import numpy as np
import torch
import torch.nn.functional as F

from engine.config import Fit
from engine.errors import NetworkError

_LONGEST = 2**14
"""Pixels of a side that is padded, or mostly cut off: one row of a million pixels would fill the
memory otherwise. Such a picture is shrunk, or cut, before: nobody could see the difference."""
_LUMA = np.array([19595, 38470, 7471], np.uint32)
"""ITU-R 601's 0.299, 0.587 and 0.114, times 65536: grey stays exactly as it is."""


def as_seen(
    rgb_HWC: np.ndarray, shape_CHW: tuple[int, int, int], inverted: bool = False, fit: Fit = "pad"
) -> np.ndarray:
    """A picture (uint8, RGB) as uint8 of `shape_CHW`, a fresh array.

    One channel is grey (luma as ITU-R 601 defines it), three are RGB. A picture of another size is
    resized with antialiasing, as torchvision does. "stretch" gives it the shape as it is; "crop"
    keeps its aspect and cuts off what is beyond the shape, evenly; "pad" keeps its aspect and
    fills up with the median colour of its border. `inverted` gives the negative. NetworkError when
    a network wants neither one channel nor three.
    """
    channels, height, width = shape_CHW
    if channels not in (1, 3):
        raise NetworkError(
            f"This network sees {channels} channels, which no picture has.",
            "Choose a network that sees 1 channel (grey) or 3 (colour).",
        )
    if rgb_HWC.shape[:2] != (height, width):
        rgb_HWC = _FITTED[fit](rgb_HWC, height, width)
    seen_HWC = _luma(rgb_HWC) if channels == 1 else rgb_HWC
    if inverted:
        seen_HWC = 255 - seen_HWC
    return np.array(seen_HWC.transpose(2, 0, 1), order="C")


def used_box(
    size_HW: tuple[int, int], shape_CHW: tuple[int, int, int], fit: Fit
) -> tuple[float, float, float, float]:
    """The part of a picture of a size that is seen: (top, left, height, width) in its pixels,
    beyond its edges where it is padded."""
    (height, width), (_, to_height, to_width) = size_HW, shape_CHW
    if size_HW == (to_height, to_width) or fit == "stretch":
        return 0.0, 0.0, float(height), float(width)
    if fit == "crop":
        cover_height, cover_width = _covering(height, width, to_height, to_width)
        vertical, horizontal = height / cover_height, width / cover_width
        return (
            _middle(cover_height, to_height) * vertical,
            _middle(cover_width, to_width) * horizontal,
            to_height * vertical,
            to_width * horizontal,
        )
    wide_height, wide_width = _widened(height, width, to_height, to_width)
    top, left = (wide_height - height) // 2, (wide_width - width) // 2
    return float(-top), float(-left), float(wide_height), float(wide_width)


def background_is_light(rgb_HWC: np.ndarray) -> bool:
    """Whether the border of a picture (uint8, RGB) is mostly light: median luma above 127."""
    return bool(np.median(_luma(_border(rgb_HWC)[np.newaxis])) > 127)


def _stretched(rgb_HWC: np.ndarray, height: int, width: int) -> np.ndarray:
    if not rgb_HWC.flags.writeable or not rgb_HWC.flags.c_contiguous:
        rgb_HWC = rgb_HWC.copy()  # torch warns of arrays that it must not write to
    # A batch of one in channels-last order, for which torch has its fast loop.
    picture_1CHW = torch.from_numpy(rgb_HWC).view(1, *rgb_HWC.shape).permute(0, 3, 1, 2)
    resized_1CHW = F.interpolate(picture_1CHW, (height, width), mode="bilinear", antialias=True)
    return resized_1CHW[0].permute(1, 2, 0).numpy()


def _cropped(rgb_HWC: np.ndarray, height: int, width: int) -> np.ndarray:
    most_height = max(1, _LONGEST * rgb_HWC.shape[1] // width)
    most_width = max(1, _LONGEST * rgb_HWC.shape[0] // height)
    rgb_HWC = _cut(rgb_HWC, most_height, most_width)
    rows, columns, _ = rgb_HWC.shape
    rgb_HWC = _stretched(rgb_HWC, *_covering(rows, columns, height, width))
    return _cut(rgb_HWC, height, width)


def _padded(rgb_HWC: np.ndarray, height: int, width: int) -> np.ndarray:
    """As if the picture lay in the middle of a ground of the right aspect and that was resized;
    one side after the other, so that the ground is never there as a whole."""
    rows, columns, _ = rgb_HWC.shape
    longest = max(_widened(rows, columns, height, width))
    if longest > _LONGEST:
        rows, columns = (max(1, side * _LONGEST // longest) for side in (rows, columns))
        rgb_HWC = _stretched(rgb_HWC, rows, columns)
    wide_rows, wide_columns = _widened(rows, columns, height, width)
    colour_C = np.median(_border(rgb_HWC), axis=0).round().astype(np.uint8)
    if wide_rows > rows:
        wide_columns = columns = width
    elif wide_columns > columns:
        wide_rows = rows = height
    else:
        return _stretched(rgb_HWC, height, width)
    ground_HWC = np.empty((wide_rows, wide_columns, 3), np.uint8)
    ground_HWC[:] = colour_C
    top, left = (wide_rows - rows) // 2, (wide_columns - columns) // 2
    ground_HWC[top : top + rows, left : left + columns] = _stretched(rgb_HWC, rows, columns)
    return _stretched(ground_HWC, height, width)


_FITTED = {"stretch": _stretched, "crop": _cropped, "pad": _padded}


def _covering(height: int, width: int, to_height: int, to_width: int) -> tuple[int, int]:
    """The size at which a picture covers another size, as torchvision's Resize rounds it."""
    if width * to_height >= height * to_width:
        return to_height, max(to_width, to_height * width // height)
    return max(to_height, to_width * height // width), to_width


def _widened(height: int, width: int, to_height: int, to_width: int) -> tuple[int, int]:
    """The least size that holds a picture and has the aspect of another."""
    wide_height = max(height, round(width * to_height / to_width))
    return wide_height, max(width, round(height * to_width / to_height))


def _cut(picture_HWC: np.ndarray, height: int, width: int) -> np.ndarray:
    """No more than so much of the middle of a picture."""
    top = max(0, _middle(picture_HWC.shape[0], height))
    left = max(0, _middle(picture_HWC.shape[1], width))
    return picture_HWC[top : top + height, left : left + width]


def _middle(whole: int, part: int) -> int:
    """Where the middle part begins, as torchvision's CenterCrop rounds it."""
    return round((whole - part) / 2)


def _luma(rgb_HWC: np.ndarray) -> np.ndarray:
    """Grey (H, W, 1)."""
    luma_HW = (rgb_HWC @ _LUMA + 2**15) >> 16
    return luma_HW[..., np.newaxis].astype(np.uint8)


def _border(picture_HWC: np.ndarray) -> np.ndarray:
    """The outermost pixels, (K, C)."""
    sides = (picture_HWC[0], picture_HWC[-1], picture_HWC[1:-1, 0], picture_HWC[1:-1, -1])
    return np.concatenate(sides)
