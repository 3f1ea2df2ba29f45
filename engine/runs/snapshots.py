"""Copies of a run to return to when the loss stops being a number."""

from collections.abc import Callable

from engine.runs.checkpoint import Checkpoint, checkpoint_of
from engine.training.run import Run

KEEP_SECONDS = 0.5
"""How often, at most, a copy is taken."""
KEEP_SHARE = 0.003
"""The share of time that copying may take: of the digits convnet one takes 5 ms."""


class Snapshots:
    """The last two copies of a run: the newer may have been taken after the weights broke."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._kept: list[Checkpoint] = []
        self._due = 0.0

    def keep(self, run: Run) -> None:
        """Copy the run, where a copy is due."""
        if self._clock() < self._due:
            return
        run.prepare()  # its first import takes a second, which is no cost of the copy
        began = self._clock()
        self._kept = [*self._kept[-1:], checkpoint_of(run)]
        done = self._clock()
        self._due = done + max(KEEP_SECONDS, (done - began) / KEEP_SHARE)

    def return_to_good(self, run: Run, is_sound: Callable[[int], bool]) -> int:
        """Put the run back to the newest copy that was good; the step of that copy. What is set
        now holds from there on, as if it had been set at that step.

        `is_sound(step)` says whether the loss of a step was one of a network that learns: that of
        the step after a copy shows what the copy is worth.
        """
        newest_first = self._kept[::-1]
        good = next((copy for copy in newest_first if is_sound(copy.step + 1)), self._kept[0])
        settings, goal_epochs = run.settings, run.goal_epochs
        good.put_back(run)
        run.set(settings)
        run.goal_epochs = goal_epochs
        self._kept = [good]
        return good.step
