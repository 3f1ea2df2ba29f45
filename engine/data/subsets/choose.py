"""Dividing a source into subsets: seeded, class by class, no picture in two. Any thread."""

from collections.abc import Collection
from typing import Literal

import numpy as np

from engine.config import DataConfig, SubsetCounts
from engine.data.source import NO_SUBSET, SUBSETS, Source, Subsets
from engine.errors import DataError

TRAIN, VALIDATION, TEST = range(len(SUBSETS))
USUAL_SHARES = (8, 1, 1)
"""Of ten pictures of a class, how many train, validate and test where nobody says anything."""

_Asked = tuple[int | Literal["rest"], int, int]
"""How many of a class: for training, validation and test."""


def choose_subsets(
    source: Source,
    counts: SubsetCounts | None,
    seed: int,
    unreadable: Collection[int] = (),
    usual: SubsetCounts | Literal["shares"] = "shares",
) -> Subsets:
    """Which pictures are for what; those in `unreadable` are for nothing.

    `counts` None means the subsets that the source comes with, where validation is taken out of
    training if it has none; else the source's usual counts, or else `usual`: counts, or
    USUAL_SHARES of each class. A class with fewer pictures than asked for is divided in the same
    proportions, and a note says so.

    Who knows of no unreadable pictures divides the others alike: a picture that was left out takes
    the place of one that can't be read, where there is one, and none goes from one subset to
    another. (But for a class that would be left without pictures to train or to validate.) Else
    only the labels, in their order, and the seed count. DataError where no class has pictures to
    learn from and to validate.
    """
    usable_N = np.ones(len(source), bool)
    usable_N[list(unreadable)] = False
    by_class = _shuffled_by_class(source, seed)
    asked = counts or source.usual or usual
    if counts is None and source.subset_N is not None:
        most = len(source) if asked == "shares" else asked.validation
        subset_N = source.subset_N.astype(np.int8)
        notes = _add_validation(subset_N, by_class, most)
        subset_N[~usable_N] = NO_SUBSET
    elif asked == "shares":
        subset_N, notes = _divided(source, by_class, usable_N, None)
    else:
        wanted = (asked.train, asked.validation, asked.test)
        subset_N, notes = _divided(source, by_class, usable_N, wanted)
    _check(source, subset_N)
    if len(source.classes) == 1:
        notes.append(
            f"All pictures are of one class, {source.classes[0]!r}: to learn to tell classes apart,"
            " put those of each class into a folder of its own."
        )
    return Subsets(subset_N, tuple(notes))


def subsets_of(source: Source, data: DataConfig) -> Subsets:
    """Which pictures of a source are for what in a run on `data`, wherever that is asked: in the
    run, on the page that prepares it, where it is evaluated. DataError as `choose_subsets`."""
    unreadable: list[int] = []
    if data.unreadable:
        names = set(data.unreadable)
        unreadable = [index for index, name in enumerate(source.names) if name in names]
    return choose_subsets(source, data.subsets, data.seed, unreadable, data.usual)


def shares(available: int, asked: _Asked) -> tuple[int, int, int]:
    """How many pictures of a class with so many go into each subset.

    As many as asked, where there are enough; else all of them, in the same proportions, each subset
    that was asked for having one before another has two. "rest" then counts as half.
    """
    train, validation, test = asked
    held_out = validation + test
    if train == "rest":
        if available > held_out:
            return available - held_out, validation, test
        train = held_out
    if available >= train + held_out:
        return train, validation, test
    wanted = np.array([train, validation, test])
    least = wanted > 0
    least &= np.cumsum(least) <= available
    ideal = wanted * available / wanted.sum()
    given = np.maximum(ideal.astype(np.int64), least)
    while given.sum() > available:
        given[np.argmax(np.where(given > least, given - ideal, -np.inf))] -= 1
    while given.sum() < available:
        given[np.argmax(np.where(given < wanted, ideal - given, -np.inf))] += 1
    return int(given[0]), int(given[1]), int(given[2])


def _shuffled_by_class(source: Source, seed: int) -> list[np.ndarray]:
    """The pictures of each class in a random order, in which they go into subsets."""
    order_N = np.random.default_rng(seed).permutation(len(source))
    order_N = order_N[np.argsort(source.labels_N[order_N], kind="stable")]
    sizes_K = np.bincount(source.labels_N[order_N], minlength=len(source.classes))
    return np.split(order_N, np.cumsum(sizes_K)[:-1])


