"""Copies of the weights to return to when the loss stops being a number."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from engine.training.run import Run

KEEP_SECONDS = 0.5
"""How often, at most, a copy is taken."""
KEEP_SHARE = 0.01
"""The share of time that copying may take."""


class Snapshots:
    """The last two copies of a run: the newer may have been taken after the weights broke."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._kept: list[Snapshot] = []
        self._due = 0.0

    def keep(self, run: Run) -> None:
        """Copy the run, where a copy is due."""
        began = self._clock()
        if began < self._due:
            return
        self._kept = [*self._kept[-1:], Snapshot(run)]
        done = self._clock()
        self._due = done + max(KEEP_SECONDS, (done - began) / KEEP_SHARE)

    def return_before(self, bad_step: int, run: Run) -> int:
        """Put the run back to the newest good copy from before a step; the step of that copy."""
        earlier = [copy for copy in reversed(self._kept) if copy.step_number < bad_step]
        good = next((copy for copy in earlier if copy.is_finite()), earlier[-1])
        good.restore(run)
        self._kept = [good]
        return good.step_number


class Snapshot:
    """The network, its optimiser and the position of a run, copied, to return to later."""

    def __init__(self, run: Run) -> None:
        self.step_number = run.step_number
        self._epoch = run.epoch
        self._position = run.position
        self._optimizer_kind = run.settings.optimizer
        self._network = {name: value.clone() for name, value in run.network.state_dict().items()}
        self._optimizer = _copied(run.optimizer.state_dict())

    def is_finite(self) -> bool:
        """Whether every weight is a number. Waits for the device."""
        return all(
            bool(torch.isfinite(value).all())
            for value in self._network.values()
            if value.is_floating_point()
        )

    def restore(self, run: Run) -> None:
        """Put the run back to where it stood."""
        run.network.load_state_dict(self._network)
        if run.settings.optimizer == self._optimizer_kind:
            run.optimizer.load_state_dict(_copied(self._optimizer))
        run.stand_at(self.step_number, self._epoch, self._position)


def _copied(state: dict[Any, Any]) -> dict[Any, Any]:
    return {
        key: _copied(value)
        if isinstance(value, dict)
        else value.clone()
        if isinstance(value, Tensor)
        else value
        for key, value in state.items()
    }
