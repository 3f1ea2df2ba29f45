"""A process of its own: the real window with all panels live, against the bare loop.

Prints a JSON object. The bare loops and the session take turns in this one process, so that all
meet the same machine.
"""

import argparse
import json
import statistics
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import psutil
from PIL import Image
from PySide6.QtCore import QEvent, QMimeData, QObject, QPointF, Qt, QTimer, QUrl, Signal
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QApplication

from engine.config import RunConfig, TrainingConfig
from engine.data.sources.open import open_source
from engine.messages.commands import Pause, Start
from engine.messages.events import ProbeShown
from engine.messages.frames import PredictionsFrame
from engine.sessions.process import ProcessSession
from engine.sessions.session import Session
from engine.sessions.thread import ThreadSession
from engine.state import Phase
from engine.telemetry.outlet import Inbox
from gui.app import make_application, make_window
from gui.main_window import MainWindow
from gui.settings import Settings
from tests.benchmarks.alternate import alternate, wait_until

BEAT_MS = 5
CONFIG = RunConfig(training=TrainingConfig(epochs=100_000))


class OnGui(QObject):
    """Runs functions on the GUI thread for the thread that drives the measurements."""

    asked = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self.asked.connect(lambda function: function(), Qt.ConnectionType.QueuedConnection)

    def __call__(self, function: Callable[[], Any]) -> Any:
        done = threading.Event()
        results = []

        def run() -> None:
            results.append(function())
            done.set()

        self.asked.emit(run)
        done.wait(60)
        return results[0]


