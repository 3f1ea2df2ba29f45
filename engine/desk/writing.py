"""Subsets on their way to the disk. Imports without torch."""

import os
from collections.abc import Callable
from pathlib import Path

from engine.data.reading.walking import shown
from engine.data.source import Problem
from engine.data.sources.manifests import write_manifest
from engine.data.subsets.writing import write_folders
from engine.desk.source import OpenedSource
from engine.errors import DataError
from engine.files import text_as_name
from engine.messages.questions import WriteSubsets


class Writing:
    """Writes the subsets as they were when this was made, however they are chosen meanwhile."""

    def __init__(self, asked: WriteSubsets, opened: OpenedSource) -> None:
        """DataError where the path can't be one."""
        self._path = path_of(asked.path)
        self._as_manifest = asked.kind == "manifest"
        self._source, self._subsets = opened.source, opened.subsets
        self._counts, self._seed = opened.counts, opened.seed
        self._unreadable = opened.unreadable

    def run(self, on_progress: Callable[[int, int], None], cancelled: Callable[[], bool]) -> str:
        """What was written, a sentence. EngineError where that can't be, or was cancelled."""
        problems = tuple(
            Problem(shown(self._source.names[index]), sentence)
            for index, sentence in self._unreadable.items()
        )
        place = shown(str(self._path))
        if self._as_manifest:
            write_manifest(
                self._path, self._source, self._subsets, self._counts, self._seed, problems
            )
            return f"Wrote {place}."
        left_out = write_folders(self._path, self._source, self._subsets, on_progress, cancelled)
        if not left_out:
            return f"Wrote {place}."
        more = f", nor could {len(left_out) - 1:,} others" if len(left_out) > 1 else ""
        return (
            f"Wrote {place}, but {left_out[0].name} could not be copied{more}: "
            f"{left_out[0].sentence}"
        )


def path_of(text: str) -> Path:
    """A path that files can have, of its text; DataError for others."""
    name = text_as_name(text)
    try:
        if name and b"\0" not in os.fsencode(name):
            return Path(name)
    except UnicodeEncodeError:
        pass
    raise DataError(f"Nothing can be written to {shown(text)!r}.", "Choose another place.")
