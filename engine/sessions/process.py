"""The engine in a process of its own, as the window sees it. Imports without torch.

Whatever becomes of that process, the window goes on: it is told so, and `restart` begins another
where the last one left something to begin from.
"""

import contextlib
import itertools
import logging
import multiprocessing
import queue
import signal
import threading
import time
from collections.abc import Callable, Iterable
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from pathlib import Path
from typing import get_args

from engine.config import RunConfig
from engine.errors import MessageError
from engine.message import Message
from engine.messages import events
from engine.messages.codec import decode, encode
from engine.messages.commands import AddProbe, Command, Load, Resume, SetBudget
from engine.messages.events import Event
from engine.messages.frames import Demand, Frame, FrameKey
from engine.messages.wire import Alive, Close, CurvesPart, Painted, Sent, Taken
from engine.runs.names import CHECKPOINT
from engine.sessions.pictures import PictureReaders
from engine.sessions.server import serve
from engine.state import Phase, Status
from engine.telemetry.outlet import Outlet

log = logging.getLogger(__name__)

_EVENTS = get_args(Event)
_FRAMES = get_args(Frame)
GONE = "The engine has ended. Start it again to go on."


class ProcessSession:
    """Implements Session. Owns the process and the threads that speak with it."""

    can_restart = True

    def __init__(self, torch_threads: int | None = None, keep_in: Path | None = None) -> None:
        """`torch_threads`: how many threads torch computes with; None leaves torch's own choice.
        `keep_in` is a folder in which what is trained is kept as it goes."""
        self.outlet = Outlet()
        self.curves = self.outlet.curves
        self._inbox = self.outlet.join()
        self._numbers = itertools.count(1)
        self._torch_threads = torch_threads
        self._keep_in = keep_in
        self._pictures = PictureReaders(self.send, self.outlet.tell)
        self._engine: Engine | None = None
        self._early: list[Message] = []
        self._status = Status()
        self._demand = Demand()
        self._config: RunConfig | None = None
        self._budget: SetBudget | None = None
        self._own = OwnPictures()
        self._closing = False
        self._boundary_at = time.monotonic()

    def open(self, config: RunConfig | None = None) -> None:
        if config is not None:
            self.send(Load(config))
        self._start()

    def _start(self) -> None:
        self._boundary_at = time.monotonic()
        engine = self._engine = Engine(self._torch_threads, self._keep_in, self._hear, self._lose)
        early, self._early = self._early, []
        for message in early:
            engine.send(message)

    def close(self, timeout: float = 20.0) -> bool:
        self._closing = True
        end = time.monotonic() + timeout
        readers = self._pictures.stop()
        engine = self._engine
        ended = engine is None or engine.close(timeout)
        for reader in readers:
            reader.join(max(0.0, end - time.monotonic()))
        return ended and not any(reader.is_alive() for reader in readers)

    def restart(self) -> None:
        engine, self._engine = self._engine, None
        if engine is not None:
            engine.kill()
        for event in self.outlet.standing():
            if isinstance(event, events.ProbeShown):
                self.outlet.tell(events.ProbeRemoved(event.probe))
        self._status = Status()
        self.outlet.tell(events.PhaseChanged(Phase.STARTING))
        if self._budget is not None:
            self.send(self._budget)
        if self._keep_in is not None and (self._keep_in / CHECKPOINT).exists():
            self.send(Resume(str(self._keep_in)))
        elif self._config is not None:
            self.send(Load(self._config))
        for picture in self._own.taken_along():
            self.send(picture)
        self._early.append(self._demand)
        self._start()

    @property
    def status(self) -> Status:
        return self._status

    @property
    def silent_for(self) -> float:
        return time.monotonic() - self._boundary_at

    def send(self, command: Command) -> int:
        number = next(self._numbers)
        if isinstance(command, AddProbe):
            self._own.note(number, command)
        elif isinstance(command, SetBudget):
            self._budget = command
        self._pass_on(Sent(number, command))
        return number

    def want(self, demand: Demand) -> None:
        self._demand = demand
        self._pass_on(demand)

    def take(self) -> dict[FrameKey, Frame]:
        frames = self._inbox.frames()
        if frames:
            self._pass_on(Taken())
        return frames

    def events(self) -> list[Event]:
        return self._inbox.events()

    def wait_for_events(self, timeout: float) -> list[Event]:
        return self._inbox.wait_for_events(timeout)

    def report_painting(self, seconds: float) -> None:
        self._pass_on(Painted(seconds))

    def add_pictures(self, paths: Iterable[Path]) -> None:
        self._pictures.read(paths)

    def stop_reading(self) -> None:
        self._pictures.stop()

    def _pass_on(self, message: Message) -> None:
        engine = self._engine
        if engine is None:
            if isinstance(message, Sent):
                self._early.append(message)
        elif not engine.send(message) and isinstance(message, Sent):
            self.outlet.tell(events.Refused(GONE, message.number))

    # What the engine tells, on the thread that reads

    def _hear(self, message: Message) -> None:
        if isinstance(message, Alive):
            self._boundary_at = time.monotonic() - message.since_boundary
        elif isinstance(message, Status):
            self._status = message
        elif isinstance(message, CurvesPart):
            self.curves.take_part(message)
        elif isinstance(message, _FRAMES):
            self.outlet.put(message)
        elif isinstance(message, _EVENTS):
            if isinstance(message, events.Loaded):
                self.outlet.forget_frames()
                self._config = message.config
            self._own.hear(message)
            self.outlet.tell(message)

    def _lose(self, engine: "Engine", sentence: str) -> None:
        """That engine's process has ended."""
        if self._closing or engine is not self._engine:
            return
        self._status = Status(phase=Phase.FAILED)
        self.outlet.tell(events.PhaseChanged(Phase.FAILED))
        self.outlet.tell(events.EngineLost(sentence))


