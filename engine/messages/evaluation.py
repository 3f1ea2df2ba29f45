"""What a measured network did with each picture, and the figures that follow from it."""

from functools import cached_property

import numpy as np

from engine.config import Part
from engine.message import ArrayMessage

NO_VERDICT = -1
"""Stands for the class where a network gave something that isn't a number."""


class Evaluated(ArrayMessage, frozen=True, eq=False, dict=True):
    """A network was measured on pictures of a source, in the order of the source.

    Its weights were those of `step` of the run number `run`, up to those of `last_step` where they
    went on changing meanwhile. `unread` counts the pictures that could not be read: they are left
    out of everything else. `task` is the number of the command that asked for it.

    Picture `i` is number `index_N[i]` of the source, of class `labels_N[i]`; the network took it
    for class `predicted_N[i]`, or NO_VERDICT, with `probability_N[i]`, at a loss of `loss_N[i]`:
    int32, int32, int32, float32, float32.
    """

    task: int
    run: int
    step: int
    last_step: int
    subset: Part
    source: str
    fingerprint: str
    """Of the source: its pictures can be asked for as long as it is the one that is open."""
    classes: tuple[str, ...]
    unread: int
    index_N: np.ndarray
    labels_N: np.ndarray
    predicted_N: np.ndarray
    probability_N: np.ndarray
    loss_N: np.ndarray

    @property
    def pictures(self) -> int:
        return len(self.index_N)

    @cached_property
    def loss(self) -> float:
        """The mean over the pictures; NaN where one of them has none, or there are none."""
        return float(self.loss_N.mean(dtype=np.float64)) if self.pictures else float("nan")

    @cached_property
    def right_N(self) -> np.ndarray:
        """bool (N,): which pictures were taken for what they are."""
        return self.predicted_N == self.labels_N

    @cached_property
    def accuracy(self) -> float:
        """The share of right answers, 0 to 1; a picture without a verdict isn't right."""
        return float(self.right_N.mean()) if self.pictures else float("nan")

    @cached_property
    def undecided(self) -> int:
        """How many pictures the network has no verdict on."""
        return int((self.predicted_N == NO_VERDICT).sum())

    @cached_property
    def confusion_KK(self) -> np.ndarray:
        """int64: how many pictures of each class (row) were taken for each class (column). Those
        without a verdict are in none."""
        count = len(self.classes)
        decided_N = self.predicted_N != NO_VERDICT
        cell_N = self.labels_N[decided_N].astype(np.int64) * count + self.predicted_N[decided_N]
        return np.bincount(cell_N, minlength=count * count).reshape(count, count)

    @cached_property
    def pictures_K(self) -> np.ndarray:
        """int64: how many pictures of each class there are."""
        return np.bincount(self.labels_N, minlength=len(self.classes))

    def mistakes(self) -> np.ndarray:
        """The places (int64) of the pictures that were taken for something else, or for nothing,
        the worst first: that with the largest loss, and before it those without one."""
        wrong_M = np.flatnonzero(~self.right_N)
        loss_M = self.loss_N[wrong_M].astype(np.float64)
        worst_M = np.argsort(np.where(np.isnan(loss_M), -np.inf, -loss_M), kind="stable")
        return wrong_M[worst_M]

    def cell(self, label: int, predicted: int) -> np.ndarray:
        """The places (int64) of the pictures of one class that were taken for another, those that
        the network was surest of first."""
        there_M = np.flatnonzero((self.labels_N == label) & (self.predicted_N == predicted))
        return there_M[np.argsort(-self.probability_N[there_M], kind="stable")]
