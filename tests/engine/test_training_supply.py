"""Batches on their way from a source to the device."""

from collections.abc import Iterator
from itertools import pairwise

import msgspec
import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from engine.data.batches.feed import Feed
from engine.data.source import Source
from engine.training.supply import Fed, Held, batch_count, batch_end
from tests.engine.made_sources import MadeFiles, noisy_files, source_of

CPU = torch.device("cpu")
SHAPE_CHW = (3, 12, 16)


@given(st.integers(1, 200), st.integers(1, 50))
def test_batches_take_each_picture_once_and_none_alone(count, size):
    ends = [0]
    while ends[-1] < count:
        ends.append(batch_end(ends[-1], size, count))
    sizes = [end - start for start, end in pairwise(ends)]
    assert len(sizes) == batch_count(count, size)
    assert sum(sizes) == count
    assert all(each == size for each in sizes[:-1])
    assert sizes[-1] <= size + 1
    assert sizes[-1] > 1 or size == 1 or count == 1


def labelled(files: MadeFiles) -> Source:
    labels_N = np.arange(len(files.contents)) % 3
    return msgspec.structs.replace(source_of(files), classes=("a", "b", "c"), labels_N=labels_N)


@pytest.fixture
def fed() -> Iterator[Fed]:
    """A supply of the pictures 2 to 16, 15 of them; the file of picture 4 can't be read."""
    files = noisy_files(17)
    files.contents[4] = FileNotFoundError()
    source = labelled(files)
    supply = Fed(source, np.arange(2, 17), CPU)
    supply.feed = Feed(source, SHAPE_CHW, "stretch", None, threads=2)
    yield supply
    supply.feed.close()


def test_an_epoch_gives_each_picture_with_its_class_and_reads_it_once(fed):
    order_N = torch.randperm(15, generator=torch.Generator().manual_seed(3))
    fed.begin(order_N)
    labels, pictures, start = [], [], 0
    while start < len(fed):  # 7 and 8: the last one alone joins
        end = batch_end(start, 7, len(fed))
        batch = fed.batch(start, end)
        labels += batch.labels_N.tolist()
        pictures += list(batch.pictures_NCHW.numpy())
        start = end
    whole = noisy_files(17)
    expected = [int(index) + 2 for index in order_N if index + 2 != 4]
    assert labels == [index % 3 for index in expected]
    with_all = Feed(labelled(whole), SHAPE_CHW, "stretch", None, threads=1)
    all_NCHW, _ = with_all.take(np.array(expected))
    with_all.close()
    np.testing.assert_array_equal(np.stack(pictures), all_NCHW, strict=True)
    assert fed.feed is not None
    assert fed.feed._source.files.reads == [0, 0] + [1] * 15


def test_a_batch_that_can_not_be_read_is_empty(fed):
    fed.begin(torch.arange(15))
    batch = fed.batch(2, 3)
    assert batch.pictures_NCHW.shape == (0, *SHAPE_CHW)
    assert batch.labels_N.shape == (0,)


def test_pictures_that_lie_on_the_device_come_in_the_order_asked_for():
    pictures_NCHW = np.arange(5, dtype=np.uint8).reshape(5, 1, 1, 1)
    source = msgspec.structs.replace(
        labelled(noisy_files(5)), files=None, pictures_NCHW=pictures_NCHW
    )
    held = Held(source, np.array([1, 3, 4]), CPU)
    held.begin(torch.tensor([2, 0, 1]))
    assert len(held) == 3
    batch = held.batch(0, 2)
    assert batch.pictures_NCHW.flatten().tolist() == [4, 1]
    assert batch.labels_N.tolist() == [1, 1]


class Spied:
    """Records how tensors are copied to a device, which then is the CPU."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.copies: list[tuple[str, bool, bool]] = []
        copy = torch.Tensor.to

        def note(tensor, device, *others, non_blocking=False, **more):
            if isinstance(device, torch.device) and device.type != "cpu":
                self.copies.append((device.type, non_blocking, hasattr(tensor, "is_mine")))
                return copy(tensor, CPU, *others, **more)
            return copy(tensor, device, *others, **more)

        def pinned(tensor):
            tensor.is_mine = True
            return tensor

        arange = torch.arange
        monkeypatch.setattr(torch.Tensor, "to", note)
        monkeypatch.setattr(torch.Tensor, "pin_memory", pinned)
        monkeypatch.setattr(torch, "arange", lambda *a, device=None, **more: arange(*a, **more))


@pytest.mark.parametrize("kind", ["mps", "cuda"])
def test_only_cuda_copies_without_waiting_and_from_pinned_memory(monkeypatch, kind):
    spied = Spied(monkeypatch)
    device = torch.device(kind)
    source = labelled(noisy_files(6))
    supply = Fed(source, np.arange(6), device)
    supply.feed = Feed(source, SHAPE_CHW, "stretch", None, threads=1)
    supply.begin(torch.arange(6))
    supply.batch(0, 4)
    supply.feed.close()
    array = msgspec.structs.replace(
        source, files=None, pictures_NCHW=np.zeros((6, 3, 4, 4), np.uint8)
    )
    held = Held(array, np.arange(6), device)
    del spied.copies[2:4]  # of the whole array, which stays
    held._labels_N = type("Labels", (), {"device": device})()
    held.begin(torch.arange(6))
    assert spied.copies == [(kind, kind == "cuda", kind == "cuda")] * 3
