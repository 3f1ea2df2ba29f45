"""Looking keeps to its rate and its budget."""

import pytest

from engine.telemetry.pace import Pace


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def run(pace: Pace, clock: Clock, capture: float, painting: float, seconds: float) -> int:
    """How many captures are taken in steps of 5 ms, each capture taking its time."""
    end, taken = clock.now + seconds, 0
    while clock.now < end:
        clock.now += 0.005
        if pace.is_due(15.0):
            clock.now += capture
            pace.spent(capture, painting, 15.0)
            taken += 1
    return taken


def test_cheap_captures_come_at_the_rate_that_is_wanted() -> None:
    clock = Clock()
    pace = Pace(clock, budget=0.1)
    taken = run(pace, clock, capture=0.001, painting=0.0005, seconds=10)
    assert taken == pytest.approx(150, abs=4)
    assert pace.share == pytest.approx(15 * 0.0015, rel=0.1)


def test_dear_captures_come_as_seldom_as_the_budget_says() -> None:
    clock = Clock()
    pace = Pace(clock, budget=0.05)
    run(pace, clock, capture=0.02, painting=0.01, seconds=20)
    assert pace.share <= 0.06
    assert run(pace, clock, capture=0.02, painting=0.01, seconds=20) == pytest.approx(33, abs=3)


def test_no_budget_means_no_captures() -> None:
    clock = Clock()
    assert run(Pace(clock, budget=0.0), clock, 0.001, 0.0, seconds=2) == 0


def test_after_looking_stops_it_costs_nothing() -> None:
    clock = Clock()
    pace = Pace(clock)
    run(pace, clock, 0.005, 0.0, seconds=5)
    assert pace.share > 0
    clock.now += 60
    assert pace.share == 0
