"""Reading files, whatever lies at a path, and writing files so that each is there whole or not at
all. Imports without torch; every function may run on any thread."""

import errno
import itertools
import os
import re
import stat
import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from gzip import GzipFile
from io import BytesIO, FileIO
from pathlib import Path

import psutil

from engine.errors import RunError
from engine.program import NAME

_ANOTHER = "Choose another place."
_KINDS = (
    (stat.S_ISREG, ""),
    (stat.S_ISDIR, "it is a folder"),
    (stat.S_ISFIFO, "it isn't a file but a pipe"),
    (stat.S_ISSOCK, "it isn't a file but a socket"),
)
_DEVICE = "it isn't a file but a device"
# A pipe that nobody writes into would never open; a terminal could become ours.
_OPENING = os.O_RDONLY
for _flag in ("O_NONBLOCK", "O_NOCTTY", "O_CLOEXEC", "O_BINARY", "O_NOINHERIT"):
    _OPENING |= getattr(os, _flag, 0)

_AT_ONCE = 1 << 16

_BYTE = 0x10F700
"""A byte of a file name that is no UTF-8 becomes the character of this number and its own; nobody
has a use for these: they are private, and among the last that there are."""
_BYTES = re.compile("[\U0010f780-\U0010f7ff]")


class UnfitFileError(OSError):
    """What lies there must not be read; `strerror` says why, as the end of a sentence."""

    def __init__(self, reason: str) -> None:
        super().__init__(errno.ENODEV, reason)


def open_file(path: Path, most_bytes: int | None = None) -> FileIO:
    """A file to read from, unbuffered. OSError where there is none, and UnfitFileError where it has
    more than `most_bytes`, or a folder, a pipe, a socket or a device is there instead: these are
    never opened, as that could wait for ever. ValueError for what can't be a path."""
    _check(path.stat(), most_bytes)
    file = FileIO(os.open(path, _OPENING), "rb")
    try:
        _check(os.fstat(file.fileno()), most_bytes)  # it may have been replaced meanwhile
    except BaseException:
        file.close()
        raise
    return file


def read_file(path: Path, most_bytes: int) -> bytes:
    """What is in a file; raises what `open_file` does. Never more than `most_bytes` and one are in
    memory, even of a file that grows meanwhile."""
    with open_file(path, most_bytes) as file:
        at_once = max(os.fstat(file.fileno()).st_size + 1, _AT_ONCE)
        parts: list[bytes] = []
        left = most_bytes + 1
        while left and (part := file.read(min(left, at_once))):
            parts.append(part)
            left -= len(part)
    if not left:
        raise _too_large(most_bytes)
    return parts[0] if len(parts) == 1 else b"".join(parts)


def gunzipped(content: bytes, most_bytes: int) -> bytes:
    """What was packed with gzip; ValueError where that is more than `most_bytes`, and what the
    module raises of damaged content."""
    with GzipFile(fileobj=BytesIO(content)) as file:
        unpacked = file.read(most_bytes + 1)
    if len(unpacked) > most_bytes:
        raise ValueError(f"it unpacks to more than {most_bytes:,} bytes")
    return unpacked


def name_as_text(name: str) -> str:
    """The name or path of a file as text that can be written as UTF-8, whatever bytes it is of;
    `text_as_name` gives the very name again."""
    if not _BYTES.search(name) and _is_text(name):
        return name
    return "".join(
        letter
        if _is_text(letter) and not _BYTES.match(letter)
        else "".join(chr(_BYTE + byte) for byte in os.fsencode(letter))
        for letter in name
    )


def text_as_name(text: str) -> str:
    """The name or path of a file that `name_as_text` made this text of; any other stays itself."""
    if not _BYTES.search(text):
        return text
    return os.fsdecode(
        b"".join(
            bytes([ord(letter) - _BYTE]) if _BYTES.match(letter) else os.fsencode(letter)
            for letter in text
        )
    )


def _is_text(name: str) -> bool:
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


