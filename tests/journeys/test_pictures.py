"""Pictures of one's own: dropped, pasted, opened; odd ones, light ones, and none at all."""

import json
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw
from PySide6.QtCore import QMimeData, QModelIndex, Qt
from PySide6.QtGui import QDropEvent, QGuiApplication, QImage
from PySide6.QtWidgets import QApplication, QPushButton

from engine.messages.events import PicturesRead, PicturesUnread, ProbeSelected, ProbeShown
from engine.sessions import pictures
from engine.state import Phase
from gui.pages.train.probe_list import INVITATION
from gui.pages.train.probes import ProbesPanel
from gui.pages.train.seen_picture import SeenPicture
from gui.widgets.class_bars import ClassBars
from gui.widgets.notices import ListDialog
from tests.journeys.driver import Driver
from tests.journeys.helpers import Gate, answer_dialog, files, is_blank, pixels
from tests.shared_pictures import shared


@pytest.fixture
def driver(open_window):
    """A window whose network trains."""
    driver = open_window()
    driver.wait_for_phase(Phase.READY)
    driver.wait_for_panels()
    driver.press("Space")
    driver.wait_for_phase(Phase.TRAINING)
    return driver


def draw_digit(path: Path, light: bool = False) -> Path:
    """A one in white on black, or in black on white."""
    path.parent.mkdir(exist_ok=True)
    image = Image.new("L", (60, 90), 255 if light else 0)
    ImageDraw.Draw(image).line((30, 10, 30, 80), fill=0 if light else 255, width=9)
    image.save(path)
    return path


def shown(driver: Driver, name: str) -> ProbeShown:
    """The newest that was told of a probe."""
    return [event for event in driver.told(ProbeShown) if event.name == name][-1]


def is_probe(driver: Driver, *names: str) -> bool:
    """Whether these pictures stand in the strip, each with a prediction."""
    verdicts = {probe.name: probe.verdict for probe in driver.probes}
    return all(verdicts.get(name) for name in names)


def test_dropped_pasted_and_opened_pictures_become_probes(driver, monkeypatch, tmp_path):
    window = driver.window
    first = len(driver.probes)
    names = [f"{number}.png" for number in range(8)]
    paths = [draw_digit(tmp_path / "mine" / name) for name in names]

    # While something is dragged over it, the window says that it may be dropped.
    assert not window.drop_target.isVisible()
    assert driver.drag(files(paths[:1])).isAccepted()
    assert window.drop_target.isVisible()
    assert window.drop_target.geometry() == window.rect()
    words = QMimeData()
    words.setText("words, not pictures")
    window.drop_target.hide()
    assert not driver.drag(words).isAccepted()
    assert not window.drop_target.isVisible()

    step = driver.session.status.step
    driver.drop(paths[0])
    assert not window.drop_target.isVisible()
    driver.until(lambda: is_probe(driver, "0.png"))
    probe = shown(driver, "0.png")
    assert driver.told(ProbeSelected)[-1].probe == probe.probe
    assert probe.seen_CHW.shape == (1, 28, 28)
    assert probe.size_HW == (90, 60)
    seen = window.pages["train"].strip.findChild(SeenPicture)
    driver.until(lambda: seen.accessibleDescription() == "0.png")
    assert not is_blank(pixels(seen))
    driver.until(lambda: driver.frame("conv1").probe == probe.probe)
    bars = window.pages["train"].strip.findChild(ClassBars)
    driver.until(lambda: bars.accessibleDescription() == driver.probes[-1].verdict)

    driver.drop(*paths[1:3], over=window.pages["train"].docks["curves"])
    driver.until(lambda: is_probe(driver, "1.png", "2.png"))
    folder = tmp_path / "folder"
    for number in (3, 4):
        draw_digit(folder / f"{number}.png")
    (folder / "notes.txt").write_text("no picture")
    driver.drop(folder)
    driver.until(lambda: is_probe(driver, "3.png", "4.png"))
    assert driver.told(ProbeSelected)[-1].probe == shown(driver, "3.png").probe

    clipboard = QGuiApplication.clipboard()
    clipboard.setImage(QImage(str(paths[5])))
    driver.press("Ctrl+V")
    driver.until(lambda: is_probe(driver, "pasted picture"))
    np.testing.assert_array_equal(
        shown(driver, "pasted picture").seen_CHW, shown(driver, "0.png").seen_CHW
    )
    clipboard.setMimeData(files([paths[5]]))
    driver.press("Ctrl+V")
    driver.until(lambda: is_probe(driver, "5.png"))
    answer_dialog(monkeypatch, "getOpenFileNames", *paths[6:8])
    driver.press("Ctrl+O")
    driver.until(lambda: is_probe(driver, "6.png", "7.png"))
    answer_dialog(monkeypatch, "getExistingDirectory", tmp_path / "folder")
    driver.press("Ctrl+Shift+O")
    driver.until(lambda: len(driver.probes) == first + 11)
    assert driver.notices == []

    # Training went on meanwhile, and the predictions follow it.
    assert driver.session.status.phase is Phase.TRAINING
    assert driver.session.status.step > step
    shares = [probe.share for probe in driver.probes]
    driver.until(lambda: [probe.share for probe in driver.probes] != shares)

    # Clipboards without pictures are met with a sentence.
    clipboard.setText("words")
    driver.press("Ctrl+V")
    driver.wait_for_notice("There is no picture in it.")
    clipboard.clear()


