"""Dividing a source: disjoint, complete, as asked, and the same for a seed."""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from engine.config import SubsetCounts
from engine.data.source import NO_SUBSET, Source, Subsets
from engine.data.subsets.choose import TEST, TRAIN, VALIDATION, choose_subsets, shares
from engine.errors import DataError

SEEDS = st.integers(0, 2**63 - 1)
COUNTS = st.builds(
    SubsetCounts,
    train=st.one_of(st.just("rest"), st.integers(1, 30)),
    validation=st.integers(1, 15),
    test=st.integers(0, 15),
)


def source_of(*sizes: int, subset_N: np.ndarray | None = None, **more) -> Source:
    """A source without pictures, of so many of each class, one class after the other in turn."""
    labels = [(rank, label) for label, size in enumerate(sizes) for rank in range(size)]
    labels_N = np.array([label for _, label in sorted(labels)], np.int64)
    return Source(
        name="pets",
        where="pets",
        classes=tuple(f"class {label}" for label in range(len(sizes))),
        names=tuple(map(str, range(len(labels_N)))),
        labels_N=labels_N,
        fingerprint="",
        subset_N=subset_N,
        **more,
    )


def amounts(source: Source, subsets: Subsets) -> list[list[int]]:
    """How many of each class are in train, validation and test."""
    return [
        [int(((subsets.subset_N == s) & (source.labels_N == k)).sum()) for s in range(3)]
        for k in range(len(source.classes))
    ]


def test_the_counts_asked_for_are_taken_of_each_class():
    source = source_of(20, 30)
    subsets = choose_subsets(source, SubsetCounts(10, 4, 5), seed=0)
    assert amounts(source, subsets) == [[10, 4, 5], [10, 4, 5]]
    assert subsets.subset_N.dtype == np.int8
    assert subsets.notes == ()
    train, validation, test = map(subsets.indices, ("train", "validation", "test"))
    assert len({*train, *validation, *test}) == 38


def test_the_rest_is_all_that_is_left():
    source = source_of(20, 30)
    subsets = choose_subsets(source, SubsetCounts("rest", 4, 5), seed=0)
    assert amounts(source, subsets) == [[11, 4, 5], [21, 4, 5]]
    assert subsets.notes == ()


def test_where_nobody_says_anything_the_usual_counts_are_taken():
    photos = source_of(5000, 1234, 10, 3, 2)
    assert amounts(photos, choose_subsets(photos, None, 0)) == [
        [4000, 500, 500],
        [987, 124, 123],
        [8, 1, 1],
        [1, 1, 1],
        [1, 1, 0],
    ]
    assert choose_subsets(photos, None, 0).notes == ()
    chapter = source_of(2500, 500)
    counts = SubsetCounts(1000, 500, 500)
    divided = choose_subsets(chapter, None, 0, usual=counts)
    assert amounts(chapter, divided) == [[1000, 500, 500], [250, 125, 125]]
    digits = source_of(500, 500, usual=SubsetCounts("rest", 100, 0))
    assert amounts(digits, choose_subsets(digits, None, 0)) == [[400, 100, 0]] * 2
    assert amounts(digits, choose_subsets(digits, None, 0, usual=counts)) == [[400, 100, 0]] * 2


@pytest.mark.parametrize(
    ("available", "asked", "expected"),
    [
        (500, (1000, 500, 500), (250, 125, 125)),
        (12_500, (1000, 500, 500), (1000, 500, 500)),
        (1999, (1000, 500, 500), (999, 500, 500)),
        (5, (1000, 500, 500), (3, 1, 1)),
        (4, (1000, 500, 500), (2, 1, 1)),
        (3, (1000, 500, 500), (1, 1, 1)),
        (2, (1000, 500, 500), (1, 1, 0)),
        (1, (1000, 500, 500), (1, 0, 0)),
        (0, (1000, 500, 500), (0, 0, 0)),
        (3, (1000, 1, 1), (1, 1, 1)),
        (2, (1, 1, 0), (1, 1, 0)),
        (150, ("rest", 100, 0), (50, 100, 0)),
        (100, ("rest", 100, 0), (50, 50, 0)),
        (8, ("rest", 100, 100), (4, 2, 2)),
    ],
)
def test_fewer_are_divided_in_the_same_proportions(available, asked, expected):
    assert sum(shares(available, asked)) == min(
        available, available if asked[0] == "rest" else sum(asked)
    )
    got = shares(available, asked)
    assert got[0] == expected[0]
    assert sorted(got[1:]) == sorted(expected[1:])