def _check(status: os.stat_result, most_bytes: int | None) -> None:
    mode = status.st_mode
    reason = next((reason for is_kind, reason in _KINDS if is_kind(mode)), _DEVICE)
    if reason:
        raise UnfitFileError(reason)
    if most_bytes is not None and status.st_size > most_bytes:
        raise _too_large(most_bytes)


def _too_large(most_bytes: int) -> UnfitFileError:
    return UnfitFileError(f"it has more than {most_bytes:,} bytes")


_PAUSES = (0.02, 0.05, 0.1, 0.2, 0.4, 0.6, 0.6)
_PART = re.compile(r"\..+\.(\d{1,9})(?:-\d+)?\.part")
_NUMBERS = itertools.count(1)


def check_writable(folder: Path, names: Iterable[str] = ()) -> None:
    """Make the folder, and RunError if files of these names couldn't be written into it.

    Asked before a training, so that the end of it isn't lost. Leaves an empty folder.
    """
    _make(folder)
    for name in names:
        _check_free(folder / name)
    try:
        try_writing(folder)
    except OSError as error:
        raise _cannot_write(folder, error) from error


def try_writing(folder: Path) -> None:
    """OSError where nothing may be written into a folder. Only writing tells: `os.access` knows
    nothing of access lists, as Windows has them, nor of what a server allows."""
    trial = folder / f".{NAME}.{os.getpid()}.part"
    trial.write_bytes(b"")
    trial.unlink()


def write_files(folder: Path, contents: Mapping[str, bytes]) -> None:
    """Write files, by name, into a folder that is made where it isn't there.

    All are written to temporary files first and put in place, in their order, only when every one
    is on the disk; a file of the same name is replaced. RunError, and the first one not replaced,
    for an unwritable folder, a full disk or something in the way. What processes that were killed
    while they wrote have left is removed.
    """
    _make(folder)
    number = next(_NUMBERS)
    parts = {name: folder / f".{name}.{os.getpid()}-{number}.part" for name in contents}
    try:
        for name, part in parts.items():
            _check_free(folder / name)
            with part.open("wb") as file:
                file.write(contents[name])
                file.flush()
                os.fsync(file.fileno())
        for name, part in parts.items():
            replace(part, folder / name)
        _remove_stale(folder)
    except OSError as error:
        raise _cannot_write(folder, error) from error
    finally:
        for part in parts.values():
            with suppress(OSError):  # the error that matters is on its way already
                part.unlink(missing_ok=True)


def replace(part: Path, target: Path) -> None:
    """Put a file in the place of another, at once and as a whole; OSError as `Path.replace`.

    On Windows a virus scanner, an indexer or a cloud folder may hold a file for a moment: that is
    an access error, and tried again for two seconds.
    """
    for pause in _PAUSES:
        try:
            part.replace(target)
            return
        except PermissionError:
            time.sleep(pause)
    part.replace(target)


def _remove_stale(folder: Path) -> None:
    """Remove temporary files whose process is there no more."""
    with suppress(OSError):  # what can't be removed harms nobody
        for path in folder.iterdir():
            of = _PART.fullmatch(path.name)
            if of is not None and not psutil.pid_exists(int(of[1])):
                path.unlink(missing_ok=True)


def _check_free(path: Path) -> None:
    if os.path.isdir(path):  # noqa: PTH112 - unlike Path.is_dir, it never raises
        raise RunError(f"{path} is a folder, where a file must be.", _ANOTHER)


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError):
        raise RunError(
            f"{folder} can't be a folder: a file of that name is in the way.", _ANOTHER
        ) from None
    except (OSError, ValueError) as error:
        raise _cannot_write(folder, error) from error


def _cannot_write(folder: Path, error: OSError | ValueError) -> RunError:
    code = error.errno if isinstance(error, OSError) else None
    if code in (errno.ENOSPC, errno.EDQUOT):
        return RunError(f"{folder} can't be written: the disk is full.", "Free some space.")
    reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return RunError(f"{folder} can't be written: {reason.lower()}.", _ANOTHER)
