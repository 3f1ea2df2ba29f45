"""The optimisers, and how their hyperparameters change while they keep what they remember."""

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

import torch
from torch.nn import Parameter

from engine.config import Optimizer, TrainingConfig
from engine.hyperparameters import hyperparameter

# One pass over each weight instead of one for every term of the formula.
_OPTIMIZERS: dict[Optimizer, Callable[..., torch.optim.Optimizer]] = {
    "adam": partial(torch.optim.Adam, fused=True),
    "adamw": partial(torch.optim.AdamW, fused=True),
    "rmsprop": torch.optim.RMSprop,  # which torch can't fuse
    "sgd": partial(torch.optim.SGD, fused=True),
}
_MOMENTUM, _WEIGHT_DECAY = hyperparameter("momentum"), hyperparameter("weight_decay")


def make_optimizer(
    parameters: Iterable[Parameter], settings: TrainingConfig
) -> torch.optim.Optimizer:
    """An optimiser without memory."""
    make = _OPTIMIZERS[settings.optimizer]
    return make(parameters, lr=settings.learning_rate, **_group(settings))


def retune(optimizer: torch.optim.Optimizer, settings: TrainingConfig) -> None:
    """Use other settings from the next step on, with the memory that there is; the kind of
    optimiser must be the same."""
    for group in optimizer.param_groups:
        group.update(_group(settings))
        if group.get("momentum") and settings.optimizer == "rmsprop":
            # torch makes its buffers with the first step alone, and only where there is momentum.
            for parameter in group["params"]:
                if state := optimizer.state.get(parameter):
                    state.setdefault("momentum_buffer", torch.zeros_like(parameter))


def _group(settings: TrainingConfig) -> dict[str, Any]:
    found = {"weight_decay": _WEIGHT_DECAY.value(settings)}
    if _MOMENTUM.has_meaning(settings):
        found["momentum"] = _MOMENTUM.value(settings)
    return found
