"""Does memory grow with time or events? A program that prints a table.

    python -m tests.benchmarks.memory [--process] [--quick]

What the process of the engine holds, after each of many rounds of what a person may do for days:
commands, events, probes that come and go, networks that are loaded.
"""

import argparse
import gc
from collections.abc import Callable

import numpy as np
import psutil
from rich.console import Console
from rich.table import Table

from engine.messages import commands, events
from engine.messages.frames import Demand, MapsDemand, PredictionsDemand
from engine.sessions.process import ProcessSession
from engine.sessions.session import Session
from engine.sessions.thread import ThreadSession
from engine.state import Phase
from tests.engine.test_session import SMALL

ROUNDS = 8
FLAT = 5.0
"""MiB between the first round and the last. One round before them fills what has a bound, such as
the runs that Undo can bring back."""
PICTURE_HWC = np.random.default_rng(0).integers(0, 255, (300, 300, 3), np.uint8)


class Measurement:
    """One session, and what it holds."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.seen: dict[type, int] = {}
        self._number = 0

    def settle(self) -> None:
        """Until all that was sent has been answered."""
        marker = self.session.send(commands.SelectProbe(-1))
        while True:
            for event in self.session.wait_for_events(60):
                self.seen[type(event)] = self.seen.get(type(event), 0) + 1
                if isinstance(event, events.ProbeShown):
                    self._number = event.probe
                if isinstance(event, events.Refused) and event.command == marker:
                    return
            self.session.take()

    def many_commands(self, count: int) -> None:
        """Each is refused, or selects: an event each."""
        for each in range(count):
            self.session.send(commands.Pause() if each % 2 else commands.SelectProbe(1))
            if each % 1000 == 999:
                self.settle()
        self.settle()

    def probes_that_come_and_go(self, count: int) -> None:
        for _ in range(count):
            self.session.send(commands.AddProbe("picture", PICTURE_HWC))
            self.settle()
            self.session.send(commands.RemoveProbe(self._number))
        self.settle()

    def loads(self, count: int) -> None:
        for _ in range(count):
            self.session.send(commands.Load(SMALL))
            self.session.send(commands.Step())
            self.settle()

    def held(self) -> float:
        """MiB, of this process and those that it started."""
        gc.collect()
        here = psutil.Process()
        processes = [here, *here.children(recursive=True)]
        return sum(process.memory_info().rss for process in processes) / 2**20


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--process", action="store_true", help="the engine in a process of its own")
    parser.add_argument("--quick", action="store_true", help="a tenth of it")
    chosen = parser.parse_args()
    less = 10 if chosen.quick else 1
    session: Session = (ProcessSession if chosen.process else ThreadSession)(torch_threads=1)
    session.open(SMALL)
    measurement = Measurement(session)
    while session.status.phase is not Phase.READY:
        measurement.settle()
    for _ in range(150):
        session.send(commands.AddProbe("picture", PICTURE_HWC))
    session.want(Demand((MapsDemand("conv1"), PredictionsDemand())))
    measurement.settle()
    kinds: dict[str, tuple[Callable[[int], None], int]] = {
        "commands, and an event each": (measurement.many_commands, 100_000 // less),
        "probes added and removed": (measurement.probes_that_come_and_go, 1000 // less),
        "loads with 150 probes": (measurement.loads, 200 // less),
    }
    table = Table(title=f"Memory of {type(session).__name__}, MiB after each of {ROUNDS} rounds")
    for column in ("what", "in all", "MiB", "grew by", f"flat to {FLAT:.0f} MiB"):
        table.add_column(column)
    for name, (work, count) in kinds.items():
        held = []
        work(count // ROUNDS)
        for _ in range(ROUNDS):
            work(count // ROUNDS)
            held.append(measurement.held())
        grew = held[-1] - held[0]
        values = " ".join(f"{value:.0f}" for value in held)
        flat = "yes" if grew <= FLAT else "no"
        table.add_row(name, f"{count:,}", values, f"{grew:+.1f}", flat)
    session.close()
    console = Console(width=max(120, Console().width))
    console.print(table)
    told = ", ".join(f"{count:,} {kind.__name__}" for kind, count in measurement.seen.items())
    console.print(f"Events read: {told}.")


if __name__ == "__main__":
    main()
