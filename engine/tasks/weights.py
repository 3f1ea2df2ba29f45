"""Which weights a task works on: those that are trained, or a copy of them."""

import copy
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import nn

from engine.data.batches.scaling import Scaling
from engine.errors import NetworkError
from engine.training.run import Run


@dataclass(frozen=True, eq=False)
class Weights:
    """A network to work on, what it takes, and where it stands. `run` is the number of its run, and
    `step()` says of which step its weights are now; `live` ones go on changing."""

    network: nn.Module
    device: torch.device
    scaling: Scaling
    shape_CHW: tuple[int, int, int]
    run: int
    step: Callable[[], int]
    live: bool


def live_weights(run: Run, number: int) -> Weights:
    """The network that is trained: it goes on changing between two slices."""
    return _weights(run, run.network, number, lambda: run.step_number, live=True)


def copied_weights(run: Run, number: int) -> Weights:
    """A copy of the network as it is now, at a step boundary, in eval mode. NetworkError where it
    can't be copied, or there is too little memory for two."""
    step = run.step_number
    try:
        network = copy.deepcopy(run.network).eval().requires_grad_(False)
    except Exception as error:  # the module may be anyone's: whatever it raises says the same
        reason = (str(error) or type(error).__name__).splitlines()[0]
        raise NetworkError(
            f"The network can't be copied: {reason}.", "Pause the training and use it as it is."
        ) from error
    return _weights(run, network, number, lambda: step, live=False)


def _weights(
    run: Run, network: nn.Module, number: int, step: Callable[[], int], live: bool
) -> Weights:
    return Weights(network, run.device, run.scaling, run.shape_CHW, number, step, live)
