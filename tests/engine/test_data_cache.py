"""What is kept of decoded pictures: bounded, checked, shared, and never believed wrongly."""

import errno
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.data.cache import cached, entry
from engine.data.cache.cache import Cache, usual_cache
from tests.engine.made_sources import noisy_files, source_of

SHAPE = (3, 8, 8)
ROW = 3 * 8 * 8
COUNT = 40
PICTURES = np.random.default_rng(0).integers(0, 256, (COUNT, *SHAPE), dtype=np.uint8)
ALL = np.arange(COUNT)
PLENTY = 2**30


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "pictures"


@pytest.fixture
def cache(folder):
    return Cache(folder, PLENTY)


@pytest.fixture
def small_chunks(monkeypatch):
    """Ten rows a file."""
    monkeypatch.setattr(cached, "_CHUNK_BYTES", 10 * ROW)


def a_source(where: str = "/pictures", fingerprint: str = "aa", count: int = COUNT):
    return source_of(noisy_files(count), where, fingerprint)


def kept(cache: Cache, source=None, shape=SHAPE, fit="pad") -> cached.CachedPictures:
    pictures = cache.open(source or a_source(), shape, fit)
    assert pictures is not None, cache.problem
    return pictures


def fill(cache: Cache, source=None, index_N=ALL) -> None:
    pictures = kept(cache, source)
    pictures.put(index_N, PICTURES[index_N])
    assert pictures.problem == ""
    pictures.close()


def what_is_there(pictures: cached.CachedPictures, index_N=ALL) -> np.ndarray:
    """Which pictures are found; those must be right."""
    into_NCHW = np.zeros((len(index_N), *SHAPE), np.uint8)
    found_N = pictures.gather(index_N, into_NCHW)
    np.testing.assert_array_equal(into_NCHW[found_N], PICTURES[index_N[found_N]])
    return found_N


def how_many(pictures: cached.CachedPictures) -> int:
    into_NCHW = np.empty((COUNT, *pictures._shape_CHW), np.uint8)
    return int(pictures.gather(ALL, into_NCHW).sum())


def files_of_rows(folder: Path) -> list[Path]:
    return sorted(folder.glob("*/rows.0*"))


# Keeping


def test_what_is_put_is_found_again(cache):
    pictures = kept(cache)
    assert not what_is_there(pictures).any()
    chosen = np.array([3, 39, 0, 17])
    pictures.put(chosen, PICTURES[chosen])
    assert sorted(np.flatnonzero(what_is_there(pictures))) == sorted(chosen)
    assert how_many(pictures) == 4
    pictures.close()
    again = kept(cache)
    assert sorted(np.flatnonzero(what_is_there(again))) == sorted(chosen)
    again.close()


@settings(max_examples=40, deadline=None)
@given(st.lists(st.lists(st.integers(0, COUNT - 1), max_size=15), max_size=8), st.integers(1, 12))
def test_any_order_of_putting_and_finding_is_right(tmp_path_factory, batches, rows_a_file):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cached, "_CHUNK_BYTES", rows_a_file * ROW)
        cache = Cache(tmp_path_factory.mktemp("any"), PLENTY)
        there: set[int] = set()
        pictures = kept(cache)
        for number, batch in enumerate(batches):
            index_N = np.array(batch, np.int64)
            assert what_is_there(pictures, index_N).tolist() == [each in there for each in batch]
            pictures.put(index_N, PICTURES[index_N])
            there.update(batch)
            if number % 3 == 2:
                pictures.close()
                pictures = kept(cache)
        assert set(np.flatnonzero(what_is_there(pictures))) == there
        assert how_many(pictures) == len(there)
        pictures.close()


def test_nothing_is_kept_twice(cache, folder):
    pictures = kept(cache)
    for _ in range(3):
        pictures.put(np.array([1, 1, 2]), PICTURES[[1, 1, 2]])
    assert how_many(pictures) == 2
    pictures.close()
    assert next(folder.glob("*/rows.log")).stat().st_size == 2 * 8


