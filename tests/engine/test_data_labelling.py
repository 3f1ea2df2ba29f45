"""Classes and subsets from the names of pictures."""

import unicodedata

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.data.sources.labelling import NO_CLASS, Labels, label, subset_of


def labelled(*paths: str, title: str = "pictures") -> Labels:
    """Of names in the order given, which has those of a folder together."""
    folders: dict[str, list[str]] = {}
    for path in paths:
        folder, _, name = path.rpartition("/")
        folders.setdefault(folder, []).append(name)
    return label(folders.items(), title)


def classes_of(labels: Labels) -> list[str | None]:
    return [None if number < 0 else labels.classes[number] for number in labels.labels_N]


def test_a_folder_is_a_class_with_all_that_lies_below_it():
    labels = labelled("dogs/1.jpg", "dogs/old/2.jpg", "cats/3.jpg", "cats/a/b/c/4.jpg")
    assert labels.classes == ("cats", "dogs")
    assert labels.labels_N.dtype == np.int64
    assert classes_of(labels) == ["dogs", "dogs", "cats", "cats"]
    assert labels.subset_N is None
    assert labels.sentences == {}


def test_classes_come_in_natural_order():
    assert labelled("10/a.jpg", "9/a.jpg", "b/a.jpg", "A/a.jpg").classes == ("9", "10", "A", "b")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("cat.0.jpg", "cat"),
        ("cat.12499.jpg", "cat"),
        ("cat_7.jpg", "cat"),
        ("cat-7.JPEG", "cat"),
        ("cat7.png", "cat"),
        ("cat (7).png", "cat"),
        ("great dane 7.png", "great dane"),
        ("yorkshire_terrier_100.jpg", "yorkshire_terrier"),
        ("class1_003.jpg", "class1"),
        ("猫.3.jpg", "猫"),
        ("cat.jpg", None),
        ("17.jpg", None),
        ("2020-01-17.jpg", None),
    ],
)
def test_the_class_is_the_name_before_its_last_number(name, expected):
    labels = labelled("dog.0.jpg", "dog.1.jpg", name)
    assert classes_of(labels) == ["dog", "dog", expected]
    assert labels.sentences == ({2: NO_CLASS} if expected is None else {})


def test_a_folder_around_everything_is_seen_through():
    assert classes_of(labelled("train/cat.0.jpg", "train/dog.0.jpg")) == ["cat", "dog"]
    assert classes_of(labelled("a/b/cats/x.jpg", "a/b/dogs/y.jpg")) == ["cats", "dogs"]
    few_outside = labelled("cover.jpg", "train/cat.0.jpg", "train/dog.0.jpg")
    assert classes_of(few_outside) == [None, "cat", "dog"]


def test_one_class_is_a_class():
    assert classes_of(labelled("cats/tom.jpg", "cats/kitty.jpg")) == ["cats", "cats"]
    assert classes_of(labelled("cat.0.jpg", "cat.1.jpg")) == ["cat", "cat"]


def test_pictures_without_classes_are_of_one():
    labels = labelled("tom.jpg", "beach.jpg", "3.jpg", title="holiday")
    assert labels.classes == ("holiday",)
    assert labels.labels_N.tolist() == [0, 0, 0]
    assert labels.sentences == {}


def test_a_few_numbers_in_names_are_no_classes():
    names = ("alpha.png", "grey16.png", "palette.gif", "good.jpg")
    assert labelled(*names).classes == ("pictures",)


def test_pictures_beside_the_folders_of_classes_are_told():
    labels = labelled("readme.png", "cats/1.jpg", "dogs/2.jpg")
    assert classes_of(labels) == [None, "cats", "dogs"]
    assert labels.sentences == {0: NO_CLASS}


def test_pictures_below_many_numbered_ones_are_told():
    labels = labelled("cat.0.jpg", "dog.0.jpg", "old/cat.1.jpg")
    assert classes_of(labels) == ["cat", "dog", None]
    assert labels.sentences == {2: NO_CLASS}


