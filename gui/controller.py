"""What a person does becomes commands; what the engine tells reaches panels, pages and notices."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import msgspec
from PySide6.QtCore import QObject
from PySide6.QtWidgets import QFileDialog, QMainWindow

from engine.config import DataConfig, RunConfig
from engine.files import name_as_text
from engine.messages import commands, events
from engine.messages.commands import Command
from engine.messages.events import Event, Loaded
from engine.percent import percent
from engine.presets import find_preset
from engine.runs.kept import left_behind
from engine.sessions.session import Session
from engine.state import Phase, Status
from gui.actions import Actions
from gui.guarded import guarded
from gui.page import Page
from gui.panel import Panel
from gui.settings import Settings
from gui.telling import Telling
from gui.view_state import ViewState
from gui.widgets.notices import Notices
from gui.widgets.run_bar import RunBar
from gui.widgets.status_line import StatusLine

CLOSING_SECONDS = 60.0
"""How long to wait for the engine to end: torch can't be stopped while it loads."""


@dataclass(frozen=True)
class Parts:
    """The parts of the window that the engine has something to say to, or that ask it for things.

    `panels` are those of all pages; it grows when the last ones are built.
    """

    actions: Actions
    view: ViewState
    notices: Notices
    run_bar: RunBar
    status_line: StatusLine
    pages: tuple[Page, ...]
    panels: list[Panel]


