"""An entry of the cache: the decoded pictures of one source at one size, in a folder of its own.

about.json      what it is of; without it the folder is rubbish
rows.log        of each row that was written: its picture's index and checksum
rows.000 ...    the pictures themselves, uint8, in the order in which they came
writer.lock     held by the one that adds to it
"""

import errno
import logging
import os
import secrets
import shutil
from contextlib import suppress
from pathlib import Path

import msgspec
from filelock import FileLock, Timeout
from msgspec import Struct

from engine.config import Fit
from engine.files import read_file

LOG = "rows.log"
_ABOUT, _LOCK = "about.json", "writer.lock"
_VERSION = 1
"""Another when pictures are read otherwise than they were."""

MOST_BYTES = 2**20
"""Of about.json."""
_ZEROS = bytes(2**20)

logging.getLogger("filelock").setLevel(logging.CRITICAL)


class About(Struct, frozen=True):
    """What an entry is of."""

    where: str
    fingerprint: str
    count: int
    shape_CHW: tuple[int, int, int]
    fit: Fit
    version: int = _VERSION


def create(root: Path, about: About) -> Path:
    """A new, empty entry, in a folder of a name that none had before: what was taken away from
    under a run is not mistaken for it."""
    folder = root / secrets.token_hex(8)
    folder.mkdir()
    (folder / LOG).touch()
    (folder / _ABOUT).write_bytes(msgspec.json.encode(about))
    return folder


def read_about(folder: Path) -> About | None:
    """What an entry is of; None where it is damaged or not of this version."""
    try:
        found = msgspec.json.decode(read_file(folder / _ABOUT, MOST_BYTES), type=About)
    except (OSError, ValueError, msgspec.MsgspecError):
        return None
    return found if found.version == _VERSION else None


def touch(folder: Path) -> None:
    """Note that an entry was used now."""
    with suppress(OSError):
        os.utime(folder / _ABOUT)


def used_at(folder: Path) -> float:
    """When an entry was last opened, in seconds."""
    try:
        return (folder / _ABOUT).stat().st_mtime
    except OSError:
        return 0.0


def remove(folder: Path) -> None:
    """Take an entry away, even one in use: its user keeps what it has open. Where a system doesn't
    let go of open files they stay, as rubbish for later."""
    with suppress(OSError):
        (folder / _ABOUT).unlink()
    shutil.rmtree(folder, ignore_errors=True)


def is_in_use(folder: Path) -> bool:
    """Whether someone adds to an entry."""
    lock = writer_lock(folder)
    try:
        lock.acquire()
    except (OSError, Timeout, NotImplementedError):
        return True
    lock.release()
    return False


def writer_lock(folder: Path) -> FileLock:
    return FileLock(folder / _LOCK, timeout=0, thread_local=False)


def allocate(path: Path, size: int) -> None:
    """A file whose bytes are all there on the disk; OSError, and no file, where they can't be."""
    try:
        with path.open("wb") as file:
            if not _reserve(file.fileno(), size):
                for start in range(0, size, len(_ZEROS)):
                    file.write(_ZEROS[: size - start])
    except OSError:
        with suppress(OSError):
            path.unlink()
        raise


def _reserve(descriptor: int, size: int) -> bool:
    """Have the system do it; False where it can't."""
    if not hasattr(os, "posix_fallocate"):
        return False
    try:
        os.posix_fallocate(descriptor, 0, size)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.EOPNOTSUPP):
            raise
        return False
    return True
