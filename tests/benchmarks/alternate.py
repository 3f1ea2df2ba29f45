"""Rates on a noisy machine: bare loops and engine take turns, and neighbours are compared."""

import statistics
import time
from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import torch

from engine.config import RunConfig
from engine.messages.commands import Pause, Start
from engine.sessions.session import Session
from engine.state import Phase
from tests.benchmarks.bare import BareLoop


class Rates(NamedTuple):
    """Steps a second of neighbouring turns: ours, and the mean of those around it of a plain bare
    loop and of one with the engine's settings."""

    ours: float
    bare: float
    tuned: float


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


def alternate(session: Session, config: RunConfig, turns: int, seconds: float) -> list[Rates]:
    """Bare, tuned, ours, bare, tuned, ours, ..., bare, tuned, `seconds` each."""
    device = torch.device("cuda", 0) if torch.cuda.is_available() else torch.device("cpu")
    plain, tuned = (BareLoop(config, device, tuned=tuned) for tuned in (False, True))
    for warm in (plain.rate, tuned.rate, partial(engine_rate, session)):
        warm(1.0)
    around = [(plain.rate(seconds), tuned.rate(seconds))]
    rates = []
    for _ in range(turns):
        ours = engine_rate(session, seconds)
        around.append((plain.rate(seconds), tuned.rate(seconds)))
        bares = [statistics.mean(pair) for pair in zip(*around[-2:], strict=True)]
        rates.append(Rates(ours, *bares))
    return rates