class Controller(QObject):
    """Lives on the GUI thread; never waits for the engine, but for a moment when closing."""

    def __init__(
        self,
        session: Session,
        config: RunConfig,
        settings: Settings,
        window: QMainWindow,
        parts: Parts,
    ) -> None:
        """`session` is not open yet; `config` is what it begins with."""
        super().__init__(window)
        self._session = session
        self._settings = settings
        self._window = window
        self._parts = parts
        self._telling = Telling(
            parts.notices, session.send, self.start_over, session.restart, window
        )
        self._answers: dict[int, Callable[[Loaded], None]] = {}
        """What to say when a command's answer comes, by its number."""
        self._take_config(config)
        self._stages: tuple[object, ...] = ()
        self._status: Status | None = None
        self._budget = 0.1
        self._closing_since: float | None = None
        self._connect()
        self.show_status(session.status, 0.0)

    def _connect(self) -> None:
        actions, send = self._parts.actions, self._session.send
        actions.start.triggered.connect(self.start_or_pause)
        actions.step.triggered.connect(lambda: send(commands.Step()))
        actions.epoch.triggered.connect(lambda: send(commands.Epoch()))
        actions.stop.triggered.connect(lambda: send(commands.Stop()))
        actions.start_over.triggered.connect(self.start_over)
        actions.undo.triggered.connect(self.undo)
        actions.redo.triggered.connect(self.redo)
        actions.save_network.triggered.connect(self._save_network)
        self._parts.run_bar.device_requested.connect(self._move_to)

    # What a person does

    def open(self) -> None:
        """Start the engine: it loads torch, then the data and the network."""
        self._session.open(self._config)
        left = left_behind()
        if left is not None:
            self._parts.notices.offer(
                f"The last time, {left.network} on {Path(left.source).name} had come to step"
                f" {left.step:,} (epoch {left.epoch + 1}).",
                ("Continue where you stopped", partial(self.resume, left.folder)),
            )

    def resume(self, folder: Path) -> None:
        """Go on with a run that was kept; what was trained meanwhile can be brought back."""
        number = self._session.send(commands.Resume(str(folder)))
        self._answers[number] = self._say_resumed

    def start_or_pause(self) -> None:
        training = self._session.status.phase is Phase.TRAINING
        self._session.send(commands.Pause() if training else commands.Start())

    def start_over(self) -> None:
        self._ask(commands.StartOver(), self._say_started_over)

    def undo(self) -> None:
        self._session.send(commands.Undo())

    def redo(self) -> None:
        self._session.send(commands.Redo())

    def set_budget(self, share: float) -> None:
        """The largest share of time, 0 to 1, that looking may cost while training."""
        self._budget = share
        self._session.send(commands.SetBudget(share))

    def run(self) -> RunConfig:
        """The run with its settings as they stand, to begin the next start with."""
        settings, config = self._session.status.settings, self._config
        return config if settings is None else msgspec.structs.replace(config, training=settings)

    def learn_from(self, data: DataConfig) -> None:
        """Learn from other pictures, or from the same ones in another way: the network is kept
        where it fits, and begins anew. Undo brings back what was there."""
        name = "digits" if data.source == "digits" else "photos"
        usual = find_preset(name).run
        run = self.run()
        if data.source == run.data.source and data.size == run.data.size:
            network, training = run.network, run.training
        else:
            network, training = usual.network, usual.training
        training = msgspec.structs.replace(
            training, seed=run.training.seed, device=run.training.device
        )
        self.begin_anew(RunConfig(data=data, network=network, training=training))

    def begin_with(self, name: str) -> None:
        """Load a preset, on the pictures that are learned from now where it has none."""
        preset = find_preset(name)
        run, now = preset.run, self._config.data
        if not preset.own_source:
            if now.source == "digits":
                self._parts.notices.tell(
                    f"{preset.title}: open a folder or zip of pictures on the Data page first,"
                    " and train with it."
                )
                return
            data = msgspec.structs.replace(
                run.data,
                source=now.source,
                subsets=now.subsets,
                usual=now.usual,
                seed=now.seed,
                unreadable=now.unreadable,
            )
            run = msgspec.structs.replace(run, data=data)
        self.begin_anew(run)

    def begin_anew(self, run: RunConfig) -> None:
        """Load a run; what was trained before can be brought back."""
        self._ask(commands.Load(run), self._say_loaded)

    def _save_network(self) -> None:
        name = QFileDialog.getExistingDirectory(
            self._window,
            "Choose a folder for the trained network",
            self._settings.text("picture folder"),
        )
        if name:
            self._settings.put("picture folder", name)
            self._session.send(commands.Save(name_as_text(name)))

    def _move_to(self, device: str) -> None:
        run = self.run()
        training = msgspec.structs.replace(run.training, device=device)
        moved = msgspec.structs.replace(run, training=training)
        if self._session.status.step == 0:
            self._session.send(commands.Load(moved))
            return
        self._parts.notices.warn(
            f"On another device ({device}) the network begins anew, from fresh weights.",
            ("Begin anew", lambda: self.begin_anew(moved)),
        )

    # What the engine tells

    def handle(self, new: list[Event]) -> None:
        """Give events to every panel and page, and say what a person should know."""
        for event in new:
            guarded(self._hand_out, event)

    def _hand_out(self, event: Event) -> None:
        parts = self._parts
        if isinstance(event, Loaded) and event.network.stages != self._stages:
            self._stages = event.network.stages
            parts.view.forget_network()
        for panel in parts.panels:
            guarded(panel.show_event, event)
        for page in parts.pages:
            guarded(page.show_event, event)
        match event:
            case Loaded():
                self._loaded(event)
            case events.Refused():
                self._forget_asked(event.command)
            case events.BroughtBack():
                self._say_brought_back(event)
            case events.PhaseChanged():
                parts.actions.show_status(
                    msgspec.structs.replace(self._session.status, phase=event.phase)
                )
        self._telling.tell(event, self._session.status)

    def show_status(self, status: Status, frames_per_second: float) -> None:
        parts = self._parts
        if status != self._status:
            self._status = status
            parts.actions.show_status(status)
            parts.run_bar.show_status(status)
            for panel in parts.panels:
                guarded(panel.show_status, status)
        parts.status_line.show_status(status, frames_per_second, self._budget)
        if self._session.can_restart and status.phase is not Phase.FAILED:
            self._telling.tell_silence(self._session.silent_for)

    def _take_config(self, config: RunConfig) -> None:
        self._config = config
        source = Path(config.data.source).name  # of a path; a name is one already
        self._parts.run_bar.name_run(source, config.network.name)

    def _loaded(self, event: Loaded) -> None:
        if event.config is not None:
            self._take_config(event.config)
        view = self._parts.view
        if view.selected is None:
            first = next((stage for stage in event.network.stages if stage.kind == "conv"), None)
            if first is not None:
                view.select(first.name, 0)
        self._parts.notices.withdraw("Undo", "Redo")
        say = self._answers.get(event.command)
        self._forget_asked(event.command)
        if say is not None:
            say(event)

    # Answers

    def _ask(self, command: Command, say: Callable[[Loaded], None]) -> None:
        """Send what is answered by Loaded; then `say`, if there is something to bring back."""
        trained = self._session.status.step > 0
        number = self._session.send(command)
        if trained:
            self._answers[number] = say

    def _forget_asked(self, answered: int) -> None:
        """The engine answers in order: what was asked before will get no answer any more."""
        self._answers = {n: say for n, say in self._answers.items() if n > answered}

    def _say_started_over(self, event: Loaded) -> None:
        self._parts.notices.tell("Training starts over, from fresh weights.", ("Undo", self.undo))

    def _say_resumed(self, event: Loaded) -> None:
        self._parts.notices.tell(f"{event.network.name} is back. Start goes on from there.")

    def _say_loaded(self, event: Loaded) -> None:
        name = event.data.source if event.data else event.network.name
        self._parts.notices.tell(
            f"{name} is loaded, and the network begins anew.", ("Undo", self.undo)
        )

    def _say_brought_back(self, event: events.BroughtBack) -> None:
        way = "On again at" if event.redone else "Back to"
        validation = event.val_accuracy
        known = f", {percent(validation, 1)} right in validation" if validation is not None else ""
        other = ("Undo", self.undo) if event.redone else ("Redo", self.redo)
        self._parts.notices.tell(
            f"{way} step {event.step:,} of {event.network}{known}.",
            other if event.reversible else None,
        )

    def close(self) -> bool:
        """End the engine; False while it still runs, then ask again a little later."""
        first = self._closing_since is None
        if self._closing_since is None:
            self._closing_since = time.monotonic()
        ended = self._session.close(0.2 if first else 0.0)
        return ended or time.monotonic() - self._closing_since > CLOSING_SECONDS
