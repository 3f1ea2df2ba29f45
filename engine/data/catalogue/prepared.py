"""What the files of a downloaded source are made into, so that it opens at once. No torch.

Small pictures become one array, pictures in files one file with all of them end to end; an index
says the rest. Nothing of an archive is ever written under the name that it has there.
"""

import hashlib
import os
import shutil
import tarfile
import zipfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from io import BufferedReader
from pathlib import Path, PurePosixPath
from typing import IO

import msgspec
import numpy as np
from msgspec import Struct

from engine.data.catalogue.download import writing
from engine.data.source import SUBSETS, Problem, Source
from engine.errors import PictureError
from engine.files import open_file, read_file

_FOLDER = "prepared-1"  # another number where older ones can't be read any more
_INDEX, _ARRAY, _PACK = "index.msgpack", "pictures.npy", "pictures.bin"
_PICTURES = (".jpg", ".jpeg", ".png", ".ppm")
_LARGEST_BYTES = 1 << 28
"""A member of an archive that says it is larger is left out."""
_MOST_INDEX = 2**28
_UNKNOWN = -1


class Member(Struct, frozen=True):
    """A file in an archive. `read` only until the next one is asked for; it may raise what the
    archive's module raises. `sentence` says why it can't be used, if so."""

    name: str
    size: int
    read: Callable[[], bytes]
    sentence: str = ""


class Arrays(Struct, frozen=True, eq=False):
    """Pictures read as arrays: for each part its subset, `pictures_NCHW` uint8, `labels_N`."""

    classes: Sequence[str]
    parts: Sequence[tuple[int, np.ndarray, np.ndarray]]


class Labels(Struct, frozen=True):
    """The class of each file by its name in the archive, and its subset, None where undivided."""

    classes: Sequence[str]
    of: dict[str, tuple[int, int | None]]


class _Index(Struct, frozen=True):
    classes: tuple[str, ...]
    names: tuple[str, ...]
    labels: list[int]
    subsets: list[int]
    fingerprint: str
    bytes: int
    """Of the file of pictures."""
    problems: tuple[Problem, ...] = ()
    starts: list[int] = []
    sizes: list[int] = []
    archives: tuple[str, ...] = ()
    """Of each picture, the archive that it was in."""


class _Packed(Struct, frozen=True):
    """The pictures of the file `path`; `Files` of a source."""

    path: Path
    index: _Index

    def read(self, index: int) -> bytes:
        with open_file(self.path) as file:
            file.seek(self.index.starts[index])
            content = file.read(self.size(index))
        if len(content) < self.size(index):
            raise PictureError(f"{self.path} has become shorter.", "Fetch it again.")
        return content

    def size(self, index: int) -> int:
        return self.index.sizes[index]

    def place(self, index: int) -> str:
        archive = self.path.parents[1] / self.index.archives[index]
        return f"{archive}: {self.index.names[index]}"


def is_prepared(folder: Path) -> bool:
    """Whether a source was made ready in this folder."""
    return (folder / _FOLDER / _INDEX).is_file()


def open_prepared(folder: Path) -> Source | None:
    """The source that was made ready in this folder; None where none was, or it is damaged.

    Arrays are mapped: they take memory where they are read, and writing changes no file.
    """
    made = folder / _FOLDER
    try:
        index = msgspec.msgpack.decode(read_file(made / _INDEX, _MOST_INDEX), type=_Index)
        with open_file(made / (_PACK if index.starts else _ARRAY), index.bytes) as file:
            whole = os.fstat(file.fileno()).st_size == index.bytes
        pictures_NCHW = None if index.starts else np.load(made / _ARRAY, mmap_mode="c")
        if not whole or not _fits(index, pictures_NCHW):
            return None
    except (OSError, ValueError, EOFError, msgspec.DecodeError):
        return None
    divided = _UNKNOWN not in index.subsets
    return Source(
        name=folder.name,
        where=folder.name,
        classes=index.classes,
        names=index.names,
        labels_N=np.array(index.labels, np.int64),
        fingerprint=index.fingerprint,
        files=_Packed(made / _PACK, index) if index.starts else None,
        pictures_NCHW=None if pictures_NCHW is None else np.asarray(pictures_NCHW),
        subset_N=np.array(index.subsets, np.int8) if divided else None,
        problems=index.problems,
    )


