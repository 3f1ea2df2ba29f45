"""The order in which pictures are drawn and the random numbers that vary them.

Pure functions of the seed and the epoch, which touch no global random state: a run that is resumed
draws what it would have drawn.
"""

import numpy as np
import torch

# One stream of random numbers for each use, so that augmentation doesn't change the order.
_ORDER, _AUGMENTATION, _NETWORK = 0, 1, 2


def epoch_order(count: int, seed: int, epoch: int) -> torch.Tensor:
    """The order of `count` pictures in an epoch: an int64 permutation, on the cpu."""
    generator = torch.Generator().manual_seed(_mixed(seed, epoch, _ORDER))
    return torch.randperm(count, generator=generator)


def augmentation_seed(seed: int, epoch: int, position: int) -> int:
    """What the random numbers start from that vary the batch at this position of an epoch."""
    return _mixed(seed, epoch, _AUGMENTATION, position)


def network_seed(seed: int, epoch: int, position: int) -> int:
    """What the random numbers start from that the network itself draws, as dropout does, for the
    batch at this position of an epoch."""
    return _mixed(seed, epoch, _NETWORK, position)


def _mixed(*numbers: int) -> int:
    """64 bits that differ in about half their places whenever a number differs."""
    return int(np.random.SeedSequence(numbers).generate_state(1, np.uint64)[0])
