"""How the learning rate changes over a run."""

import math

from engine.config import Schedule


def share_of_learning_rate(schedule: Schedule, progress: float) -> float:
    """The factor on the learning rate at a point of the run, `progress` from 0 to 1.

    "cosine" falls from 1 to 0 along half a cosine (Loshchilov and Hutter, "SGDR: Stochastic
    Gradient Descent with Warm Restarts", 2017, equation 5, without restarts).
    """
    if schedule == "constant":
        return 1.0
    return 0.5 * (1.0 + math.cos(math.pi * min(max(progress, 0.0), 1.0)))


def warmth(warm_up: float, epochs: float) -> float:
    """The factor on the learning rate while it warms up: rises from 0 to 1 in a straight line over
    `warm_up` epochs. `epochs`, with the step that it is for, are done (Goyal and others, "Accurate,
    Large Minibatch SGD", 2017, section 2.2)."""
    return min(epochs / warm_up, 1.0)