def _fits(index: _Index, pictures_NCHW: np.ndarray | None) -> bool:
    """Whether the numbers of an index are of what is there."""
    count = len(index.names)
    sound = len(index.labels) == len(index.subsets) == count > 0
    sound = sound and all(0 <= label < len(index.classes) for label in index.labels)
    sound = sound and all(_UNKNOWN <= subset < len(SUBSETS) for subset in index.subsets)
    if pictures_NCHW is not None:
        return sound and pictures_NCHW.ndim == 4 and len(pictures_NCHW) == count
    sound = sound and len(index.starts) == len(index.sizes) == len(index.archives) == count
    return sound and all(
        0 <= size <= _LARGEST_BYTES and 0 <= start <= index.bytes - size
        for start, size in zip(index.starts, index.sizes, strict=True)
    )


def members(archive: Path) -> Iterator[Member]:
    """The files of a zip or tar, in their order. Those that point out of it, links and whatever is
    no plain file have a `sentence`."""
    with BufferedReader(open_file(archive)) as file:
        if zipfile.is_zipfile(file):
            with zipfile.ZipFile(file) as opened:
                for info in opened.infolist():
                    if not info.is_dir():
                        yield _member(info.filename, info.file_size, partial(opened.read, info))
            return
        file.seek(0)
        with tarfile.open(fileobj=file, mode="r|*") as stream:
            for inner in stream:
                if inner.isfile():
                    yield _member(inner.name, inner.size, partial(_whole, stream, inner))
                elif not inner.isdir():
                    sentence = "It is no plain file in its archive, but a link or a device."
                    yield Member(inner.name.removeprefix("./"), 0, bytes, sentence)


def _whole(stream: tarfile.TarFile, inner: tarfile.TarInfo) -> bytes:
    file: IO[bytes] | None = stream.extractfile(inner)
    content = file.read() if file is not None else b""
    if len(content) != inner.size:
        raise EOFError(f"{inner.name} ends early")
    return content


def _member(name: str, size: int, read: Callable[[], bytes]) -> Member:
    path = PurePosixPath(name.replace("\\", "/"))
    outside = path.is_absolute() or ".." in path.parts or ":" in path.parts[0]
    sentence = "Its name points out of its archive." if outside else ""
    return Member(name.removeprefix("./"), size, read, sentence)


def write_arrays(folder: Path, arrays: Arrays) -> None:
    """Make a source of arrays ready. ValueError where the parts don't fit each other."""
    parts = [pictures_NCHW for _, pictures_NCHW, _ in arrays.parts]
    shape = (sum(map(len, parts)), *parts[0].shape[1:])
    pictures_NCHW = np.concatenate(parts, out=np.empty(shape, np.uint8))
    labels_N = np.concatenate([labels for _, _, labels in arrays.parts]).astype(np.int64)
    subset_N = np.repeat(
        [subset for subset, _, _ in arrays.parts], [len(labels) for _, _, labels in arrays.parts]
    )
    if pictures_NCHW.ndim != 4:
        raise ValueError(f"its array is of the shape {shape}")
    with _making(folder) as made:
        with (made / _ARRAY).open("wb") as file:
            np.save(file, pictures_NCHW)
        index = _Index(
            classes=tuple(arrays.classes),
            names=tuple(f"{at:05}" for at in range(len(pictures_NCHW))),
            labels=labels_N.tolist(),
            subsets=subset_N.tolist(),
            fingerprint=hashlib.blake2b(pictures_NCHW.data, digest_size=16).hexdigest(),
            bytes=(made / _ARRAY).stat().st_size,
        )
        _write_index(made, index)


