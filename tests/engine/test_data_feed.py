"""Batches read ahead by threads: the same whatever their number, and no bad file stops them."""

import gc
import json
import threading
import zipfile

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.data.batches import feed
from engine.data.batches.feed import Feed
from engine.data.cache import cached, entry
from engine.data.cache.cache import Cache
from engine.data.reading.decode import decode
from engine.data.reading.seen import as_seen
from engine.data.source import Source
from engine.errors import NetworkError, PictureError
from tests.engine.made_sources import MadeFiles, encoded, noise, noisy_files, source_of
from tests.shared_pictures import shared

SHAPE = (3, 8, 8)
COUNT = 30
FILES = noisy_files(COUNT)
EXPECTED_NCHW = np.stack([as_seen(decode(FILES.read(i), "a"), SHAPE) for i in range(COUNT)])
ALL = np.arange(COUNT)


@pytest.fixture
def cache(tmp_path):
    return Cache(tmp_path / "pictures", 2**30)


@pytest.fixture
def opened():
    """Make feeds that are closed in the end."""
    feeds = []

    def open_feed(files: MadeFiles | None = None, cache=None, threads=2, source=None, fit="pad"):
        source = source or source_of(files or noisy_files(COUNT))
        feeds.append(Feed(source, SHAPE, fit, cache, threads))
        return feeds[-1]

    yield open_feed
    for each in feeds:
        each.close()


class Gated(MadeFiles):
    """Files that are read when the test says so."""

    def __init__(self, files: MadeFiles) -> None:
        super().__init__(files.contents)
        self.gate = threading.Event()
        self.waiting = threading.Semaphore(0)

    def read(self, index: int) -> bytes:
        self.waiting.release()
        assert self.gate.wait(20)
        return super().read(index)


def is_right(taken: tuple[np.ndarray, np.ndarray], index_N: np.ndarray) -> bool:
    pictures_NCHW, kept_N = taken
    return (
        kept_N.all()
        and pictures_NCHW.dtype == np.uint8
        and pictures_NCHW.flags.c_contiguous
        and pictures_NCHW.flags.writeable
        and np.array_equal(pictures_NCHW, EXPECTED_NCHW[index_N])
    )


# Batches


@pytest.mark.parametrize("threads", [1, 2, 5])
@pytest.mark.parametrize("expected", [False, True])
def test_batches_come_in_their_order(opened, threads, expected):
    pictures = opened(threads=threads)
    batches = [np.array(each) for each in ([3, 1, 2], [29, 0], [7], [3, 1, 2], [5, 5, 5])]
    if expected:
        for batch in batches:
            pictures.expect(batch)
    for batch in batches:
        assert is_right(pictures.take(batch), batch)
    assert pictures.problems() == {}


@settings(max_examples=30, deadline=None)
@given(
    st.lists(st.lists(st.integers(0, COUNT - 1), min_size=1, max_size=9), max_size=12),
    st.integers(1, 4),
    st.integers(0, 5),
    st.data(),
)
def test_any_expecting_and_taking_is_right(batches, threads, ahead, data):
    pictures = Feed(source_of(FILES), SHAPE, "pad", None, threads)
    try:
        for number, batch in enumerate(batches):
            for following in batches[number + 1 : number + 1 + ahead]:
                pictures.expect(np.array(following))
            if data.draw(st.booleans()):
                assert is_right(pictures.take(np.array(batch)), np.array(batch))
    finally:
        pictures.close()


def test_an_empty_batch_is_empty(opened):
    pictures = opened()
    nothing = np.empty(0, np.int64)
    pictures.expect(nothing)
    taken, kept_N = pictures.take(nothing)
    assert taken.shape == (0, *SHAPE)
    assert kept_N.shape == (0,)


def test_what_is_expected_is_read_before_it_is_taken(opened):
    files = Gated(noisy_files(COUNT))
    files.gate.set()
    pictures = opened(files)
    pictures.expect(ALL[:4])
    for _ in range(4):
        assert files.waiting.acquire(timeout=20)
    assert is_right(pictures.take(ALL[:4]), ALL[:4])
    assert files.reads[:5] == [1, 1, 1, 1, 0]


def test_a_batch_that_is_expected_again_is_read_once(opened):
    files = noisy_files(COUNT)
    pictures = opened(files)
    for _ in range(3):
        pictures.expect(ALL[:4])
    assert is_right(pictures.take(ALL[:4]), ALL[:4])
    assert sum(files.reads) == 4


