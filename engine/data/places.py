"""Where subsets and manifests may be written to. Any thread."""

from pathlib import Path

from engine.data.reading.walking import shown
from engine.errors import DataError
from engine.files import try_writing

_ANOTHER = "Choose another place."


def check_place(folder: Path) -> None:
    """DataError where there can't be such a folder, or nothing may be written into it. Asked before
    long work, so that its end isn't lost; leaves nothing."""
    try:
        there = next(
            (path for path in (folder, *folder.absolute().parents) if path.exists()), folder
        )
    except OSError as error:  # such as a name that is too long
        raise cannot_write(folder, error) from error
    if not there.is_dir():
        raise DataError(f"{shown(str(there))} is a file, where a folder must be.", _ANOTHER)
    try:
        try_writing(there)
    except OSError as error:
        raise cannot_write(there, error) from error


def cannot_write(path: Path, error: OSError) -> DataError:
    """The error to raise, which says why a file or folder can't be written."""
    reason = (error.strerror or str(error)).lower()
    return DataError(f"{shown(str(path))} can't be written: {reason}.", _ANOTHER)