def test_files_are_made_as_they_are_needed(cache, folder, small_chunks):
    pictures = kept(cache)
    assert files_of_rows(folder) == []
    pictures.put(ALL[:11], PICTURES[:11])
    assert [file.stat().st_size for file in files_of_rows(folder)] == [10 * ROW] * 2
    pictures.put(ALL, PICTURES)
    assert len(files_of_rows(folder)) == 4
    assert what_is_there(pictures).all()
    pictures.close()
    assert 40 * ROW <= cache.size() < 40 * ROW + 1000


def test_however_many_pictures_there_are_the_files_are_few(cache, monkeypatch):
    monkeypatch.setattr(cached, "_CHUNK_BYTES", ROW)
    monkeypatch.setattr(cached, "_MOST_CHUNKS", 3)
    pictures = kept(cache)
    pictures.put(ALL, PICTURES)
    assert len(files_of_rows(cache.folder)) == 3
    assert what_is_there(pictures).all()
    pictures.close()


def test_maps_are_given_back_while_it_goes_on(cache, small_chunks, monkeypatch):
    monkeypatch.setattr(cached, "_MOST_MAPPED", 5 * ROW)
    fill(cache)
    pictures = kept(cache)
    for _ in range(3):
        assert what_is_there(pictures).all()
    pictures.close()


# What is kept apart, and what is dropped


def test_sizes_and_fits_are_kept_apart(cache):
    fill(cache)
    for shape, fit in ((SHAPE, "crop"), ((1, 8, 8), "pad"), ((3, 8, 9), "pad")):
        other = kept(cache, shape=shape, fit=fit)
        assert how_many(other) == 0
        other.close()
    same = kept(cache)
    assert how_many(same) == COUNT
    same.close()


def test_a_source_that_has_changed_drops_what_was_kept_of_it(cache, folder):
    fill(cache)
    fill(cache, a_source("/others", "cc"))
    changed = kept(cache, a_source(fingerprint="bb"))
    assert how_many(changed) == 0
    changed.close()
    others = kept(cache, a_source("/others", "cc"))
    assert how_many(others) == COUNT
    others.close()
    assert len(list(folder.glob("*/about.json"))) == 2
    before = kept(cache)
    assert how_many(before) == 0
    before.close()


def test_the_same_pictures_elsewhere_are_found(cache):
    fill(cache)
    moved = kept(cache, a_source("/moved"))
    assert how_many(moved) == COUNT
    moved.close()


def test_what_another_version_kept_is_dropped(cache, monkeypatch):
    fill(cache)
    about = next(cache.folder.glob("*/about.json"))
    about.write_text(about.read_text().replace('"version":1', '"version":0'))
    pictures = kept(cache)
    assert how_many(pictures) == 0
    pictures.close()
    assert not about.exists()


# Damage


@pytest.mark.parametrize("place", [0, 5, 39])
def test_a_damaged_row_is_absent_and_taken_anew(cache, folder, place):
    fill(cache, index_N=ALL[::-1].copy())
    (file,) = files_of_rows(folder)
    content = bytearray(file.read_bytes())
    content[place * ROW + 100] ^= 1
    file.write_bytes(content)
    pictures = kept(cache)
    index = COUNT - 1 - place
    assert np.flatnonzero(~what_is_there(pictures)).tolist() == [index]
    assert how_many(pictures) == COUNT - 1
    pictures.close()


def test_a_damaged_row_is_put_again_where_there_is_room(cache, folder):
    fill(cache, index_N=ALL[:10])
    (file,) = files_of_rows(folder)
    with file.open("r+b") as rows:
        rows.write(bytes(5))
    for _ in range(2):
        pictures = kept(cache)
        what_is_there(pictures)
        pictures.put(ALL[:1], PICTURES[:1])
        assert np.flatnonzero(what_is_there(pictures)).tolist() == list(range(10))
        pictures.close()


