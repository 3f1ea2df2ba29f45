"""Ratios on a noisy machine: bare loop and engine take turns, and neighbours are compared."""

import statistics
import time
from collections.abc import Callable
from typing import NamedTuple

from engine.commands import Pause, Start
from engine.session import Session
from engine.state import Phase


class Ratio(NamedTuple):
    """`ratio` is the median over the turns of ours / bare; the rates are in steps a second."""

    ratio: float
    lowest: float
    highest: float
    ours: float
    bare: float


def wait_until(condition: Callable[[], bool], seconds: float = 60.0) -> None:
    end = time.perf_counter() + seconds
    while not condition():
        if time.perf_counter() > end:
            raise TimeoutError("The engine did not get there in time.")
        time.sleep(0.005)


def engine_rate(session: Session, seconds: float) -> float:
    """Steps a second of the session's training over about that many seconds."""
    session.send(Start())
    first = session.status.step
    wait_until(lambda: session.status.step >= first + 3)
    step, began = session.status.step, time.perf_counter()
    time.sleep(seconds)
    last = session.status.step
    wait_until(lambda: session.status.step > last)
    passed, taken = time.perf_counter() - began, session.status.step - step
    session.send(Pause())
    wait_until(lambda: session.status.phase is not Phase.TRAINING)
    return taken / passed


def alternate(
    bare: Callable[[float], float], ours: Callable[[float], float], turns: int, seconds: float
) -> Ratio:
    """Bare, ours, bare, ours, ..., bare: each of ours is compared with the bare ones around it."""
    bare(1.0)
    ours(1.0)
    bares, our_rates = [bare(seconds)], []
    for _ in range(turns):
        our_rates.append(ours(seconds))
        bares.append(bare(seconds))
    ratios = [rate / ((bares[i] + bares[i + 1]) / 2) for i, rate in enumerate(our_rates)]
    return Ratio(
        statistics.median(ratios),
        min(ratios),
        max(ratios),
        statistics.median(our_rates),
        statistics.median(bares),
    )
