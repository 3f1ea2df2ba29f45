"""What went wrong, kept in files for whoever looks into it. Any thread may write one."""

import faulthandler
import platform
import time
from pathlib import Path

import platformdirs

_FAULT = "fault.txt"


def folder() -> Path:
    """Where reports are kept: the user's log folder for ConvScope."""
    return platformdirs.user_log_path("convscope", appauthor=False)


def write(sentence: str, details: str) -> Path | None:
    """Keep a report; None where the folder can't be written."""
    path = folder() / f"report-{time.strftime('%Y%m%d-%H%M%S')}.txt"
    system = f"Python {platform.python_version()} on {platform.platform()}"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a", encoding="utf-8") as file:
            file.write(f"{sentence}\n{system}\n\n{details}\n")
    except OSError:
        return None
    return path


def watch_for_faults() -> None:
    """From now on a crash of the whole process leaves a trace, where there is a place for it."""
    try:
        folder().mkdir(parents=True, exist_ok=True)
        # Kept open for as long as the process runs: a crash has no time to open files.
        faulthandler.enable((folder() / _FAULT).open("a"))
    except OSError:
        return


def last_fault() -> Path | None:
    """The trace that a crash left, once: the next call no longer finds it."""
    fault = folder() / _FAULT
    try:
        if not fault.is_file() or fault.stat().st_size == 0:
            return None
        return fault.rename(folder() / f"crash-{time.strftime('%Y%m%d-%H%M%S')}.txt")
    except OSError:
        return None
