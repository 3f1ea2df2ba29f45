"""What is said and shown of a picture's four steps: places, facts and sentences."""

import numpy as np
from PySide6.QtCore import QRectF

from engine.messages.views import StepsView
from gui.widgets.mosaic.colour_bar import figure

Place = tuple[int, int]
"""Row and column."""


def footprint(view: StepsView, place: Place) -> QRectF:
    """The part of the decoded grid under a pixel of the tensor, in the grid's pixels."""
    _, height, width = view.values_CHW.shape
    top, left, box_height, box_width = view.box
    down, across = box_height / height, box_width / width
    return QRectF(left + place[1] * across, top + place[0] * down, across, down)


def tensor_place(view: StepsView, place: Place) -> Place | None:
    """The pixel of the tensor that the middle of a pixel of the grid goes into."""
    _, height, width = view.values_CHW.shape
    top, left, box_height, box_width = view.box
    row = np.floor((place[0] + 0.5 - top) / box_height * height)
    column = np.floor((place[1] + 0.5 - left) / box_width * width)
    return (int(row), int(column)) if 0 <= row < height and 0 <= column < width else None


def grid_place(view: StepsView, place: Place) -> Place | None:
    """The pixel of the grid under the middle of a pixel of the tensor; None where it is padded."""
    middle = footprint(view, place).center()
    row, column = int(np.floor(middle.y())), int(np.floor(middle.x()))
    height, width = view.rgb_HWC.shape[:2]
    return (row, column) if 0 <= row < height and 0 <= column < width else None


def use_of(size_HW: Place, box: tuple[float, float, float, float], seen_HW: Place) -> str:
    """A sentence about which part of a picture of this size becomes what the network sees."""
    (height, width), (_, _, used_height, used_width) = size_HW, box
    used = f"{used_height:.0f}x{used_width:.0f}"
    seen = f"{seen_HW[0]}x{seen_HW[1]}"
    if used_height > height + 0.5 or used_width > width + 0.5:
        return f"The hatched edges are filled, and the outlined {used} resized to {seen}."
    if used_height < height - 0.5 or used_width < width - 0.5:
        return f"The outlined {used} is used, resized to {seen}; what is darkened is cut away."
    if size_HW == seen_HW:
        return "All of it is used, at its own size."
    kept = abs(height * seen_HW[1] - width * seen_HW[0]) < max(height, width)
    return f"All of it is used, {'resized' if kept else 'stretched'} to {seen}."


def facts_of(array: np.ndarray) -> tuple[str, str]:
    """Shape and dtype, and range."""
    low, high = (
        (str(array.min()), str(array.max()))
        if array.dtype == np.uint8
        else (figure(float(array.min())), figure(float(array.max())))
    )
    return f"{array.shape}  {array.dtype}", f"{low} to {high}"


def scaling_of(view: StepsView) -> str:
    """What was done with the values of step 3 to get those of step 4."""
    if all(mean == 0 for mean in view.mean_C) and all(std == 1 for std in view.std_C):
        return "Step 4 is step 3 divided by 255: all values are from 0 to 1."
    mean = ", ".join(f"{value:.3f}" for value in view.mean_C)
    std = ", ".join(f"{value:.3f}" for value in view.std_C)
    origin = (
        f"measured on {view.measured_on:,} training pictures" if view.measured_on else "as given"
    )
    return (
        "Step 4 is (step 3 / 255 \N{MINUS SIGN} mean) / deviation, channel by channel. "
        f"Mean {mean}, deviation {std}, {origin}. It is drawn from its lowest value to its highest."
    )


def whole(pixel_C: np.ndarray) -> tuple[str, ...]:
    """The numbers of a uint8 pixel."""
    return tuple(str(value) for value in pixel_C.tolist())


def rounded(pixel_C: np.ndarray, decimals: int) -> tuple[str, ...]:
    """The numbers of a float pixel, all with as many decimals."""
    words = (f"{value:.{decimals}f}" for value in pixel_C.tolist())
    return tuple(word.replace("-", "\N{MINUS SIGN}") for word in words)
