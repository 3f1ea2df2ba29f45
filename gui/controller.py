"""What a person does becomes commands; what the engine tells reaches widgets and notices."""

import os
import time
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import msgspec
from PySide6.QtCore import QMimeData, QObject, QUrl, Signal
from PySide6.QtGui import QDesktopServices, QGuiApplication
from PySide6.QtWidgets import QFileDialog, QMainWindow

from engine.config import DataConfig, RunConfig
from engine.data import endings
from engine.messages import commands, events
from engine.messages.events import Event
from engine.presets import find_preset
from engine.sessions.session import Session
from engine.state import Phase, Status
from gui import reports
from gui.actions import Actions
from gui.pages.train.network_strip import NetworkStrip
from gui.pages.train.probes import ProbesPanel
from gui.pages.train.training import TrainingPanel
from gui.panel import Panel
from gui.view_state import ViewState
from gui.widgets.drop_target import pictures_in
from gui.widgets.file_filter import file_filter
from gui.widgets.notices import ListDialog, Notices
from gui.widgets.run_bar import RunBar
from gui.widgets.status_line import StatusLine

PICTURE_FILES = file_filter("Pictures", endings.PICTURES)
CLOSING_SECONDS = 60.0
"""How long to wait for the engine to end: torch can't be stopped while it loads."""


@dataclass(frozen=True)
class Parts:
    """The parts of the window that the engine has something to say to, or that ask it for things.

    `panels` are all panels; it grows when the last ones are built.
    """

    actions: Actions
    view: ViewState
    notices: Notices
    run_bar: RunBar
    status_line: StatusLine
    strip: NetworkStrip
    probes: ProbesPanel
    training: TrainingPanel
    panels: list[Panel]