def test_probes_are_chosen_and_removed(driver, tmp_path):
    driver.drop(draw_digit(tmp_path / "mine.png"))
    driver.until(lambda: is_probe(driver, "mine.png"))
    panel = driver.window.pages["train"].probes
    rows = panel.list
    count = len(driver.probes)
    driver.click(rows.viewport(), rows.visualRect(panel.model.index(1)).center().toPointF())
    chosen = driver.probes[1].probe
    driver.until(lambda: driver.told(ProbeSelected)[-1].probe == chosen)
    driver.until(lambda: driver.frame("conv1").probe == chosen)
    rows.setFocus()
    driver.press("Left")
    driver.until(lambda: driver.frame("conv1").probe == driver.probes[0].probe)
    driver.press("Del")
    driver.until(lambda: len(driver.probes) == count - 1)
    driver.until(lambda: driver.frame("conv1").probe == driver.probes[0].probe)
    for left in range(count - 2, 0, -1):
        driver.press("Del")
        driver.until(lambda left=left: len(driver.probes) == left)
    driver.press("Del")
    driver.wait_for_notice("The last probe picture stays.")
    assert len(driver.probes) == 1
    assert driver.session.status.phase is Phase.TRAINING


def test_the_negative_is_offered_for_a_light_picture(driver, tmp_path):
    invert = next(
        button
        for button in driver.window.pages["train"].strip.findChildren(QPushButton)
        if button.text() == "Invert"
    )
    driver.drop(draw_digit(tmp_path / "dark.png"))
    driver.until(lambda: is_probe(driver, "dark.png"))
    assert not invert.isVisible()
    driver.drop(draw_digit(tmp_path / "light.png", light=True))
    driver.until(invert.isVisible)
    driver.until(lambda: is_probe(driver, "light.png"))
    dark_CHW, light_CHW = (shown(driver, n).seen_CHW for n in ("dark.png", "light.png"))
    np.testing.assert_array_equal(light_CHW, 255 - dark_CHW)
    seen = driver.window.pages["train"].strip.findChild(SeenPicture)
    look = pixels(seen)

    driver.click(invert)
    driver.until(lambda: shown(driver, "light.png").inverted)
    driver.until(lambda: not np.array_equal(pixels(seen), look))
    assert invert.isChecked()
    np.testing.assert_array_equal(shown(driver, "light.png").seen_CHW, dark_CHW)
    driver.click(invert)
    driver.until(lambda: not shown(driver, "light.png").inverted)
    driver.until(lambda: np.array_equal(pixels(seen), look))
    assert not invert.isChecked()


