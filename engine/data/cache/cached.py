"""The decoded pictures of one source at one size that are kept on the disk: one entry of the cache.

Not for two threads at once: whoever holds it takes care of that.

A row is written first and logged then, so that a crash leaves at most a row that nothing names;
its checksum is verified when it is first used, so that nothing else is believed either. Rows are
read through memory maps and written through the file: where a disk is full that is an error, and
not the signal that ends a process.
"""

import errno
import mmap
import os
import zlib
from collections.abc import Callable
from contextlib import suppress
from math import prod
from pathlib import Path

import numpy as np
from filelock import Timeout

from engine.data.cache.entry import LOG, About, allocate, writer_lock
from engine.files import UnfitFileError, open_file, read_file

_CHUNK_BYTES = 2**26
"""Of one file of rows, 64 MiB, unless it took more than _MOST_CHUNKS of them."""
_MOST_CHUNKS = 64
"""Each takes a file descriptor."""
_MOST_MAPPED = 2**26
"""Bytes that are read through the maps before they are given back: they count as ours."""
_RECORD = np.dtype([("index", "<u4"), ("checksum", "<u4")])
_EACH_TIME = "Pictures that aren't in it yet are decoded each time they are used."


class CachedPictures:
    """Rows of uint8 (C, H, W). `problem` is a sentence where no more rows can be taken."""

    def __init__(self, folder: Path, about: About, make_room: Callable[[int], str]) -> None:
        """Open an entry. `make_room(bytes)` makes room in the cache, or says why there is none.

        ValueError or FileNotFoundError where it is damaged, OSError where it can't be read.
        """
        self.problem = ""
        self._folder = folder
        self._shape_CHW = about.shape_CHW
        self._row_bytes = prod(about.shape_CHW)
        fewest_rows = -(-about.count // _MOST_CHUNKS)
        self._chunk_rows = max(1, _CHUNK_BYTES // self._row_bytes, fewest_rows)
        self._count = about.count
        self._make_room = make_room
        self._chunks: list[np.ndarray] = []
        self._maps: list[mmap.mmap] = []
        self._mapped_bytes = 0
        self._slot_N = np.full(about.count, -1, np.int64)
        self._checksum_N = np.zeros(about.count, np.uint32)
        self._verified_N = np.zeros(about.count, bool)
        # Whoever comes second, or where nobody may write, reads what is there and adds nothing.
        self._lock = writer_lock(folder)
        with suppress(OSError, Timeout, NotImplementedError):
            self._lock.acquire()
        try:
            self._rows = self._read_log()
            while len(self._chunks) * self._chunk_rows < self._rows:
                self._map_chunk()
        except BaseException:
            self._lock.release()
            raise

    def _read_log(self) -> int:
        """Take note of the rows that are there, and say how many."""
        try:
            log = read_file(self._folder / LOG, self._count * _RECORD.itemsize)
        except UnfitFileError as error:
            raise ValueError("the log can't be one") from error
        records = np.frombuffer(log[: len(log) // _RECORD.itemsize * _RECORD.itemsize], _RECORD)
        if len(records) > self._count or (records["index"] >= self._count).any():
            raise ValueError("the log names rows that can't be")
        self._slot_N[records["index"]] = np.arange(len(records))
        self._checksum_N[records["index"]] = records["checksum"]
        return len(records)

    def gather(self, index_N: np.ndarray, into_NCHW: np.ndarray) -> np.ndarray:
        """Write the pictures that are there to their places; bool (N,), where that is so."""
        slot_N = self._slot_N[index_N]
        found_N = slot_N >= 0
        places = np.flatnonzero(found_N)
        chunk_K, row_K = np.divmod(slot_N[places], self._chunk_rows)
        for place, chunk, row in zip(
            places.tolist(), chunk_K.tolist(), row_K.tolist(), strict=True
        ):
            into_NCHW[place] = self._chunks[chunk][row]
        for place in places[~self._verified_N[index_N[places]]].tolist():
            index = int(index_N[place])
            if zlib.crc32(into_NCHW[place], index) == self._checksum_N[index]:
                self._verified_N[index] = True
            else:
                self._slot_N[index] = -1
                found_N[place] = False
        self._give_back(len(places))
        return found_N

    def _give_back(self, rows: int) -> None:
        """What was read through a map counts as this process's memory, without need."""
        self._mapped_bytes += rows * self._row_bytes
        if self._mapped_bytes > _MOST_MAPPED and hasattr(mmap, "MADV_DONTNEED"):
            for each in self._maps:
                each.madvise(mmap.MADV_DONTNEED)
            self._mapped_bytes = 0

    def put(self, index_N: np.ndarray, pictures_NCHW: np.ndarray) -> None:
        """Keep pictures, none twice; where that can't be, `problem` says why, once for all."""
        if not self._lock.is_locked or self.problem:
            return
        _, first = np.unique(index_N, return_index=True)
        new = np.sort(first[self._slot_N[index_N[first]] < 0])
        new = new[: self._count - self._rows]  # a row that was damaged leaves its place unused
        try:
            while len(new):
                full = self._rows == len(self._chunks) * self._chunk_rows
                if full and not self._add_chunk():
                    return
                fits = len(self._chunks) * self._chunk_rows - self._rows
                self._append(index_N[new[:fits]], pictures_NCHW[new[:fits]])
                new = new[fits:]
        except OSError as error:
            self.problem = _sentence(error)

    def _append(self, index_N: np.ndarray, pictures_NCHW: np.ndarray) -> None:
        """Write rows to the last chunk."""
        records = np.empty(len(index_N), _RECORD)
        records["index"] = index_N
        pairs = zip(index_N.tolist(), pictures_NCHW, strict=True)
        records["checksum"] = [zlib.crc32(picture_CHW, index) for index, picture_CHW in pairs]
        row = self._rows - (len(self._chunks) - 1) * self._chunk_rows
        _write(self._chunk_path(len(self._chunks) - 1), row * self._row_bytes, pictures_NCHW)
        _write(self._folder / LOG, self._rows * _RECORD.itemsize, records)
        self._checksum_N[index_N] = records["checksum"]
        # Not verified yet: they are read back once, as anyone else would.
        self._slot_N[index_N] = np.arange(self._rows, self._rows + len(index_N))
        self._rows += len(index_N)

    def _add_chunk(self) -> bool:
        """Have room for more rows; False, and `problem`, where there is none."""
        number = len(self._chunks)
        size = self._chunk_size(number)
        path = self._chunk_path(number)
        if not path.exists() or path.stat().st_size != size:
            self.problem = self._make_room(size)
            if self.problem:
                return False
            allocate(path, size)
        self._map_chunk()
        return True

    def _map_chunk(self) -> None:
        number = len(self._chunks)
        size = self._chunk_size(number)
        with open_file(self._chunk_path(number)) as file:
            if os.fstat(file.fileno()).st_size != size:
                raise ValueError("a file of rows has another size")
            self._maps.append(mmap.mmap(file.fileno(), size, access=mmap.ACCESS_READ))
        rows = np.frombuffer(self._maps[-1], np.uint8)
        self._chunks.append(rows.reshape(-1, *self._shape_CHW))

    def _chunk_size(self, number: int) -> int:
        rows = min(self._chunk_rows, self._count - number * self._chunk_rows)
        return rows * self._row_bytes

    def _chunk_path(self, number: int) -> Path:
        return self._folder / f"rows.{number:03}"

    def close(self) -> None:
        """Let others add to it. Nothing can be gathered any more."""
        self._chunks.clear()
        self._maps.clear()
        self._slot_N[:] = -1
        self._lock.release()


def _write(path: Path, start: int, rows: np.ndarray) -> None:
    with path.open("r+b") as file:
        file.seek(start)
        file.write(np.ascontiguousarray(rows).data)


def _sentence(error: OSError) -> str:
    if isinstance(error, FileNotFoundError):
        return f"The cache of decoded pictures was cleared. {_EACH_TIME}"
    if error.errno == errno.ENOSPC:
        return f"The disk is full: the cache of decoded pictures takes no more. {_EACH_TIME}"
    return f"The cache of decoded pictures can't be written: {error.strerror}. {_EACH_TIME}"
