"""A session without an engine: notes what it is told, and tells what a test puts in."""

from collections.abc import Iterable
from pathlib import Path

from engine.config import RunConfig, TrainingConfig
from engine.messages.commands import Command
from engine.messages.events import Event
from engine.messages.frames import Demand, Frame, FrameKey
from engine.state import Phase, Status
from engine.telemetry.outlet import Outlet

READY = Status(
    phase=Phase.READY,
    activity="",
    source="digits",
    network="digits convnet",
    device="cpu, 2 threads",
    epochs=20,
    steps_per_epoch=63,
    settings=TrainingConfig(learning_rate=0.001),
    run=1,
)


class FakeSession:
    def __init__(self, status: Status = READY) -> None:
        self.status = status
        self.outlet = Outlet()
        self.inbox = self.outlet.join()
        self.curves = self.outlet.curves
        self.frames: dict[FrameKey, Frame] = {}
        self.sent: list[Command] = []
        self.demands: list[Demand] = []
        self.paths: list[Path] = []
        self.painting: list[float] = []
        self.opened_with: RunConfig | None = None
        self.closes_after = 1
        self.closings = 0
        self.stopped_reading = False
        self.restarts = 0
        self.silent_for = 0.0
        self.can_restart = False

    def open(self, config: RunConfig | None = None) -> None:
        self.opened_with = config

    def close(self, timeout: float = 20.0) -> bool:
        self.closings += 1
        return self.closings >= self.closes_after

    def send(self, command: Command) -> int:
        self.sent.append(command)
        return len(self.sent)

    def want(self, demand: Demand) -> None:
        self.demands.append(demand)

    def take(self) -> dict[FrameKey, Frame]:
        taken, self.frames = self.frames, {}
        return taken

    def events(self) -> list[Event]:
        return self.inbox.events()

    def wait_for_events(self, timeout: float) -> list[Event]:
        return self.inbox.wait_for_events(timeout)

    def restart(self) -> None:
        self.restarts += 1

    def report_painting(self, seconds: float) -> None:
        self.painting.append(seconds)

    def add_pictures(self, paths: Iterable[Path]) -> None:
        self.paths += paths

    def stop_reading(self) -> None:
        self.stopped_reading = True
