"""Looking keeps to its rate and its budget, however long a capture takes."""

import math
from collections.abc import Iterable, Iterator
from itertools import chain, cycle, repeat

import pytest

from engine.errors import ConfigError
from engine.telemetry.pace import LOAN, Pace


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def run(
    pace: Pace,
    clock: Clock,
    captures: Iterable[float],
    painting: float,
    seconds: float,
    step: float = 0.005,
) -> list[tuple[float, float]]:
    """When each capture began and what it took, between steps; each is painted afterwards."""
    end, taken = clock.now + seconds, []
    next_cost: Iterator[float] = iter(captures)
    while clock.now < end:
        clock.now += step
        if pace.is_due(15.0):
            cost = next(next_cost)
            taken.append((clock.now, cost + painting))
            clock.now += cost
            pace.spent(cost, 15.0)
            pace.painted(0.0)  # a step that brings no news of it
            pace.painted(painting)
    return taken


def share_of(taken: list[tuple[float, float]], seconds: float) -> float:
    return sum(cost for _, cost in taken) / seconds


def test_cheap_captures_come_at_the_rate_that_is_wanted() -> None:
    clock = Clock()
    pace = Pace(clock, budget=0.1)
    taken = run(pace, clock, repeat(0.001), painting=0.0005, seconds=10)
    assert len(taken) == pytest.approx(150, abs=4)
    assert pace.share == pytest.approx(15 * 0.0015, rel=0.1)


@pytest.mark.parametrize("cost", [0.02, 0.5, 1.0, 2.0, 10.0])
@pytest.mark.parametrize("budget", [0.02, 0.1, 0.5])
def test_dear_captures_come_as_seldom_as_the_budget_says(cost: float, budget: float) -> None:
    clock = Clock()
    pace = Pace(clock, budget)
    seconds, step = 100 * cost / budget, max(0.005, cost / 20)
    taken = run(pace, clock, repeat(cost), 0.1 * cost, seconds, step)
    allowed = min(budget, 15 * 1.1 * cost)
    assert share_of(taken, seconds) == pytest.approx(allowed, rel=0.05)
    assert pace.share == pytest.approx(allowed, rel=0.25)


@pytest.mark.parametrize(
    "costs",
    [
        [0.01, 0.01, 0.01, 1.0],
        [0.1, 1.9],
        [0.001, 0.1, 5.0],
        [1.0, 0.9, 1.1, 3.0],
    ],
    ids=str,
)
def test_captures_of_any_length_keep_to_the_budget_in_the_long_run(costs: list[float]) -> None:
    clock = Clock()
    pace = Pace(clock, budget=0.1)
    taken = run(pace, clock, cycle(costs), painting=0.0, seconds=2000, step=0.05)
    assert share_of(taken, 2000) <= 0.1 + 2 * max(costs) / 2000


def test_a_single_outlier_does_not_hold_up_the_next_captures() -> None:
    """The first one of all, say, which takes two seconds where the next take two milliseconds."""
    clock = Clock()
    pace = Pace(clock, budget=0.1)
    taken = run(pace, clock, chain([2.0], repeat(0.002)), painting=0.0, seconds=12)
    assert len(taken) == pytest.approx(15 * 10, abs=5)
    taken = run(pace, clock, repeat(0.002), painting=0.0, seconds=60)
    assert len(taken) == pytest.approx(15 * 60, abs=10)
    assert pace.share == pytest.approx(15 * 0.002, rel=0.1), "it was told, and it is over"


def test_captures_that_stay_slow_are_paid_for_in_full_from_the_second_on() -> None:
    clock = Clock()
    pace = Pace(clock, budget=0.1)
    taken = run(pace, clock, chain(repeat(0.002, 100), repeat(1.0)), painting=0.0, seconds=100)
    slow = [when for when, cost in taken if cost == 1.0]
    assert slow[2] - slow[1] > 9


def test_what_is_painted_without_a_capture_leaves_room_for_one() -> None:
    """Curves that take more than a small budget, painted twice a second."""
    clock = Clock()
    pace = Pace(clock, 0.02)
    taken = 0
    for _ in range(200):
        clock.now += 0.5
        pace.painted(0.02)
        if pace.has_room and pace.is_due(16.0):
            taken += 1
            clock.now += 0.002
            pace.spent(0.002, 16.0)
    assert taken > 50
    assert pace.share == pytest.approx(0.044, abs=0.01)


def test_what_painting_takes_is_within_the_budget() -> None:
    clock = Clock()
    pace = Pace(clock, budget=0.1)
    taken = run(pace, clock, repeat(0.001), painting=0.099, seconds=50)
    assert len(taken) == pytest.approx(50, abs=3)


@pytest.mark.parametrize("budget", [0.0, -1.0, -math.inf])
def test_no_budget_means_no_captures(budget: float) -> None:
    clock = Clock()
    pace = Pace(clock)
    pace.budget = budget
    assert not run(pace, clock, repeat(0.001), 0.0, seconds=2)
    assert not pace.may_borrow
    pace.spent(0.01, 15.0)
    assert pace.budget == 0


def test_a_budget_is_a_share() -> None:
    pace = Pace(Clock())
    pace.budget = math.inf
    assert pace.budget == 1
    with pytest.raises(ConfigError, match="from 0 to 1"):
        pace.budget = math.nan
    assert pace.budget == 1


@pytest.mark.parametrize("rate", [0.0, -3.0, math.nan, -math.inf, 5e-324])
def test_a_rate_that_is_none_means_no_captures(rate: float) -> None:
    clock = Clock()
    pace = Pace(clock)
    pace.spent(0.001, rate)
    clock.now += 10
    assert not pace.is_due(rate) or rate == 5e-324
    pace.spent(0.001, rate)
    clock.now += 1
    assert pace.is_due(15.0), "another demand, and it goes on"


def test_without_end_means_at_each_step_within_the_budget() -> None:
    clock = Clock()
    pace = Pace(clock, budget=0.5)
    end, taken = clock.now + 10, 0
    while clock.now < end:
        clock.now += 0.005
        if pace.is_due(math.inf):
            clock.now += 0.001
            pace.spent(0.001, math.inf)
            taken += 1
    assert taken == pytest.approx(10 / 0.006, rel=0.01)


def test_what_a_person_asks_for_may_be_borrowed_to_an_end_and_is_paid_back() -> None:
    clock = Clock()
    pace = Pace(clock, budget=0.1)
    run(pace, clock, repeat(0.05), painting=0.0, seconds=20)
    borrowed = 0.0
    while pace.may_borrow:
        clock.now += 0.05
        pace.spent(0.05, 15.0)
        borrowed += 0.05
    assert LOAN <= borrowed <= 2 * LOAN
    began = clock.now
    taken = run(pace, clock, repeat(0.05), painting=0.0, seconds=100)
    assert share_of(taken, 100) + borrowed / 100 == pytest.approx(0.1, rel=0.03)
    assert taken[0][0] - began == pytest.approx(LOAN / 0.1, rel=0.3)


def test_after_looking_stops_it_costs_nothing() -> None:
    clock = Clock()
    pace = Pace(clock)
    run(pace, clock, repeat(0.005), 0.0, seconds=5)
    assert pace.share > 0
    clock.now += 60
    assert pace.share == 0


def test_what_was_not_looked_at_is_not_made_up_for() -> None:
    clock = Clock()
    pace = Pace(clock, budget=0.1)
    clock.now += 3600
    taken = run(pace, clock, repeat(0.1), 0.0, seconds=10)
    assert share_of(taken, 10) <= 0.12