def test_rows_that_changed_places_are_not_believed(cache, folder):
    fill(cache)
    (file,) = files_of_rows(folder)
    content = file.read_bytes()
    file.write_bytes(content[ROW : 2 * ROW] + content[:ROW] + content[2 * ROW :])
    pictures = kept(cache)
    assert np.flatnonzero(~what_is_there(pictures)).tolist() == [0, 1]
    pictures.close()


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_whatever_happens_to_its_files_nothing_wrong_is_believed(tmp_path_factory, data):
    cache = Cache(tmp_path_factory.mktemp("damage"), PLENTY)
    fill(cache, index_N=ALL[:30])
    for file in sorted(cache.folder.glob("*/*")):
        content = bytearray(file.read_bytes())
        match data.draw(st.sampled_from(("leave", "cut", "change", "remove", "empty"))):
            case "cut" if content:
                file.write_bytes(content[: data.draw(st.integers(0, len(content) - 1))])
            case "change" if content:
                for place in data.draw(st.lists(st.integers(0, len(content) - 1), max_size=5)):
                    content[place] ^= data.draw(st.integers(1, 255))
                file.write_bytes(content)
            case "remove":
                file.unlink()
            case "empty":
                file.write_bytes(b"")
    pictures = kept(cache)
    what_is_there(pictures)
    pictures.put(ALL, PICTURES)
    what_is_there(pictures)
    assert pictures.problem == ""
    pictures.close()


def test_a_crash_between_row_and_log_leaves_nothing_wrong(cache, monkeypatch):
    pictures = kept(cache)
    pictures.put(ALL[:5], PICTURES[:5])
    write = cached._write

    def crash(path: Path, start: int, rows: np.ndarray) -> None:
        if path.name == entry.LOG:
            raise KeyboardInterrupt
        write(path, start, rows)

    monkeypatch.setattr(cached, "_write", crash)
    with pytest.raises(KeyboardInterrupt):
        pictures.put(ALL[5:9], PICTURES[5:9])
    monkeypatch.undo()
    pictures.close()
    again = kept(cache)
    assert np.flatnonzero(what_is_there(again)).tolist() == list(range(5))
    again.put(ALL[9:], PICTURES[9:])
    assert np.flatnonzero(~what_is_there(again)).tolist() == [5, 6, 7, 8]
    again.close()


def test_a_log_whose_last_record_was_cut_short_loses_that_row_only(cache, folder):
    fill(cache, index_N=ALL[:10])
    log = next(folder.glob("*/rows.log"))
    log.write_bytes(log.read_bytes()[:-3])
    pictures = kept(cache)
    assert np.flatnonzero(what_is_there(pictures)).tolist() == list(range(9))
    pictures.put(ALL, PICTURES)
    assert what_is_there(pictures).all()
    pictures.close()


# Bounds


def test_what_was_not_used_for_longest_goes_first(folder, monkeypatch):
    cache = Cache(folder, 3 * COUNT * ROW + 3000)
    for age, name in enumerate(("old", "older", "new")):
        fill(cache, a_source(f"/{name}", f"{age:02}"))
    about = {entry.read_about(each).where: each for each in folder.iterdir() if each.is_dir()}
    for where, seconds in (("/older", 100), ("/old", 200)):
        os.utime(about[where] / "about.json", (seconds, seconds))
    fill(cache, a_source("/newest", "dd"))
    left = {entry.read_about(each).where for each in folder.iterdir() if each.is_dir()}
    assert left == {"/old", "/new", "/newest"}
    assert cache.size() <= cache.limit_bytes


def test_what_is_in_use_is_not_taken_away(folder):
    cache = Cache(folder, COUNT * ROW + 3000)
    first = kept(cache, a_source("/first", "01"))
    first.put(ALL, PICTURES)
    second = kept(cache, a_source("/second", "02"))
    second.put(ALL, PICTURES)
    assert "is full" in second.problem
    assert how_many(second) == 0
    assert what_is_there(first).all()
    first.close()
    second.close()


