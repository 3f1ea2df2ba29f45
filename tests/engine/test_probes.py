"""Pictures to look at until a person brings some."""

import numpy as np

from engine.data.source import Source
from engine.probes import examples_of


def source_of(classes):
    labels_N = np.repeat(np.arange(classes), 3)
    return Source(
        name="made",
        where="made",
        classes=tuple(f"class {number}" for number in range(classes)),
        names=tuple(str(number) for number in range(len(labels_N))),
        labels_N=labels_N,
        fingerprint="aa",
        pictures_NCHW=np.zeros((len(labels_N), 1, 4, 4), np.uint8),
    )


def test_each_of_a_few_classes_has_an_example():
    source = source_of(2)
    names = [name for name, _ in examples_of(source, np.arange(len(source)), 4)]
    assert names == ["class 0 (made)", "class 1 (made)"]


def test_of_many_classes_some_are_shown():
    source = source_of(10)
    names = [name for name, _ in examples_of(source, np.arange(len(source)), 4)]
    assert names == [f"class {label} (made)" for label in (7, 4, 2, 0)]
