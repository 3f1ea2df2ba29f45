"""What the Data page asks of the desk, and what it gets to show. Plain, frozen; no torch, no Qt."""

from typing import Literal

import numpy as np

from engine.config import DataConfig, SubsetCounts
from engine.data.catalogue.entry import CatalogueEntry
from engine.data.source import Problem
from engine.message import ArrayMessage, Message

# Asked


class OpenSource(Message, frozen=True):
    """Look at a source: "digits", a name of the catalogue, or a path. Ends jobs on the last one."""

    where: str


class ChooseSubsets(Message, frozen=True):
    """Divide the open source anew; `counts` None is what the source comes with, or its usual."""

    counts: SubsetCounts | None
    seed: int


class Survey(Message, frozen=True):
    """Read every picture: sizes, mean and deviation, what can't be read, what is there twice."""


class ShowSteps(Message, frozen=True):
    """The four steps from the file of a picture to what a network gets, under `data`."""

    index: int
    data: DataConfig


class ShowAugmented(Message, frozen=True):
    """The same picture drawn `count` times with `data.augmentation`; another seed, other draws."""

    index: int
    data: DataConfig
    count: int
    seed: int


class Fetch(Message, frozen=True):
    """Download a source of the catalogue, going on where an earlier download ended."""

    name: str


class WriteSubsets(Message, frozen=True):
    """Write the present subsets: a manifest file, or a folder a subset and class."""

    path: str
    kind: Literal["manifest", "folders"]


class ClearCache(Message, frozen=True):
    """Remove all decoded pictures that are kept on the disk."""


Request = (
    OpenSource
    | ChooseSubsets
    | Survey
    | ShowSteps
    | ShowAugmented
    | Fetch
    | WriteSubsets
    | ClearCache
)

# Shown. Each replaces the one before of its kind; `source` is the number of the source it is of,
# and what is of an older one than that shown is stale.


class SourceView(ArrayMessage, frozen=True, eq=False):
    """The source that is open. `subset_N`, int8: an index into source.SUBSETS, or NO_SUBSET."""

    source: int
    name: str
    where: str
    classes: tuple[str, ...]
    names: tuple[str, ...]
    labels_N: np.ndarray
    subset_N: np.ndarray
    problems: tuple[Problem, ...]
    notes: tuple[str, ...]
    usual: SubsetCounts
    comes_with_subsets: bool
    own_size_HW: tuple[int, int] | None
    """Where all pictures are alike by the kind of source; else None."""


class SurveyView(ArrayMessage, frozen=True, eq=False):
    """How far the survey is, and what it found. Sizes (N, 2) int32 height and width, 0 where not
    read yet; mean and deviation of all pixels, RGB, 0 to 1; unreadable pictures by index."""

    source: int
    done: int
    total: int
    finished: bool
    size_N2: np.ndarray
    mean_C: tuple[float, ...]
    std_C: tuple[float, ...]
    unreadable: dict[int, str]
    alike: tuple[tuple[int, ...], ...]
    """Groups of pictures whose files have the same content."""


class Thumbnail(ArrayMessage, frozen=True, eq=False):
    """A picture (H, W, 3) uint8 that fits a square of `side` pixels, as it was asked for; or why
    there is none."""

    source: int
    index: int
    side: int
    rgb_HWC: np.ndarray | None
    sentence: str = ""


class StepsView(ArrayMessage, frozen=True, eq=False):
    """One picture on its way in: the file, the grid, the floats, what the network gets.

    `head` are the first bytes of the file (none for pictures that come as an array), `bytes` its
    size. `rgb_HWC` uint8 is the decoded grid. `box` is the part of it that is used, (top, left,
    height, width) in its pixels, beyond its edges where it is padded. `values_CHW` float32 0 to
    255 is resized and in the network's channels; `input_CHW` float32 is rescaled and normalised
    with `mean_C` and `std_C`. Both are painted as their `_bytes_CHW`, uint8: values as they are,
    the input from its lowest number to its highest.
    """

    source: int
    index: int
    name: str
    place: str
    label: str
    head: bytes
    bytes: int
    kind: str
    """"JPEG", "PNG", ... or "array"."""
    rgb_HWC: np.ndarray
    box: tuple[float, float, float, float]
    values_CHW: np.ndarray
    values_bytes_CHW: np.ndarray
    input_CHW: np.ndarray
    input_bytes_CHW: np.ndarray
    mean_C: tuple[float, ...]
    std_C: tuple[float, ...]
    measured_on: int
    """How many pictures the mean and deviation were measured on; 0 where they were given."""


class AugmentedView(ArrayMessage, frozen=True, eq=False):
    """Draws of one picture, uint8 (N, H, W, 3), before normalisation. Methods that mix pictures
    mix it with others of the source; `labels` say of each what it counts as."""

    source: int
    index: int
    pictures_NHWC: np.ndarray
    labels: tuple[str, ...]


class JobView(Message, frozen=True):
    """Long work: "open", "survey", "fetch" or "write". `total` 0: not known yet."""

    what: str
    done: int
    total: int
    finished: bool
    unit: Literal["pictures", "bytes"] = "pictures"


class CacheView(Message, frozen=True):
    """The decoded pictures kept on the disk."""

    folder: str
    bytes: int
    limit: int


View = (
    SourceView
    | SurveyView
    | Thumbnail
    | StepsView
    | AugmentedView
    | JobView
    | CacheView
    | tuple[CatalogueEntry, ...]
)
ViewKey = tuple[str, int | str]
"""("source", 0), ("survey", 0), ("thumbnail", index), ("steps", 0), ("augmented", 0),
("job", what), ("cache", 0), ("catalogue", 0)."""


class Told(Message, frozen=True):
    """Something for a person to read, once. `wrong`: it could not be done; nothing has changed."""

    sentence: str
    wrong: bool = False
