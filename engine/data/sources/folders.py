"""Pictures in a folder, read from where they are. Every function may run on any thread."""

import os
import stat
from collections.abc import Callable
from pathlib import Path

import numpy as np
from msgspec import Struct

from engine.data.reading.walking import is_picture, shown, walk
from engine.data.source import Source
from engine.data.sources.findings import Findings
from engine.errors import DataError, PictureError
from engine.files import UnfitFileError, name_as_text, read_file, text_as_name

MOST_BYTES = 2**30
"""A file beyond this is no picture to learn from; it isn't read."""


class FolderFiles(Struct, frozen=True, eq=False):
    """Files by their names, with slashes, below `folder`; their sizes as they were when opened.

    The folder is a path, the names are texts: `text_as_name` makes paths of them.
    """

    folder: str
    names: tuple[str, ...]
    size_N: np.ndarray

    def read(self, index: int) -> bytes:
        name = self.names[index]
        try:
            return read_file(Path(self.place(index)), MOST_BYTES)
        except (OSError, ValueError) as error:
            raise cannot_read(name, error) from error

    def size(self, index: int) -> int:
        return int(self.size_N[index])

    def place(self, index: int) -> str:
        name = text_as_name(self.names[index])
        return os.path.join(self.folder, name)  # noqa: PTH118 - ten times faster


def open_folder(path: Path, cancelled: Callable[[], bool]) -> Source:
    """The pictures in a folder and the folders below it, without reading any.

    DataError when there are none. Takes about a second for 100,000.
    """
    findings = Findings(path)
    for raw_folder, entries in walk(path, findings.problem):
        folder = name_as_text(raw_folder)
        names: list[str] = []
        stamps: list[tuple[int, int, int]] = []
        for entry in entries:
            if cancelled():
                raise stopped(path)
            base = name_as_text(entry.name)
            name = f"{folder}/{base}" if folder else base
            if not is_picture(entry.name):
                findings.other(name)
                continue
            try:
                status = entry.stat()
            except OSError as error:
                findings.problem(name, str(cannot_read("It", error)))
                continue
            if stat.S_ISREG(status.st_mode):
                names.append(base)
                stamps.append((status.st_size, status.st_mtime_ns, status.st_ctime_ns))
            else:
                findings.problem(name, "It isn't a file.")
        findings.add(folder, names, stamps)
    if findings.archives and findings.is_empty:
        first = shown(findings.archives[0])
        raise DataError(
            f"{shown(str(path))} holds no pictures but an archive, {first}.",
            "Choose that zip itself." if first.lower().endswith(".zip") else "Unpack it first.",
        )
    return findings.source(
        name_as_text(path.name),
        lambda names, stamps: FolderFiles(str(path), names, stamps[:, 0].copy()),
    )


def cannot_read(name: str, error: OSError | ValueError) -> PictureError:
    """The sentence for a file that the system doesn't give us."""
    if isinstance(error, FileNotFoundError):
        return PictureError(f"{shown(name)} isn't there any more.", "Put it back.")
    if isinstance(error, UnfitFileError):
        return PictureError(f"{shown(name)} can't be read: {error.strerror}.")
    if isinstance(error, PermissionError):
        return PictureError(
            f"{shown(name)} can't be read: permission denied.", "Change its permissions or copy it."
        )
    reason = getattr(error, "strerror", None) or str(error)
    return PictureError(f"{shown(name)} can't be read: {reason}.", "Copy it again.")


def stopped(path: Path) -> DataError:
    """What is raised when opening was cancelled."""
    return DataError(f"{shown(path.name)} wasn't opened: it was cancelled.", "Open it again.")
