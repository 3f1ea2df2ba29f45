"""The pictures of one subset, batch by batch, from wherever they are to the device."""

import math
from typing import NamedTuple, Protocol

import numpy as np
import torch
from torch import Tensor

from engine.data.batches.feed import Feed
from engine.data.source import Source

MOST_HELD = 2**28
"""Bytes of pictures that are kept on the device as a whole: 256 MiB."""
AHEAD = 2
"""Batches that are read while one is trained on."""


def batch_end(start: int, size: int, count: int) -> int:
    """Where the batch ends that begins at `start`, of `count` pictures. A last one of one picture
    would have no variance to normalise: it joins the batch before."""
    return start + size if start + size < count - 1 else count


def batch_count(count: int, size: int) -> int:
    """How many batches `count` pictures make by `batch_end`."""
    return max(1, math.ceil((count - 1) / size)) if count else 0


class Batch(NamedTuple):
    """On the device: uint8 (N, C, H, W), and the classes int64 (N,). N may be less than asked
    for, even 0, where files can't be read."""

    pictures_NCHW: Tensor
    labels_N: Tensor


class Supply(Protocol):
    """Runs on the thread that trains."""

    def __len__(self) -> int: ...

    def begin(self, order_N: Tensor) -> None:
        """Use this order from now on: an int64 permutation of the subset, on the cpu."""

    def batch(self, start: int, end: int) -> Batch:
        """The pictures at these places of the order."""


class Held:
    """All pictures lie on the device already."""

    def __init__(self, source: Source, chosen_N: np.ndarray, device: torch.device) -> None:
        assert source.pictures_NCHW is not None
        self._pictures_NCHW = torch.from_numpy(source.pictures_NCHW[chosen_N]).to(device)
        self._labels_N = torch.from_numpy(source.labels_N[chosen_N]).to(device)
        self._order_N = torch.arange(len(chosen_N), device=device)

    def __len__(self) -> int:
        return len(self._labels_N)

    def begin(self, order_N: Tensor) -> None:
        self._order_N = _to_device(order_N, self._labels_N.device)

    def batch(self, start: int, end: int) -> Batch:
        chosen_N = self._order_N[start:end]
        return Batch(self._pictures_NCHW[chosen_N], self._labels_N[chosen_N])


class Fed:
    """Pictures come from files or their cache; the next batches are read meanwhile."""

    def __init__(self, source: Source, chosen_N: np.ndarray, device: torch.device) -> None:
        self.feed: Feed | None = None
        """Must be open while batches are taken."""
        self._chosen_N = chosen_N
        self._labels_N = source.labels_N
        self._device = device
        self._order_N = chosen_N

    def __len__(self) -> int:
        return len(self._chosen_N)

    def begin(self, order_N: Tensor) -> None:
        self._order_N = self._chosen_N[np.asarray(order_N)]

    def batch(self, start: int, end: int) -> Batch:
        feed, following = self.feed, end
        assert feed is not None
        for _ in range(AHEAD):
            first, following = following, batch_end(following, end - start, len(self))
            feed.expect(self._order_N[first:following])
        chosen_N = self._order_N[start:end]
        pictures_NCHW, kept_N = feed.take(chosen_N)
        labels_N = self._labels_N[chosen_N[kept_N]]
        return Batch(
            _to_device(torch.from_numpy(pictures_NCHW), self._device),
            _to_device(torch.from_numpy(labels_N), self._device),
        )


def _to_device(tensor: Tensor, device: torch.device) -> Tensor:
    """A copy on the device, of a tensor that may be gone when this returns. On CUDA nothing waits:
    pinned memory stays until it was read. No other device promises that."""
    if device.type == "cuda":
        return tensor.pin_memory().to(device, non_blocking=True)
    return tensor.to(device)
