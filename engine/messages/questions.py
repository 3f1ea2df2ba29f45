"""What pages ask of the engine beside the training. Plain, frozen; no torch, no Qt."""

from typing import Annotated, Literal

from msgspec import Meta

from engine.config import Count, DataConfig, NetworkConfig, Seed, SubsetCounts
from engine.message import Message

MOST_SIDE = 2**14
"""Of a thumbnail, in pixels."""

# Of pictures


class OpenSource(Message, frozen=True):
    """Look at a source: "digits", a name of the catalogue, or a path. Where it can be opened, what
    was asked of the one before ends."""

    where: str


class ChooseSubsets(Message, frozen=True):
    """Divide the open source anew; `counts` None is what the source comes with, or its usual."""

    counts: SubsetCounts | None
    seed: Seed


class Survey(Message, frozen=True):
    """Read every picture: sizes, mean and deviation, what can't be read, what is there twice."""


class ShowThumbnails(Message, frozen=True):
    """Small copies of pictures, in this order, to fit a square of `side` pixels, instead of those
    that were asked for before. `source` is its number in the SourceView."""

    source: int
    indices: tuple[int, ...]
    side: Annotated[int, Meta(ge=1, le=MOST_SIDE)]


class ShowSteps(Message, frozen=True):
    """The four steps from the file of a picture to what a network gets, under `data`."""

    index: int
    data: DataConfig


class ShowAugmented(Message, frozen=True):
    """The same picture drawn `count` times with `data.augmentation`; another seed, other draws."""

    index: int
    data: DataConfig
    count: Count
    seed: Seed


class ShowCatalogue(Message, frozen=True):
    """The sources that can be downloaded, and which of them are here."""


class Fetch(Message, frozen=True):
    """Download a source of the catalogue, going on where an earlier download ended."""

    name: str


class WriteSubsets(Message, frozen=True):
    """Write the present subsets: a manifest file, or a folder a subset and class."""

    path: str
    kind: Literal["manifest", "folders"]


class ShowCache(Message, frozen=True):
    """How many decoded pictures are kept on the disk."""


class ClearCache(Message, frozen=True):
    """Remove all decoded pictures that are kept on the disk."""


# Of networks


class ShowShapes(Message, frozen=True):
    """What each layer of a network would give, for pictures of that shape and so many classes."""

    network: NetworkConfig
    shape_CHW: tuple[Count, Count, Count]
    classes: Count


Question = (
    OpenSource
    | ChooseSubsets
    | Survey
    | ShowThumbnails
    | ShowSteps
    | ShowAugmented
    | ShowCatalogue
    | Fetch
    | WriteSubsets
    | ShowCache
    | ClearCache
    | ShowShapes
)
