"""Decoded pictures on the disk, for all runs and processes of a person: bounded and clearable."""

import os
import re
import shutil
from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path

import msgspec
import platformdirs
from filelock import FileLock, Timeout

from engine.config import Fit
from engine.data.cache import entry
from engine.data.cache.cached import CachedPictures
from engine.data.cache.entry import About
from engine.data.source import Source
from engine.files import UnfitFileError
from engine.program import NAME

USUAL_LIMIT = 20 * 2**30
"""Bytes: 20 GiB hold 300,000 pictures of 150x150."""
_SHARE_OF_FREE = 2
"""The cache takes at most half of the space that the disk would have free without it."""
_PATIENCE = 10.0
"""Seconds to wait for another process that is looking through the cache."""
_ENTRY = re.compile(r"[0-9a-f]{16}")


class Cache:
    """A folder of entries, one for each source and size. `problem` is a sentence where the last
    `open` gave nothing. Any thread; an entry, once open, belongs to its holder."""

    def __init__(self, folder: Path, limit_bytes: int = USUAL_LIMIT) -> None:
        self.folder = folder
        self.limit_bytes = limit_bytes
        self.problem = ""

    def open(
        self, source: Source, shape_CHW: tuple[int, int, int], fit: Fit
    ) -> CachedPictures | None:
        """The pictures of a source that are kept, and where more can be kept; `close` it.

        What was kept of the same place when it held other pictures is removed. None, with a
        `problem`, where the folder can't be used.
        """
        about = About(source.where, source.fingerprint, len(source), shape_CHW, fit)
        self.problem = ""
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            with self._locked():
                folder = self._entry(about)
                try:
                    return CachedPictures(folder, about, partial(self._make_room, folder))
                except (ValueError, FileNotFoundError, UnfitFileError):  # it is damaged
                    entry.remove(folder)
                    folder = self._entry(about)
                    return CachedPictures(folder, about, partial(self._make_room, folder))
        except (OSError, Timeout, NotImplementedError) as error:
            reason = getattr(error, "strerror", None) or "another process holds it"
            self.problem = (
                f"Decoded pictures can't be kept in {self.folder}: {reason}."
                " They are decoded each time they are used."
            )
            return None

    def size(self) -> int:
        """Bytes that it takes on the disk."""
        return sum(_bytes_in(folder) for folder in self._entries())

    def clear(self) -> None:
        """Remove everything; runs that use it go on with what they have open."""
        with suppress(OSError, Timeout, NotImplementedError), self._locked():
            for folder in self._entries():
                entry.remove(folder)

    def _locked(self) -> FileLock:
        """Held by whoever adds or removes entries."""
        return FileLock(self.folder / "cache.lock", timeout=_PATIENCE, thread_local=False)

    def _entries(self) -> list[Path]:
        """The folders that are ours; nothing else in the folder is ever touched."""
        try:
            return [each for each in self.folder.iterdir() if _ENTRY.fullmatch(each.name)]
        except OSError:
            return []

    def _entry(self, wanted: About) -> Path:
        """The folder of an entry, which is made where there is none; what is outdated goes."""
        found = None
        for folder in self._entries():
            about = entry.read_about(folder)
            if about is not None and msgspec.structs.replace(about, where=wanted.where) == wanted:
                found = folder
            elif about is None or (
                about.where == wanted.where and about.fingerprint != wanted.fingerprint
            ):
                entry.remove(folder)
        if found is None:
            return entry.create(self.folder, wanted)
        entry.touch(found)
        return found

    def _make_room(self, for_folder: Path, wanted: int) -> str:
        """Room for so many bytes, by removing what was not used for longest; or why there is none.

        OSError where the disk can't say."""
        with self._locked():
            held = self.size()
            free = shutil.disk_usage(self.folder).free
            room = min(self.limit_bytes, (held + free) // _SHARE_OF_FREE) - held
            for folder in sorted(self._entries(), key=entry.used_at):
                if room >= wanted:
                    break
                if folder != for_folder and not entry.is_in_use(folder):
                    before = _bytes_in(folder)
                    entry.remove(folder)
                    room += before - _bytes_in(folder)  # what is open stays on some systems
        if room >= wanted:
            return ""
        return (
            "The cache of decoded pictures is full: it takes at most "
            f"{self.limit_bytes / 2**30:,.4g} GiB, and at most half of what the disk has free."
            " The other pictures are decoded each time they are used."
        )


def usual_cache() -> Cache:
    """The one in the person's cache folder, or in the folder that CONVSCOPE_CACHE names."""
    folder = os.environ.get("CONVSCOPE_CACHE")
    if folder:
        return Cache(Path(folder))
    return Cache(platformdirs.user_cache_path(NAME, appauthor=False) / "pictures")


def _bytes_in(folder: Path) -> int:
    return sum(_file_sizes(folder))


def _file_sizes(folder: Path) -> Iterator[int]:
    with suppress(OSError), os.scandir(folder) as files:
        for file in files:
            with suppress(OSError):  # it has just been removed
                yield file.stat().st_size
