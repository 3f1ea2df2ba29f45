"""Values come to the host as they were when sent; on CUDA without waiting for them."""

import numpy as np
import pytest
import torch

from engine.telemetry.transfer import Transfer

needs_cuda = pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no CUDA device")


class Inbox:
    def __init__(self) -> None:
        self.arrays: list[list[np.ndarray]] = []

    def __call__(self, arrays: list[np.ndarray]) -> None:
        self.arrays.append(arrays)


def test_on_the_cpu_values_are_there_at_once_and_read_only() -> None:
    inbox = Inbox()
    transfer = Transfer(torch.device("cpu"))
    transfer.send((torch.arange(3), torch.ones(2, 2, requires_grad=True)), inbox)
    ((first, second),) = inbox.arrays
    assert first.tolist() == [0, 1, 2]
    assert second.dtype == np.float32
    with pytest.raises(ValueError, match="read-only"):
        first[0] = 9
    transfer.poll()
    transfer.drain()
    assert len(inbox.arrays) == 1


@needs_cuda
def test_on_cuda_values_arrive_in_order_at_a_later_poll() -> None:
    inbox = Inbox()
    device = torch.device("cuda", 0)
    transfer = Transfer(device)
    for number in range(20):
        transfer.send((torch.full((1000,), number, device=device),), inbox)
    transfer.drain()
    assert [int(arrays[0][0]) for arrays in inbox.arrays] == list(range(20))
    assert not inbox.arrays[0][0].flags.writeable


@needs_cuda
def test_on_cuda_sending_does_not_wait_and_keeps_the_value_of_its_moment() -> None:
    inbox = Inbox()
    device = torch.device("cuda", 0)
    transfer = Transfer(device)
    torch.cuda._sleep(200_000_000)  # the device is busy for about 0.1 s
    value = torch.ones(8, device=device)
    transfer.send((value.clone(),), inbox)
    value.zero_()
    transfer.poll()
    assert not inbox.arrays, "it was handed over before the device had got there"
    transfer.drain()
    assert inbox.arrays[0][0].tolist() == [1.0] * 8
