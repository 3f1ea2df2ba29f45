"""What answers the questions of pages: views to be shown, and what is told once. Plain, frozen;
arrays must not be written into; no torch, no Qt."""

from typing import Literal

import numpy as np
from msgspec import Struct

from engine.config import SubsetCounts
from engine.data.catalogue.entry import CatalogueEntry
from engine.data.source import Problem
from engine.message import ArrayMessage, Message

ViewKey = tuple[str | int, ...]


class Answer(ArrayMessage, frozen=True, eq=False, kw_only=True):
    """What every view is: the newest of each key is shown. `question` is the number of the one that
    it answers."""

    question: int = 0

    @property
    def key(self) -> ViewKey:
        return (type(self).__name__,)


class Told(Message, frozen=True):
    """Something for a person to read, once. `wrong`: what was asked could not be done, and nothing
    has changed. `question` is its number."""

    sentence: str
    wrong: bool = False
    question: int = 0


class ProgressView(Answer, frozen=True, eq=False):
    """How far the answer of a question is that takes long; `total` 0: not known yet. `what` says
    what it does: "open", "survey", "fetch" or "write"."""

    what: str
    done: int
    total: int
    finished: bool
    unit: Literal["pictures", "bytes"] = "pictures"

    @property
    def key(self) -> ViewKey:
        return ("ProgressView", self.what)


# Of pictures; `source` is the number of the one that they are of.


class SourceView(Answer, frozen=True, eq=False):
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
    usual: SubsetCounts | None
    """How many of each class nobody asks for, where it isn't the usual share of each."""
    comes_with_subsets: bool
    own_size_HW: tuple[int, int] | None
    """Where all pictures are alike by the kind of source; else None."""
    unreadable: tuple[str, ...] = ()
    """Names of pictures that could not be read, and so are in no subset."""


class SurveyView(Answer, frozen=True, eq=False):
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


class Thumbnail(Answer, frozen=True, eq=False):
    """A picture (H, W, 3) uint8 that fits a square of `side` pixels, as it was asked for; or why
    there is none."""

    source: int
    index: int
    side: int
    rgb_HWC: np.ndarray | None
    sentence: str = ""

    @property
    def key(self) -> ViewKey:
        return ("Thumbnail", self.source, self.index)


class StepsView(Answer, frozen=True, eq=False):
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


class AugmentedView(Answer, frozen=True, eq=False):
    """Draws of one picture, uint8 (N, H, W, 3), before normalisation. Methods that mix pictures
    mix it with others of the source; `labels` say of each what it counts as."""

    source: int
    index: int
    pictures_NHWC: np.ndarray
    labels: tuple[str, ...]


class CacheView(Answer, frozen=True, eq=False):
    """The decoded pictures kept on the disk."""

    folder: str
    bytes: int
    limit: int


class CatalogueView(Answer, frozen=True, eq=False):
    """The sources that can be downloaded."""

    entries: tuple[CatalogueEntry, ...]


# Of networks


class LayerShape(Struct, frozen=True):
    """What a layer gives: (C, H, W), or (N,) behind the first dense layer. `sees_HW` is the part of
    a picture, in pixels, that one value of it depends on at most."""

    name: str
    shape: tuple[int, ...]
    parameters: int
    sees_HW: tuple[int, int]


class ShapesView(Answer, frozen=True, eq=False):
    """The layers of a network in their order; where one can't be built, those before it, and
    `sentence` says which and why."""

    layers: tuple[LayerShape, ...]
    sentence: str = ""


View = (
    ProgressView
    | SourceView
    | SurveyView
    | Thumbnail
    | StepsView
    | AugmentedView
    | CacheView
    | CatalogueView
    | ShapesView
)
