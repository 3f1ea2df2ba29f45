"""From a folder of one's own pictures to a network that learns from them, at the real window."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QAbstractItemView, QPushButton

from engine.messages.events import EpochEnded, Loaded, PicturesLeftOut
from engine.state import Phase
from tests.journeys.driver import Driver
from tests.journeys.helpers import texts

EACH = 24
DATA, TRAIN = "Ctrl+2", "Ctrl+1"


@pytest.fixture
def driver(open_window: Callable[..., Driver]) -> Driver:
    """The window with the digits loaded."""
    driver = open_window()
    driver.wait_for_phase(Phase.READY)
    driver.wait_for_panels()
    return driver


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    """Two classes, reddish and bluish, and a file that is no picture."""
    chance = np.random.default_rng(0)
    folder = tmp_path / "colours"
    for name, channel in (("red", 0), ("blue", 2)):
        (folder / name).mkdir(parents=True)
        for number in range(EACH):
            rgb_HWC = chance.integers(0, 120, (40, 48, 3), dtype=np.uint8)
            rgb_HWC[..., channel] += 100
            Image.fromarray(rgb_HWC).save(folder / name / f"{number}.png")
    (folder / "red" / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\n and no more")
    return folder


def open_data(driver: Driver, folder: Path) -> None:
    """Open a folder on the Data page, until its pictures are there."""
    driver.press(DATA)
    driver.until(driver.window.pages["data"].isVisible)
    driver.window.pages["data"].open_source(str(folder))
    driver.until(lambda: grid(driver).model().rowCount() == 2 * EACH + 1)


def grid(driver: Driver) -> QAbstractItemView:
    return driver.window.pages["data"].browser.grid


def button(driver: Driver, words: str) -> QPushButton:
    return next(
        b for b in driver.window.pages["data"].findChildren(QPushButton) if b.text() == words
    )


def test_a_folder_becomes_a_network_s_pictures(driver: Driver, pictures: Path) -> None:
    open_data(driver, pictures)
    place = driver.place
    driver.click(button(driver, "Train with this"))
    loaded = driver.wait_for_event(Loaded, place)
    driver.until(driver.window.pages["train"].isVisible)
    assert loaded.network.classes == ("blue", "red")
    # Of 24 and 25 a class, a tenth each to validate and to test, and the rest to learn from.
    assert (loaded.data.training_pictures, loaded.data.validation_pictures) == (39, 6)
    assert loaded.network.stages[0].shape == (3, 40, 48)
    driver.wait_for_phase(Phase.READY)
    driver.press("E")
    epoch = driver.wait_for_event(EpochEnded, place)
    assert np.isfinite(epoch.val_loss)


def test_what_was_trained_before_can_be_brought_back(driver: Driver, pictures: Path) -> None:
    driver.press("S")
    driver.wait_for_phase(Phase.PAUSED)
    digits = driver.loaded
    open_data(driver, pictures)
    place = driver.place
    driver.click(button(driver, "Train with this"))
    driver.wait_for_event(Loaded, place)
    driver.answer_notice("the network begins anew", "Undo")
    driver.until(lambda: driver.loaded.network.classes == digits.network.classes)
    assert driver.wait_for_phase(Phase.PAUSED).step == 1


def test_a_file_that_is_no_picture_is_found_and_never_stops_a_run(
    driver: Driver, pictures: Path
) -> None:
    open_data(driver, pictures)
    driver.click(button(driver, "Survey all pictures"))
    problems = driver.window.pages["data"].overview.problems
    driver.until(lambda: problems.rowCount() == 1)
    assert "broken.png" in problems.line(problems.index(0, 0)).name
    place = driver.place
    driver.click(button(driver, "Train with this"))
    driver.wait_for_event(Loaded, place)
    driver.wait_for_phase(Phase.READY)
    driver.press("E")
    driver.wait_for_event(EpochEnded, place)
    for event in driver.told(PicturesLeftOut, place):
        assert "broken.png" in event.problems[0][0]


def test_a_picture_s_steps_and_its_draws_are_shown(driver: Driver, pictures: Path) -> None:
    open_data(driver, pictures)
    page = driver.window.pages["data"]
    view = grid(driver)
    view.setCurrentIndex(view.model().index(3, 0))
    page.tabs.setCurrentWidget(page.steps)
    driver.until(lambda: "float32" in texts(page.steps))
    page.tabs.setCurrentWidget(page.augmentation)
    driver.until(lambda: len(page.augmentation.grid.cells()) == 12)


def test_a_zip_that_is_dropped_opens_on_the_data_page(driver: Driver, tmp_path: Path) -> None:
    from zipfile import ZipFile

    with ZipFile(tmp_path / "two.zip", "w") as archive:
        for name in ("cat.0", "cat.1", "dog.0", "dog.1"):
            Image.new("RGB", (8, 8), "red").save(tmp_path / "one.jpg")
            archive.write(tmp_path / "one.jpg", f"train/{name}.jpg")
    driver.drop(tmp_path / "two.zip")
    driver.until(driver.window.pages["data"].isVisible)
    driver.until(lambda: grid(driver).model().rowCount() == 4)
    driver.qtbot.keyClick(grid(driver), Qt.Key.Key_End)
    assert grid(driver).currentIndex().row() == 3


def test_a_source_that_can_t_be_opened_is_one_sentence(driver: Driver, tmp_path: Path) -> None:
    driver.press(DATA)
    (tmp_path / "empty").mkdir()
    driver.window.pages["data"].open_source(str(tmp_path / "empty"))
    driver.wait_for_notice("no pictures")


def test_the_keys_of_training_do_nothing_here_and_its_buttons_lead_there(driver: Driver) -> None:
    driver.press(DATA)
    driver.until(lambda: grid(driver).model().rowCount() > 0)
    grid(driver).setFocus()
    for key in ("S", "E", "Space"):
        driver.press(key)
    assert driver.session.status.step == 0
    driver.click_button("Step")
    driver.until(driver.window.pages["train"].isVisible)
    assert driver.wait_for_phase(Phase.PAUSED).step == 1