def test_what_was_not_expected_does_not_wait_for_what_was(opened):
    files = Gated(noisy_files(COUNT))
    pictures = opened(files, threads=1)
    pictures.expect(ALL[:10])
    assert files.waiting.acquire(timeout=20)
    taken = []
    taker = threading.Thread(target=lambda: taken.append(pictures.take(ALL[20:22])))
    taker.start()
    with pictures._changed:
        assert pictures._changed.wait_for(lambda: len(pictures._batches) == 2, timeout=20)
    files.gate.set()
    taker.join(20)
    assert is_right(taken[0], ALL[20:22])
    assert is_right(pictures.take(ALL[:10]), ALL[:10])
    assert files.reads[:10] == [1] * 10


def test_read_ahead_is_bounded(opened, monkeypatch):
    monkeypatch.setattr(feed, "_MOST_AHEAD", 10 * 192)
    files = noisy_files(COUNT)
    pictures = opened(files)
    batches = ALL.reshape(-1, 5)
    for batch in batches:
        pictures.expect(batch)
    with pictures._changed:
        begun = [batch for batch in pictures._batches.values() if batch.begun]
        assert len(begun) == 2
        assert pictures._changed.wait_for(lambda: all(each.done for each in begun), timeout=20)
    assert sum(files.reads) == 10
    for batch in batches:
        assert is_right(pictures.take(batch), batch)
    assert sum(files.reads) == COUNT


def test_a_batch_larger_than_the_bound_is_read_all_the_same(opened, monkeypatch):
    monkeypatch.setattr(feed, "_MOST_AHEAD", 1)
    pictures = opened()
    pictures.expect(ALL)
    assert is_right(pictures.take(ALL), ALL)


def test_batches_that_nobody_takes_are_forgotten(opened):
    pictures = opened()
    for _ in range(3):
        pictures.expect(ALL[:2])
        for number in range(10):
            pictures.expect(ALL[10 + number :])
            assert is_right(pictures.take(ALL[10 + number :]), ALL[10 + number :])
    assert pictures._batches == {}
    assert is_right(pictures.take(ALL[:2]), ALL[:2])


# Files that can't be read


def test_bad_files_are_left_out_and_noted_once(opened, cache):
    files = noisy_files(COUNT)
    files.contents[3] = b"not a picture"
    files.contents[5] = FileNotFoundError(2, "No such file or directory")
    files.contents[7] = PermissionError(13, "Permission denied")
    files.contents[8] = PictureError("8.png is damaged in its zip.", "Download it again.")
    files.contents[9] = MemoryError()
    bad = [3, 5, 7, 8, 9]
    pictures = opened(files, cache)
    for _ in range(2):
        for batch in ALL.reshape(-1, 10):
            taken, kept_N = pictures.take(batch)
            assert batch[~kept_N].tolist() == [each for each in bad if each in batch]
            np.testing.assert_array_equal(taken, EXPECTED_NCHW[batch[kept_N]])
    problems = pictures.problems()
    assert sorted(problems) == bad
    for index, problem in problems.items():
        assert problem.name == f"{index}.png"
        assert problem.sentence.startswith(f"{index}.png ")
        assert problem.sentence.endswith(".")
        assert "\n" not in problem.sentence
    assert "seems to be text" in problems[3].sentence
    assert "has gone" in problems[5].sentence
    assert "Permission denied" in problems[7].sentence
    assert problems[8].sentence == "8.png is damaged in its zip. Download it again."


def test_a_file_that_vanishes_is_left_out_and_one_that_comes_back_is_read(opened):
    files = noisy_files(COUNT)
    there = files.contents[1]
    pictures = opened(files)
    assert is_right(pictures.take(ALL[:3]), ALL[:3])
    files.contents[1] = FileNotFoundError(2, "No such file or directory")
    assert pictures.take(ALL[:3])[1].tolist() == [True, False, True]
    files.contents[1] = there
    assert is_right(pictures.take(ALL[:3]), ALL[:3])
    assert list(pictures.problems()) == [1]


def test_a_batch_of_nothing_but_bad_files_is_empty(opened):
    taken, kept_N = opened(MadeFiles([b"", b"text"])).take(ALL[:2])
    assert taken.shape == (0, *SHAPE)
    assert not kept_N.any()


