"""What every source of labelled pictures is, whatever it is made from. Plain types: no torch.

Everything here may be used on any thread.
"""

from typing import Protocol

import numpy as np
from msgspec import Struct

from engine.config import SubsetCounts

SUBSETS = ("train", "validation", "test")
"""In the order of their numbers in `Source.subset_N`."""
NO_SUBSET = -1
"""Left out by a count that was asked for, or because it can't be read."""


class Problem(Struct, frozen=True):
    """A file of a source that can't be used: its name within the source, and why, a sentence."""

    name: str
    sentence: str


class Files(Protocol):
    """The pictures of a source as encoded files. Any number of threads may read at once."""

    def read(self, index: int) -> bytes:
        """The bytes of one file; OSError or PictureError when it has gone or is damaged."""

    def size(self, index: int) -> int:
        """Bytes of one file, without reading it; for deciding what may be alike."""

    def place(self, index: int) -> str:
        """Where a person finds the file: a path, or a zip and the name in it."""


class Source(Struct, frozen=True, eq=False):
    """Labelled pictures. Picture `i` is `names[i]`, of class `classes[labels_N[i]]`.

    Either `files` holds them encoded, or `pictures_NCHW`, uint8, holds them all. `subset_N`, int8,
    is the subset each comes with, an index into SUBSETS, where the source says so. `fingerprint`,
    hexadecimal, is another whenever any picture or label is.
    """

    name: str
    where: str
    """What opens it again: "digits", a name of the catalogue, or an absolute path."""
    classes: tuple[str, ...]
    names: tuple[str, ...]
    labels_N: np.ndarray
    fingerprint: str
    files: Files | None = None
    pictures_NCHW: np.ndarray | None = None
    subset_N: np.ndarray | None = None
    problems: tuple[Problem, ...] = ()
    usual: SubsetCounts | None = None
    """How many pictures a class are taken where nobody says otherwise, if that isn't the usual
    share of each."""

    def __len__(self) -> int:
        return len(self.labels_N)


class Subsets(Struct, frozen=True, eq=False):
    """Which pictures of a source are for what: `subset_N`, int8, an index into SUBSETS or
    NO_SUBSET. `notes` are sentences for a person, such as that a class has fewer than asked."""

    subset_N: np.ndarray
    notes: tuple[str, ...] = ()

    def indices(self, subset: str) -> np.ndarray:
        """The pictures of a subset, int64, ascending."""
        return np.flatnonzero(self.subset_N == SUBSETS.index(subset))