def test_bytes_that_could_not_be_freed_are_not_counted(folder, monkeypatch):
    """As on Windows, where files that somebody has open stay."""
    cache = Cache(folder, COUNT * ROW + 3000)
    fill(cache, a_source("/first", "01"))
    monkeypatch.setattr(shutil, "rmtree", lambda folder, ignore_errors: None)
    second = kept(cache, a_source("/second", "02"))
    second.put(ALL, PICTURES)
    assert "is full" in second.problem
    assert how_many(second) == 0
    second.close()
    assert cache.size() <= cache.limit_bytes


def test_beyond_its_limit_it_takes_no_more_and_says_so(folder, small_chunks):
    cache = Cache(folder, 25 * ROW + 1000)
    pictures = kept(cache)
    pictures.put(ALL, PICTURES)
    assert pictures.problem.startswith("The cache of decoded pictures is full")
    assert pictures.problem.endswith(".")
    found_N = what_is_there(pictures)
    assert 20 <= found_N.sum() < COUNT
    pictures.put(ALL, PICTURES)
    assert what_is_there(pictures).sum() == found_N.sum()
    pictures.close()
    assert cache.size() <= cache.limit_bytes


def test_it_takes_no_more_than_a_share_of_the_free_disk(folder, monkeypatch, small_chunks):
    usage = shutil.disk_usage(folder.parent)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=30 * ROW))
    pictures = kept(Cache(folder, PLENTY))
    pictures.put(ALL, PICTURES)
    assert "is full" in pictures.problem
    assert how_many(pictures) < 30
    pictures.close()


@pytest.mark.parametrize("place", ["reserve", "zeros", "row", "log"])
def test_a_full_disk_ends_the_taking_and_nothing_else(
    cache, folder, monkeypatch, place, small_chunks
):
    pictures = kept(cache)
    pictures.put(ALL[:10], PICTURES[:10])

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    write = cached._write
    if place == "reserve":
        monkeypatch.setattr(entry, "_reserve", full)
    elif place == "zeros":
        monkeypatch.setattr(entry, "_reserve", lambda *_: False)
        monkeypatch.setattr(entry, "_ZEROS", FullDisk())
    else:
        named = entry.LOG if place == "log" else "rows.001"
        monkeypatch.setattr(
            cached,
            "_write",
            lambda path, *rest: (full if path.name == named else write)(path, *rest),
        )
    pictures.put(ALL, PICTURES)
    monkeypatch.undo()
    assert pictures.problem.startswith("The disk is full")
    assert np.flatnonzero(what_is_there(pictures)).tolist() == list(range(10))
    if place in ("reserve", "zeros"):
        assert len(files_of_rows(folder)) == 1
    pictures.put(ALL, PICTURES)
    assert how_many(pictures) == 10
    pictures.close()


class FullDisk(bytes):
    """Zeros that can't be written."""

    def __len__(self) -> int:
        return 1

    def __getitem__(self, _: object) -> bytes:
        raise OSError(errno.ENOSPC, "No space left on device")


def test_where_the_system_reserves_nothing_zeros_are_written(cache, monkeypatch):
    monkeypatch.delattr(os, "posix_fallocate", raising=False)
    fill(cache)
    pictures = kept(cache)
    assert what_is_there(pictures).all()
    pictures.close()


def test_where_a_disk_knows_no_reserving_zeros_are_written(cache, monkeypatch):
    def unknown(*_: object) -> None:
        raise OSError(errno.EOPNOTSUPP, "Operation not supported")

    monkeypatch.setattr(os, "posix_fallocate", unknown, raising=False)
    fill(cache)
    assert cache.size() >= COUNT * ROW


# Folders