class OwnPictures:
    """The pictures that a person brought, to be brought again to another engine. Any thread."""

    def __init__(self) -> None:
        self._pictures: dict[int, AddProbe] = {}
        self._probes: dict[int, int] = {}

    def note(self, command: int, picture: AddProbe) -> None:
        """A picture was sent under that number."""
        self._pictures[command] = picture

    def hear(self, event: Event) -> None:
        """Follow what becomes of them."""
        match event:
            case events.ProbeShown(command=command) if command:
                self._probes[event.probe] = command
            case events.ProbeRemoved():
                self._pictures.pop(self._probes.pop(event.probe, 0), None)
            case events.Refused():
                self._pictures.pop(event.command, None)

    def taken_along(self) -> list[AddProbe]:
        """All that are left, in the order in which they came; they are noted anew when sent."""
        pictures, self._pictures, self._probes = list(self._pictures.values()), {}, {}
        return pictures


class Engine:
    """One process, with a thread that reads what it tells and one that writes to it."""

    def __init__(
        self,
        torch_threads: int | None,
        keep_in: Path | None,
        hear: Callable[[Message], None],
        lose: Callable[["Engine", str], None],
    ) -> None:
        """`hear` gets each message, `lose` the reason once the process has ended; both on the
        reading thread."""
        self._hear = hear
        self._lose = lose
        self._outgoing: queue.SimpleQueue[Message | None] = queue.SimpleQueue()
        self._has_ended = False
        context = multiprocessing.get_context("spawn")
        self._connection, theirs = context.Pipe()
        self._process = context.Process(
            target=serve,
            args=(theirs, torch_threads, keep_in),
            name="convscope engine",
            daemon=True,
        )
        self._process.start()
        theirs.close()  # so that the end of the process is the end of the connection
        self._reader = threading.Thread(target=self._read, name="from the engine", daemon=True)
        self._writer = threading.Thread(target=self._write, name="to the engine", daemon=True)
        self._reader.start()
        self._writer.start()

    def send(self, message: Message) -> bool:
        """Queue a message; False where the process has ended."""
        if not self._has_ended:
            self._outgoing.put(message)
        return not self._has_ended

    def close(self, timeout: float) -> bool:
        """Ask the process to end; False if it outlived the timeout (s)."""
        self._outgoing.put(Close())
        return self._finish(timeout)

    def kill(self) -> None:
        """End the process at once, whatever it does."""
        self._process.kill()
        self._finish(None)

    def _finish(self, timeout: float | None) -> bool:
        """Wait for the end of the process and of the threads; whether it came.

        The reading thread alone asks after the process: of two threads that wait for one process
        only one learns that it has ended.
        """
        self._reader.join(timeout)
        if self._reader.is_alive():
            return False
        self._writer.join()
        return True

    def _read(self) -> None:
        try:
            while True:
                self._hear(decode(self._connection.recv_bytes()))
        except (EOFError, OSError):
            pass
        except MessageError:
            log.exception("the engine's process sends what can't be read")
            self._process.kill()
        self._has_ended = True
        self._outgoing.put(None)
        self._process.join()
        self._lose(self, _why(self._process))

    def _write(self) -> None:
        try:
            while (message := self._outgoing.get()) is not None:
                self._write_one(self._connection, message)
        except OSError:
            pass  # the process has ended: the reading thread says so
        with contextlib.suppress(OSError):
            self._reader.join()
            self._connection.close()

    def _write_one(self, connection: Connection, message: Message) -> None:
        try:
            data = encode(message)
        except MessageError as error:
            number = message.number if isinstance(message, Sent) else 0
            self._hear(events.Refused(str(error), number))
            return
        connection.send_bytes(data)


def _why(process: SpawnProcess) -> str:
    """Why a process has ended, in a sentence."""
    code = process.exitcode or 0
    if code < 0:
        name = signal.Signals(-code).name if -code in list(signal.Signals) else f"signal {-code}"
        memory = ", perhaps as memory ran out" if name == "SIGKILL" else ""
        return f"The engine was ended by {name}{memory}."
    return f"The engine has ended by itself (exit code {code})."