def _divided(
    source: Source, by_class: list[np.ndarray], usable_N: np.ndarray, asked: _Asked | None
) -> tuple[np.ndarray, list[str]]:
    """`asked` None: USUAL_SHARES of each class."""
    subset_N = np.full(len(source), NO_SUBSET, np.int8)
    short: list[tuple[str, int, tuple[int, int, int]]] = []
    for name, picture_M in zip(source.classes, by_class, strict=True):
        available = int(usable_N[picture_M].sum())
        subset_M = _divided_class(usable_N[picture_M], asked)
        subset_N[picture_M] = subset_M
        if asked is not None and available < _needed(asked):
            train, validation, test = (int((subset_M == each).sum()) for each in range(3))
            short.append((name, available, (train, validation, test)))
    return subset_N, _note_of_short(short, len(source.classes), asked) if asked else []


def _divided_class(usable_M: np.ndarray, asked: _Asked | None) -> np.ndarray:
    """The subset of each picture of a class, int8, in their random order."""
    subset_M = _in_order(len(usable_M), asked)
    free = np.flatnonzero((subset_M == NO_SUBSET) & usable_M)
    for subset in (VALIDATION, TEST, TRAIN):
        missing = int(((subset_M == subset) & ~usable_M).sum())
        subset_M[free[:missing]] = subset
        free = free[missing:]
    subset_M[~usable_M] = NO_SUBSET
    if not (subset_M == TRAIN).any() or not (subset_M == VALIDATION).any():
        subset_M[usable_M] = _in_order(int(usable_M.sum()), asked)
    return subset_M


def _in_order(count: int, asked: _Asked | None) -> np.ndarray:
    """How so many pictures of a class are divided, one after the other."""
    if asked is None:
        train, validation, test = USUAL_SHARES
        asked = train * count, validation * count, test * count
    train, validation, test = shares(count, asked)
    left = count - train - validation - test
    # The held-out ones first: they stay the same when more or fewer are learned from.
    each = np.array([VALIDATION, TEST, TRAIN, NO_SUBSET], np.int8)
    return np.repeat(each, [validation, test, train, left])


def _needed(asked: _Asked) -> int:
    """How many pictures of a class there must be, for as many as asked in each subset."""
    train, validation, test = asked
    return validation + test + (1 if train == "rest" else train)


def _note_of_short(
    short: list[tuple[str, int, tuple[int, int, int]]], classes: int, asked: _Asked
) -> list[str]:
    if not short:
        return []
    wanted = _in_words(asked)
    name, least, given = min(short, key=lambda of: of[1])
    most = max(available for _, available, _ in short)
    if len(short) == 1:
        return [f"{name!r} has {_pictures(least)}, fewer than {wanted} need: {_in_words(given)}."]
    whose = "Every class has" if len(short) == classes else f"{len(short):,} classes have"
    if least == most:
        return [
            f"{whose} {_pictures(least)}, fewer than {wanted} need: {_in_words(given)} of each."
        ]
    rule = f"{whose} fewer pictures than {wanted} need: theirs are divided in the same proportions."
    return [f"{rule} The smallest, {name!r}, has {_pictures(least)}: {_in_words(given)}."]


def _in_words(amounts: _Asked) -> str:
    words = [
        f"{amount if amount == 'rest' else format(amount, ',')} {subset}"
        for amount, subset in zip(amounts, ("to train", "to validate", "to test"), strict=True)
        if amount
    ]
    if not words:
        return "none to train"
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


def _pictures(count: int) -> str:
    return f"{count:,} picture{'' if count == 1 else 's'}"


def _add_validation(subset_N: np.ndarray, by_class: list[np.ndarray], most: int) -> list[str]:
    """Where there is none, take validation out of training: of each class a tenth, or `most`, where
    that is fewer. Some of these can't be read, perhaps, and are in no subset."""
    if (subset_N == VALIDATION).any():
        return []
    taken = 0
    for picture_M in by_class:
        training_M = picture_M[subset_N[picture_M] == TRAIN]
        held = min(most, max(len(training_M) // 10, min(1, len(training_M) - 1)))
        subset_N[training_M[:held]] = VALIDATION
        taken += held
    return [
        f"The source comes without pictures to validate: {taken:,} are taken out of those to train."
    ]


def _check(source: Source, subset_N: np.ndarray) -> None:
    trained_K, validated_K = (
        np.bincount(source.labels_N[subset_N == subset], minlength=len(source.classes))
        for subset in (TRAIN, VALIDATION)
    )
    if not ((trained_K > 0) & (validated_K > 0)).any():
        raise DataError(
            f"No class of {source.name} has a picture to train with and another to validate.",
            "Each class needs two pictures that can be read, at least.",
        )
