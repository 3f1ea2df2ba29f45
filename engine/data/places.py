"""Where subsets and manifests may be written to. Any thread."""

import os
from pathlib import Path

from engine.data.reading.walking import shown
from engine.errors import DataError

_ANOTHER = "Choose another place."


def check_place(folder: Path) -> None:
    """DataError where there can't be such a folder, or nothing may be written into it. Asked before
    long work, so that its end isn't lost; makes nothing."""
    there = next((path for path in (folder, *folder.absolute().parents) if path.exists()), folder)
    if not there.is_dir():
        raise DataError(f"{shown(str(there))} is a file, where a folder must be.", _ANOTHER)
    if not os.access(there, os.W_OK):
        raise DataError(f"{shown(str(there))} can't be written: permission denied.", _ANOTHER)