@given(st.integers(0, 200), COUNTS)
def test_each_subset_has_its_share(available, counts):
    asked = (counts.train, counts.validation, counts.test)
    got = shares(available, asked)
    assert min(got) >= 0
    assert got[1] <= asked[1]
    assert got[2] <= asked[2]
    if asked[0] == "rest":
        assert sum(got) == available
        return
    total = sum(asked)
    assert sum(got) == min(available, total)
    wanted = [number for number in asked if number]
    assert sum(number > 0 for number in got) == min(len(wanted), available)
    if available < total:
        off = [
            abs(one - available * number / total) for one, number in zip(got, asked, strict=True)
        ]
        assert max(off) <= 2


def test_a_note_says_that_there_are_fewer():
    (one,) = choose_subsets(source_of(4, 50), SubsetCounts(10, 5, 5), 0).notes
    assert one == (
        "'class 0' has 4 pictures, fewer than 10 to train, 5 to validate and 5 to test need: "
        "2 to train, 1 to validate and 1 to test."
    )
    (alike,) = choose_subsets(source_of(4, 4), SubsetCounts(10, 5, 5), 0).notes
    assert alike == (
        "Every class has 4 pictures, fewer than 10 to train, 5 to validate and 5 to test need: "
        "2 to train, 1 to validate and 1 to test of each."
    )
    (many,) = choose_subsets(source_of(*range(1, 1001)), SubsetCounts(1000, 500, 500), 0).notes
    assert many == (
        "Every class has fewer pictures than 1,000 to train, 500 to validate and 500 to test need:"
        " theirs are divided in the same proportions. The smallest, 'class 0', has 1 picture: "
        "1 to train."
    )
    some = choose_subsets(source_of(4, 5, 50), SubsetCounts("rest", 5, 0), 0).notes
    assert some[0].startswith("2 classes have fewer pictures than rest to train and 5 to validate")


def test_one_class_is_noted():
    (note,) = choose_subsets(source_of(100), SubsetCounts(10, 10, 10), 0).notes
    assert note.startswith("All pictures are of one class, 'class 0'")


@pytest.mark.parametrize("sizes", [(1,), (1, 1, 1), (0, 1)])
def test_nothing_to_validate_with_is_said(sizes):
    with pytest.raises(DataError, match="No class of pets has a picture to train with and another"):
        choose_subsets(source_of(*sizes), None, 0)


def test_a_class_with_one_picture_is_trained_with_it():
    source = source_of(1, 10)
    subsets = choose_subsets(source, SubsetCounts(4, 2, 2), 0)
    assert amounts(source, subsets) == [[1, 0, 0], [4, 2, 2]]


def test_unreadable_pictures_are_in_no_subset_and_those_left_out_take_their_place():
    source = source_of(40, 40)
    counts = SubsetCounts(20, 10, 10)
    before = choose_subsets(source, counts, 3)
    unreadable = [5, 6, 70]
    after = choose_subsets(source, counts, 3, unreadable)
    assert (after.subset_N[unreadable] == NO_SUBSET).all()
    assert sum(map(sum, amounts(source, after))) == 77
    others = np.setdiff1d(np.arange(80), unreadable)
    np.testing.assert_array_equal(before.subset_N[others], after.subset_N[others])
    spared = choose_subsets(source_of(60, 60), counts, 3, unreadable)
    assert amounts(source_of(60, 60), spared) == [[20, 10, 10]] * 2


@pytest.mark.parametrize("counts", [None, SubsetCounts(500, 300, 100), SubsetCounts("rest", 99, 7)])
def test_who_knows_of_no_unreadable_pictures_divides_the_others_alike(counts):
    """7 of 2,000: what one calls validation or test, the other doesn't train on."""
    source = source_of(1000, 1000)
    unreadable = np.random.default_rng(1).choice(2000, 7, replace=False).tolist()
    known, unknown = (choose_subsets(source, counts, 0, each).subset_N for each in (unreadable, ()))
    chosen_N = unknown != NO_SUBSET
    chosen_N[unreadable] = False
    np.testing.assert_array_equal(known[chosen_N], unknown[chosen_N])
    assert (known != unknown).sum() <= 14


def test_a_class_whose_pictures_to_validate_are_all_unreadable_is_divided_anew():
    source = source_of(10, 50)
    validation = choose_subsets(source, None, 0).indices("validation")
    unreadable = validation[source.labels_N[validation] == 0].tolist()
    again = choose_subsets(source, None, 0, unreadable)
    assert amounts(source, again) == [[7, 1, 1], [40, 5, 5]]


