"""From the names of pictures to their classes and subsets. Any thread; touches no file.

Four layouts are known, each also below a folder that holds everything:

    cats/1.jpg  dogs/a/2.jpg            a folder a class
    cat.0.jpg  dog.0.jpg                the class is the name before its last number
    train/cats/1.jpg  val/cats/2.jpg    a folder a subset, either of the above in each
    1.jpg  beach.jpg                    no classes: all pictures are of one
"""

import re
from collections.abc import Iterable, Sequence
from itertools import chain
from unicodedata import normalize

import numpy as np
from msgspec import Struct

from engine.data.reading.walking import natural
from engine.data.source import NO_SUBSET, SUBSETS

NO_CLASS = "Neither a folder nor its name says of which class it is."

_NUMBERED = re.compile(r"(?P<name>.*[^\W\d_].*?)[\s._-]*\(?[0-9]+\)?")
_SUBSET_WORDS = {
    **dict.fromkeys(("train", "training"), "train"),
    **dict.fromkeys(("validation", "valid", "val"), "validation"),
    **dict.fromkeys(("test", "testing", "test1"), "test"),  # test1 as in Kaggle's Dogs vs Cats
}

_Class = str | None
_Files = tuple[str, Sequence[str]]
"""A folder, with slashes, and the names of the picture files directly in it."""


class Labels(Struct, frozen=True, eq=False):
    """What names say of N pictures: the class of each, int64, -1 where nothing says it and
    `sentences` says why, by picture; the subset of each, int8, where there are subsets."""

    classes: tuple[str, ...]
    labels_N: np.ndarray
    subset_N: np.ndarray | None
    sentences: dict[int, str]


class _Group(Struct):
    """A folder's files, and what was found out about them."""

    folders: tuple[str, ...]
    names: Sequence[str]
    classes: Sequence[_Class] = ()
    subset: int = NO_SUBSET
    sentence: str = NO_CLASS


def label(folders: Iterable[_Files], title: str) -> Labels:
    """The classes and subsets of pictures, in the order given: folder by folder, name by name.

    Where no name says a class, all pictures are of one, called `title`.
    """
    groups = [
        _Group(tuple(normal(folder).split("/")) if folder else (), names)
        for folder, names in folders
        if names
    ]
    if not _find_classes(groups, 0):
        for group in groups:
            group.classes = [normal(title)] * len(group.names)
    each = list(chain.from_iterable(group.classes for group in groups))
    classes = class_names(each)
    number = {name: place for place, name in enumerate(classes)}
    starts = np.cumsum([0, *(len(group.names) for group in groups)])
    sentences = {
        start + place: group.sentence
        for start, group in zip(starts.tolist(), groups, strict=False)
        if None in group.classes
        for place, name in enumerate(group.classes)
        if name is None
    }
    labels_N = np.array([-1 if name is None else number[name] for name in each], np.int64)
    subset_N = np.repeat(
        np.array([group.subset for group in groups], np.int8), [len(g.names) for g in groups]
    )
    return Labels(classes, labels_N, usable(np.where(labels_N < 0, NO_SUBSET, subset_N)), sentences)


def normal(name: str) -> str:
    """A name in the one spelling that Unicode calls NFC, so that é is é whatever it is made of."""
    return normalize("NFC", name)


def class_names(each: Iterable[_Class]) -> tuple[str, ...]:
    """The classes that pictures are of, in natural order."""
    return tuple(sorted({name for name in each if name is not None}, key=natural))


def subset_of(word: str) -> int:
    """The number in SUBSETS that a word such as "val" stands for, or NO_SUBSET."""
    subset = _SUBSET_WORDS.get(word.strip().casefold())
    return NO_SUBSET if subset is None else SUBSETS.index(subset)


def usable(subset_N: np.ndarray) -> np.ndarray | None:
    """The subsets as int8, where there are training pictures and others; else None."""
    present = set(np.unique(subset_N).tolist()) - {NO_SUBSET}
    return subset_N.astype(np.int8) if 0 in present and len(present) > 1 else None


def _find_classes(groups: list[_Group], depth: int) -> bool:
    """Whether what lies below `depth` folders says classes; if so, it is noted in the groups.

    All of the groups lie in the same folder so far.
    """
    flat = [group for group in groups if len(group.folders) == depth]
    deeper = [group for group in groups if len(group.folders) > depth]
    folders = {group.folders[depth] for group in deeper}
    if _size(flat) > _size(deeper) and _by_number(flat):
        _without_class(deeper)
        return True
    if not folders:
        return False
    _without_class(flat)
    if len(folders) == 1 and _find_classes(deeper, depth + 1):
        return True
    if _by_subset(deeper, depth):
        return True
    for group in deeper:
        group.classes = [group.folders[depth]] * len(group.names)
    return True


def _by_number(groups: list[_Group]) -> bool:
    """Classes from names such as cat.0.jpg, where most of the names say one."""
    found = [[_before_number(name) for name in group.names] for group in groups]
    each = list(chain.from_iterable(found))
    if 2 * sum(name is not None for name in each) <= len(each):
        return False
    for group, classes in zip(groups, found, strict=True):
        group.classes = classes
    return True


def _before_number(name: str) -> _Class:
    match = _NUMBERED.fullmatch(name.rpartition(".")[0])
    return normal(match["name"].strip()) if match else None


def _by_subset(groups: list[_Group], depth: int) -> bool:
    """Classes within folders named as subsets are, where training and another one say them."""
    parts: dict[int, list[_Group]] = {}
    for group in groups:
        parts.setdefault(subset_of(group.folders[depth]), []).append(group)
    if SUBSETS.index("train") not in parts or len(parts.keys() - {NO_SUBSET}) < 2:
        return False
    outside = parts.pop(NO_SUBSET, [])
    training = parts[SUBSETS.index("train")]
    if not _find_classes(training, depth + 1):
        return False
    known = {name for group in training for name in group.classes}
    for subset, part in parts.items():
        if not _find_classes(part, depth + 1):
            _without_class(part)
        for group in part:
            group.subset = subset
            if set(group.classes) - known - {None}:
                group.classes = [name if name in known else None for name in group.classes]
                group.sentence = "No training picture is of its class."
    _without_class(outside, "It lies outside of the folders of the subsets.")
    return True


def _without_class(groups: list[_Group], sentence: str = NO_CLASS) -> None:
    for group in groups:
        group.classes = [None] * len(group.names)
        group.sentence = sentence


def _size(groups: list[_Group]) -> int:
    return sum(len(group.names) for group in groups)
