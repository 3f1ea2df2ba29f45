"""A person at the window: verbs for what they do, properties for what they see.

Every wait is for a state and ends with TIMEOUT_MS as an error; nothing here sleeps.
"""

from __future__ import annotations

import gc
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import msgspec
import pytest
from PySide6.QtCore import QEvent, QMimeData, QPoint, QPointF, Qt
from PySide6.QtGui import QAction, QDragEnterEvent, QDropEvent, QKeySequence, QWheelEvent
from PySide6.QtWidgets import QApplication, QLabel, QMenu, QWidget
from pytestqt.qtbot import QtBot

from engine.config import (
    DIGITS,
    Conv,
    Dense,
    MaxPool,
    NetworkConfig,
    RunConfig,
    SubsetCounts,
    TrainingConfig,
)
from engine.messages.events import Event, Loaded
from engine.messages.frames import Demand, MosaicFrame, Wanted
from engine.networks.stages import Stage
from engine.sessions.thread import ThreadSession
from engine.state import Phase, Status, Trigger, allows
from gui.app import make_application, make_window
from gui.main_window import MainWindow
from gui.pages.train.probe_list import Entry
from gui.panel import Panel
from gui.settings import Settings
from gui.widgets.mosaic.view import MosaicView
from tests.journeys.helpers import TIMEOUT_MS, files

ENDLESS = 10_000
QUICK = RunConfig(
    data=msgspec.structs.replace(DIGITS, subsets=SubsetCounts("rest", 20, 0)),
    network=NetworkConfig(
        "quick", (Conv(6), MaxPool(2), Conv(8), MaxPool(2), Dense(0, activation="none"))
    ),
    training=TrainingConfig(epochs=ENDLESS, batch_size=96, schedule="constant", device="cpu"),
)
"""A network that loads and learns in a moment; its training doesn't end by itself."""

Told = TypeVar("Told", bound=Event)