@pytest.mark.parametrize("validation", ["validation", "valid", "val", "VAL"])
def test_folders_named_as_subsets_give_subsets(validation):
    labels = labelled(
        "train/cats/1.jpg", "train/dogs/2.jpg", f"{validation}/cats/3.jpg", "test/dogs/4.jpg"
    )
    assert labels.classes == ("cats", "dogs")
    assert classes_of(labels) == ["cats", "dogs", "cats", "dogs"]
    assert labels.subset_N.dtype == np.int8
    assert labels.subset_N.tolist() == [0, 0, 1, 2]


def test_subsets_may_lie_deeper_and_be_numbered():
    labels = labelled("x/train/cat.0.jpg", "x/train/dog.1.jpg", "x/test/data/cat.2.jpg")
    assert classes_of(labels) == ["cat", "dog", "cat"]
    assert labels.subset_N.tolist() == [0, 0, 2]


def test_training_alone_is_no_subset():
    labels = labelled("train/cats/1.jpg", "train/dogs/2.jpg")
    assert labels.classes == ("cats", "dogs")
    assert labels.subset_N is None
    assert labelled("train/1.jpg", "bus/2.jpg", "bus/3.jpg").classes == ("bus", "train")


def test_unlabelled_test_pictures_are_told_as_those_of_kaggle():
    labels = labelled("train/cat.0.jpg", "train/dog.0.jpg", "test1/1.jpg", "test1/2.jpg")
    assert classes_of(labels) == ["cat", "dog", None, None]
    assert labels.sentences == {2: NO_CLASS, 3: NO_CLASS}
    assert labels.subset_N is None


def test_a_class_that_is_only_tested_is_told():
    labels = labelled("train/a/1.jpg", "train/b/2.jpg", "test/a/3.jpg", "test/unknown/4.jpg")
    assert classes_of(labels) == ["a", "b", "a", None]
    assert labels.sentences == {3: "No training picture is of its class."}
    assert labels.subset_N[:3].tolist() == [0, 0, 2]


def test_pictures_beside_the_subsets_are_told():
    labels = labelled("extra/1.jpg", "train/a/1.jpg", "train/b/2.jpg", "test/a/3.jpg")
    assert labels.classes == ("a", "b")
    assert labels.sentences == {0: "It lies outside of the folders of the subsets."}


def test_one_name_in_two_spellings_is_one_class():
    composed, taken_apart = (unicodedata.normalize(form, "Café") for form in ("NFC", "NFD"))
    assert composed != taken_apart
    labels = labelled(f"{composed}/1.jpg", f"{taken_apart}/2.jpg", "thé/3.jpg")
    assert labels.classes == (composed, "thé")
    assert labels.labels_N.tolist() == [0, 0, 1]
    assert labelled(f"{taken_apart}.1.jpg", f"{composed}.2.jpg").classes == (composed,)


@pytest.mark.parametrize(
    ("word", "subset"),
    [("train", 0), ("Training ", 0), ("val", 1), ("TEST", 2), ("cats", -1), ("", -1)],
)
def test_subset_words(word, subset):
    assert subset_of(word) == subset


PARTS = st.sampled_from(["train", "val", "test", "cats", "dogs", "猫", "x y"])
NAMES = st.one_of(
    st.builds("{}.{}.jpg".format, st.sampled_from(["cat", "dog"]), st.integers(0, 9)),
    st.sampled_from(["tom.jpg", "1.jpg", "a1b.png"]),
)
FOLDERS = st.dictionaries(
    st.lists(PARTS, max_size=4).map("/".join), st.lists(NAMES, max_size=4), max_size=6
)


@given(FOLDERS)
def test_every_picture_has_a_class_or_a_sentence(folders):
    labels = label(folders.items(), "pictures")
    count = sum(len(names) for names in folders.values())
    assert labels.labels_N.shape == (count,)
    assert set(labels.sentences) == set(np.flatnonzero(labels.labels_N < 0).tolist())
    assert set(labels.labels_N.tolist()) - {-1} == set(range(len(labels.classes)))
    assert len(set(labels.classes)) == len(labels.classes)
    if labels.subset_N is not None:
        assert labels.subset_N.shape == (count,)
        assert {0} < set(labels.subset_N.tolist()) - {-1}
        assert (labels.subset_N[labels.labels_N >= 0] >= 0).all()
    if count:
        assert (labels.labels_N >= 0).any()
