"""Measuring a network on pictures: what it takes each for, and at what loss."""

from math import prod
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from engine.config import Part
from engine.data.batches.feed import Feed
from engine.data.source import Source, Subsets
from engine.errors import DataError
from engine.messages.evaluation import NO_VERDICT, Evaluated
from engine.networks.scores import class_scores
from engine.networks.taps import undisturbed
from engine.tasks.weights import Weights
from engine.telemetry.transfer import Transfer

BATCH = 64
"""Pictures in a slice. Always as many, however much time there is, so that the figures are the same
to the bit, whatever goes on beside."""
BATCH_VALUES = 2**20
"""The most values that they have: 15 of 150x150."""
CHUNK = 8
"""Files that are read in a slice."""
AHEAD = 8
"""Chunks that are read ahead where nothing trains."""


class Pictures(NamedTuple):
    """What a network is measured on: pictures `index_N` of `source`, which count as classes
    `labels_N` of the network's. `feed` reads them; who measures closes it."""

    subset: Part
    source: Source
    feed: Feed
    index_N: np.ndarray
    labels_N: np.ndarray


def part_of(source: Source, subsets: Subsets, part: Part) -> np.ndarray:
    """The pictures of a part of a source, int64, ascending; DataError where there are none."""
    index_N = np.arange(len(source)) if part == "all" else subsets.indices(part)
    if len(index_N):
        return index_N
    if part == "test":
        raise DataError(
            f"No picture of {source.name} is kept for the test.",
            "Measure on the validation subset, or keep some for the test and train anew.",
        )
    raise DataError(f"The {part} subset of {source.name} is empty.", "Choose another subset.")


class Evaluation:
    """A task that ends in Evaluated. Pictures that can't be read are left out and counted."""

    kind = "evaluate"
    unit = "pictures"
    newest_only = False

    def __init__(
        self, number: int, weights: Weights, classes: tuple[str, ...], pictures: Pictures
    ) -> None:
        """`classes` are the network's, as many as it tells apart."""
        self.number = number
        self.step = self._last_step = weights.step()
        self.live = weights.live
        self.done = 0
        self.total = len(pictures.index_N)
        self._weights = weights
        self._classes = classes
        self._pictures = pictures
        shape_values = prod(weights.shape_CHW)
        self._batch = min(BATCH, max(1, BATCH_VALUES // shape_values))
        self._chunks = _chunks(self.total, self._batch, pictures.source.files is not None)
        self._taken = 0
        self._read: list[tuple[np.ndarray, np.ndarray]] = []
        self._place_N: list[np.ndarray] = []
        self._transfer = Transfer(weights.device)
        self._arrived: list[list[np.ndarray]] = []

    def advance(self, alone: bool) -> bool:
        """Read some pictures, or pass a batch of them through the network once they are read. Then
        nothing waits for the device: what is on its way from there comes with a later slice."""
        batch_end = min(self.done + self._batch, self.total)
        if self._taken < len(self._chunks) and self._chunks[self._taken][0] < batch_end:
            self._take(alone)
        elif self.done < self.total:
            self._measure()
            self.done = batch_end
        self._transfer.poll()
        return self.done == self.total and len(self._arrived) == len(self._place_N)

    def _take(self, alone: bool) -> None:
        """Read the next chunk. Beside a training nothing is read ahead: that would cost it time
        which nobody counts."""
        index_N, feed = self._pictures.index_N, self._pictures.feed
        for start, end in self._chunks[self._taken + 1 :][: AHEAD if alone else 0]:
            feed.expect(index_N[start:end])
        start, end = self._chunks[self._taken]
        pictures_NCHW, kept_N = feed.take(index_N[start:end])
        self._read.append((pictures_NCHW, start + np.flatnonzero(kept_N)))
        self._taken += 1

    def _measure(self) -> None:
        """Pass what was read through the network."""
        read, self._read = self._read, []
        pictures_NCHW = np.concatenate([pictures_NCHW for pictures_NCHW, _ in read])
        place_N = np.concatenate([place_N for _, place_N in read])
        self._last_step = self._weights.step()
        if len(place_N):
            labels_N = self._on_device(self._pictures.labels_N[place_N])
            verdicts = self._verdicts(self._on_device(pictures_NCHW), labels_N)
            self._place_N.append(place_N)
            self._transfer.send(verdicts, self._arrived.append)

    def _verdicts(self, pictures_NCHW: Tensor, labels_N: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """The class, its probability and the loss of each picture, on the device."""
        weights = self._weights
        with undisturbed(weights.network, weights.device):
            output = weights.network(weights.scaling.apply(pictures_NCHW))
            scores_NK = class_scores(output).float()
            probability_N, predicted_N = scores_NK.softmax(1).max(1)
            # The softmax of one NaN or infinity is NaN throughout.
            predicted_N = predicted_N.masked_fill(probability_N.isnan(), NO_VERDICT)
            loss_N = F.cross_entropy(scores_NK, labels_N, reduction="none")
        return predicted_N, probability_N, loss_N

    def _on_device(self, array: np.ndarray) -> Tensor:
        tensor = torch.from_numpy(array)
        if self._weights.device.type != "cuda":
            return tensor.to(self._weights.device)
        return tensor.pin_memory().to(self._weights.device, non_blocking=True)

    def result(self) -> Evaluated:
        pictures = self._pictures
        place_N = _joined(self._place_N, np.int64)
        predicted_N, probability_N, loss_N = (
            _joined([arrays[column] for arrays in self._arrived], dtype)
            for column, dtype in enumerate((np.int32, np.float32, np.float32))
        )
        return Evaluated(
            task=self.number,
            run=self._weights.run,
            step=self.step,
            last_step=self._last_step,
            subset=pictures.subset,
            source=pictures.source.name,
            fingerprint=pictures.source.fingerprint,
            classes=self._classes,
            unread=self.total - len(place_N),
            index_N=pictures.index_N[place_N].astype(np.int32),
            labels_N=pictures.labels_N[place_N].astype(np.int32),
            predicted_N=predicted_N,
            probability_N=probability_N,
            loss_N=loss_N,
        )

    def close(self) -> None:
        self._transfer.drain()
        self._pictures.feed.close()


def _chunks(total: int, batch: int, are_files: bool) -> list[tuple[int, int]]:
    """Where each reading begins and ends: files are read a few at a time, as they may be large."""
    most = min(batch, CHUNK) if are_files else batch
    return [
        (start, min(start + most, first + batch, total))
        for first in range(0, total, batch)
        for start in range(first, min(first + batch, total), most)
    ]


def _joined(parts: list[np.ndarray], dtype: type) -> np.ndarray:
    return np.concatenate([np.empty(0, dtype), *parts]).astype(dtype)
