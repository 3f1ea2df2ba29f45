"""The engine in a thread of this process: the usual session. Imports without torch."""

import itertools
import threading
import time
from collections.abc import Iterable
from pathlib import Path

from engine.config import RunConfig
from engine.messages.commands import Command, Load
from engine.messages.events import Event
from engine.messages.frames import Demand, Frame, FrameKey
from engine.sessions.loop import EngineLoop
from engine.sessions.pictures import PictureReaders
from engine.state import Status
from engine.telemetry.outlet import Outlet
from engine.training.allocator import keep_freed_memory


class ThreadSession:
    """Implements Session. Owns the engine thread and the threads that read pictures."""

    can_restart = False

    def __init__(self, torch_threads: int | None = None, keep_in: Path | None = None) -> None:
        """`torch_threads`: how many threads torch computes with; None leaves torch's own choice.
        `keep_in` is a folder in which what is trained is kept as it goes."""
        self.outlet = Outlet()
        self._inbox = self.outlet.join()
        self._numbers = itertools.count(1)
        self._loop = EngineLoop(self.outlet, torch_threads, keep_in)
        self._pictures = PictureReaders(self.send, self.outlet.tell)
        self._engine = threading.Thread(target=self._loop.run, name="engine", daemon=True)
        self.curves = self.outlet.curves

    def open(self, config: RunConfig | None = None) -> None:
        if config is not None:
            self.send(Load(config))
        keep_freed_memory()
        self._engine.start()

    def close(self, timeout: float = 20.0) -> bool:
        self._loop.close()
        threads = [*self._pictures.stop(), self._engine]
        for thread in threads:
            if thread.is_alive():
                thread.join(timeout)
        return not any(thread.is_alive() for thread in threads)

    def restart(self) -> None:
        return

    @property
    def status(self) -> Status:
        return self._loop.status

    @property
    def silent_for(self) -> float:
        return time.monotonic() - self._loop.boundary_at

    def send(self, command: Command) -> int:
        number = next(self._numbers)
        self._loop.send(number, command)
        return number

    def want(self, demand: Demand) -> None:
        self._loop.want(demand)

    def take(self) -> dict[FrameKey, Frame]:
        frames = self._inbox.frames()
        if frames:
            self._loop.wake()
        return frames

    def events(self) -> list[Event]:
        return self._inbox.events()

    def wait_for_events(self, timeout: float) -> list[Event]:
        return self._inbox.wait_for_events(timeout)

    def report_painting(self, seconds: float) -> None:
        self._loop.report_painting(seconds)

    def add_pictures(self, paths: Iterable[Path]) -> None:
        self._pictures.read(paths)

    def stop_reading(self) -> None:
        self._pictures.stop()
