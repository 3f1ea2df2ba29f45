"""What went wrong, kept in files for whoever looks into it. Any thread may write one."""

import faulthandler
import platform
import re
import time
from pathlib import Path

import platformdirs

from engine.program import NAME

_FAULT = "fault.txt"
_FATAL = re.compile(r"^(Fatal Python error|Windows fatal exception: (?!code 0x8))", re.MULTILINE)
"""On Windows a trace is written too where COM raised an error that it then handled: those have
codes of eight digits that begin with 8."""


def folder() -> Path:
    """Where reports are kept: the user's log folder for ConvScope."""
    return platformdirs.user_log_path(NAME, appauthor=False)


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
    """The trace that a crash left, once: the next call no longer finds it. What was handled, and
    ended nothing, is no crash."""
    fault = folder() / _FAULT
    try:
        if not fault.is_file() or fault.stat().st_size == 0:
            return None
        if not _FATAL.search(fault.read_text(encoding="utf-8", errors="replace")):
            fault.unlink()
            return None
        return fault.rename(folder() / f"crash-{time.strftime('%Y%m%d-%H%M%S')}.txt")
    except OSError:
        return None
