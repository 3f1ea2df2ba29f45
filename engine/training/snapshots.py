"""Copies of the weights to return to when the loss stops being a number."""

from collections.abc import Callable
from typing import Any

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
        if self._clock() < self._due:
            return
        run.prepare()  # its first import takes a second, which is no cost of the copy
        began = self._clock()
        self._kept = [*self._kept[-1:], Snapshot(run)]
        done = self._clock()
        self._due = done + max(KEEP_SECONDS, (done - began) / KEEP_SHARE)

    def return_to_good(self, run: Run, is_sound: Callable[[int], bool]) -> int:
        """Put the run back to the newest copy that was good; the step of that copy.

        `is_sound(step)` says whether the loss of a step was one of a network that learns: that of
        the step after a copy shows what the copy is worth.
        """
        newest_first = self._kept[::-1]
        good = next(
            (copy for copy in newest_first if is_sound(copy.step_number + 1)), self._kept[0]
        )
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

    def restore(self, run: Run) -> None:
        """Put the run back to where it stood."""
        run.network.load_state_dict(self._network)
        run.renew_optimizer()
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
