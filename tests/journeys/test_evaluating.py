"""How good is it? Evaluate, look at what was taken for what, bring a mistake to the probes."""

import msgspec
import pytest
from PySide6.QtCore import Qt

from engine.config import DIGITS, SubsetCounts
from engine.messages.evaluation import Evaluated
from engine.messages.events import EpochEnded, ProbeSelected, ProbeShown, TaskEnded
from engine.state import Phase
from tests.journeys.driver import QUICK, Driver
from tests.journeys.helpers import is_blank, pixels

TESTED = msgspec.structs.replace(
    QUICK, data=msgspec.structs.replace(DIGITS, subsets=SubsetCounts("rest", 20, 40))
)


@pytest.fixture
def driver(open_window) -> Driver:
    """A window whose network has learned for an epoch and stands still."""
    driver = open_window(TESTED)
    driver.wait_for_phase(Phase.READY)
    driver.wait_for_panels()
    driver.press("E")
    driver.wait_for_phase(Phase.PAUSED)
    return driver


def evaluation(driver: Driver):
    return driver.window.pages["train"].evaluation


def evaluated(driver: Driver) -> Evaluated:
    """Choose Evaluate in the menu, and wait for what is shown then."""
    before = evaluation(driver).shown
    driver.choose("Train", "Evaluate")
    driver.until(lambda: evaluation(driver).shown is not before)
    return evaluation(driver).shown


def choose_part(driver: Driver, part: str) -> None:
    panel = evaluation(driver)
    panel.parts.setCurrentIndex(panel.parts.findData(part))


def test_the_test_pictures_are_measured_and_mistakes_can_be_looked_at(driver: Driver) -> None:
    page, panel = driver.window.pages["train"], evaluation(driver)
    assert page.docks["evaluation"].isHidden()
    shown = evaluated(driver)
    step = driver.session.status.step
    assert (shown.subset, shown.pictures, shown.step) == ("test", 400, step)
    assert panel.isVisible()
    assert "of 400 test pictures right" in panel.heading.text()
    assert f"Weights of step {step:,}" in panel.origin.text
    assert not is_blank(pixels(panel.matrix))

    # What the validation of the epoch found is what is found now on the same pictures.
    choose_part(driver, "validation")
    driver.click(panel.button)
    driver.until(lambda: panel.shown.subset == "validation")
    (epoch,) = driver.told(EpochEnded)
    assert panel.shown.accuracy == epoch.val_accuracy
    assert panel.shown.loss == pytest.approx(epoch.val_loss, rel=1e-4)

    # A cell lists its pictures, whose thumbnails come.
    label, taken = max(
        ((i, j) for i in range(10) for j in range(10) if i != j),
        key=lambda cell: panel.shown.confusion_KK[cell],
    )
    driver.click(panel.matrix, panel.matrix.rect_of((label, taken)).center())
    answers = panel.shelf.answers
    assert answers.rowCount() == panel.shown.confusion_KK[label, taken] > 0
    driver.until(lambda: not answers.missing(panel.shelf.visible_rows()))
    first = answers.answer(0)
    assert (first.truth, first.verdict) == (str(label), str(taken))
    assert first.pixmap is not None

    # A click makes it a probe, once.
    before, place = len(driver.probes), driver.place
    tile = panel.shelf.visualRect(answers.index(0)).center()
    driver.qtbot.mouseClick(panel.shelf.viewport(), Qt.MouseButton.LeftButton, pos=tile)
    brought = driver.wait_for_event(ProbeShown, place)
    driver.until(lambda: len(driver.probes) == before + 1)
    driver.qtbot.mouseClick(panel.shelf.viewport(), Qt.MouseButton.LeftButton, pos=tile)
    driver.until(lambda: len(driver.told(ProbeSelected, place)) == 2)
    assert len(driver.probes) == before + 1
    assert brought.name == first.name

    # Esc leads back to the worst mistakes.
    driver.qtbot.keyClick(panel.matrix, Qt.Key.Key_Escape)
    assert answers.rowCount() == len(panel.shown.mistakes())


def test_while_it_trains_an_evaluation_is_of_one_step_and_grows_old(driver: Driver) -> None:
    panel = evaluation(driver)
    driver.choose("Train", "Resume")
    driver.wait_for_phase(Phase.TRAINING)
    shown = evaluated(driver)
    assert shown.step == shown.last_step < driver.session.status.step
    driver.until(lambda: "the network has learned for" in panel.origin.text)
    assert driver.session.status.phase is Phase.TRAINING
    driver.choose("Train", "Pause")
    driver.wait_for_phase(Phase.PAUSED)


def test_an_evaluation_can_be_cancelled_and_begun_again(driver: Driver) -> None:
    panel = evaluation(driver)
    driver.choose("View", "Looking may cost", "at most 2%")
    driver.choose("Train", "Resume")
    driver.wait_for_phase(Phase.TRAINING)
    choose_part(driver, "all")
    driver.choose("Train", "Evaluate")
    driver.until(lambda: panel.progress.isVisible() and panel.progress.bar.value() > 0)
    assert not panel.button.isEnabled()
    driver.click(panel.progress.cancel)
    ended = driver.wait_for_event(TaskEnded)
    assert ended.outcome == "cancelled"
    driver.until(panel.button.isEnabled)
    assert panel.shown is None
    assert not panel.progress.isVisible()
    driver.choose("Train", "Pause")
    driver.wait_for_phase(Phase.PAUSED)
    assert evaluated(driver).pictures == 5000


def test_it_stands_where_it_was_put_when_the_window_opens_again(open_window) -> None:
    driver = open_window(TESTED)
    driver.wait_for_phase(Phase.READY)
    driver.wait_for_panels()
    evaluated(driver)
    dock = driver.window.pages["train"].docks["evaluation"]
    assert dock.isFloating()
    assert dock.width() >= 800
    driver.close()
    driver = open_window(TESTED)
    driver.wait_for_phase(Phase.READY)
    dock = driver.window.pages["train"].docks["evaluation"]
    driver.until(dock.isVisible)
    assert dock.isFloating()
    assert dock.width() >= 800
