"""The same picture twice, whatever its names."""

import zipfile
from pathlib import Path

import numpy as np
import pytest

from engine.data.source import Source
from engine.data.sources.digits import open_digits
from engine.data.sources.open import open_source
from engine.data.subsets.duplicates import alike, in_several

CONTENTS = {
    "cats/1.jpg": b"tom",
    "cats/2.jpg": b"TOM",
    "cats/3.jpg": b"kitty",
    "dogs/1.jpg": b"rex",
    "dogs/kitty.jpg": b"kitty",
    "dogs/tom.png": b"tom",
    "dogs/tom2.jpg": b"tom",
}
EXPECTED = ((0, 5, 6), (2, 4))


@pytest.fixture(params=["folder", "zip"])
def source(request: pytest.FixtureRequest, tmp_path: Path) -> Source:
    if request.param == "zip":
        with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
            for name, data in CONTENTS.items():
                archive.writestr(name, data)
        return open_source(str(tmp_path / "a.zip"))
    for name, data in CONTENTS.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(data)
    return open_source(str(tmp_path))


def test_files_of_the_same_content_are_found(source):
    assert source.names == tuple(CONTENTS)
    assert alike(source, range(7), lambda: False) == EXPECTED
    assert alike(source, np.array([0, 1, 2, 3, 5]), lambda: False) == ((0, 5),)
    assert alike(source, [], lambda: False) == ()


def test_only_files_that_may_be_alike_are_read(source, monkeypatch):
    read = []
    kind = type(source.files)
    original = kind.read
    monkeypatch.setattr(kind, "read", lambda self, i: read.append(i) or original(self, i))
    assert alike(source, range(7), lambda: False) == EXPECTED
    expected = [0, 2, 4, 5, 6] if hasattr(source.files, "checksum") else [0, 1, 2, 3, 4, 5, 6]
    assert sorted(read) == expected


def test_a_file_that_cannot_be_read_is_like_no_other(source):
    if Path(source.where).is_dir():
        Path(source.where, "dogs/kitty.jpg").unlink()
        assert alike(source, range(7), lambda: False) == EXPECTED[:1]
    else:
        Path(source.where).unlink()
        assert alike(source, range(7), lambda: False) == ()


def test_it_can_be_cancelled(source):
    answers = iter([False, False, True, True, True, True, True, True, True, True, True])
    assert alike(source, range(7), lambda: next(answers)) == ()


def test_pictures_in_an_array():
    digits = open_digits()
    pictures_NCHW = digits.pictures_NCHW.copy()
    pictures_NCHW[100] = pictures_NCHW[3]
    twice = Source(
        name="digits",
        where="digits",
        classes=digits.classes,
        names=digits.names,
        labels_N=digits.labels_N,
        fingerprint="",
        pictures_NCHW=pictures_NCHW,
    )
    assert (3, 100) in alike(twice, range(200), lambda: False)


def test_groups_within_one_subset_do_not_count():
    subset_N = np.array([0, 0, 1, 2, -1, 0, 1], np.int8)
    groups = ((0, 1), (0, 2), (1, 4), (3, 4, 5), (2, 6))
    assert in_several(groups, subset_N) == ((0, 2), (3, 5))
