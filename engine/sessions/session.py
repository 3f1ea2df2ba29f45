"""What a window has of an engine, wherever that runs. Imports without torch."""

from collections.abc import Iterable
from pathlib import Path
from typing import Protocol

from engine.config import RunConfig
from engine.messages.commands import Command
from engine.messages.events import Event
from engine.messages.frames import Demand, Frame, FrameKey
from engine.state import Status
from engine.telemetry.curves import Curves
from engine.telemetry.outlet import Outlet


class Session(Protocol):
    """Commands in; status, events, frames and curves out. Every method may be called from any
    thread, and none but `close` and `wait_for_events` waits for the engine.
    """

    @property
    def outlet(self) -> Outlet:
        """For readers beside the window: `join` gives each an inbox of its own."""

    @property
    def curves(self) -> Curves:
        """The figures of the run that is loaded; written by the engine, read by anybody."""

    @property
    def status(self) -> Status:
        """What the engine was doing a moment ago."""

    @property
    def silent_for(self) -> float:
        """Seconds since the engine was last between two steps: many, where it is stuck."""

    @property
    def can_restart(self) -> bool:
        """Whether `restart` gives another engine: not in the process of the window."""

    def open(self, config: RunConfig | None = None) -> None:
        """Start the engine; with a config, load it as soon as torch has."""

    def close(self, timeout: float = 20.0) -> bool:
        """End the training and the engine; False if it outlived the timeout (s): ask again."""

    def restart(self) -> None:
        """End the engine, however stuck it is, and start another, which goes on from what the last
        one had kept, or begins its run anew. Does nothing where `can_restart` is false."""

    def send(self, command: Command) -> int:
        """Queue a command, which the engine takes at the next step boundary; its number. What
        answers it repeats that."""

    def want(self, demand: Demand) -> None:
        """Say what is visible now; replaces what was wanted before."""

    def take(self) -> dict[FrameKey, Frame]:
        """The newest frames that have not been taken yet, by key."""

    def events(self) -> list[Event]:
        """The events since the last time, in order."""

    def wait_for_events(self, timeout: float) -> list[Event]:
        """Like `events`, but waits up to `timeout` seconds for the first: not on the GUI thread."""

    def report_painting(self, seconds: float) -> None:
        """Add processor seconds that the window spent on showing frames: a cost of looking."""

    def add_pictures(self, paths: Iterable[Path]) -> None:
        """Read files and folders beside everything else; each picture becomes a probe.

        The first is selected. What can't be read comes back as one PicturesUnread at the end; at
        most MOST_PROBES pictures are read. PicturesRead events tell how far it is.
        """

    def stop_reading(self) -> None:
        """Cancel the reading of files; what was read stays."""
