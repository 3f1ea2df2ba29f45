"""The engine's life: torch loads, then commands between steps until it closes.

One thread calls `run`; the other methods may be called from any. Imports without torch, which
loads in `run`.
"""

import queue
import threading
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from engine.errors import EngineError
from engine.funnel import attempt
from engine.messages.commands import Command, Load, Resume
from engine.messages.events import Failed, NotKept, PhaseChanged, Refused
from engine.messages.frames import Demand
from engine.state import Phase, Status
from engine.telemetry.outlet import Outlet

if TYPE_CHECKING:
    from engine.worker import Worker

STATUS_SECONDS = 0.02
"""How often the status follows the steps: making it costs a part of a small step."""
REST_SECONDS = 1.0
"""How long it waits at most, while nothing trains, until it looks around."""


class EngineLoop:
    """A worker between a queue of commands and an outlet."""

    def __init__(
        self, outlet: Outlet, torch_threads: int | None = None, keep_in: Path | None = None
    ) -> None:
        """`torch_threads`: how many threads torch computes with; None leaves torch's own choice.
        `keep_in` is a folder in which what is trained is kept as it goes."""
        self._outlet = outlet
        self._torch_threads = torch_threads
        self._keep_in = keep_in
        self._commands: queue.SimpleQueue[tuple[int, Command]] = queue.SimpleQueue()
        self._wake = threading.Event()
        self._demand = Demand()
        self._painting_seconds = 0.0
        self._painting_noted = 0.0
        self._status = Status()
        self._status_at = 0.0
        self._closing = threading.Event()
        self.boundary_at = time.monotonic()
        """When it was last between two steps, in the seconds of time.monotonic."""

    @property
    def status(self) -> Status:
        return self._status

    def send(self, number: int, command: Command) -> None:
        """Queue a command under its number."""
        self._commands.put((number, command))
        self._wake.set()

    def want(self, demand: Demand) -> None:
        """Say what is visible now."""
        self._demand = demand
        self._wake.set()

    def wake(self) -> None:
        """There may be something to do: the last frames were taken."""
        self._wake.set()

    def report_painting(self, seconds: float) -> None:
        """Add processor seconds that a window spent on showing frames."""
        self._painting_seconds += seconds

    def close(self) -> None:
        """End at the next step boundary."""
        self._closing.set()
        self._wake.set()

    def run(self) -> None:
        """Until `close`, in the thread that computes."""
        workers: list[Worker] = []
        if not attempt("Torch", lambda: workers.append(self._load_worker()), self._can_not_start):
            return
        (worker,) = workers
        while not self._closing.is_set():
            self.boundary_at = time.monotonic()
            attempt("The engine", partial(self._turn, worker), worker.fail)
            self._note_status(worker)
        worker.close()

    def _can_not_start(self, sentence: str, details: str) -> None:
        sentence = f"{sentence} Reinstall torch and start again."
        self._status = Status(phase=Phase.FAILED, activity=sentence)
        self._outlet.tell(PhaseChanged(Phase.FAILED))
        self._outlet.tell(Failed(sentence, details))

    def _load_worker(self) -> "Worker":
        import torch

        from engine.runs.keeper import Keeper
        from engine.worker import Worker

        # Thread counts belong to the thread that computes, before it computes anything.
        if self._torch_threads is not None:
            torch.set_num_threads(self._torch_threads)
        keeper = None
        if self._keep_in is not None:
            keeper = Keeper(self._keep_in, lambda why: self._outlet.tell(NotKept(why)))
            keeper.start()
        worker = Worker(self._outlet, keeper=keeper)
        worker.start()
        self._status = worker.status()
        return worker

    def _note_status(self, worker: "Worker") -> None:
        """Of steps that follow each other quickly, not each: nobody could see it."""
        trains = worker.phase is Phase.TRAINING and self._status.phase is Phase.TRAINING
        if not trains or self.boundary_at - self._status_at >= STATUS_SECONDS:
            self._status = worker.status()
            self._status_at = self.boundary_at

    def _turn(self, worker: "Worker") -> None:
        """All commands that wait, then one step; or, standing still, one look and a rest."""
        while not self._commands.empty() and not self._closing.is_set():
            number, command = self._commands.get()
            if isinstance(command, Load | Resume):
                self._status = msgspec.structs.replace(
                    worker.status(), phase=Phase.LOADING, activity="Loading pictures and network"
                )
            try:
                worker.apply(command, number)
            except EngineError as error:
                self._outlet.tell(Refused(str(error), number))
            self._status = worker.status()
            self.boundary_at = time.monotonic()
        worker.looking.demand = self._demand
        painted = self._painting_seconds
        worker.looking.note_painting(painted - self._painting_noted)
        self._painting_noted = painted
        if worker.phase is Phase.TRAINING:
            worker.advance()
        else:
            worker.rest()
            self._status = worker.status()
            if not worker.is_busy:
                self._wake.wait(REST_SECONDS)
            self._wake.clear()
