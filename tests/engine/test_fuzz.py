"""Whatever is asked of a session, in whatever order: it never fails, never sticks, always closes.

CONVSCOPE_FUZZ=100000 asks for more than is asked in CI; CONVSCOPE_FUZZ_SEED for others.
"""

import math
import os
import random
import time
from collections.abc import Callable
from pathlib import Path

import msgspec
import numpy as np
import pytest

from engine.config import Augmentation, Conv, DataConfig, Dense, MaxPool, NetworkConfig
from engine.messages import commands, events
from engine.messages.commands import Command
from engine.messages.frames import (
    Demand,
    DetailDemand,
    KernelsDemand,
    MapsDemand,
    PredictionsDemand,
    Region,
    Wanted,
)
from engine.sessions.process import ProcessSession
from engine.sessions.session import Session
from engine.sessions.thread import ThreadSession
from engine.state import Phase
from tests.engine.test_session import SMALL

COUNT = int(os.environ.get("CONVSCOPE_FUZZ", "2000")) // 2
"""Of each of the two sessions."""
SEED = int(os.environ.get("CONVSCOPE_FUZZ_SEED", "0"))
AT_ONCE = 40
"""So many are sent before it is waited for the last of them."""

TAPS = ("conv1", "conv1.conv", "pool1", "dense1", "classes", "", "conv9", "no.such.tap", "flatten")
SIDES = (0, 1, 5, 28, 300, -1)
NUMBERS = (0, 1, 2, 7, 64, -1, 10**9)
SHARES = (0.0, 0.1, 0.5, 1.0, 2.0, -1.0, math.nan, math.inf)


def network(name: str, *layers: object) -> NetworkConfig:
    return NetworkConfig(name, layers)  # type: ignore[arg-type]


RUNS = (
    SMALL,
    msgspec.structs.replace(
        SMALL,
        network=network("pooled", Conv(3), MaxPool(2), Dense(5), Dense(0, activation="none")),
        data=msgspec.structs.replace(
            SMALL.data, augmentation=Augmentation(rotation=10, mixup=0.2, erasing=0.5)
        ),
    ),
    msgspec.structs.replace(SMALL, network=network("dense", Dense(0, activation="none"))),
    # These three can't be.
    msgspec.structs.replace(SMALL, network=network("endless", Conv(3, kernel=99), Dense(0))),
    msgspec.structs.replace(SMALL, data=DataConfig(source="/no/such/folder")),
    msgspec.structs.replace(SMALL, network=network("empty")),
)


class Fuzz:
    """Draws what a window might ask, and much that none would."""

    def __init__(self, seed: int, folder: Path) -> None:
        self.draw = random.Random(seed)
        self.folder = folder
        (folder / "file").write_text("in the way")

    def command(self) -> Command:
        draw = self.draw
        makers: list[tuple[int, Callable[[], Command]]] = [
            (1, lambda: commands.Load(draw.choice(RUNS))),
            (6, commands.Start),
            (6, commands.Step),
            (4, commands.Epoch),
            (6, commands.Pause),
            (3, commands.Stop),
            (2, commands.StartOver),
            (3, commands.Undo),
            (6, self.setting),
            (4, self.picture),
            (4, lambda: commands.RemoveProbe(draw.choice(NUMBERS))),
            (4, lambda: commands.SelectProbe(draw.choice(NUMBERS))),
            (4, lambda: commands.InvertProbe(draw.choice(NUMBERS), draw.random() < 0.5)),
            (3, lambda: commands.SetBudget(draw.choice(SHARES))),
            (1, lambda: commands.Save(str(self.folder / draw.choice(("a", "b", "file"))))),
        ]
        weights = [weight for weight, _ in makers]
        return draw.choices([make for _, make in makers], weights)[0]()

    def setting(self) -> Command:
        draw = self.draw
        changes: dict[str, object] = {
            "learning_rate": draw.choice((1e-3, 0.1, 1e6, 0.0, -1.0, math.nan)),
            "batch_size": draw.choice((0, 1, 100, 1000, 10**6)),
            "optimizer": draw.choice(("adam", "sgd", "rmsprop", "adamw", "none")),
            "schedule": draw.choice(("cosine", "constant", "?")),
            "epochs": draw.choice((0, 1, 2, 10**9)),
            "no_such_setting": 1,
        }
        name = draw.choice(list(changes))
        return commands.SetTraining({name: changes[name]})  # type: ignore[dict-item]

    def picture(self) -> Command:
        height, width = self.draw.randint(1, 40), self.draw.randint(1, 40)
        rgb_HWC = np.full((height, width, 3), self.draw.randint(0, 255), np.uint8)
        return commands.AddProbe("drawn", rgb_HWC, self.draw.random() < 0.5)

    def demand(self) -> Demand:
        draw = self.draw
        wanted = tuple(self.wanted() for _ in range(draw.randint(0, 6)))
        return Demand(wanted, draw.choice((0.0, 1.0, 16.0, 1000.0, -1.0, math.nan, math.inf)))

    def wanted(self) -> Wanted:
        draw = self.draw
        tap, channels = draw.choice(TAPS), self.channels()
        scale = draw.choice(("map", "layer", "network"))
        edges = [draw.choice(SHARES) for _ in range(4)]
        return draw.choice(
            (
                MapsDemand(
                    tap,
                    channels,
                    tile=draw.choice(SIDES),
                    columns=draw.choice(NUMBERS),
                    scale=scale,
                    signed=draw.random() < 0.5,
                    region=Region(*edges) if draw.random() < 0.5 else Region(),
                ),
                KernelsDemand(
                    tap,
                    channels,
                    draw.choice((None, *NUMBERS)),
                    columns=draw.choice(NUMBERS),
                    scale=scale,
                ),
                DetailDemand(tap, draw.choice(NUMBERS)),
                PredictionsDemand(),
            )
        )

    def channels(self) -> tuple[int, ...] | None:
        if self.draw.random() < 0.3:
            return None
        return tuple(self.draw.choice(NUMBERS) for _ in range(self.draw.randint(0, 5)))


@pytest.mark.timeout(0 if COUNT > 1000 else 300)
@pytest.mark.parametrize("kind", [ThreadSession, ProcessSession], ids=["thread", "process"])
def test_a_session_stands_whatever_it_is_asked(kind: type[Session], tmp_path: Path) -> None:
    fuzz = Fuzz(SEED, tmp_path)
    session = kind(torch_threads=1)  # type: ignore[call-arg]
    session.open(SMALL)
    asked: list[object] = []
    answered = 0
    try:
        for start in range(0, COUNT, AT_ONCE):
            for _ in range(min(AT_ONCE, COUNT - start)):
                if fuzz.draw.random() < 0.4:
                    asked.append(demand := fuzz.demand())
                    session.want(demand)
                else:
                    asked.append(command := fuzz.command())
                    session.send(command)
                session.take()
            marker = session.send(commands.SelectProbe(-start - 2))  # is refused, whatever was
            while answered < marker:
                news = session.wait_for_events(timeout=60)
                assert news, f"stuck after {asked[-AT_ONCE:]}"
                for event in news:
                    assert not isinstance(event, events.Failed), (event, asked[-AT_ONCE:])
                    assert not isinstance(event, events.EngineLost), (event, asked[-AT_ONCE:])
                    if isinstance(event, events.Refused):
                        answered = max(answered, event.command)
            assert session.status.phase is not Phase.FAILED
    finally:
        began = time.monotonic()
        closed = session.close(20)
        took = time.monotonic() - began
    assert closed
    print(f"{COUNT} of {kind.__name__}; closed in {took:.2f} s")
