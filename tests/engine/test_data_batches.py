"""The order of an epoch and its random numbers are functions of the seed and the epoch alone."""

import torch
from hypothesis import given
from hypothesis import strategies as st

from engine.data.batches.seeds import augmentation_seed, epoch_order

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


@given(SEEDS, st.integers(0, 10**6), st.integers(0, 10**6))
def test_augmentation_seeds_are_numbers_that_torch_takes(seed, epoch, position):
    drawn = augmentation_seed(seed, epoch, position)
    assert drawn == augmentation_seed(seed, epoch, position)
    assert torch.Generator().manual_seed(drawn).initial_seed() == drawn


def test_every_seed_epoch_and_position_has_its_own_augmentation():
    seeds = {
        augmentation_seed(seed, epoch, position)
        for seed in (0, 1, 2**63 - 1)
        for epoch in (0, 1)
        for position in (0, 64, 128)
    }
    assert len(seeds) == 18


def test_the_global_random_state_is_left_alone():
    before = torch.get_rng_state()
    epoch_order(50, 0, 0)
    augmentation_seed(0, 0, 0)
    assert torch.equal(torch.get_rng_state(), before)
