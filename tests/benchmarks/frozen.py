"""Does a window that doesn't read make the engine wait? A program that prints a table.

    python -m tests.benchmarks.frozen [--seconds 60] [--turns 3]

An engine in a process of its own trains with all maps wanted, and in turns everything that it
tells is read, as a window does, or nothing at all.
"""

import argparse
import multiprocessing
import statistics
import time
from multiprocessing.connection import Connection

from rich.console import Console
from rich.table import Table

from engine.config import RunConfig, TrainingConfig
from engine.messages.codec import decode, encode
from engine.messages.commands import Load, Start
from engine.messages.frames import Demand, MapsDemand, PredictionsDemand
from engine.messages.wire import Close, Sent, Taken
from engine.sessions.server import serve
from engine.state import Status

CONFIG = RunConfig(training=TrainingConfig(epochs=10**6, device="cpu"))
TAPS = ("conv1", "pool1", "conv2", "pool2", "conv3")
DEMAND = Demand((*(MapsDemand(tap) for tap in TAPS), PredictionsDemand()))


class Window:
    """What reads, where it does."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.step, self.at = 0, 0.0

    def read(self, seconds: float) -> None:
        """Read for so long, and on until a status comes and nothing waits."""
        end, heard = time.monotonic() + seconds, False
        while time.monotonic() < end or not heard or self._connection.poll(0):
            if not self._connection.poll(0.05):
                continue
            message = decode(self._connection.recv_bytes())
            if isinstance(message, Status):
                self.step, self.at, heard = message.step, time.monotonic(), True
            self._connection.send_bytes(encode(Taken()))


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--turns", type=int, default=3)
    chosen = parser.parse_args()
    context = multiprocessing.get_context("spawn")
    connection, theirs = context.Pipe()
    process = context.Process(target=serve, args=(theirs, None), daemon=True)
    process.start()
    theirs.close()
    connection.send_bytes(encode(Sent(1, Load(CONFIG))))
    connection.send_bytes(encode(DEMAND))
    connection.send_bytes(encode(Sent(2, Start())))
    window = Window(connection)
    while not window.step:
        window.read(1.0)
    rates: dict[str, list[float]] = {"read": [], "frozen": []}
    for _ in range(chosen.turns):
        for kind, wait in (("read", window.read), ("frozen", time.sleep)):
            window.read(0.2)
            first, began = window.step, window.at
            wait(chosen.seconds)
            window.read(0.2)
            rates[kind].append((window.step - first) / (window.at - began))
    connection.send_bytes(encode(Close()))
    while process.is_alive():
        if connection.poll(0.05):
            try:
                connection.recv_bytes()
            except EOFError:
                break
    process.join()
    table = Table(title=f"Steps a second, {chosen.seconds:g} s a turn")
    for column in ("the window", "median", "turns"):
        table.add_column(column)
    for kind, values in rates.items():
        turns = " ".join(f"{value:.1f}" for value in values)
        table.add_row(kind, f"{statistics.median(values):.1f}", turns)
    Console(width=100).print(table)


if __name__ == "__main__":
    main()
