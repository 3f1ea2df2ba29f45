"""A survey reads every picture once, says which can't be read, and leaves no thread behind."""

import threading
from collections.abc import Callable

import numpy as np

from engine.data import survey as module
from engine.data.survey import survey
from tests.engine.made_sources import noise, noisy_files, source_of

COUNT = 40


def test_each_picture_is_read_once_and_what_can_not_be_has_its_reason() -> None:
    files = noisy_files(COUNT)
    files.contents[3] = b"\x89PNG and no more"
    files.contents[7] = FileNotFoundError(2, "No such file or directory")
    seen: dict[int, np.ndarray] = {}
    outcomes = list(survey(source_of(files), seen.__setitem__, lambda: False, threads=4))
    assert sorted(index for index, _ in outcomes) == list(range(COUNT))
    assert files.reads == [1] * COUNT
    reasons = {index: sentence for index, sentence in outcomes if sentence}
    assert sorted(reasons) == [3, 7]
    assert all(f"{index}.png" in sentence for index, sentence in reasons.items())
    assert sorted(seen) == [index for index in range(COUNT) if index not in reasons]
    assert all((seen[index] == noise(12, 16, index)).all() for index in seen)


def test_what_breaks_the_reader_is_one_picture_s_trouble(expect_log: Callable[[str], None]) -> None:
    expect_log("surveying 5.png failed")

    def look(index: int, rgb_HWC: np.ndarray) -> None:
        if index == 5:
            raise ZeroDivisionError

    outcomes = dict(survey(source_of(noisy_files(COUNT)), look, lambda: False))
    assert len(outcomes) == COUNT
    assert outcomes[5] == "5.png can't be decoded. Save it anew."
    assert not any(outcomes[index] for index in outcomes if index != 5)


def test_it_ends_early_where_it_is_cancelled() -> None:
    files = noisy_files(COUNT)
    looked: list[int] = []
    outcomes = list(
        survey(source_of(files), lambda index, _: looked.append(index), lambda: len(looked) >= 10)
    )
    assert 10 <= len(outcomes) < 10 + module.THREADS
    assert sorted(index for index, _ in outcomes) == sorted(looked)


def test_who_stops_asking_leaves_no_thread_behind() -> None:
    before = threading.active_count()
    outcomes = survey(source_of(noisy_files(COUNT)), lambda *_: None, lambda: False)
    assert threading.active_count() == before, "none begins before anybody asks"
    next(outcomes)
    outcomes.close()
    assert threading.active_count() == before
