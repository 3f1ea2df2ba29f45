"""The engine in a process of its own, as that process sees it. Imports without torch.

The main thread is the engine's. One thread reads what the window sends, one writes what the engine
tells: where the window doesn't read, that one alone waits. A window that has gone ends the process.
"""

import faulthandler
import os
import signal
import threading
import time
from multiprocessing.connection import Connection
from pathlib import Path

from engine.errors import MessageError
from engine.message import Message
from engine.messages.codec import decode, encode
from engine.messages.frames import Demand
from engine.messages.wire import Alive, Close, Painted, Sent, Taken
from engine.sessions.loop import EngineLoop
from engine.state import Status
from engine.telemetry.curves import CurvesPlace
from engine.telemetry.outlet import Outlet
from engine.training.allocator import keep_freed_memory

BEAT_SECONDS = 0.05
"""How often, at least, it is looked whether status and curves have changed."""
ALIVE_SECONDS = 1.0
"""How often, at least, something is sent."""
LONGEST_END = 30.0
"""After so many seconds without a window a process that is stuck is ended all the same."""


def serve(connection: Connection, torch_threads: int | None, keep_in: Path | None = None) -> None:
    """The life of the process: until the window closes, or has gone."""
    # Ctrl+C in a terminal reaches all its processes, and the window decides what it means.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    faulthandler.enable()
    keep_freed_memory()
    Server(connection, torch_threads, keep_in).run()
    # All is told and closed. What torch and Python would still tidy up takes seconds, or hangs.
    os._exit(0)


class Server:
    """An engine loop between the two ends of a connection."""

    def __init__(
        self, connection: Connection, torch_threads: int | None, keep_in: Path | None
    ) -> None:
        self._connection = connection
        self._outlet = Outlet()
        self._inbox = self._outlet.join()
        self._loop = EngineLoop(self._outlet, torch_threads, keep_in)
        self._takes_frames = True
        self._ended = threading.Event()
        self._reader = threading.Thread(target=self._read, name="from the window", daemon=True)
        self._writer = threading.Thread(target=self._write, name="to the window", daemon=True)

    def run(self) -> None:
        """In the thread that computes."""
        self._reader.start()
        self._writer.start()
        self._loop.run()
        self._ended.set()
        self._writer.join(LONGEST_END)

    # The reading thread

    def _read(self) -> None:
        try:
            while True:
                message = decode(self._connection.recv_bytes())
                if isinstance(message, Close):
                    break
                self._take(message)
        except (EOFError, OSError, MessageError):
            pass  # the window has gone, or is none
        self._loop.close()
        end = threading.Timer(LONGEST_END, os._exit, (1,))
        end.daemon = True
        end.start()

    def _take(self, message: Message) -> None:
        match message:
            case Sent(number=number, command=command):
                self._loop.send(number, command)
            case Demand():
                self._loop.want(message)
            case Painted(seconds=seconds):
                self._loop.report_painting(seconds)
            case Taken():
                self._takes_frames = True
                self._inbox.nudge()
                self._loop.wake()

    # The writing thread

    def _write(self) -> None:
        status, place, sent_at = Status(), CurvesPlace(), 0.0
        try:
            while not self._ended.is_set():
                self._inbox.wait(BEAT_SECONDS, lambda: self._takes_frames)
                news: list[Message] = list(self._inbox.events())
                # Taken after the events and sent before them: who hears of an epoch's end finds
                # its figures.
                part, place = self._outlet.curves.part_after(place)
                if part is not None:
                    news.insert(0, part)
                if self._loop.status != status:
                    status = self._loop.status
                    news.insert(0, status)
                if self._takes_frames and (frames := self._inbox.frames()):
                    self._takes_frames = False
                    news += frames.values()
                if news or time.monotonic() - sent_at >= ALIVE_SECONDS:
                    sent_at = time.monotonic()
                    news.append(Alive(sent_at - self._loop.boundary_at))
                for each in news:
                    self._connection.send_bytes(encode(each))
            for event in self._inbox.events():
                self._connection.send_bytes(encode(event))
            self._connection.send_bytes(encode(self._loop.status))
        except OSError:
            self._loop.close()  # the window has gone
