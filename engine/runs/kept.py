"""What a window keeps of its training while it goes on, to be found after a crash or a close.

A folder for each window, under its process: as long as that runs, it is nobody else's. Imports
without torch, and may be used on any thread.
"""

import json
import os
import shutil
import time
from pathlib import Path
from typing import Annotated

import msgspec
import platformdirs
import psutil
from msgspec import Meta, Struct

from engine.files import open_file
from engine.program import NAME
from engine.runs.names import CHECKPOINT

MOST_LEFT = 3
"""Folders of windows that have ended that stay; older ones are removed."""
_LONGEST_HEADER = 2**26


class Kept(Struct, frozen=True):
    """A run that a window left when it ended: where it stood, and since when it lies there."""

    folder: Path
    network: str
    source: str
    step: int
    epoch: int
    at: float
    """Seconds since 1970."""


class _Named(Struct, frozen=True):
    name: str = ""


class _Data(Struct, frozen=True):
    source: str = ""


class _Config(Struct, frozen=True):
    network: _Named = _Named()
    data: _Data = _Data()


class _Run(Struct, frozen=True):
    """Of the metadata of a checkpoint, what a person is told before it is opened."""

    step: Annotated[int, Meta(ge=0)]
    epoch: Annotated[int, Meta(ge=0)]
    config: _Config = _Config()


def own_folder() -> Path:
    """A folder for what the window of this process keeps; it isn't made yet."""
    return _place() / f"{time.time_ns()}-{os.getpid()}"


def left_behind() -> Kept | None:
    """The newest run of a window that has ended; those that are long gone are removed."""
    found = sorted(_left(), key=lambda kept: -kept.at)
    for kept in found[MOST_LEFT:]:
        forget(kept.folder)
    return next((kept for kept in found if kept.step), None)


def forget(folder: Path) -> None:
    """Remove what a window had kept."""
    shutil.rmtree(folder, ignore_errors=True)


def _place() -> Path:
    return platformdirs.user_state_path(NAME, appauthor=False) / "kept"


def _left() -> list[Kept]:
    try:
        folders = list(_place().iterdir())
    except OSError:
        return []
    return [
        kept
        for folder in folders
        if not _is_in_use(folder) and (kept := _about(folder)) is not None
    ]


def _is_in_use(folder: Path) -> bool:
    """Whether the process in its name runs, and ran when the folder got its name."""
    began, _, number = folder.name.partition("-")
    if not (began.isdecimal() and number.isdecimal()):
        return True  # not one of ours
    try:
        process = psutil.Process(int(number))
        return process.is_running() and process.create_time() <= int(began) / 1e9 + 1
    except (psutil.Error, OverflowError):
        return False


def _about(folder: Path) -> Kept | None:
    """None where nothing can be gone on from."""
    file = folder / CHECKPOINT
    try:
        with open_file(file) as opened:
            length = int.from_bytes(opened.read(8), "little")
            header = json.loads(opened.read(min(length, _LONGEST_HEADER)))
        run = msgspec.convert(json.loads(header["__metadata__"]["run"]), _Run)
        at = file.stat().st_mtime
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None
    config = run.config
    return Kept(folder, config.network.name, config.data.source, run.step, run.epoch, at)
