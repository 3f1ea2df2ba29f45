"""Reads the sources of the catalogue that come as arrays, from the files as they are downloaded.

Each function gets their paths and gives Arrays: classes by name, and pictures by subset, 0 to train
and 2 to test. They raise ValueError, KeyError, EOFError and what the modules of the formats raise,
where a file is not as it should be.
"""

import io
import pickle
import re
from collections.abc import Sequence
from io import BufferedReader
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from engine.data.catalogue.prepared import Arrays, members
from engine.data.source import SUBSETS
from engine.files import gunzipped, open_file, read_file

_TRAIN, _TEST = SUBSETS.index("train"), SUBSETS.index("test")
_IDX_UINT8 = 8
_MOST_BYTES = 2**30
"""Of a file, of what it unpacks to, and of all that is wanted of an archive together."""
_DIGITS = tuple("0123456789")
_PICKLED = {
    ("numpy.core.multiarray", "_reconstruct"),
    ("numpy._core.multiarray", "_reconstruct"),
    ("numpy", "ndarray"),
    ("numpy", "dtype"),
    ("_codecs", "encode"),
}


def read_mnist(paths: Sequence[Path]) -> Arrays:
    """MNIST and those made like it by others, with digits for classes."""
    train_pictures, train_labels, test_pictures, test_labels = map(_idx, paths)
    parts = [
        (_TRAIN, train_pictures[:, None], train_labels),
        (_TEST, test_pictures[:, None], test_labels),
    ]
    return Arrays(_DIGITS, parts)


def read_fashion(paths: Sequence[Path]) -> Arrays:
    from torchvision.datasets import FashionMNIST

    return Arrays(FashionMNIST.classes, read_mnist(paths).parts)


def read_kmnist(paths: Sequence[Path]) -> Arrays:
    from torchvision.datasets import KMNIST

    return Arrays(KMNIST.classes, read_mnist(paths).parts)


def read_cifar(paths: Sequence[Path]) -> Arrays:
    """CIFAR-10 and CIFAR-100, the latter with its fine classes."""
    classes: list[str] = []
    parts = []
    for name, content in _contents(
        paths[0], r"data_batch_\d|test_batch|train|test|meta|batches\.meta"
    ):
        unpickled = _Unpickler(io.BytesIO(content), encoding="latin1").load()
        if name.endswith("meta"):
            classes = unpickled.get("fine_label_names") or unpickled["label_names"]
            continue
        labels = unpickled.get("fine_labels") or unpickled["labels"]
        pictures_NCHW = np.asarray(unpickled["data"]).reshape(-1, 3, 32, 32)
        subset = _TEST if name.startswith("test") else _TRAIN
        parts.append((subset, pictures_NCHW, np.array(labels, np.int64), name))
    parts.sort(key=lambda part: part[3])
    return Arrays([name.replace("_", " ") for name in classes], [part[:3] for part in parts])


def read_svhn(paths: Sequence[Path]) -> Arrays:
    parts = []
    for subset, path in zip((_TRAIN, _TEST), paths, strict=True):
        read = read_mat(path)
        # Zero is 10 there.
        parts.append((subset, read["X"].transpose(3, 2, 0, 1), read["y"].ravel() % 10))
    return Arrays(_DIGITS, parts)


def read_stl10(paths: Sequence[Path]) -> Arrays:
    """Without the pictures that have no label."""
    read = dict(_contents(paths[0], r"(train|test)_[Xy]\.bin|class_names\.txt"))
    parts = []
    for subset, part in ((_TRAIN, "train"), (_TEST, "test")):
        pictures_NCWH = np.frombuffer(read[f"{part}_X.bin"], np.uint8).reshape(-1, 3, 96, 96)
        labels_N = np.frombuffer(read[f"{part}_y.bin"], np.uint8).astype(np.int64) - 1
        parts.append((subset, pictures_NCWH.transpose(0, 1, 3, 2), labels_N))
    return Arrays(read["class_names.txt"].decode().split(), parts)


def read_mat(file: Path | BinaryIO) -> dict[str, np.ndarray]:
    """The variables of a MATLAB file; ValueError or OSError where it is damaged.

    Only of a file whose checksum is right: a damaged one can crash scipy, and the process with it.
    """
    from scipy.io import loadmat
    from scipy.io.matlab import MatReadError

    if isinstance(file, Path):
        with BufferedReader(open_file(file, _MOST_BYTES)) as opened:
            return read_mat(opened)
    try:
        return dict(loadmat(file))
    except MatReadError as error:
        raise ValueError(str(error)) from error


def _idx(path: Path) -> np.ndarray:
    """An array of bytes in the format of the MNIST files: its shape, big-endian, then the bytes."""
    content = gunzipped(read_file(path, _MOST_BYTES), _MOST_BYTES)
    zeros, kind, dimensions = content[:2], content[2], content[3]
    if zeros != b"\0\0" or kind != _IDX_UINT8:
        raise ValueError(f"{path.name} isn't in the IDX format")
    shape = np.frombuffer(content, ">u4", dimensions, offset=4)
    return np.frombuffer(content, np.uint8, offset=4 + 4 * dimensions).reshape(shape)


def _contents(archive: Path, pattern: str) -> list[tuple[str, bytes]]:
    """Those files of an archive whose names, without their folder, are of a pattern."""
    found: list[tuple[str, bytes]] = []
    total = 0
    for member in members(archive):
        name = member.name.rpartition("/")[2]
        if re.fullmatch(pattern, name) and not member.sentence:
            total += member.size
            if total > _MOST_BYTES:
                raise ValueError(f"what is wanted of {archive.name} has more than 1 GiB")
            found.append((name, member.read()))
    return found


class _Unpickler(pickle.Unpickler):
    """Takes plain data and arrays only: any other pickle could run code."""

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in _PICKLED:
            raise pickle.UnpicklingError(f"it asks for {module}.{name}")
        return super().find_class(module, name)