def test_a_folder_that_can_not_be_made_is_said(tmp_path):
    (tmp_path / "file").write_text("no folder")
    cache = Cache(tmp_path / "file" / "pictures", PLENTY)
    assert cache.open(a_source(), SHAPE, "pad") is None
    assert cache.problem.startswith("Decoded pictures can't be kept in ")
    assert cache.problem.endswith("They are decoded each time they are used.")
    assert cache.size() == 0
    cache.clear()


def test_a_folder_that_can_not_be_written_is_said(cache, folder, monkeypatch):
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    folder.mkdir()
    monkeypatch.setattr(Path, "mkdir", refuse)
    assert cache.open(a_source(), SHAPE, "pad") is None
    assert "Permission denied" in cache.problem
    monkeypatch.undo()
    pictures = kept(cache)
    assert cache.problem == ""
    pictures.close()


def test_clearing_removes_ours_and_nothing_else(cache, folder):
    fill(cache)
    (folder / "holiday").mkdir()
    (folder / "holiday" / "beach.jpg").write_bytes(b"dear")
    assert cache.size() >= COUNT * ROW
    cache.clear()
    assert cache.size() == 0
    assert (folder / "holiday" / "beach.jpg").read_bytes() == b"dear"
    assert list(folder.glob("*/rows*")) == []


@pytest.mark.skipif(sys.platform == "win32", reason="open files stay there")
def test_it_can_be_cleared_while_it_is_in_use(cache, small_chunks):
    pictures = kept(cache)
    pictures.put(ALL[:15], PICTURES[:15])
    cache.clear()
    assert cache.size() == 0
    assert what_is_there(pictures).sum() == 15
    pictures.put(ALL, PICTURES)
    assert pictures.problem.startswith("The cache of decoded pictures was cleared")
    fresh = kept(cache)
    fresh.put(ALL, PICTURES)
    assert what_is_there(fresh).all()
    pictures.close()
    fresh.close()
    assert cache.size() >= COUNT * ROW


def test_the_usual_cache_is_where_the_environment_says(tmp_path, monkeypatch):
    monkeypatch.setenv("CONVSCOPE_CACHE", str(tmp_path / "mine"))
    assert usual_cache().folder == tmp_path / "mine"
    monkeypatch.delenv("CONVSCOPE_CACHE")
    assert usual_cache().folder.name == "pictures"


# Several at once


def test_one_writes_and_the_others_read(cache):
    fill(cache, index_N=ALL[:10])
    first, second = kept(cache), kept(cache)
    second.put(ALL, PICTURES)
    assert how_many(second) == 10
    assert second.problem == ""
    first.put(ALL, PICTURES)
    assert how_many(first) == COUNT
    assert what_is_there(second).sum() == 10
    first.close()
    second.close()
    third = kept(cache)
    assert what_is_there(third).all()
    third.close()


ANOTHER_PROCESS = """
import sys
from pathlib import Path
import numpy as np
from engine.data.cache.cache import Cache
from tests.engine.test_data_cache import ALL, PICTURES, PLENTY, SHAPE, a_source, kept
pictures = kept(Cache(Path(sys.argv[1]), PLENTY))
pictures.put(ALL, PICTURES)
into_NCHW = np.zeros_like(PICTURES)
print(pictures.gather(ALL, into_NCHW).sum(), flush=True)
sys.stdin.read()
"""


def test_processes_share_it_and_a_killed_one_holds_nothing(cache):
    fill(cache, index_N=ALL[:10])
    ours = kept(cache)
    command = [sys.executable, "-c", ANOTHER_PROCESS, str(cache.folder)]
    root = Path(__file__).parents[2]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True, "cwd": root}
    with subprocess.Popen(command, **pipes) as other:
        assert other.stdout.readline() == "10\n"
        other.kill()
    ours.close()
    with subprocess.Popen(command, **pipes) as other:
        assert other.stdout.readline() == "40\n"
        second = kept(cache)
        assert what_is_there(second).all()
        second.close()
        other.kill()
    after = kept(cache)
    assert what_is_there(after).all()
    after.close()