def test_held_out_pictures_stay_when_fewer_are_learned_from():
    source = source_of(100, 100)
    many, few = (choose_subsets(source, SubsetCounts(n, 20, 20), 1) for n in (60, 10))
    for subset in ("validation", "test"):
        np.testing.assert_array_equal(many.indices(subset), few.indices(subset))
    assert set(few.indices("train")) < set(many.indices("train"))


def test_the_order_in_a_class_is_random():
    chosen = choose_subsets(source_of(1000, 1000), SubsetCounts(100, 100, 0), 0).indices("train")
    assert chosen.max() > 1900
    assert 800 < chosen.mean() < 1200


def test_the_subsets_that_a_source_comes_with_are_taken():
    own_N = np.array([0, 1, 2, 0, 1, -1], np.int8)
    source = source_of(3, 3, subset_N=own_N)
    assert choose_subsets(source, None, 7).subset_N.tolist() == own_N.tolist()
    without = choose_subsets(source, None, 7, unreadable=[0])
    assert without.subset_N.tolist() == [-1, 1, 2, 0, 1, -1]
    assert source.subset_N.tolist() == [0, 1, 2, 0, 1, -1]
    asked = choose_subsets(source, SubsetCounts(1, 1, 1), 7)
    assert amounts(source, asked) == [[1, 1, 1]] * 2


def test_validation_is_taken_out_of_training_where_there_is_none():
    own_N = np.array([0] * 180 + [2] * 20, np.int8)
    source = source_of(100, 100, subset_N=own_N)
    subsets = choose_subsets(source, None, 0)
    assert amounts(source, subsets) == [[81, 9, 10]] * 2
    assert subsets.indices("test").tolist() == list(range(180, 200))
    assert "18 are taken out of those to train" in subsets.notes[0]
    few = source_of(100, 100, subset_N=own_N, usual=SubsetCounts("rest", 5, 0))
    assert amounts(few, choose_subsets(few, None, 0)) == [[85, 5, 10]] * 2


@given(st.lists(st.integers(0, 40), min_size=1, max_size=6), COUNTS, SEEDS, st.data())
def test_subsets_are_disjoint_complete_and_as_asked(sizes, counts, seed, data):
    source = source_of(*sizes)
    indices = st.integers(0, max(len(source) - 1, 0))
    unreadable = data.draw(st.sets(indices, max_size=5)) if len(source) else set()
    usable_K = [
        sum(k == label and i not in unreadable for i, label in enumerate(source.labels_N))
        for k in range(len(sizes))
    ]
    try:
        subsets = choose_subsets(source, counts, seed, unreadable)
    except DataError:
        assert max(usable_K) < 2
        return
    assert subsets.subset_N.shape == (len(source),)
    assert set(subsets.subset_N.tolist()) <= {NO_SUBSET, TRAIN, VALIDATION, TEST}
    assert all(subsets.subset_N[i] == NO_SUBSET for i in unreadable)
    total = None if counts.train == "rest" else counts.train + counts.validation + counts.test
    for size, usable, got in zip(sizes, usable_K, amounts(source, subsets), strict=True):
        if usable == size:
            assert tuple(got) == shares(usable, (counts.train, counts.validation, counts.test))
        assert sum(got) == (usable if total is None else min(usable, total))
        assert got[1] <= counts.validation
        assert got[2] <= counts.test
        if total is not None and usable >= total:
            assert got == [counts.train, counts.validation, counts.test]
        assert usable < 2 or min(got[:2]) > 0
    enough = total is not None and min(usable_K) >= total
    assert not (enough and len(sizes) > 1 and subsets.notes)


@given(st.lists(st.integers(2, 20), min_size=2, max_size=4), SEEDS, SEEDS)
def test_a_seed_decides_and_nothing_else_does(sizes, seed, other):
    assume(seed != other)
    source, counts = source_of(*sizes), SubsetCounts(2, 1, 1)
    first = choose_subsets(source, counts, seed).subset_N
    np.random.seed(1)  # noqa: NPY002 - whose state must not matter
    np.testing.assert_array_equal(first, choose_subsets(source, counts, seed).subset_N)


def test_another_seed_gives_other_subsets():
    source = source_of(500, 500)
    first, second = (choose_subsets(source, None, seed).subset_N for seed in (0, 1))
    assert (first != second).mean() > 0.3
