"""What a person does on the Train page becomes commands; which pictures can't be shown is told."""

import os
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QMimeData, QObject
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFileDialog

from engine.config import Part
from engine.data import endings
from engine.messages import commands, events
from engine.messages.events import Event
from gui.page import Around
from gui.pages.train.dropped import pictures_in
from gui.widgets.file_filter import file_filter
from gui.widgets.notices import ListDialog

if TYPE_CHECKING:
    from gui.pages.train.page import TrainPage

PICTURE_FILES = file_filter("Pictures", endings.PICTURES)


class TrainController(QObject):
    """Lives on the GUI thread; never waits for the engine."""

    def __init__(self, page: "TrainPage", around: Around) -> None:
        super().__init__(page)
        self._page = page
        self._around = around
        self._pictures_read = 0
        session, send, actions = around.session, around.session.send, around.actions
        actions.open_pictures.triggered.connect(self._open_pictures)
        actions.open_folder.triggered.connect(self._open_folder)
        actions.paste.triggered.connect(self._paste)
        page.training.changed.connect(send)
        page.probes.select_requested.connect(lambda n: send(commands.SelectProbe(n)))
        page.probes.remove_requested.connect(lambda n: send(commands.RemoveProbe(n)))
        page.probes.open_requested.connect(self._open_pictures)
        page.probes.stop_reading_requested.connect(session.stop_reading)
        page.strip.invert_requested.connect(
            lambda n, inverted: send(commands.InvertProbe(n, inverted))
        )

        actions.evaluate.triggered.connect(page.show_evaluation)
        evaluation = page.evaluation
        evaluation.evaluate_requested.connect(self._evaluate)
        evaluation.cancel_requested.connect(lambda n: send(commands.CancelTask(n)))
        evaluation.pictures_requested.connect(lambda *asked: send(commands.ShowPictures(*asked)))
        evaluation.probe_requested.connect(lambda *asked: send(commands.ProbePicture(*asked)))

    def take_pictures(self, mime: QMimeData) -> None:
        """Show the network what was dropped or pasted: files, folders or a picture."""
        around, (paths, rgb_HWC) = self._around, pictures_in(mime)
        if len(paths) == 1 and paths[0].suffix.lower() in endings.SOURCES:
            around.open_source(str(paths[0]))
        elif paths:
            self.add_pictures(paths)
            if len(paths) == 1 and _has_classes(paths[0]):
                folder = str(paths[0])
                around.notices.tell(
                    "Its pictures become probes. They can be learned from as well.",
                    ("Open as data", lambda: around.open_source(folder)),
                )
        elif rgb_HWC is not None:
            around.session.send(commands.AddProbe("pasted picture", rgb_HWC, select=True))
        else:
            around.notices.warn("There is no picture in it. Save it as a file and drop that.")

    def add_pictures(self, paths: list[Path]) -> None:
        self._pictures_read = 0
        self._around.session.add_pictures(paths)

    def show_event(self, event: Event) -> None:
        match event:
            case events.PicturesRead():
                self._pictures_read = event.done
            case events.PicturesUnread():
                self._tell_unread(event.problems)

    def _evaluate(self, part: Part) -> None:
        number = self._around.session.send(commands.Evaluate(part))
        self._page.evaluation.begin(number)

    def _paste(self) -> None:
        self.take_pictures(QGuiApplication.clipboard().mimeData())

    def _open_pictures(self) -> None:
        names, _ = QFileDialog.getOpenFileNames(
            self._page.window(),
            "Show the network pictures",
            self._around.settings.text("picture folder"),
            PICTURE_FILES,
        )
        if names:
            self._around.settings.put("picture folder", str(Path(names[0]).parent))
            self.add_pictures([Path(name) for name in names])

    def _open_folder(self) -> None:
        name = QFileDialog.getExistingDirectory(
            self._page.window(),
            "Show the network the pictures of a folder",
            self._around.settings.text("picture folder"),
        )
        if name:
            self._around.settings.put("picture folder", name)
            self.add_pictures([Path(name)])

    def _tell_unread(self, problems: tuple[tuple[str, str], ...]) -> None:
        notices = self._around.notices
        if len(problems) == 1:
            name, reason = problems[0]
            notices.warn(reason if name in reason else f"{name}: {reason}")
            return
        total = len(problems) + self._pictures_read
        notices.warn(
            f"{len(problems)} of {total} files could not be read.",
            ("Show", lambda: self._show_unread(problems)),
        )

    def _show_unread(self, problems: tuple[tuple[str, str], ...]) -> None:
        ListDialog(
            "Files that could not be read",
            f"These {len(problems)} are not shown; all others are.",
            ("File", "Why"),
            problems,
            self._page.window(),
        ).show()


def _has_classes(path: Path) -> bool:
    """Whether a folder holds others, as one with a folder for each class does."""
    try:
        with os.scandir(path) as entries:
            # Of a folder with very many files, the first ones say enough.
            inner = sum(entry.is_dir() for entry in islice(entries, 1000))
    except OSError:
        return False
    return inner > 1
