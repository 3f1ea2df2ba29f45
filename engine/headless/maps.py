"""`maps`: the feature maps of a picture, as numbers or as an image."""

import io
import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageColor
from torch import Tensor

from engine.data.reading.pictures import read_picture
from engine.errors import NetworkError, RunError
from engine.files import write_files
from engine.headless.seen import tensor_of
from engine.networks.describe import describe
from engine.networks.taps import capture
from engine.program import RESOURCES
from engine.runs.saved import open_trained
from engine.telemetry.mosaics import figures_of, to_bytes

PALETTES = RESOURCES / "palettes" / "palettes.json"
TILE = 64  # the least side of a map in the image, in pixels
GAP = 2


def write_maps(
    network: str, image: Path, taps: Sequence[str], out: Path, inverted: bool
) -> list[str]:
    """Write the maps of a picture at `taps`, and give the names of those written.

    `.npz`: unscaled float32 (C, H, W) by tap; without `taps`, of every layer that gives maps.
    `.png`: a mosaic of one tap, each map scaled to its own range; by default of the first conv.
    NetworkError lists the taps where one isn't there.
    """
    suffix = out.suffix.lower()
    if suffix not in (".npz", ".png"):
        raise RunError(f"{out} is neither .npz nor .png.", "Name a file that ends in one of them.")
    if suffix == ".png" and len(taps) > 1:
        raise RunError("A PNG shows one tap.", "Name one, or write an NPZ.")
    trained = open_trained(network)
    stages = describe(trained.network, trained.shape_CHW, len(trained.classes))
    layers = [stage.name for stage in stages if stage.has_maps]
    responses = [stage.response_tap for stage in stages if stage.response_tap is not None]
    there = list(dict.fromkeys(layers + responses))
    for tap in taps:
        if tap not in there:
            known = ", ".join(there) or "none: this network has no maps"
            raise NetworkError(f"The network has no tap {tap!r}.", f"It has: {known}.")
    if not layers:
        raise NetworkError("This network has no feature maps.", "Choose one with a conv layer.")
    first_conv = next((stage.name for stage in stages if stage.kind == "conv"), layers[0])
    chosen = list(taps) or ([first_conv] if suffix == ".png" else layers)
    batch_1CHW = tensor_of(read_picture(image), trained, inverted)

    def keep(name: str, maps_1CHW: Tensor) -> Tensor:
        return maps_1CHW[0].clone()

    maps = capture(trained.network, batch_1CHW, chosen, keep)
    file = io.BytesIO()
    if suffix == ".png":
        _mosaic(maps[chosen[0]]).save(file, "PNG")
    else:
        arrays: dict[str, Any] = {name: maps_CHW.numpy() for name, maps_CHW in maps.items()}
        np.savez(file, **arrays)
    write_files(out.parent, {out.name: file.getvalue()})
    return chosen


def _mosaic(maps_CHW: Tensor) -> Image.Image:
    """The maps in rows, in viridis, enlarged by a whole factor, with white between them."""
    figures = figures_of(maps_CHW)
    bytes_CHW = to_bytes(maps_CHW, figures.low_C, figures.high_C)
    colours = json.loads(PALETTES.read_text(encoding="utf-8"))["maps"]["viridis"]
    palette_256x3 = np.array([ImageColor.getrgb(colour) for colour in colours], np.uint8)
    rgb_CHW3 = palette_256x3[bytes_CHW.numpy()]
    count, height, width, _ = rgb_CHW3.shape
    factor = math.ceil(TILE / max(height, width))
    rgb_CHW3 = rgb_CHW3.repeat(factor, axis=1).repeat(factor, axis=2)
    height, width = height * factor + GAP, width * factor + GAP
    columns = math.ceil(math.sqrt(count))
    rows = math.ceil(count / columns)
    canvas_HW3 = np.full((rows * height + GAP, columns * width + GAP, 3), 255, np.uint8)
    for place, rgb_HW3 in enumerate(rgb_CHW3):
        top, left = (place // columns) * height + GAP, (place % columns) * width + GAP
        canvas_HW3[top : top + height - GAP, left : left + width - GAP] = rgb_HW3
    return Image.fromarray(canvas_HW3)
