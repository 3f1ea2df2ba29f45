"""What the engine tells becomes words for a person, and something to do about it."""

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QWidget

from engine.config import RunConfig, TrainingConfig
from engine.files import text_as_name
from engine.messages import commands, events
from engine.messages.commands import Command
from engine.messages.events import Event
from engine.state import Phase, Status
from gui import reports
from gui.widgets.notices import ListDialog, Notices

STUCK_SECONDS = 20.0
"""Few steps take as long."""


class Telling:
    """What answers a person's command is the controller's to say; this is the rest. GUI thread
    only."""

    def __init__(
        self,
        notices: Notices,
        send: Callable[[Command], object],
        start_over: Callable[[], object],
        restart: Callable[[], object],
        window: QWidget,
    ) -> None:
        """`restart` ends the engine, if it is there, and starts another."""
        self._notices = notices
        self._send = send
        self._start_over = start_over
        self._restart = restart
        self._window = window
        self._silence_told = False
        self._source = ""
        self._left_out: list[tuple[str, str]] = []

    def tell(self, event: Event, status: Status) -> None:
        """Say what a person should know of an event. `status` is the engine's, now."""
        notices = self._notices
        match event:
            case events.Loaded():
                self._loaded(event)
            case events.LossNotFinite():
                settings = status.settings or TrainingConfig()
                lower = settings.learning_rate / 10
                notices.warn(
                    f"The loss of step {event.step:,} is not a number, so training is paused with"
                    f" the weights of step {event.kept_step:,}. A lower learning rate helps.",
                    (
                        f"Use {lower:g}",
                        lambda: self._send(commands.SetTraining({"learning_rate": lower})),
                    ),
                )
            case events.Refused():
                nothing_loaded = not status.network and status.phase is Phase.IDLE
                afresh = commands.Load(RunConfig())
                notices.warn(
                    event.sentence,
                    ("Load the digits", lambda: self._send(afresh)) if nothing_loaded else None,
                )
            case events.Failed():
                report = reports.write(event.sentence, event.details)
                words = f"{event.sentence} A report is in {report}." if report else event.sentence
                notices.warn(words, ("Start over", self._start_over) if status.network else None)
            case events.EngineLost():
                notices.warn(event.sentence, ("Start it again", self._restart))
            case events.Halted():
                notices.warn(event.sentence)
            case events.CacheProblem():
                notices.tell(event.sentence)
            case events.PicturesLeftOut():
                self._leave_out(event)
            case events.Saved():
                url = QUrl.fromLocalFile(text_as_name(event.folder))
                notices.tell(
                    f"The network is saved in {event.folder}.",
                    ("Open folder", lambda: QDesktopServices.openUrl(url)),
                )

    def tell_silence(self, seconds: float) -> None:
        """The engine, which can be started again, was between two steps so many seconds ago: say so
        once where that is long."""
        told, self._silence_told = self._silence_told, seconds > STUCK_SECONDS
        if self._silence_told and not told:
            self._notices.warn(
                f"The engine has not answered for {STUCK_SECONDS:.0f} s."
                " It may be in a long step, or stuck.",
                ("Start it again", self._restart),
            )

    def _loaded(self, event: events.Loaded) -> None:
        for sentence in event.data.notes if event.data else ():
            self._notices.tell(sentence)
        self._look_at(event.config.data.source if event.config else "")

    def _look_at(self, source: str) -> None:
        """What could not be read of the source before says nothing of this one."""
        if source != self._source:
            self._source = source
            self._left_out = []

    def _leave_out(self, event: events.PicturesLeftOut) -> None:
        """Say so once for each source: the list grows while it can be opened."""
        self._look_at(event.source)
        left_out, name = self._left_out, Path(event.source).name
        first = not left_out
        left_out += (problem for problem in event.problems if problem not in left_out)
        if first:
            self._notices.warn(
                f"Some pictures of {name or 'the source'} could not be read; the training goes on"
                " without them.",
                ("Show", lambda: self._show_left_out(name, left_out)),
            )

    def _show_left_out(self, name: str, problems: list[tuple[str, str]]) -> None:
        title = f"Left out of {name}" if name else "Left out of the training"
        caption = "Nothing was learned from these; all others are used."
        ListDialog(title, caption, ("File", "Why"), problems, self._window).show()