class Driver:
    """One window over a real session, shown on a real screen."""

    def __init__(
        self,
        qtbot: QtBot,
        folder: Path,
        config: RunConfig | None,
        torch_threads: int,
        keep_in: Path | None = None,
    ) -> None:
        """`folder` is for the settings; without a config the remembered one is loaded. What is
        trained is kept in `keep_in`."""
        self.qtbot = qtbot
        app = make_application()
        self.session = ThreadSession(torch_threads, keep_in)
        self._inbox = self.session.outlet.join()
        self._heard: list[Event] = []
        self.wanted: tuple[Wanted, ...] = ()
        self._note_wanted()
        self.window: MainWindow = make_window(app, self.session, Settings(folder), config)
        self.is_open = True
        self.window.show()
        qtbot.waitExposed(self.window, timeout=TIMEOUT_MS).__enter__()
        self.window.activateWindow()
        self.until(self.window.isActiveWindow)

    def _note_wanted(self) -> None:
        want = self.session.want

        def noting(demand: Demand) -> None:
            self.wanted = demand.wanted
            want(demand)

        self.session.want = noting  # type: ignore[method-assign]

    # Waiting

    def until(self, holds: Callable[[], object], seen: Callable[[], object] = str) -> None:
        """Let the window run until something holds; `seen` says what there is instead."""
        try:
            self.qtbot.waitUntil(lambda: bool(holds()), timeout=TIMEOUT_MS)
        except self.qtbot.TimeoutError:
            pytest.fail(
                f"It never came. {seen()} The window says: {self.status_words}; its notices: "
                f"{self.notices}; the engine: {self.session.status}"
            )

    def wait_for_phase(self, *phases: Phase) -> Status:
        """Until the engine is in one of these phases and the window says so; the status then."""

        def is_there() -> bool:
            phase = self.session.status.phase
            steps = self.window.parts.actions.step.isEnabled()
            said = self.says(phase.capitalize()) and steps == allows(phase, Trigger.STEP)
            return phase in phases and said

        self.until(is_there)
        return self.session.status

    def wait_for_event(self, kind: type[Told], place: int = 0) -> Told:
        """The first event of a kind from number `place` on."""
        self.until(lambda: self.told(kind, place))
        return self.told(kind, place)[0]

    def wait_for_panels(self) -> None:
        """Until the panels that are built last are there."""
        self.until(
            lambda: len(self.window.parts.panels) == len(self.window.pages["train"].docks) + 1
        )

    def wait_for_maps(self, since: int = 0) -> None:
        """Until every layer with maps that is in sight shows those of step `since` or later."""
        self.until(lambda: self.taps and all(self.step_of(tap) >= since for tap in self.taps))

    # What a person does

    def press(self, keys: str) -> None:
        """Press keys, such as "Ctrl+Z", where the focus is."""
        combination = QKeySequence(keys)[0]
        self.qtbot.keyClick(
            self.window.windowHandle(), combination.key(), combination.keyboardModifiers()
        )

    def click(self, widget: QWidget, at: QPointF | None = None) -> None:
        where = at.toPoint() if at is not None else widget.rect().center()
        self.qtbot.mouseClick(widget, Qt.MouseButton.LeftButton, pos=where)

    def click_button(self, words: str) -> None:
        """Click a button of the bar over the network."""
        bar = self.window.parts.run_bar
        action = next(action for action in bar.actions() if action.text() == words)
        assert action.isEnabled(), f"{words} is not enabled"
        self.click(bar.widgetForAction(action))

    def action(self, *path: str) -> QAction:
        """An entry of the menu bar, by the words on the way to it."""
        actions = self.window.menuBar().actions()
        for words in path[:-1]:
            menu = next(a.menu() for a in actions if a.text().replace("&", "") == words)
            assert isinstance(menu, QMenu)
            actions = menu.actions()
        return next(a for a in actions if a.text().replace("&", "") == path[-1])

    def choose(self, *path: str) -> None:
        """Choose an entry of a menu."""
        action = self.action(*path)
        assert action.isEnabled(), f"{' > '.join(path)} is not enabled"
        action.trigger()

    def type_into(self, field: QWidget, text: str) -> None:
        """Replace what a field holds and press Enter."""
        field.setFocus()
        self.qtbot.keyClick(field, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
        self.qtbot.keyClicks(field, text)
        self.qtbot.keyClick(field, Qt.Key.Key_Return)

    def drag(self, mime: QMimeData, over: QWidget | None = None) -> QDragEnterEvent:
        """Drag something onto the window; the event says whether it is welcome."""
        target = over or self.window
        enter = QDragEnterEvent(target.rect().center(), *_dragged(mime))
        QApplication.sendEvent(target, enter)
        return enter

    def drop(self, *paths: Path, over: QWidget | None = None) -> None:
        """Drop files and folders on the window, or on one of its docks."""
        mime = files(paths)
        self.drag(mime, over)
        target = over or self.window
        event = QDropEvent(QPointF(target.rect().center()), *_dragged(mime))
        QApplication.sendEvent(target, event)
        assert event.isAccepted()

    def click_map(self, tap: str, channel: int) -> None:
        """Click a map in the strip."""
        self.wait_for_maps()
        mosaic = self.mosaic(tap)
        self.click(mosaic, mosaic.channel_rect(channel).center())

    def turn_wheel(self, widget: QWidget, at: QPointF, notches: int) -> None:
        event = QWheelEvent(
            at,
            QPointF(widget.mapToGlobal(at.toPoint())),
            QPoint(),
            QPoint(0, 120 * notches),
            Qt.MouseButton.NoButton,
            Qt.KeyboardModifier.NoModifier,
            Qt.ScrollPhase.NoScrollPhase,
            False,
        )
        QApplication.sendEvent(widget, event)

    def close(self) -> None:
        """Close the window, wait until it is gone with all that ran, and delete it."""
        self.window.close()
        self.until(lambda: not self.window.isVisible())
        self.delete()

    def delete(self) -> None:
        """Once the window has closed: nothing of it stays."""
        assert not any(t.name in ("engine", "picture reader") for t in threading.enumerate())
        self.is_open = False
        self.window.deleteLater()
        QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
        del self.window
        # Here and now: the engine thread of the next window must not find remains to collect.
        gc.collect()

    # What a person sees

    @property
    def status_words(self) -> str:
        """All that the last line of the window says."""
        labels = self.window.parts.status_line.findChildren(QLabel)
        return " | ".join(label.text() for label in labels if label.text())

    def says(self, words: str) -> bool:
        """Whether the window's last line says this."""
        return words in self.status_words

    @property
    def notices(self) -> list[str]:
        return [notice.sentence for notice in self.window.parts.notices.standing()]

    def wait_for_notice(self, words: str) -> str:
        """The whole sentence of a notice with these words in it."""
        self.until(lambda: any(words in sentence for sentence in self.notices))
        return next(sentence for sentence in self.notices if words in sentence)

    def answer_notice(self, words: str, button: str) -> None:
        """Click the button of a notice with these words in it."""
        self.wait_for_notice(words)
        notice = next(n for n in self.window.parts.notices.standing() if words in n.sentence)
        assert notice.button is not None
        assert notice.button.text() == button
        self.click(notice.button)

    def panel(self, title: str) -> Panel:
        return next(panel for panel in self.window.parts.panels if panel.title == title)

    def dismiss_notices(self) -> None:
        for notice in self.window.parts.notices.standing():
            self.click(notice.cross)
        assert self.notices == []

    @property
    def stages(self) -> tuple[Stage, ...]:
        return tuple(column.stage for column in self.window.pages["train"].strip.columns)

    @property
    def taps(self) -> list[str]:
        """The layers whose maps are in sight."""
        return [
            column.stage.name
            for column in self.window.pages["train"].strip.columns
            if column.mosaic is not None and not column.visibleRegion().isEmpty()
        ]

    def mosaic(self, tap: str) -> MosaicView:
        """The maps of a layer in the strip."""
        columns = self.window.pages["train"].strip.columns
        mosaic = next(column.mosaic for column in columns if column.stage.name == tap)
        assert mosaic is not None
        return mosaic

    def frame(self, tap: str) -> MosaicFrame:
        """What the strip shows of a layer."""
        return self.window.pages["train"].strip.frames[tap]

    def step_of(self, tap: str) -> int:
        """The step of the maps that the strip shows of a layer; -1 before the first."""
        frame = self.window.pages["train"].strip.frames.get(tap)
        return frame.step if frame is not None else -1

    @property
    def probes(self) -> list[Entry]:
        """The probe pictures in the strip of thumbnails."""
        model = self.window.pages["train"].probes.model
        entries = (model.entry(model.index(row)) for row in range(model.rowCount()))
        return [entry for entry in entries if entry is not None]

    def _hear(self) -> list[Event]:
        self._heard += self._inbox.events()
        return self._heard

    def told(self, kind: type[Told], place: int = 0) -> list[Told]:
        """The events of a kind from number `place` on."""
        return [event for event in self._hear()[place:] if isinstance(event, kind)]

    @property
    def place(self) -> int:
        """How many events there were so far."""
        return len(self._hear())

    @property
    def loaded(self) -> Loaded:
        """The run that was loaded last."""
        return self.told(Loaded)[-1]


def _dragged(
    mime: QMimeData,
) -> tuple[Qt.DropAction, QMimeData, Qt.MouseButton, Qt.KeyboardModifier]:
    return (
        Qt.DropAction.CopyAction,
        mime,
        Qt.MouseButton.LeftButton,
        Qt.KeyboardModifier.NoModifier,
    )
