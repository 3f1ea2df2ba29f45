"""Writing files so that each is there whole or not at all. Imports without torch."""

import errno
import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from engine.errors import RunError

_ANOTHER = "Choose another place."


def check_writable(folder: Path) -> None:
    """Make the folder, and RunError if a run couldn't be written into it.

    Asked before a training, so that the end of it isn't lost. Leaves an empty folder.
    """
    _make(folder)
    write_files(folder, {".convscope-writable": b""})
    try:
        (folder / ".convscope-writable").unlink()
    except OSError as error:
        raise _cannot_write(folder, error) from error


def write_files(folder: Path, contents: Mapping[str, bytes]) -> None:
    """Write files, by name, into a folder that is made where it isn't there.

    All are written to temporary files first and put in place only when every one is on the disk;
    a file of the same name is replaced. RunError, and nothing changed, for an unwritable folder, a
    full disk or something in the way.
    """
    _make(folder)
    parts = {name: folder / f".{name}.{os.getpid()}.part" for name in contents}
    try:
        for name, part in parts.items():
            if (folder / name).is_dir():
                raise RunError(f"{folder / name} is a folder, where a file must be.", _ANOTHER)
            with part.open("wb") as file:
                file.write(contents[name])
                file.flush()
                os.fsync(file.fileno())
        for name, part in parts.items():
            part.replace(folder / name)
    except OSError as error:
        raise _cannot_write(folder, error) from error
    finally:
        for part in parts.values():
            with suppress(OSError):  # the error that matters is on its way already
                part.unlink(missing_ok=True)


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