def write_pictures(
    folder: Path,
    archives: Sequence[Path],
    inside: str,
    label: Callable[[Sequence[str], dict[str, bytes]], Labels],
    cancelled: Callable[[], bool],
) -> None:
    """Make the pictures ready that are in `archives` below `inside`.

    `label` gets the names of the pictures, and the contents of all other small files, also of
    those of `archives` that are none, by name. What has no label, or can't be used, becomes a
    problem of the source. Nothing is made when cancelled.
    """
    found: dict[str, tuple[str, int, int]] = {}
    texts: dict[str, bytes] = {}
    problems: list[Problem] = []
    digest = hashlib.blake2b(digest_size=16)
    end = 0
    with _making(folder) as made:
        with (made / _PACK).open("wb") as pack:
            for archive in archives:
                if archive.suffix == ".mat":
                    texts[archive.name] = read_file(archive, _LARGEST_BYTES)
                    continue
                for member in members(archive):
                    if cancelled():
                        return
                    is_picture = member.name.lower().endswith(_PICTURES)
                    sentence = member.sentence
                    if member.size > _LARGEST_BYTES:
                        sentence = f"It has {member.size:,} bytes: too many for a picture."
                    if sentence and (is_picture or member.sentence):
                        problems.append(Problem(member.name, sentence))
                    elif is_picture and member.name.startswith(inside):
                        content = member.read()
                        pack.write(content)
                        digest.update(content)
                        found[member.name] = (archive.name, end, len(content))
                        end += len(content)
                    elif not is_picture and not sentence:
                        texts[member.name] = member.read()
                        if sum(map(len, texts.values())) > _LARGEST_BYTES:
                            raise ValueError("the lists beside its pictures are too large")
        labels = label(sorted(found), texts)
        problems += [
            Problem(name, "No list of its source says what it is.")
            for name in sorted(found.keys() - labels.of.keys())
        ]
        problems += [
            Problem(name, "It is on the list of its source, but not in the archive.")
            for name in sorted(labels.of.keys() - found.keys())
        ]
        names = sorted(found.keys() & labels.of.keys())
        subsets = [labels.of[name][1] for name in names]
        index = _Index(
            classes=tuple(labels.classes),
            names=tuple(names),
            labels=[labels.of[name][0] for name in names],
            subsets=[_UNKNOWN if subset is None else subset for subset in subsets],
            fingerprint=digest.hexdigest(),
            bytes=end,
            problems=tuple(problems),
            starts=[found[name][1] for name in names],
            sizes=[found[name][2] for name in names],
            archives=tuple(found[name][0] for name in names),
        )
        _write_index(made, index)


def _write_index(made: Path, index: _Index) -> None:
    """The last thing to be written. The fingerprint takes in what belongs to the pictures."""
    labels = index.labels
    if not labels or min(labels) < 0 or max(labels) >= len(index.classes):
        raise ValueError("the labels don't fit the classes")
    if len(labels) != len(index.names):
        raise ValueError("there aren't as many labels as pictures")
    rest = hashlib.blake2b(index.fingerprint.encode(), digest_size=16)
    rest.update(msgspec.msgpack.encode((index.names, labels, index.classes)))
    whole = msgspec.structs.replace(index, fingerprint=rest.hexdigest())
    (made / _INDEX).write_bytes(msgspec.msgpack.encode(whole))


@contextmanager
def _making(folder: Path) -> Iterator[Path]:
    """A folder to write into, which is put in its place only when its index has been written."""
    temporary = folder / f".{_FOLDER}"
    with writing(folder):
        shutil.rmtree(temporary, ignore_errors=True)
        temporary.mkdir(parents=True)
        try:
            yield temporary
            if (temporary / _INDEX).is_file():
                shutil.rmtree(folder / _FOLDER, ignore_errors=True)
                temporary.replace(folder / _FOLDER)
        finally:
            shutil.rmtree(temporary, ignore_errors=True)
