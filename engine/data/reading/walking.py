"""Going through folders: which files are pictures by their names, and in which order. Any thread.

Names are compared as people read them: "cat.9" comes before "cat.10".
"""

import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path

from engine.data.endings import PICTURES, UNREAD_PICTURES

_LEFT_BY_SYSTEMS = ("__MACOSX", "@eaDir", "$RECYCLE.BIN", "System Volume Information")
_DIGITS = re.compile(r"[0-9]+")


def is_picture(name: str) -> bool:
    """Whether a file is a picture by its name; only reading it tells whether it is one."""
    return name.lower().endswith((*PICTURES, *UNREAD_PICTURES))


def is_hidden(name: str) -> bool:
    """Whether a file or folder isn't meant for people: its name says that a system left it."""
    return name.startswith(".") or name in _LEFT_BY_SYSTEMS


def shown_name(path: Path) -> str:
    """A file's name on one line: what can't be shown of it becomes question marks."""
    return shown(path.name or str(path))


def shown(text: str) -> str:
    """A text on one line: what can't be shown of it becomes question marks."""
    return "".join(c if c.isprintable() else "?" for c in text)


def natural(name: str) -> tuple[str, str]:
    """A sorting key by which 'cat.10' comes after 'cat.9': numbers padded to 20 digits."""
    return _DIGITS.sub(lambda number: number[0].zfill(20), name.casefold()), name


def walk(
    top: Path, tell: Callable[[str, str], None]
) -> Iterator[tuple[str, list["os.DirEntry[str]"]]]:
    """Each folder below `top`, itself first: its path within `top`, with slashes, and its files.

    Both in natural order. Each folder comes once, however links lead to it, and is listed when its
    turn comes; hidden entries are left out. `tell(name, sentence)` hears of a folder that can't be
    listed.
    """
    seen: set[tuple[int, int] | str] = set()
    folders = [""]
    while folders:
        folder = folders.pop()
        path = top / folder
        try:
            folder_itself = _identity(path)
            if folder_itself in seen:
                continue
            seen.add(folder_itself)
            files, inner = _listed(path)
        except OSError as error:
            reason = error.strerror or str(error)
            tell(folder or shown_name(top), f"This folder can't be listed: {reason}.")
            continue
        folders.extend(f"{folder}/{name}" if folder else name for name in reversed(inner))
        yield folder, files


def _identity(folder: Path) -> tuple[int, int] | str:
    """What is another for every folder, and the same however one gets there."""
    status = folder.stat()
    if status.st_ino:
        return status.st_dev, status.st_ino
    return os.path.normcase(os.path.realpath(folder))  # some network drives number nothing


def _listed(folder: Path) -> tuple[list["os.DirEntry[str]"], list[str]]:
    """The files and the names of the folders in a folder, in natural order."""
    files: list[os.DirEntry[str]] = []
    folders: list[str] = []
    with os.scandir(folder) as entries:
        for entry in entries:
            if is_hidden(entry.name):
                continue
            try:
                is_folder = entry.is_dir()
            except OSError:  # a link to itself, or into a folder that is closed to us
                is_folder = False
            if is_folder:
                folders.append(entry.name)
            else:
                files.append(entry)
    files.sort(key=lambda file: natural(file.name))
    folders.sort(key=natural)
    return files, folders
