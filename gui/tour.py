"""The window shows itself: it drives what a person would, and saves a picture of each part."""

import os
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from PySide6.QtCore import QEvent, QEventLoop, QMimeData, QPoint, QPointF, Qt, QTimer, QUrl
from PySide6.QtGui import (
    QAction,
    QColor,
    QDragEnterEvent,
    QDropEvent,
    QFont,
    QImage,
    QPainter,
    QWheelEvent,
)
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit, QPushButton, QWidget

from engine.messages.events import EpochEnded, Event, PicturesRead, ProbeShown, TrainingChanged
from engine.sessions.thread import ThreadSession
from engine.state import Phase
from gui.app import errors_told, make_application, make_window
from gui.display import why_no_window
from gui.main_window import PAGES, SIZE, MainWindow
from gui.settings import Settings

PATIENCE_SECONDS = 300.0
CHECK_MS = 20
LOOKED_AT = ("conv2", 3)
PICTURE = 9
"""Of the digits, the one whose way to the network is shown."""


class TourError(Exception):
    """Something that should have come did not; the message is a sentence."""


def run_tour(out: Path) -> int:
    """Save numbered screenshots, 1280x800, and exported files in `out`; 0, or 1 with a sentence.

    Works on any display, and without one.
    """
    with why_no_window() as problem:
        if problem:
            os.environ["QT_QPA_PLATFORM"] = "offscreen"
        app = make_application()
    try:
        out.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory() as folder:
            _Tour(app, out, Path(folder)).run()
    except (TourError, OSError) as error:
        print(f"The tour ended early: {error}", file=sys.stderr)
        return 1
    return 0


