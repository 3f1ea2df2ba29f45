"""The order of an epoch and its random numbers are functions of the seed and the epoch alone."""

import torch
from hypothesis import given
from hypothesis import strategies as st

from engine.data.batches import epoch_order, generator_for

SEEDS = st.integers(0, 2**63 - 1)


@given(st.integers(0, 200), SEEDS, st.integers(0, 10**6))
def test_an_order_is_a_permutation_and_the_same_each_time(count, seed, epoch):
    order_N = epoch_order(count, seed, epoch)
    assert order_N.dtype == torch.int64
    assert sorted(order_N.tolist()) == list(range(count))
    assert torch.equal(order_N, epoch_order(count, seed, epoch))


def test_every_seed_and_epoch_has_its_own_order():
    orders = {
        tuple(epoch_order(50, seed, epoch).tolist()) for seed in range(10) for epoch in range(10)
    }
    assert len(orders) == 100


def test_generators_repeat_for_the_same_epoch_and_differ_otherwise():
    numbers = {
        tuple(torch.rand(4, generator=generator_for(seed, epoch, "cpu")).tolist())
        for seed in (0, 1, 2**63 - 1)
        for epoch in (0, 1)
        for _ in range(2)
    }
    assert len(numbers) == 6


def test_augmentation_and_order_draw_from_different_streams():
    order_N = epoch_order(50, seed=3, epoch=4)
    same_stream_N = torch.randperm(50, generator=generator_for(3, 4, torch.device("cpu")))
    assert not torch.equal(order_N, same_stream_N)


def test_the_global_random_state_is_left_alone():
    before = torch.get_rng_state()
    epoch_order(50, 0, 0)
    torch.rand(3, generator=generator_for(0, 0, "cpu"))
    assert torch.equal(torch.get_rng_state(), before)
