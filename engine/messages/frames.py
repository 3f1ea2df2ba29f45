"""What the window asks to see, and what it gets. Plain types; arrays in frames are read-only."""

from typing import Literal

import numpy as np
from msgspec import Struct

from engine.message import ArrayMessage, Message

Scale = Literal["map", "layer", "network"]
FrameKey = tuple[str, str]  # (kind, name): ("maps", "conv1"), ("kernels", "conv1"), ...


class Region(Struct, frozen=True):
    """A part of every map of a layer, as shares of height and width; the whole by default."""

    top: float = 0.0
    left: float = 0.0
    bottom: float = 1.0
    right: float = 1.0


WHOLE = Region()


class MapsDemand(Message, frozen=True):
    """Maps of one tap wanted as a mosaic.

    `channels` are shown in this order (None: all, as they come). `tile` is the side in screen
    pixels beyond which detail would be wasted; smaller maps come at their own size. `signed`
    scales symmetrically about zero, so that 128 is zero, for a diverging palette.
    """

    tap: str
    channels: tuple[int, ...] | None = None
    tile: int = 64
    columns: int = 8
    scale: Scale = "map"
    signed: bool = False
    region: Region = WHOLE

    @property
    def key(self) -> FrameKey:
        return ("maps", self.tap)


class KernelsDemand(Message, frozen=True):
    """The kernels of one conv layer wanted as a mosaic, always signed.

    `input_channel` picks the slice of each filter; None takes the mean over the input channels.
    """

    layer: str
    channels: tuple[int, ...] | None = None
    input_channel: int | None = None
    columns: int = 8
    scale: Scale = "map"

    @property
    def key(self) -> FrameKey:
        return ("kernels", self.layer)


class DetailDemand(Message, frozen=True):
    """One map with its true values, and the filter that made it."""

    tap: str
    channel: int

    @property
    def key(self) -> FrameKey:
        return ("detail", "")


class PredictionsDemand(Message, frozen=True):
    """The class probabilities of every probe."""

    @property
    def key(self) -> FrameKey:
        return ("predictions", "")


Wanted = MapsDemand | KernelsDemand | DetailDemand | PredictionsDemand


class Demand(Message, frozen=True):
    """All that is visible now. Nothing else is captured.

    Maps are due `frames_per_second` times a second at most; the engine may give fewer.
    """

    wanted: tuple[Wanted, ...] = ()
    frames_per_second: float = 16.0


class MosaicFrame(ArrayMessage, frozen=True, eq=False):
    """Many maps or kernels tiled into one image.

    `mosaic_HW` is uint8, row-major, C-contiguous and read-only; tile i stands at row
    `i // columns`, column `i % columns`, without gaps, `tile_HW` pixels large, and shows channel
    `channels[i]`. Value 0 is `low_N[i]` and 255 is `high_N[i]`, both true values. `shape_CHW` is
    the full shape of the tap. `mean_C`, `std_C`, `max_C`, `zeros_C` (share of exact zeros) are for
    all C channels over the whole map, for sorting and reading.
    """

    key: FrameKey
    step: int
    probe: int
    mosaic_HW: np.ndarray
    tile_HW: tuple[int, int]
    columns: int
    channels: tuple[int, ...]
    shape_CHW: tuple[int, int, int]
    low_N: np.ndarray
    high_N: np.ndarray
    mean_C: np.ndarray
    std_C: np.ndarray
    max_C: np.ndarray
    zeros_C: np.ndarray
    demand: MapsDemand | KernelsDemand


class DetailFrame(ArrayMessage, frozen=True, eq=False):
    """One map, float32, unscaled, and as it is painted.

    In `bytes_HW`, uint8, 0 is the value `low` and 255 is `high`: the range of the map, or that of
    its layer where the map is of one value. `zeros` is the share of exact zeros. `filter_IHW` is
    the filter that made it, where a conv layer did, and `bias` its bias; in `filter_bytes_IHW` 128
    is no weight and 255 is `filter_high`, the largest weight by size.
    """

    key: FrameKey
    step: int
    probe: int
    tap: str
    channel: int
    values_HW: np.ndarray
    bytes_HW: np.ndarray
    low: float
    high: float
    mean: float
    zeros: float
    filter_IHW: np.ndarray | None = None
    filter_bytes_IHW: np.ndarray | None = None
    filter_high: float = 0.0
    bias: float | None = None


class PredictionsFrame(ArrayMessage, frozen=True, eq=False):
    """`probabilities_NC` float32: one row a probe, in the order of `probes`."""

    key: FrameKey
    step: int
    probes: tuple[int, ...]
    probabilities_NC: np.ndarray


class TaskFrame(Message, frozen=True):
    """How far a task is. Its key is ("task", its number)."""

    key: FrameKey
    task: int
    kind: str
    step: int
    """Of the weights that it works on, or began with where they go on changing."""
    done: int
    total: int
    unit: str
    """What `done` and `total` count, such as "pictures"."""


class PictureFrame(ArrayMessage, frozen=True, eq=False):
    """A picture of the source with this fingerprint, (H, W, 3) uint8, inside the square that was
    asked for; or a sentence that says why there is none. Its key is ("picture", its index)."""

    key: FrameKey
    fingerprint: str
    index: int
    name: str
    rgb_HWC: np.ndarray | None
    sentence: str = ""


Frame = MosaicFrame | DetailFrame | PredictionsFrame | TaskFrame | PictureFrame