def test_the_odd_pictures_are_read_or_noted(opened, cache):
    with zipfile.ZipFile(shared("odd_pictures.zip")) as archive:
        expected = json.loads(archive.read("expected.json"))
        files = MadeFiles([archive.read(name) for name in expected])
    pictures = opened(files, cache)
    for _ in range(2):
        _, kept_N = pictures.take(np.arange(len(expected)))
        assert kept_N.tolist() == [facts["readable"] for facts in expected.values()]
    assert sorted(pictures.problems()) == np.flatnonzero(~kept_N).tolist()


@pytest.mark.parametrize("expected", [False, True])
def test_other_errors_are_raised_where_the_batch_is_taken(opened, expected):
    files = noisy_files(COUNT)
    files.contents[2] = ZeroDivisionError("a mistake")
    pictures = opened(files)
    if expected:
        pictures.expect(ALL[:5])
    with pytest.raises(ZeroDivisionError, match="a mistake"):
        pictures.take(ALL[:5])
    assert is_right(pictures.take(ALL[10:]), ALL[10:])


def test_a_shape_that_no_picture_has_is_raised():
    pictures = Feed(source_of(noisy_files(2)), (4, 8, 8), "pad", None, 1)
    with pytest.raises(NetworkError, match="sees 4 channels"):
        pictures.take(ALL[:2])
    pictures.close()


# The cache


def test_what_was_read_once_comes_from_the_cache(opened, cache):
    files = noisy_files(COUNT)
    pictures = opened(files, cache)
    for _ in range(3):
        order = np.random.default_rng(0).permutation(COUNT)
        assert is_right(pictures.take(order), order)
    pictures.close()
    assert files.reads == [1] * COUNT
    again = opened(files, cache)
    assert is_right(again.take(ALL), ALL)
    assert files.reads == [1] * COUNT


def test_what_was_taken_may_be_changed_without_harm(opened, cache):
    pictures = opened(cache=cache)
    for _ in range(2):
        taken, _ = pictures.take(ALL)
        taken[:] = 0
    assert is_right(pictures.take(ALL), ALL)


def test_a_damaged_row_is_decoded_anew(opened, cache):
    files = noisy_files(COUNT)
    first = opened(files, cache)
    first.take(ALL)
    first.close()
    (rows,) = cache.folder.glob("*/rows.000")
    with rows.open("r+b") as file:
        file.seek(192 * 4 + 10)
        file.write(b"damage")
    again = opened(files, cache)
    assert is_right(again.take(ALL), ALL)
    assert sum(files.reads) == COUNT + 1


def test_a_source_that_has_changed_is_read_anew(opened, cache):
    first = opened(noisy_files(COUNT), cache)
    first.take(ALL)
    first.close()
    files = MadeFiles(noisy_files(COUNT).contents[::-1])
    changed = opened(cache=cache, source=source_of(files, fingerprint="bb"))
    taken, _ = changed.take(ALL)
    np.testing.assert_array_equal(taken, EXPECTED_NCHW[::-1])


def test_a_full_disk_under_the_cache_is_said_and_nothing_else(opened, cache, monkeypatch):
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(entry, "_reserve", full)
    files = noisy_files(COUNT)
    pictures = opened(files, cache)
    assert pictures.cache_problem == ""
    for _ in range(2):
        assert is_right(pictures.take(ALL), ALL)
    assert pictures.cache_problem.startswith("The disk is full")
    assert files.reads == [2] * COUNT


def test_a_full_cache_keeps_what_it_has(opened, tmp_path, monkeypatch):
    monkeypatch.setattr(cached, "_CHUNK_BYTES", 10 * 192)
    files = noisy_files(COUNT)
    pictures = opened(files, Cache(tmp_path / "small", 25 * 192))
    for _ in range(2):
        assert is_right(pictures.take(ALL), ALL)
    assert "is full" in pictures.cache_problem
    assert sorted(set(files.reads)) == [1, 2]


def test_a_cache_folder_that_can_not_be_used_is_said_and_nothing_else(opened, tmp_path):
    (tmp_path / "file").write_text("no folder")
    pictures = opened(cache=Cache(tmp_path / "file" / "pictures", 2**30))
    assert is_right(pictures.take(ALL), ALL)
    assert pictures.cache_problem.startswith("Decoded pictures can't be kept in ")


def test_a_cache_that_is_cleared_meanwhile_goes_on(opened, cache):
    pictures = opened(cache=cache)
    pictures.take(ALL[:10])
    cache.clear()
    for _ in range(2):
        assert is_right(pictures.take(ALL), ALL)