class _Tour:
    def __init__(self, app: QApplication, out: Path, folder: Path) -> None:
        self._out = out
        self._folder = folder
        self._troubles: list[str] = []
        self._session = ThreadSession()
        self._inbox = self._session.outlet.join()
        self._heard: list[Event] = []
        self._window: MainWindow = make_window(app, self._session, Settings(folder / "config"))

    def run(self) -> None:
        with errors_told(self._troubles.append):
            try:
                self._choose("Dark")
                self._window.resize(*SIZE)
                self._window.show()
                self._stand_before_training()
                self._train()
                self._pause_step_and_change()
                self._click_a_map()
                self._drop_pictures()
                self._export()
                self._look_at_the_data()
                for number, theme in ((9, "light"), (10, "dark")):
                    self._choose(theme.capitalize())
                    self._save(f"{number}-{theme}")
            finally:
                self._close()
        if self._troubles:
            raise TourError(self._troubles[0])

    # The six things

    def _stand_before_training(self) -> None:
        self._until("the network", lambda: self._session.status.phase is Phase.READY)
        self._until("maps of every layer", lambda: self._maps_since(0))
        self._until("a prediction", self._all_judged)
        self._save("1-before-training")

    def _train(self) -> None:
        self._window.parts.actions.start.trigger()
        self._until("two epochs", lambda: len(self._told(EpochEnded)) >= 2)
        step = self._session.status.step
        self._until("new maps", lambda: self._maps_since(step))
        self._until("the curves", lambda: self._window.curves.best_epoch() is not None)
        self._save("2-training")

    def _pause_step_and_change(self) -> None:
        window = self._window
        window.parts.actions.start.trigger()
        self._until("the pause", lambda: self._session.status.phase is Phase.PAUSED)
        step = self._session.status.step
        self._until("a single step", lambda: window.parts.actions.step.isEnabled())
        window.parts.actions.step.trigger()
        self._until("one more step", lambda: self._session.status.step == step + 1)
        field = window.parts.training.fields["learning_rate"]
        assert isinstance(field, QLineEdit)
        field.setFocus()
        field.selectAll()
        QTest.keyClicks(field, "0.0005")
        QTest.keyClick(field, Qt.Key.Key_Return)
        self._until("the learning rate", lambda: self._told(TrainingChanged))
        self._until("maps of this step", lambda: self._maps_since(step + 1))
        self._save("3-paused-after-one-step")

    def _click_a_map(self) -> None:
        window, (tap, channel) = self._window, LOOKED_AT
        columns = {column.stage.name: column for column in window.parts.strip.columns}
        mosaic = columns[tap].mosaic
        if mosaic is None:
            raise TourError(f"{tap} has no maps.")
        middle = mosaic.channel_rect(channel).center()
        QTest.mouseClick(mosaic, Qt.MouseButton.LeftButton, pos=middle.toPoint())
        self._until("the map, large", lambda: window.parts.view.selected == LOOKED_AT)
        before = window.parts.strip.frames[tap]
        for _ in range(3):
            _turn_wheel(mosaic, middle)
        self._until("the zoom", lambda: window.parts.strip.frames[tap] is not before)
        self._save("4-a-map-and-zoom")
        self._choose("Reset zoom")

    def _drop_pictures(self) -> None:
        window = self._window
        dark = _draw(self._folder / "three.png", "3", ink="white", ground="black")
        light = _draw(self._folder / "five-on-paper.png", "5", ink="#20242c", ground="#f2efe8")
        coloured = _draw(self._folder / "eight.png", "8", ink="#ffd23c", ground="#142850")
        text = self._folder / "notes.txt"
        text.write_text("not a picture")
        window.parts.actions.start.trigger()
        _drop(window, [light, dark, coloured, text])
        self._until("the pictures", lambda: any(e.finished for e in self._told(PicturesRead)))
        self._until("all probes", lambda: sum("." in e.name for e in self._told(ProbeShown)) >= 3)
        invert = window.parts.strip.findChild(QPushButton)
        self._until("the offer to invert", lambda: invert is not None and invert.isVisible())
        if invert is not None:
            QTest.mouseClick(invert, Qt.MouseButton.LeftButton)
        self._until("the negative", lambda: any(e.inverted for e in self._told(ProbeShown)))
        step = self._session.status.step
        self._until("maps of the picture", lambda: self._maps_since(step))
        self._until("a prediction each", self._all_judged)
        self._save("5-dropped-pictures")
        window.parts.actions.start.trigger()
        self._until("the pause", lambda: self._session.status.phase is Phase.PAUSED)

    def _export(self) -> None:
        window, folder = self._window, self._out / "exports"
        folder.mkdir(exist_ok=True)
        window.exports.write(folder / "network.png", window.parts.strip.save_png)
        window.exports.write(folder / "curves.svg", window.curves.save_svg)
        window.exports.write(folder / "curves.csv", window.curves.save_csv)
        window.exports.write(folder / "map.npy", window.map_detail.save_npy)
        for name in ("network.png", "curves.svg", "curves.csv", "map.npy"):
            if not (folder / name).stat().st_size:
                raise TourError(f"{name} is empty.")
        self._save("6-exported")
        for notice in window.parts.notices.standing():
            notice.dismiss()

    def _look_at_the_data(self) -> None:
        window, page = self._window, self._window.data
        window.show_page(PAGES.index("data"))
        grid = page.browser.grid
        self._until("the source", lambda: grid.model().rowCount() > 0)
        grid.setCurrentIndex(grid.model().index(PICTURE, 0))
        page.tabs.setCurrentWidget(page.steps)
        self._until("the four steps", page.steps.grid.isVisible)
        self._until("thumbnails", lambda: not page.browser.model.missing(range(PICTURE + 1)))
        self._save("7-data-four-steps")
        page.tabs.setCurrentWidget(page.augmentation)
        drawn = page.augmentation.grid
        self._until("draws of the picture", lambda: drawn.cells())
        self._save("8-data-augmentation")
        window.show_page(PAGES.index("train"))

    # Waiting and looking

    def _until(self, what: str, holds: Callable[[], object]) -> None:
        """Let the window run until something holds; TourError when it doesn't for too long."""
        loop = QEventLoop()
        check, patience = QTimer(), QTimer()
        check.timeout.connect(lambda: loop.quit() if holds() else None)
        patience.timeout.connect(lambda: loop.exit(1))
        check.start(CHECK_MS)
        patience.start(round(PATIENCE_SECONDS * 1000))
        failed = loop.exec()
        check.stop()
        patience.stop()
        if failed:
            raise TourError(f"{what} did not come within {PATIENCE_SECONDS:.0f} s.")

    def _rest(self) -> None:
        """Until the status line has been written anew, and with it all that is shown slowly."""
        line: Any = self._window.parts.status_line
        show_status = line.show_status
        shown: list[bool] = []

        def noting(*arguments: object) -> None:
            show_status(*arguments)
            shown.append(True)

        line.show_status = noting
        self._until("the status", lambda: len(shown) >= 2)
        line.show_status = show_status

    def _told(self, kind: type) -> list:  # type: ignore[type-arg]
        self._heard += self._inbox.events()
        return [event for event in self._heard if isinstance(event, kind)]

    def _maps_since(self, step: int) -> bool:
        frames = self._window.parts.strip.frames
        return bool(frames) and all(frame.step >= step for frame in frames.values())

    def _all_judged(self) -> bool:
        model = self._window.parts.probes.model
        entries = [model.entry(model.index(row)) for row in range(model.rowCount() - 1)]
        return bool(entries) and all(entry is not None and entry.verdict for entry in entries)

    def _choose(self, words: str) -> None:
        """Choose an entry of a menu. Keys would need a window that has the focus."""
        actions = self._window.menuBar().findChildren(QAction)
        next(action for action in actions if action.text() == words).trigger()

    def _save(self, name: str) -> None:
        self._rest()
        path = self._out / f"{name}.png"
        if not self._window.grab().save(str(path)):
            raise OSError(f"{path} can't be written.")
        print(path)

    def _close(self) -> None:
        self._window.close()
        self._until("the end of the engine", self._window.isHidden)
        self._window.deleteLater()
        QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


def _draw(path: Path, digit: str, ink: str, ground: str) -> Path:
    """Write a picture of a digit, as one might have it on paper or on a screen."""
    image = QImage(240, 240, QImage.Format.Format_RGB32)
    image.fill(QColor(ground))
    painter = QPainter(image)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    font = QFont()
    font.setPixelSize(190)
    painter.setFont(font)
    painter.setPen(QColor(ink))
    painter.drawText(image.rect(), Qt.AlignmentFlag.AlignCenter, digit)
    painter.end()
    image.save(str(path))
    return path


def _drop(window: QWidget, paths: list[Path]) -> None:
    """Drop files on the middle of the window, as the desktop does."""
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    dragged = (
        Qt.DropAction.CopyAction,
        mime,
        Qt.MouseButton.LeftButton,
        Qt.KeyboardModifier.NoModifier,
    )
    middle = window.rect().center()
    QApplication.sendEvent(window, QDragEnterEvent(middle, *dragged))
    QApplication.sendEvent(window, QDropEvent(QPointF(middle), *dragged))


def _turn_wheel(widget: QWidget, at: QPointF) -> None:
    """One notch away from the person: closer."""
    event = QWheelEvent(
        at,
        QPointF(widget.mapToGlobal(at.toPoint())),
        QPoint(),
        QPoint(0, 120),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(widget, event)
