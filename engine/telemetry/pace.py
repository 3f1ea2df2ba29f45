"""How often to look while training, and what looking costs."""

from collections import deque
from collections.abc import Callable

WINDOW = 3.0
"""Seconds over which the cost is averaged."""


class Pace:
    """Decides when the next capture is due so that looking stays within its budget.

    The cost of looking is the time the engine spends on captures and on slices of tasks, in which
    nothing trains, plus what painting takes from the training, as a share of the time that passes.
    All in seconds.
    """

    def __init__(self, clock: Callable[[], float], budget: float = 0.1) -> None:
        self.budget = budget
        self._clock = clock
        self._due = 0.0
        self._cost = 0.0
        self._spent: deque[tuple[float, float]] = deque([(clock(), 0.0)])

    def is_due(self, frames_per_second: float) -> bool:
        """Whether a capture may be taken now."""
        return self.budget > 0 and frames_per_second > 0 and self._clock() >= self._due

    def spent(self, capture: float, painting: float, frames_per_second: float) -> None:
        """Note one capture and the painting since the last; sets when the next is due."""
        cost = capture + painting
        # A single slow capture (a first one, a page fault) must not hold up the next for long.
        self._cost = cost if self._cost == 0 else 0.9 * self._cost + 0.1 * min(cost, 0.25)
        now = self._clock()
        interval = max(1.0 / frames_per_second, self._cost / self.budget)
        # On the beat where possible, so that steps that end late don't lower the rate.
        self._due = max(self._due + interval, now - interval)
        self._spent.append((now, cost))
        while len(self._spent) > 2 and now - self._spent[1][0] > WINDOW:
            self._spent.popleft()

    @property
    def has_room(self) -> bool:
        """Whether the budget has room for a slice of a task now."""
        return self.budget > 0 and self._clock() >= self._due

    def spent_on_task(self, seconds: float) -> None:
        """Note a slice of a task: captures and slices wait until the budget has room again."""
        now = self._clock()
        self._due = max(self._due, now - seconds) + seconds / self.budget
        self._spent.append((now, seconds))

    @property
    def share(self) -> float:
        """The share of time, 0 to 1, that looking took over the last few seconds."""
        since = self._spent[0][0]
        passed = self._clock() - since
        if passed <= 0 or self._clock() - self._spent[-1][0] > WINDOW:
            return 0.0
        return min(1.0, sum(cost for when, cost in self._spent if when > since) / passed)