class Measurements:
    def __init__(self, window: MainWindow, session: Session, turns: int, seconds: float) -> None:
        self.window = window
        self.session = session
        self.turns = turns
        self.seconds = seconds
        self.on_gui = OnGui()
        self.counts: Counter[tuple[str, str]] = Counter()
        take = session.take

        def counted() -> Any:
            frames = take()
            self.counts.update(frames.keys())
            return frames

        session.take = counted  # type: ignore[method-assign]

    def run(self, minutes: float, rates_only: bool) -> dict[str, Any]:
        wait_until(lambda: self.session.status.phase is Phase.READY)
        self.on_gui(lambda: self.window.parts.view.select("conv2", 3))
        rates = alternate(self.session, CONFIG, self.turns, self.seconds)
        found: dict[str, Any] = {"rates": rates}
        if rates_only:
            return found
        found |= self.frames()
        found |= self.blocked()
        found |= self.drops()
        if minutes:
            found |= self.memory(minutes)
        self.on_gui(self.hide_panels)
        found |= self.hidden_cost()
        return found

    def frames(self) -> dict[str, Any]:
        """New frames a second of each visible tap, and what looking is said to cost."""
        self.session.send(Start())
        time.sleep(1.0)
        self.counts.clear()
        began = time.perf_counter()
        shares = []
        while time.perf_counter() - began < 2 * self.seconds:
            time.sleep(0.5)
            shares.append(self.session.status.looking_share)
        passed = time.perf_counter() - began
        rates = {
            f"{kind} {name}".strip(): count / passed
            for (kind, name), count in self.counts.items()
            if kind != "predictions"
        }
        self.pause()
        return {"frames": rates, "share": statistics.median(shares)}

    def blocked(self) -> dict[str, Any]:
        """How late beats of the GUI thread's event loop come while training, in ms."""
        late: list[float] = []
        last = [0.0]

        def beat() -> None:
            now = time.perf_counter()
            if last[0]:
                late.append(max(0.0, (now - last[0]) * 1000 - BEAT_MS))
            last[0] = now

        timer = self.on_gui(lambda: QTimer(self.window))
        self.on_gui(lambda: (timer.setTimerType(Qt.TimerType.PreciseTimer), timer.setInterval(5)))
        timer.timeout.connect(beat, Qt.ConnectionType.DirectConnection)
        self.session.send(Start())
        time.sleep(1.0)
        self.on_gui(timer.start)
        time.sleep(16 * self.seconds)
        self.on_gui(timer.stop)
        self.pause()
        return {
            "blocked": {
                "beats": len(late),
                "p99.9": float(np.percentile(late, 99.9)),
                "largest": max(late),
            }
        }

    def drops(self, times: int = 12) -> dict[str, Any]:
        """Milliseconds from a drop on the window, while training, to its prediction painted."""
        source = open_source(CONFIG.data.source)
        panel = self.window.pages["train"].probes
        show_frames = panel.show_frames
        painted: dict[int, float] = {}

        def noting(frames: Any) -> None:
            show_frames(frames)
            for frame in frames.values():
                if isinstance(frame, PredictionsFrame) and frame.probes[-1] not in painted:
                    panel.repaint()
                    painted.update(dict.fromkeys(frame.probes, time.perf_counter()))

        panel.show_frames = noting  # type: ignore[method-assign]
        self.session.send(Start())
        time.sleep(1.0)
        took = []
        with tempfile.TemporaryDirectory() as folder:
            for number in range(times):
                file = Path(folder) / f"{number}.png"
                Image.fromarray(source.pictures_NCHW[number * 400, 0]).save(file)
                inbox = self.session.outlet.join()
                inbox.events()
                shown: list[ProbeShown] = []
                began = time.perf_counter()
                self.on_gui(lambda file=file: drop(self.window, file))

                def arrived(inbox: Inbox = inbox, shown: list[ProbeShown] = shown) -> bool:
                    shown += [e for e in inbox.events() if isinstance(e, ProbeShown)]
                    return bool(shown) and shown[-1].probe in painted

                wait_until(arrived)
                self.session.outlet.leave(inbox)
                took.append((max(painted.values()) - began) * 1000)
                time.sleep(0.3)
        self.pause()
        panel.show_frames = show_frames  # type: ignore[method-assign]
        return {"drop": {"median": statistics.median(took), "largest": max(took)}}

    def memory(self, minutes: float) -> dict[str, Any]:
        """MiB held by the window's process at the start and after each tenth of the time, live."""
        process = psutil.Process()
        self.session.send(Start())
        time.sleep(5.0)
        held = [process.memory_info().rss / 2**20]
        for _ in range(10):
            time.sleep(minutes * 6)
            held.append(process.memory_info().rss / 2**20)
        self.pause()
        return {"memory": {"minutes": minutes, "MiB": held}}

    def hide_panels(self) -> None:
        self.window.centralWidget().hide()
        for dock in self.window.pages["train"].docks.values():
            dock.hide()

    def hidden_cost(self) -> dict[str, Any]:
        """With every panel hidden: the processor time of the GUI thread and the captures taken."""
        self.session.send(Start())
        time.sleep(1.0)
        self.counts.clear()
        spent, began = self.on_gui(time.thread_time), time.perf_counter()
        time.sleep(2 * self.seconds)
        spent = self.on_gui(time.thread_time) - spent
        passed = time.perf_counter() - began
        self.pause()
        return {"hidden": {"gui share": spent / passed, "frames": sum(self.counts.values())}}

    def pause(self) -> None:
        self.session.send(Pause())
        wait_until(lambda: self.session.status.phase is not Phase.TRAINING)


def drop(window: MainWindow, file: Path) -> None:
    """Drop a file on the middle of the window, as the desktop does."""
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(file))])
    actions, buttons = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton
    where, keys = window.rect().center(), Qt.KeyboardModifier.NoModifier
    QApplication.sendEvent(window, QDragEnterEvent(where, actions, mime, buttons, keys))
    QApplication.sendEvent(window, QDropEvent(QPointF(where), actions, mime, buttons, keys))


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--turns", type=int, required=True)
    parser.add_argument("--seconds", type=float, required=True)
    parser.add_argument("--minutes", type=float, default=0.0)
    parser.add_argument("--rates-only", action="store_true")
    parser.add_argument("--engine", choices=["thread", "process"], default="thread")
    chosen = parser.parse_args()
    app = make_application()
    session: Session = ProcessSession() if chosen.engine == "process" else ThreadSession()
    with tempfile.TemporaryDirectory() as folder:
        window = make_window(app, session, Settings(Path(folder)), CONFIG)
        window.show()
        measurements = Measurements(window, session, chosen.turns, chosen.seconds)
        outcome: dict[str, Any] = {}

        def drive() -> None:
            try:
                outcome.update(measurements.run(chosen.minutes, chosen.rates_only))
            finally:
                measurements.on_gui(window.close)

        threading.Thread(target=drive, name="driver").start()
        app.exec()
        window.deleteLater()
        app.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    print(json.dumps(outcome))


if __name__ == "__main__":
    main()
