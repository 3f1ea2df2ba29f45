"""How often to look while training, and what looking costs."""

import math
from collections import deque
from collections.abc import Callable

from engine.errors import ConfigError

WINDOW = 3.0
"""Seconds over which the cost is told, at least."""
LEAST_CAPTURES = 5
"""How many captures that window holds, at least: slow ones are far between."""
MOST_CREDIT = 0.5
"""The seconds whose earnings may be saved up: what was not looked at long ago isn't made up for."""
LOAN = 0.25
"""Seconds that may be spent before they are earned, on what a person has just asked to see."""
OUTLIER = 4.0
"""A capture that takes this many times as long as the one before is one."""
LONGEST_INTERVAL = 3600.0


class Pace:
    """Decides when the next capture is due so that looking stays within its budget.

    The cost of looking is the time the engine spends on captures and on slices of tasks, in which
    nothing trains, plus what painting takes from the training, as a share of the time that passes.
    All in seconds.

    It is kept as an account: every second that passes earns the budget's share of a second, and
    what looking costs is taken from it. A capture is due when nothing is owed. So in the long run
    the share is never above the budget, however long a capture takes. Only one thing is put on a
    second account: of an outlier (the first capture, a page fault) what it took beyond the capture
    before. That is paid off with half of what comes in, and so doesn't hold up the next captures.
    There is one such debt at a time, so that captures which stay slow are paid for in full.

    What is painted where nothing was captured since, the curves and the figures below, is a cost
    and told as one, but not taken from the account: to look less often wouldn't save it, and a
    small budget would never leave room for a look.
    """

    def __init__(self, clock: Callable[[], float], budget: float = 0.1) -> None:
        self._clock = clock
        self._budget = budget
        self._earned_at = clock()
        self._balance = 0.0
        self._debt = 0.0
        self._last_cost = 0.0
        self._beat = -math.inf
        self._painted = 0.0
        self._to_paint = False
        self._spent: deque[tuple[float, float]] = deque([(clock(), 0.0)])

    @property
    def budget(self) -> float:
        """The share of time, 0 to 1, that looking may take; 0 is no looking at all."""
        return self._budget

    @budget.setter
    def budget(self, share: float) -> None:
        """What is more or less than a share can be is cut off; ConfigError for no number."""
        if math.isnan(share):
            raise ConfigError("What looking may cost is a share from 0 to 1, and not nan.")
        self._earn()
        self._budget = min(max(share, 0.0), 1.0)

    def is_due(self, frames_per_second: float) -> bool:
        """Whether a capture may be taken now."""
        if not frames_per_second > 0 or self._budget == 0:
            return False
        now = self._earn()
        return self._balance >= 0 and now - self._beat >= _interval(frames_per_second)

    @property
    def has_room(self) -> bool:
        """Whether a slice of a task may be done now."""
        self._earn()
        return self._budget > 0 and self._balance >= 0

    @property
    def may_borrow(self) -> bool:
        """Whether what a person has just asked for may be taken although nothing is due."""
        self._earn()
        return self._budget > 0 and self._balance >= -LOAN

    def spent(self, seconds: float, frames_per_second: float) -> None:
        """Note one capture, and with it the painting since the last."""
        charged = seconds
        if self._debt == 0 and seconds > OUTLIER * self._last_cost:
            charged = self._last_cost
            self._debt = seconds - charged
        self._last_cost = seconds
        self._to_paint = True
        self._balance -= charged
        now = self._earn()
        # On the beat where possible, so that steps that end late don't lower the rate.
        if frames_per_second > 0:
            interval = _interval(frames_per_second)
            late = now - self._beat
            if late >= interval:
                self._beat = self._beat + interval if late < 2 * interval else now
        self._note(now, seconds)

    def spent_on_task(self, seconds: float) -> None:
        """Note a slice of a task: captures and slices wait until there is room again."""
        self._balance -= seconds
        self._note(self._earn(), seconds)

    def painted(self, seconds: float) -> None:
        """Note what painting took from the training since the last time."""
        if self._to_paint and seconds > 0:  # most steps bring no news of it
            self._balance -= seconds
            self._to_paint = False
        self._painted += seconds

    @property
    def share(self) -> float:
        """The share of time, 0 to 1, that looking took over the last few seconds and captures."""
        now = self._clock()
        (since, _), (last, _) = self._spent[0], self._spent[-1]
        captures = len(self._spent) - 1
        if not captures or now - last > max(WINDOW, 2 * (last - since) / captures):
            return 0.0
        spent = sum(cost for when, cost in self._spent if when > since) + self._painted
        return min(1.0, spent / (now - since)) if now > since else 0.0

    def _note(self, now: float, seconds: float) -> None:
        self._spent.append((now, seconds + self._painted))
        self._painted = 0.0
        while len(self._spent) > LEAST_CAPTURES + 1 and now - self._spent[1][0] > WINDOW:
            self._spent.popleft()

    def _earn(self) -> float:
        """Put on the account what has been earned since the last time; gives the time."""
        now = self._clock()
        gained = self._budget * (now - self._earned_at)
        self._earned_at = now
        paid = min(self._debt, gained / 2)
        self._debt -= paid
        self._balance = min(self._balance + gained - paid, self._budget * MOST_CREDIT)
        return now


def _interval(frames_per_second: float) -> float:
    return min(1.0 / frames_per_second, LONGEST_INTERVAL)
