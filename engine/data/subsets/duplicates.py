"""Pictures that are there more than once: the same bytes, whatever their names. Any thread."""

import hashlib
from collections.abc import Callable, Hashable, Iterable, Sequence

import numpy as np

from engine.data.reading.unread import UNREADABLE
from engine.data.source import NO_SUBSET, Files, Source
from engine.data.sources.archives import ZipFiles

Groups = tuple[tuple[int, ...], ...]


def alike(
    source: Source, indices: Sequence[int] | np.ndarray, cancelled: Callable[[], bool]
) -> Groups:
    """The groups, of those pictures, whose files have the same content; ascending.

    Only files of one size, and in a zip one checksum, are read. One that can't be read is like no
    other. What was found is lost when it is cancelled.
    """
    candidates = [np.asarray(indices).tolist()]
    if source.files is not None:
        candidates = _grouped(candidates, _cheap_key(source.files))
    groups = _grouped(candidates, _content_key(source, cancelled))
    return () if cancelled() else tuple(sorted(tuple(sorted(group)) for group in groups))


def in_several(groups: Groups, subset_N: np.ndarray) -> Groups:
    """The groups with pictures in two subsets, without those that are in none."""
    chosen = (tuple(index for index in group if subset_N[index] != NO_SUBSET) for group in groups)
    return tuple(group for group in chosen if len({int(subset_N[index]) for index in group}) > 1)


def _grouped(
    candidates: Iterable[list[int]], key: Callable[[int], Hashable | None]
) -> list[list[int]]:
    """Those of the candidates, of each group, that share a key that isn't None."""
    found: list[list[int]] = []
    for candidate in candidates:
        by_key: dict[Hashable, list[int]] = {}
        for index in candidate:
            by_key.setdefault(key(index), []).append(index)
        by_key.pop(None, None)
        found.extend(group for group in by_key.values() if len(group) > 1)
    return found


def _cheap_key(files: Files) -> Callable[[int], Hashable]:
    if isinstance(files, ZipFiles):
        return lambda index: (files.size(index), files.checksum(index))
    return files.size


def _content_key(source: Source, cancelled: Callable[[], bool]) -> Callable[[int], bytes | None]:
    def content(index: int) -> bytes | None:
        if cancelled():
            return None
        if source.pictures_NCHW is not None:
            data = source.pictures_NCHW[index].tobytes()
        else:
            assert source.files is not None
            try:
                data = source.files.read(index)
            except UNREADABLE:
                return None
        return hashlib.blake2b(data, digest_size=16).digest()

    return content