def test_all_odd_pictures_at_once(driver, tmp_path):
    with zipfile.ZipFile(shared("odd_pictures.zip")) as archive:
        archive.extractall(tmp_path / "odd")
    facts = json.loads((tmp_path / "odd" / "expected.json").read_text(encoding="utf-8"))
    readable = {name for name, fact in facts.items() if fact["readable"]}
    before = {probe.name for probe in driver.probes}
    # A file manager hands them over as it lists them; expected.json is one of them.
    driver.drop(*sorted((tmp_path / "odd").iterdir()))
    unread = driver.wait_for_event(PicturesUnread)
    driver.until(lambda: is_probe(driver, *readable))
    assert {probe.name for probe in driver.probes} == before | readable
    assert {name for name, _ in unread.problems} == {*facts} - readable | {"expected.json"}
    for name, reason in unread.problems:
        assert reason.startswith(name)
        assert reason.endswith(".")

    total = len(facts) + 1
    driver.answer_notice(f"{len(unread.problems)} of {total} files could not be read.", "Show")
    (dialog,) = driver.window.findChildren(ListDialog)
    driver.until(dialog.isVisible)
    rows = [dialog.table.topLevelItem(row) for row in range(dialog.table.topLevelItemCount())]
    assert tuple((row.text(0), row.text(1)) for row in rows) == unread.problems
    driver.qtbot.keyClick(dialog, Qt.Key.Key_Escape)
    driver.until(lambda: not driver.window.findChildren(ListDialog))

    upright = shown(driver, "exif_rotated.jpg")
    assert upright.size_HW == (96, 72)
    good = shown(driver, "good.jpg").picture_HWC.astype(int)
    turned = np.rot90(good, -1)
    assert np.abs(upright.picture_HWC - turned).mean() < 4
    over_white = 255 - (255 - good) * 128 / 255
    assert np.abs(shown(driver, "alpha.png").picture_HWC - over_white).mean() < 4
    with Image.open(tmp_path / "odd" / "gray16.png") as image:
        exact = np.asarray(image) / 65535 * 255
    assert np.abs(shown(driver, "gray16.png").picture_HWC[..., 0] - exact).max() <= 1
    for name in readable:
        assert shown(driver, name).seen_CHW.shape == (1, 28, 28)
    step = driver.session.status.step
    driver.until(lambda: driver.session.status.step > step)
    assert driver.session.status.phase is Phase.TRAINING
    assert driver.notices == []


def test_one_bad_file_is_named_and_reading_can_be_stopped(driver, monkeypatch, tmp_path):
    before = len(driver.probes)
    bad = tmp_path / "bad.png"
    bad.write_text("words")
    driver.drop(bad)
    sentence = driver.wait_for_notice("bad.png")
    assert sentence.startswith("bad.png isn't a picture")
    driver.drop(tmp_path / "gone.png")
    driver.wait_for_notice("gone.png doesn't exist.")
    empty = tmp_path / "empty"
    empty.mkdir()
    driver.drop(empty)
    driver.wait_for_notice("There are no pictures in this folder.")
    assert len(driver.probes) == before

    reading = Gate(monkeypatch, pictures, "read_picture", passes=1)
    folder = tmp_path / "many"
    for number in range(5):
        draw_digit(folder / f"{number}.png")
    place = driver.place
    driver.drop(folder)
    panel = driver.window.pages["train"].probes
    driver.until(lambda: last_tile(panel).data().startswith("reading 1 of 5"))
    panel.list.scrollTo(last_tile(panel))
    tile = panel.list.visualRect(last_tile(panel)).center()
    driver.click(panel.list.viewport(), tile.toPointF())
    reading.open()
    driver.until(lambda: any(read.finished for read in driver.told(PicturesRead, place)))
    driver.until(lambda: last_tile(panel).data() == INVITATION)
    driver.until(lambda: is_probe(driver, "0.png", "1.png"))
    assert len(driver.probes) == before + 2


def last_tile(panel: ProbesPanel) -> QModelIndex:
    """The tile that invites to bring more pictures, or says how far the reading is."""
    return panel.model.index(panel.model.rowCount() - 1)


def test_something_else_dropped_is_left_alone(driver):
    words = QMimeData()
    words.setText("https://example.org/cat.png")
    where = driver.window.rect().center().toPointF()
    event = QDropEvent(
        where,
        Qt.DropAction.CopyAction,
        words,
        Qt.MouseButton.LeftButton,
        Qt.KeyboardModifier.NoModifier,
    )
    event.ignore()
    before = driver.place
    QApplication.sendEvent(driver.window, event)
    assert not event.isAccepted()
    assert not driver.told(ProbeShown, before)
