"""Pictures in a zip, read in place: nothing is unpacked. Every function may run on any thread."""

import errno
import re
import struct
import zipfile
import zlib
from collections.abc import Callable
from contextlib import suppress
from io import BufferedReader
from pathlib import Path, PurePosixPath

import numpy as np
from msgspec import Struct

from engine.data.reading.walking import is_hidden, is_picture, natural, shown
from engine.data.source import Source
from engine.data.sources.findings import CHOOSE, Findings
from engine.data.sources.folders import cannot_read, stopped
from engine.errors import DataError, PictureError
from engine.files import UnfitFileError, name_as_text, open_file

MOST_MEMBER = 2**28
"""Bytes of a picture in a zip, 256 MiB; a folder may have larger ones."""
_SMALL, _TIGHTEST = 2**24, 100
"""Beyond 16 MiB, what becomes a hundred times as large is no picture but a trap."""
MOST_CONTENTS = 2**27
"""Bytes of the list of contents of a zip, 128 MiB: more than a million files."""
_STORED, _DEFLATED = zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED
_HEADER = 30  # bytes before the name of a member, which is said again before its data
_ENCRYPTED = 0x1
_UTF_8 = 0x800
_DRIVE = re.compile("[A-Za-z]:")
_AGAIN = "Download or copy the zip again."
_OUTSIDE = "Its name points outside of the zip; it is left alone."

_DAMAGED = (zipfile.BadZipFile, NotImplementedError, ValueError, EOFError, struct.error)
"""What `zipfile` raises when the list of contents is damaged."""

_Members = dict[str, zipfile.ZipInfo]


class ZipFiles(Struct, frozen=True, eq=False):
    """Members of a zip by their names. Each read opens the zip: nothing is shared by threads, and
    nothing is held open. `stamp_N5` are the `_stamps` of their entries in the list of contents."""

    path: str
    names: tuple[str, ...]
    stamp_N5: np.ndarray

    def read(self, index: int) -> bytes:
        crc, size, packed_size, offset, method = self.stamp_N5[index].tolist()
        if max(size, packed_size) > MOST_MEMBER:
            raise PictureError(
                f"{self._shown(index)} has more than {MOST_MEMBER:,} bytes.", "Shrink it first."
            )
        if size > _SMALL and size > _TIGHTEST * packed_size:
            raise PictureError(
                f"{self._shown(index)} is packed more tightly than pictures can be.",
                "Unpack it if you trust it.",
            )
        try:
            with open_file(Path(self.path)) as file:
                file.seek(offset)
                header = file.read(_HEADER)
                if len(header) < _HEADER or not header.startswith(b"PK\x03\x04"):
                    raise self._damaged(index)
                inner = int.from_bytes(header[26:28], "little")
                file.seek(inner + int.from_bytes(header[28:30], "little"), 1)
                packed = file.read(packed_size)
        except OSError as error:
            if error.errno == errno.EINVAL:  # it was told to look before the beginning
                raise self._damaged(index) from error
            raise cannot_read(self.path, error) from error
        try:
            data = packed if method == _STORED else _inflated(packed, size)
        except zlib.error as error:
            raise self._damaged(index) from error
        if len(data) != size or zlib.crc32(data) != crc:
            raise self._damaged(index)
        return data

    def size(self, index: int) -> int:
        return int(self.stamp_N5[index, 1])

    def checksum(self, index: int) -> int:
        """The CRC-32 of a file, without reading it."""
        return int(self.stamp_N5[index, 0])

    def place(self, index: int) -> str:
        return f"{self.names[index]} in {self.path}"

    def _shown(self, index: int) -> str:
        return shown(self.names[index])

    def _damaged(self, index: int) -> PictureError:
        return PictureError(
            f"{self._shown(index)} is damaged in the zip, or the zip has changed since it was "
            "opened.",
            _AGAIN,
        )


def open_archive(path: Path, cancelled: Callable[[], bool]) -> Source:
    """The pictures in a zip; only its list of contents is read. Takes 0.4 s for 50,000.

    Members that are encrypted, packed in an unusual way, or whose names point outside are problems.
    DataError when the zip can't be read or holds no pictures.
    """
    findings = Findings(path)
    folders = _by_folder(_contents(path), findings)
    for folder in sorted(folders, key=lambda name: [natural(part) for part in name.split("/")]):
        if cancelled():
            raise stopped(path)
        names = sorted(folders[folder], key=natural)
        try:
            findings.add(folder, names, _stamps([folders[folder][name] for name in names]))
        except OverflowError as error:  # sizes that no disk has
            raise _damaged(path) from error
    if findings.archives and findings.is_empty:
        raise _only_archives(path, findings.archives)
    return findings.source(
        name_as_text(path.stem), lambda names, stamps: ZipFiles(str(path), names, stamps)
    )


