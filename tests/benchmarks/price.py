"""A process of its own: what looking costs beside what the status line says. Prints JSON.

    QT_QPA_PLATFORM=offscreen python -m tests.benchmarks.price --turns 10 --seconds 3 [--slow 1.0]

In one window that trains on without a pause the panels are shown and hidden in turns: the steps
that are lost while they are shown are the price.
"""

import argparse
import itertools
import json
import statistics
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

from PySide6.QtCore import QEvent
from PySide6.QtWidgets import QWidget

from engine.messages.commands import SetBudget, Start
from engine.sessions.process import ProcessSession
from engine.sessions.session import Session
from engine.sessions.thread import ThreadSession
from engine.state import Phase
from engine.telemetry import looking
from gui.app import make_application, make_window
from gui.main_window import MainWindow
from gui.settings import Settings
from tests.benchmarks.alternate import wait_until
from tests.benchmarks.window import CONFIG, OnGui


class Price:
    def __init__(self, window: MainWindow, session: Session) -> None:
        self.window, self.session = window, session
        self.on_gui = OnGui()

    def panels(self) -> list[QWidget]:
        page = self.window.pages["train"]
        centre = self.window.centralWidget()
        assert centre is not None
        return [centre, *page.docks.values()]

    def show(self, shown: bool) -> None:
        def change() -> None:
            for widget in self.panels():
                widget.setVisible(shown)

        self.on_gui(change)

    def rate(self, seconds: float) -> tuple[float, float]:
        """Steps a second over about so long, and the share that looking was said to cost."""
        before = self.session.status.step
        wait_until(lambda: self.session.status.step > before)
        first, began, shares = self.session.status.step, time.perf_counter(), []
        while time.perf_counter() - began < seconds:
            time.sleep(0.1)
            shares.append(self.session.status.looking_share)
        last = self.session.status.step
        wait_until(lambda: self.session.status.step > last)
        steps, passed = self.session.status.step - first, time.perf_counter() - began
        return steps / passed, statistics.mean(shares)

    def run(self, turns: int, seconds: float, settle: float, budget: float) -> dict[str, Any]:
        wait_until(lambda: self.session.status.phase is Phase.READY)
        self.on_gui(lambda: self.window.parts.view.select("conv2", 3))
        self.session.send(SetBudget(budget))
        self.session.send(Start())
        time.sleep(2.0)
        hidden, shown, said = [], [], []
        for turn in range(2 * turns + 1):
            self.show(turn % 2 == 1)
            time.sleep(settle if turn % 2 else 1.0)
            rate, share = self.rate(seconds)
            (shown if turn % 2 else hidden).append(rate)
            if turn % 2:
                said.append(share)
        around = itertools.pairwise(hidden)
        lost = [1 - ours / statistics.mean(pair) for ours, pair in zip(shown, around, strict=True)]
        return {
            "lost": statistics.median(lost),
            "said": statistics.median(said),
            "turns": [lost, said],
            "hidden": statistics.median(hidden),
        }


def slow_down(seconds: float) -> None:
    """Have each capture compute for so long, as that of a large network does."""
    take = looking.take

    def slowly(*args: Any) -> Any:
        end = time.perf_counter() + seconds
        taken = take(*args)
        while time.perf_counter() < end:
            sum(range(1000))
            time.sleep(0)
        return taken

    looking.take = slowly


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--turns", type=int, default=10)
    parser.add_argument("--seconds", type=float, default=3.0)
    parser.add_argument("--slow", type=float, default=0.0, help="seconds that a capture takes")
    parser.add_argument("--budget", type=float, default=0.2)
    parser.add_argument("--engine", choices=["thread", "process"], default="thread")
    chosen = parser.parse_args()
    if chosen.slow:
        slow_down(chosen.slow)
    app = make_application()
    session: Session = ProcessSession() if chosen.engine == "process" else ThreadSession()
    with tempfile.TemporaryDirectory() as folder:
        window = make_window(app, session, Settings(Path(folder)), CONFIG)
        window.show()
        price = Price(window, session)
        outcome: dict[str, Any] = {}
        # Slow captures are far between: the share is told over several of them.
        settle = 1.0 + 12 * chosen.slow / chosen.budget

        def drive() -> None:
            try:
                outcome.update(price.run(chosen.turns, chosen.seconds, settle, chosen.budget))
            finally:
                price.on_gui(window.close)

        threading.Thread(target=drive, name="driver").start()
        app.exec()
        window.deleteLater()
        app.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    print(json.dumps(outcome))


if __name__ == "__main__":
    main()
