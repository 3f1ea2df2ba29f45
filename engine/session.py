"""The one class that the window talks to. Owns the engine thread and the picture reader thread.

Imports without torch: torch loads in the engine thread, behind the window.
"""

import logging
import queue
import threading
import traceback
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from engine.config import RunConfig
from engine.data.reading.pictures import find_pictures, read_picture
from engine.data.reading.walking import shown_name
from engine.errors import EngineError, PictureError
from engine.messages.commands import AddProbe, Command, Load
from engine.messages.events import Event, Failed, PicturesRead, PicturesUnread, Refused
from engine.messages.frames import Demand, Frame, FrameKey
from engine.state import Phase, Status
from engine.telemetry.curves import Curves
from engine.telemetry.event_log import EventLog
from engine.telemetry.mailbox import Mailbox
from engine.training.allocator import keep_freed_memory

if TYPE_CHECKING:
    from engine.worker import Worker

log = logging.getLogger(__name__)

MOST_PROBES = 200


class Session:
    """Commands in; status, events, frames and curves out. Every method may be called from any
    thread, and none but `close` waits for the engine.
    """

    def __init__(self, torch_threads: int | None = None) -> None:
        """`torch_threads`: how many threads torch computes with; None leaves torch's own choice."""
        self.curves = Curves()
        self.event_log = EventLog()
        self.mailbox = Mailbox()
        self._torch_threads = torch_threads
        self._commands: queue.SimpleQueue[Command] = queue.SimpleQueue()
        self._wake = threading.Event()
        self._demand = Demand()
        self._painting_seconds = 0.0
        self._painting_noted = 0.0
        self._status = Status()
        self._closing = threading.Event()
        self._engine = threading.Thread(target=self._run_engine, name="engine", daemon=True)
        self._readers: list[threading.Thread] = []
        self._stop_reading = threading.Event()

    def open(self, config: RunConfig | None = None) -> None:
        """Start the engine thread; with a config, load it as soon as torch has."""
        if config is not None:
            self.send(Load(config))
        keep_freed_memory()
        self._engine.start()

    def close(self, timeout: float = 20.0) -> bool:
        """Stop reading and training and end the threads; False if one outlived the timeout (s)."""
        self._closing.set()
        self._stop_reading.set()
        self._wake.set()
        threads = [*self._readers, self._engine]
        for thread in threads:
            if thread.is_alive():
                thread.join(timeout)
        return not any(thread.is_alive() for thread in threads)

    @property
    def status(self) -> Status:
        return self._status

    def send(self, command: Command) -> None:
        """Queue a command; the engine takes it at the next step boundary."""
        self._commands.put(command)
        self._wake.set()

    def want(self, demand: Demand) -> None:
        """Say what is visible now; replaces what was wanted before."""
        self._demand = demand
        self._wake.set()

    def take(self) -> dict[FrameKey, Frame]:
        """The newest frames that have not been taken yet, by key."""
        frames = self.mailbox.take()
        if frames:
            self._wake.set()
        return frames

    def events(self, place: int) -> list[Event]:
        """The events from number `place` on."""
        return self.event_log.after(place)

    def report_painting(self, seconds: float) -> None:
        """Add processor seconds that the window spent on showing frames: a cost of looking."""
        self._painting_seconds += seconds

    def add_pictures(self, paths: Iterable[Path]) -> None:
        """Read files and folders in a thread of their own; each picture becomes a probe.

        The first is selected. What can't be read comes back as one PicturesUnread at the end; at
        most MOST_PROBES pictures are read. PicturesRead events tell how far it is.
        """
        self._readers = [reader for reader in self._readers if reader.is_alive()]
        if not self._readers:
            self._stop_reading.clear()
        reader = threading.Thread(
            target=self._read_pictures, args=(list(paths),), name="picture reader", daemon=True
        )
        self._readers.append(reader)
        reader.start()

    def stop_reading(self) -> None:
        """Cancel the reading of files; what was read stays."""
        self._stop_reading.set()

    def _read_pictures(self, paths: list[Path]) -> None:
        problems: list[tuple[str, str]] = []
        done = 0
        try:
            files: list[Path] = []
            for file in find_pictures(paths, lambda *problem: problems.append(problem)):
                if self._stop_reading.is_set():
                    return
                if len(files) == MOST_PROBES:
                    problems.append(
                        ("and more", f"Only the first {MOST_PROBES} pictures are shown.")
                    )
                    break
                files.append(file)
            for file in files:
                if self._stop_reading.is_set():
                    return
                try:
                    picture = read_picture(file)
                    self.send(AddProbe(picture.name, picture.rgb_HWC, done == 0, picture.size_HW))
                    done += 1
                except PictureError as error:
                    problems.append((shown_name(file), str(error)))
                self.event_log.add(PicturesRead(done, len(files), finished=False))
            if not files and not problems:
                problems.append((paths[0].name if paths else "", "There is no picture in it."))
        except Exception as error:
            log.exception("reading pictures failed")
            problems.append(("reading", f"Reading stopped: {error}."))
        finally:
            if problems:
                self.event_log.add(PicturesUnread(tuple(problems)))
            self.event_log.add(PicturesRead(done, done, finished=True))

    def _run_engine(self) -> None:
        """The engine thread: loads torch, then commands between steps until the session closes."""
        try:
            worker = self._load_worker()
        except Exception as error:
            details = traceback.format_exc()
            sentence = f"The engine can't start: {error}. Reinstall torch and start again."
            self._status = Status(phase=Phase.FAILED, activity=sentence)
            self.event_log.add(Failed(sentence, details))
            return
        while not self._closing.is_set():
            try:
                self._turn(worker)
            except Exception as error:
                sentence = (
                    str(error)
                    if isinstance(error, EngineError)
                    else f"The engine stopped: {type(error).__name__}: {error}."
                )
                worker.fail(sentence, traceback.format_exc())
            self._status = worker.status()
        worker.close()

    def _load_worker(self) -> "Worker":
        import torch

        from engine.worker import Worker

        # Thread counts belong to the thread that computes, before it computes anything.
        if self._torch_threads is not None:
            torch.set_num_threads(self._torch_threads)
        worker = Worker(self.mailbox, self.curves, self.event_log)
        worker.start()
        self._status = worker.status()
        return worker

    def _turn(self, worker: "Worker") -> None:
        """All commands that wait, then one step; or, standing still, one look and a rest."""
        while not self._commands.empty() and not self._closing.is_set():
            command = self._commands.get()
            if isinstance(command, Load):
                self._status = msgspec.structs.replace(
                    worker.status(), phase=Phase.LOADING, activity="Loading pictures and network"
                )
            try:
                worker.apply(command)
            except EngineError as error:
                self.event_log.add(Refused(str(error)))
            self._status = worker.status()
        worker.looking.demand = self._demand
        painted = self._painting_seconds
        worker.looking.note_painting(painted - self._painting_noted)
        self._painting_noted = painted
        if worker.phase is Phase.TRAINING:
            worker.advance()
        else:
            worker.rest()
            self._status = worker.status()
            self._wake.wait(1.0)
            self._wake.clear()