class _Contents(BufferedReader):
    """A zip of which no more than its list of contents is wanted, and that not without end."""

    def read(self, size: int | None = -1, /) -> bytes:
        if size is not None and size > MOST_CONTENTS:
            raise UnfitFileError("it lists too many files")
        return super().read(size)


def _contents(path: Path) -> list[zipfile.ZipInfo]:
    try:
        with _Contents(open_file(path)) as file, zipfile.ZipFile(file) as archive:
            return archive.infolist()
    except UnfitFileError as error:
        raise DataError(str(cannot_read(str(path), error)), "Choose another.") from error
    except OSError as error:
        if error.errno != errno.EINVAL:
            raise DataError(str(cannot_read(str(path), error)), "Or choose another.") from error
        raise _damaged(path) from error
    except _DAMAGED as error:
        if _begins_as_zip(path):
            raise _damaged(path) from error
        raise DataError(f"{shown(path.name)} isn't a zip.", CHOOSE) from error


def _damaged(path: Path) -> DataError:
    return DataError(
        f"{shown(path.name)} is cut short or damaged: the list of its contents, which is at its "
        "end, can't be read.",
        _AGAIN,
    )


def _begins_as_zip(path: Path) -> bool:
    try:
        with open_file(path) as file:
            return file.read(4) == b"PK\x03\x04"
    except OSError:
        return False


def _by_folder(contents: list[zipfile.ZipInfo], findings: Findings) -> dict[str, _Members]:
    """The members that can be read as pictures, by their folder; the findings note the others."""
    folders: dict[str, _Members] = {}
    verdicts: dict[str, str | None] = {}
    for info in contents:
        path = _name(info)
        folder, _, name = path.rpartition("/")
        if folder not in verdicts:
            verdicts[folder] = _verdict(folder)
        verdict = verdicts[folder]
        if not name or name.startswith(".") or verdict == "":
            continue  # a folder, or what a system left there for itself
        if not is_picture(name):
            findings.other(path)
        elif verdict or path.startswith("/") or (not folder and _DRIVE.match(name)):
            findings.problem(path, _OUTSIDE)
        elif info.flag_bits & _ENCRYPTED:
            findings.problem(path, "It is encrypted. Unpack the zip with its password first.")
        elif info.compress_type not in (_STORED, _DEFLATED):
            findings.problem(path, "It is packed in an unusual way. Unpack the zip first.")
        else:
            members = folders.setdefault(folder, {})
            if name in members:  # the last counts, as it does where a zip is unpacked
                findings.problem(path, "The zip holds another of this name, which counts.")
            members[name] = info
    return folders


def _verdict(folder: str) -> str | None:
    """Why nothing in a folder can be used; "" where nobody would miss it."""
    parts = folder.split("/")
    if ".." in parts or _DRIVE.match(folder):
        return _OUTSIDE
    if any(is_hidden(part) for part in parts if part != "."):
        return ""
    return None


def _name(info: zipfile.ZipInfo) -> str:
    """The name of a member, with slashes.

    Names that don't say that they are UTF-8 were read in the oldest of code pages; many are UTF-8
    all the same.
    """
    name = info.filename
    if not (info.flag_bits & _UTF_8 or name.isascii()):
        with suppress(UnicodeError):
            name = name.encode("cp437").decode("utf-8")
    return name.replace("\\", "/")


def _stamps(infos: list[zipfile.ZipInfo]) -> np.ndarray:
    """Checksum, size, packed size, offset and method of each, int64 (N, 5)."""
    # By columns: no object for each member, which Python's collector would go through.
    columns = (
        [info.CRC for info in infos],
        [info.file_size for info in infos],
        [info.compress_size for info in infos],
        [info.header_offset for info in infos],
        [info.compress_type for info in infos],
    )
    return np.array(columns, np.int64).T


def _inflated(packed: bytes, size: int) -> bytes:
    """Never more than one byte beyond the size that was announced."""
    return zlib.decompressobj(-zlib.MAX_WBITS).decompress(packed, size + 1)


def _only_archives(path: Path, names: list[str]) -> DataError:
    """As Kaggle's dogs-vs-cats.zip is: it holds train.zip and test1.zip."""
    base = {PurePosixPath(name).name: name for name in names}
    training = [name for name in base if name.lower().startswith("train")]
    chosen = shown((training or list(base))[0])
    others = ", ".join(shown(name) for name in list(base)[:5])
    return DataError(
        f"{shown(path.name)} holds no pictures but {'archives' if len(base) > 1 else 'an archive'}"
        f": {others}.",
        f"Unpack it, and choose the {chosen} that comes out.",
    )