class Controller(QObject):
    """Lives on the GUI thread; never waits for the engine, but for a moment when closing."""

    source_brought = Signal(str)
    """A path that a person wants to learn from."""

    def __init__(
        self, session: Session, config: RunConfig, window: QMainWindow, parts: Parts
    ) -> None:
        """`session` is not open yet; `config` is what it begins with."""
        super().__init__(window)
        self._session = session
        self._window = window
        self._parts = parts
        self._take_config(config)
        self._stages: tuple[object, ...] = ()
        self._status: Status | None = None
        self._starting_over = False
        self._replacing = False
        self._left_out: list[tuple[str, str]] = []
        self._pictures_read = 0
        self._budget = 0.1
        self._closing_since: float | None = None
        self.last_folder = ""
        self._connect()
        self.show_status(session.status, 0.0)

    def _connect(self) -> None:
        parts, send = self._parts, self._session.send
        actions = parts.actions
        actions.start.triggered.connect(self.start_or_pause)
        actions.step.triggered.connect(lambda: send(commands.Step()))
        actions.epoch.triggered.connect(lambda: send(commands.Epoch()))
        actions.stop.triggered.connect(lambda: send(commands.Stop()))
        actions.start_over.triggered.connect(self.start_over)
        actions.undo.triggered.connect(lambda: send(commands.Undo()))
        actions.open_pictures.triggered.connect(self._open_pictures)
        actions.open_folder.triggered.connect(self._open_folder)
        actions.paste.triggered.connect(self._paste)
        actions.save_network.triggered.connect(self._save_network)
        parts.run_bar.device_requested.connect(self._move_to)
        parts.training.changed.connect(send)
        parts.probes.select_requested.connect(lambda n: send(commands.SelectProbe(n)))
        parts.probes.remove_requested.connect(lambda n: send(commands.RemoveProbe(n)))
        parts.probes.open_requested.connect(self._open_pictures)
        parts.probes.stop_reading_requested.connect(self._session.stop_reading)
        parts.strip.invert_requested.connect(
            lambda n, inverted: send(commands.InvertProbe(n, inverted))
        )

    # What a person does

    def open(self) -> None:
        """Start the engine: it loads torch, then the data and the network."""
        self._session.open(self._config)

    def start_or_pause(self) -> None:
        training = self._session.status.phase is Phase.TRAINING
        self._session.send(commands.Pause() if training else commands.Start())

    def start_over(self) -> None:
        self._starting_over = self._session.status.step > 0
        self._session.send(commands.StartOver())

    def set_budget(self, share: float) -> None:
        """The largest share of time, 0 to 1, that looking may cost while training."""
        self._budget = share
        self._session.send(commands.SetBudget(share))

    def take_pictures(self, mime: QMimeData) -> None:
        """Show the network what was dropped or pasted: files, folders or a picture."""
        paths, rgb_HWC = pictures_in(mime)
        if len(paths) == 1 and paths[0].suffix.lower() in endings.SOURCES:
            self.source_brought.emit(str(paths[0]))
        elif paths:
            self.add_pictures(paths)
            if len(paths) == 1 and _has_classes(paths[0]):
                folder = str(paths[0])
                self._parts.notices.tell(
                    "Its pictures become probes. They can be learned from as well.",
                    ("Open as data", lambda: self.source_brought.emit(folder)),
                )
        elif rgb_HWC is not None:
            self._session.send(commands.AddProbe("pasted picture", rgb_HWC, select=True))
        else:
            self._parts.notices.warn("There is no picture in it. Save it as a file and drop that.")

    def add_pictures(self, paths: list[Path]) -> None:
        self._pictures_read = 0
        self._session.add_pictures(paths)

    def run(self) -> RunConfig:
        """The run with its settings as they stand, to begin the next start with."""
        settings, config = self._session.status.settings, self._config
        return config if settings is None else msgspec.structs.replace(config, training=settings)

    def train_with(self, data: DataConfig) -> None:
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
                run.data, source=now.source, subsets=now.subsets, seed=now.seed
            )
            run = msgspec.structs.replace(run, data=data)
        self.begin_anew(run)

    def begin_anew(self, run: RunConfig) -> None:
        """Load a run; what was trained before can be brought back."""
        self._replacing = self._session.status.step > 0
        self._session.send(commands.Load(run))

    def _paste(self) -> None:
        self.take_pictures(QGuiApplication.clipboard().mimeData())

    def _open_pictures(self) -> None:
        names, _ = QFileDialog.getOpenFileNames(
            self._window, "Show the network pictures", self.last_folder, PICTURE_FILES
        )
        if names:
            self.last_folder = str(Path(names[0]).parent)
            self.add_pictures([Path(name) for name in names])

    def _open_folder(self) -> None:
        name = QFileDialog.getExistingDirectory(
            self._window, "Show the network the pictures of a folder", self.last_folder
        )
        if name:
            self.last_folder = name
            self.add_pictures([Path(name)])

    def _save_network(self) -> None:
        name = QFileDialog.getExistingDirectory(
            self._window, "Choose a folder for the trained network", self.last_folder
        )
        if name:
            self.last_folder = name
            self._session.send(commands.Save(name))

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
        """Give events to every panel, and say what a person should know."""
        for event in new:
            if isinstance(event, events.Loaded) and event.network.stages != self._stages:
                self._stages = event.network.stages
                self._parts.view.forget_network()
            for panel in self._parts.panels:
                panel.show_event(event)
            self._react(event)

    def show_status(self, status: Status, frames_per_second: float) -> None:
        parts = self._parts
        if status != self._status:
            self._status = status
            parts.actions.show_status(status)
            parts.run_bar.show_status(status)
            parts.training.show_status(status)
        parts.status_line.show_status(status, frames_per_second, self._budget)

    def _react(self, event: Event) -> None:
        notices = self._parts.notices
        match event:
            case events.Loaded():
                self._loaded(event)
            case events.PhaseChanged():
                self._parts.actions.show_status(
                    msgspec.structs.replace(self._session.status, phase=event.phase)
                )
            case events.LossNotFinite():
                lower = self.run().training.learning_rate / 10
                notices.warn(
                    f"The loss of step {event.step:,} is not a number, so training is paused with"
                    f" the weights of step {event.kept_step:,}. A lower learning rate helps.",
                    (
                        f"Use {lower:g}",
                        lambda: self._session.send(commands.SetTraining({"learning_rate": lower})),
                    ),
                )
            case events.Refused():
                nothing_loaded = not self._session.status.network
                afresh = commands.Load(RunConfig())
                notices.warn(
                    event.sentence,
                    ("Load the digits", lambda: self._session.send(afresh))
                    if nothing_loaded and self._session.status.phase is Phase.IDLE
                    else None,
                )
            case events.Failed():
                self._failed(event)
            case events.Halted():
                notices.warn(event.sentence)
            case events.CacheProblem():
                notices.tell(event.sentence)
            case events.PicturesLeftOut():
                self._leave_out(event.problems)
            case events.PicturesRead():
                self._pictures_read = event.done
            case events.PicturesUnread():
                self._unread(event.problems)
            case events.Saved():
                url = QUrl.fromLocalFile(event.folder)
                notices.tell(
                    f"The network is saved in {event.folder}.",
                    ("Open folder", lambda: QDesktopServices.openUrl(url)),
                )

    def _take_config(self, config: RunConfig) -> None:
        self._config = config
        source = Path(config.data.source).name  # of a path; a name is one already
        self._parts.run_bar.name_run(source, config.network.name)

    def _loaded(self, event: events.Loaded) -> None:
        if event.config is not None:
            self._take_config(event.config)
        for sentence in event.data.notes if event.data else ():
            self._parts.notices.tell(sentence)
        if self._replacing:
            self._replacing = False
            name = event.data.source if event.data else event.network.name
            self._parts.notices.tell(
                f"{name} is loaded, and the network begins anew.",
                ("Undo", lambda: self._session.send(commands.Undo())),
            )
        if self._starting_over:
            self._starting_over = False
            undo = commands.Undo()
            self._parts.notices.tell(
                "Training starts over, from fresh weights.",
                ("Undo", lambda: self._session.send(undo)),
            )
        if self._parts.view.selected is None:
            first = next((stage for stage in event.network.stages if stage.kind == "conv"), None)
            if first is not None:
                self._parts.view.select(first.name, 0)

    def _failed(self, event: events.Failed) -> None:
        report = reports.write(event.sentence, event.details)
        words = f"{event.sentence} A report is in {report}." if report else event.sentence
        loaded = bool(self._session.status.network)
        self._parts.notices.warn(words, ("Start over", self.start_over) if loaded else None)

    def _unread(self, problems: tuple[tuple[str, str], ...]) -> None:
        notices = self._parts.notices
        if len(problems) == 1:
            name, reason = problems[0]
            notices.warn(reason if name in reason else f"{name}: {reason}")
            return
        total = len(problems) + self._pictures_read
        notices.warn(
            f"{len(problems)} of {total} files could not be read.",
            ("Show", lambda: self._show_unread(problems)),
        )

    def _leave_out(self, problems: tuple[tuple[str, str], ...]) -> None:
        """Say so once: the list grows while it can be opened."""
        first = not self._left_out
        self._left_out += problems
        if first:
            self._parts.notices.warn(
                "Some pictures could not be read; the training goes on without them.",
                ("Show", lambda: self._show_list("Left out of the training", self._left_out)),
            )

    def _show_list(self, title: str, problems: list[tuple[str, str]]) -> None:
        caption = "Nothing was learned from these; all others are used."
        ListDialog(title, caption, ("File", "Why"), problems, self._window).show()

    def _show_unread(self, problems: tuple[tuple[str, str], ...]) -> None:
        ListDialog(
            "Files that could not be read",
            f"These {len(problems)} are not shown; all others are.",
            ("File", "Why"),
            problems,
            self._window,
        ).show()

    def close(self) -> bool:
        """End the engine; False while it still runs, then ask again a little later."""
        first = self._closing_since is None
        if self._closing_since is None:
            self._closing_since = time.monotonic()
        ended = self._session.close(0.2 if first else 0.0)
        return ended or time.monotonic() - self._closing_since > CLOSING_SECONDS


def _has_classes(path: Path) -> bool:
    """Whether a folder holds others, as one with a folder for each class does."""
    try:
        with os.scandir(path) as entries:
            # Of a folder with very many files, the first ones say enough.
            inner = sum(entry.is_dir() for entry in islice(entries, 1000))
    except OSError:
        return False
    return inner > 1
