"""What the tour does on the Train page: it trains, looks and drops as a person would."""

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QColor, QFont, QImage, QPainter, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit, QPushButton, QWidget

from engine.messages.events import EpochEnded, PicturesRead, ProbeShown, TrainingChanged
from engine.state import Phase
from gui.guide import Guide, Step, TourError

if TYPE_CHECKING:
    from gui.page import Around
    from gui.pages.train.page import TrainPage

LOOKED_AT = ("conv2", 3)


def steps(page: "TrainPage", around: "Around") -> tuple[Step, ...]:
    tour = _Tour(page, around)
    return (
        tour.stand_before_training,
        tour.train,
        tour.pause_step_and_change,
        tour.click_a_map,
        tour.drop_pictures,
        tour.export,
    )


class _Tour:
    def __init__(self, page: "TrainPage", around: "Around") -> None:
        self._page = page
        self._around = around

    def stand_before_training(self, guide: Guide) -> None:
        guide.until_phase(Phase.READY)
        guide.until("Maps of every layer", lambda: self._maps_since(0))
        guide.until("A prediction", self._all_judged)
        guide.save("before-training")

    def train(self, guide: Guide) -> None:
        self._around.actions.start.trigger()
        guide.until("Two epochs", lambda: len(guide.told(EpochEnded)) >= 2)
        guide.until("New maps", self._maps_from_now(guide))
        guide.until("The curves", lambda: self._page.curves.best_epoch() is not None)
        guide.save("training")

    def pause_step_and_change(self, guide: Guide) -> None:
        actions = self._around.actions
        actions.start.trigger()
        guide.until_phase(Phase.PAUSED)
        step = guide.status.step
        guide.until("A single step", lambda: actions.step.isEnabled())
        actions.step.trigger()
        guide.until("One more step", lambda: guide.status.step == step + 1)
        field = self._page.training.fields["learning_rate"]
        assert isinstance(field, QLineEdit)
        field.setFocus()
        field.selectAll()
        QTest.keyClicks(field, "0.0005")
        QTest.keyClick(field, Qt.Key.Key_Return)
        guide.until("The learning rate", lambda: guide.told(TrainingChanged))
        guide.until("Maps of this step", lambda: self._maps_since(step + 1))
        guide.save("paused-after-one-step")

    def click_a_map(self, guide: Guide) -> None:
        strip, (tap, channel) = self._page.strip, LOOKED_AT
        columns = {column.stage.name: column for column in strip.columns}
        mosaic = columns[tap].mosaic
        if mosaic is None:
            raise TourError(f"{tap} has no maps.")
        middle = mosaic.channel_rect(channel).center()
        QTest.mouseClick(mosaic, Qt.MouseButton.LeftButton, pos=middle.toPoint())
        guide.until("The map, large", lambda: self._page.view.selected == LOOKED_AT)
        before = strip.frames[tap]
        for _ in range(3):
            _turn_wheel(mosaic, middle)
        guide.until("The zoom", lambda: strip.frames[tap] is not before)
        guide.save("a-map-and-zoom")
        guide.choose("Reset zoom")

    def drop_pictures(self, guide: Guide) -> None:
        start = self._around.actions.start
        start.trigger()
        with tempfile.TemporaryDirectory() as name:
            guide.drop(_pictures(Path(name)))
            guide.until("The pictures", lambda: any(e.finished for e in guide.told(PicturesRead)))
        guide.until("All probes", lambda: sum("." in e.name for e in guide.told(ProbeShown)) >= 3)
        invert = self._page.strip.findChild(QPushButton)
        guide.until("The offer to invert", lambda: invert is not None and invert.isVisible())
        if invert is not None:
            QTest.mouseClick(invert, Qt.MouseButton.LeftButton)
        guide.until("The negative", lambda: any(e.inverted for e in guide.told(ProbeShown)))
        guide.until("Maps of the picture", self._maps_from_now(guide))
        guide.until("A prediction each", self._all_judged)
        guide.save("dropped-pictures")
        start.trigger()
        guide.until_phase(Phase.PAUSED)

    def export(self, guide: Guide) -> None:
        page, exports, folder = self._page, self._around.exports, guide.out / "exports"
        folder.mkdir(exist_ok=True)
        exports.write(folder / "network.png", page.strip.save_png)
        exports.write(folder / "curves.svg", page.curves.save_svg)
        exports.write(folder / "curves.csv", page.curves.save_csv)
        exports.write(folder / "map.npy", page.map_detail.save_npy)
        for name in ("network.png", "curves.svg", "curves.csv", "map.npy"):
            if not (folder / name).stat().st_size:
                raise TourError(f"{name} is empty.")
        guide.save("exported")
        for notice in self._around.notices.standing():
            notice.dismiss()

    def _maps_since(self, step: int) -> bool:
        frames = self._page.strip.frames
        return bool(frames) and all(frame.step >= step for frame in frames.values())

    def _maps_from_now(self, guide: Guide) -> Callable[[], bool]:
        step = guide.status.step
        return lambda: self._maps_since(step)

    def _all_judged(self) -> bool:
        model = self._page.probes.model
        entries = [model.entry(model.index(row)) for row in range(model.rowCount() - 1)]
        return bool(entries) and all(entry is not None and entry.verdict for entry in entries)


def _pictures(folder: Path) -> list[Path]:
    """Three pictures to drop, and a file that is none."""
    text = folder / "notes.txt"
    text.write_text("not a picture")
    return [
        _draw(folder / "five-on-paper.png", "5", ink="#20242c", ground="#f2efe8"),
        _draw(folder / "three.png", "3", ink="white", ground="black"),
        _draw(folder / "eight.png", "8", ink="#ffd23c", ground="#142850"),
        text,
    ]


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