def test_two_feeds_share_a_cache_at_once(opened, cache):
    first, second = opened(cache=cache), opened(cache=cache)
    for batch in ALL.reshape(-1, 5):
        assert is_right(first.take(batch), batch)
        assert is_right(second.take(batch), batch)


# Arrays


def array_source(pictures_NCHW: np.ndarray) -> Source:
    count = len(pictures_NCHW)
    return Source(
        name="array",
        where="array",
        classes=("one",),
        names=tuple(str(number) for number in range(count)),
        labels_N=np.zeros(count, np.int64),
        fingerprint="aa",
        pictures_NCHW=pictures_NCHW,
    )


def test_arrays_of_the_right_shape_need_no_thread(opened, cache):
    before = threading.active_count()
    pictures = opened(source=array_source(EXPECTED_NCHW), cache=cache)
    pictures.expect(ALL)
    chosen = np.array([4, 2, 2])
    taken = pictures.take(chosen)
    assert threading.active_count() == before
    assert is_right(taken, chosen)
    taken[0][:] = 0
    assert is_right(pictures.take(chosen), chosen)
    assert cache.size() == 0


@pytest.mark.parametrize("channels", [1, 3])
def test_arrays_of_another_shape_are_made_to_fit(opened, channels):
    pictures_NCHW = np.random.default_rng(0).integers(0, 256, (5, channels, 9, 13), dtype=np.uint8)
    taken, kept_N = opened(source=array_source(pictures_NCHW), fit="crop").take(ALL[:5])
    assert kept_N.all()
    for seen_CHW, picture_CHW in zip(taken, pictures_NCHW, strict=True):
        rgb_HWC = np.broadcast_to(picture_CHW.transpose(1, 2, 0), (9, 13, 3)).copy()
        np.testing.assert_array_equal(seen_CHW, as_seen(rgb_HWC, SHAPE, fit="crop"))


# Closing


def test_closing_ends_the_threads_with_batches_left(opened):
    pictures = opened(threads=3)
    for batch in ALL.reshape(-1, 5):
        pictures.expect(batch)
    pictures.close()
    assert not any(thread.is_alive() for thread in pictures._threads)
    pictures.close()


def test_closing_ends_a_take_that_waits(opened):
    files = Gated(noisy_files(COUNT))
    pictures = opened(files, threads=1)
    errors: list[Exception] = []

    def take() -> None:
        try:
            pictures.take(ALL)
        except RuntimeError as error:
            errors.append(error)

    taker = threading.Thread(target=take)
    taker.start()
    assert files.waiting.acquire(timeout=20)
    closer = threading.Thread(target=pictures.close)
    closer.start()
    taker.join(20)
    files.gate.set()
    closer.join(20)
    assert len(errors) == 1
    assert sum(files.reads) == 1


def test_a_closed_feed_refuses(opened):
    pictures = opened()
    pictures.close()
    with pytest.raises(RuntimeError, match="closed"):
        pictures.take(ALL)
    with pytest.raises(RuntimeError, match="closed"):
        pictures.expect(ALL)


def test_memory_does_not_grow_with_the_batches_taken(opened):
    big = encoded(noise(300, 400), "JPEG")
    pictures = opened(MadeFiles([big] * 3), threads=2)
    for _ in range(3):
        for _ in range(5):
            pictures.expect(ALL[:3])
            pictures.take(ALL[:3])
        gc.collect()
        assert not pictures._batches
        assert not pictures._pieces


def test_pictures_of_every_kind_come_through(opened):
    kinds = ("JPEG", "PNG", "WEBP", "BMP", "TIFF", "GIF")
    files = MadeFiles([encoded(np.full((20, 30, 3), 90, np.uint8), kind) for kind in kinds])
    taken, kept_N = opened(files).take(np.arange(len(kinds)))
    assert kept_N.all()
    assert np.abs(taken.astype(int) - 90).max() <= 3


def test_large_files_are_read_one_at_a_time(monkeypatch):
    monkeypatch.setattr("engine.data.batches.feed._LARGE", 0)
    files, inside, most = noisy_files(8), [], []
    lock, read = threading.Lock(), files.read

    def watched(index):
        with lock:
            inside.append(index)
            most.append(len(inside))
        try:
            return read(index)
        finally:
            with lock:
                inside.remove(index)

    monkeypatch.setattr(files, "read", watched)
    feed = Feed(source_of(files), (3, 12, 16), "stretch", None, threads=4)
    feed.take(np.arange(8))
    feed.close()
    assert len(most) == 8
    assert max(most) == 1
