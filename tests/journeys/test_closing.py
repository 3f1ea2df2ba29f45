"""Close at any moment and leave nothing; start again and find everything as it was."""

import shutil
import threading
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QByteArray, QEvent, QSettings
from PySide6.QtWidgets import QApplication, QCheckBox, QSlider

from engine import succession
from engine.sessions import pictures
from engine.sessions.loop import EngineLoop
from engine.sessions.thread import ThreadSession
from engine.state import Phase
from gui.app import make_application, make_window
from gui.main_window import USUAL_BUDGET
from gui.settings import Settings
from tests.journeys.driver import QUICK, Driver
from tests.journeys.helpers import TIMEOUT_MS, Gate


def close_while_held(driver: Driver, gate: Gate) -> None:
    """Close while the engine is busy: the window says so, does nothing more, and then goes."""
    driver.until(gate.reached.is_set)
    driver.window.close()
    assert driver.window.isVisible()
    assert driver.says("Closing …")
    assert not driver.window.isEnabled()
    driver.press("Space")
    gate.open()
    driver.until(lambda: not driver.window.isVisible())
    driver.delete()


@pytest.mark.parametrize(
    ("owner", "name"),
    [(EngineLoop, "_load_worker"), (succession, "open_source"), (succession, "Run")],
    ids=["torch loads", "the pictures load", "the network is built"],
)
def test_closed_while_something_loads(open_window, monkeypatch, owner, name):
    gate = Gate(monkeypatch, owner, name)
    close_while_held(open_window(), gate)


@pytest.mark.parametrize("is_painted", [False, True])
def test_closed_before_the_engine_starts(qtbot, monkeypatch, tmp_path, is_painted):
    opened = []
    monkeypatch.setattr(ThreadSession, "open", lambda *_: opened.append(True))
    window = make_window(make_application(), ThreadSession(), Settings(tmp_path), QUICK)
    window.show()
    if is_painted:
        window.grab()
    window.close()
    assert not window.isVisible()
    for _ in range(3):  # what is queued may queue more
        QApplication.processEvents()
    assert not opened
    window.deleteLater()
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


def test_closed_as_soon_as_the_engine_starts(qtbot, tmp_path):
    window = make_window(make_application(), ThreadSession(), Settings(tmp_path), QUICK)
    window.painted.connect(window.close)
    window.show()
    qtbot.waitSignal(window.painted, timeout=TIMEOUT_MS).wait()
    qtbot.waitUntil(lambda: not window.isVisible(), timeout=TIMEOUT_MS)
    assert "engine" not in {thread.name for thread in threading.enumerate()}
    window.deleteLater()
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


@pytest.mark.parametrize("phase", [Phase.READY, Phase.TRAINING, Phase.PAUSED, Phase.FINISHED])
def test_closed_in_any_phase(open_window, phase):
    driver = open_window()
    driver.wait_for_phase(Phase.READY)
    if phase is not Phase.READY:
        driver.choose("Train", "Start")
        driver.wait_for_phase(Phase.TRAINING)
    if phase is Phase.PAUSED:
        driver.choose("Train", "Pause")
    elif phase is Phase.FINISHED:
        driver.choose("Train", "Stop")
    driver.wait_for_phase(phase)
    driver.press("Ctrl+Q")
    driver.until(lambda: not driver.window.isVisible())
    driver.delete()


def test_closed_while_pictures_are_read(open_window, monkeypatch, tmp_path):
    folder = tmp_path / "pictures"
    folder.mkdir()
    for number in range(20):
        Image.fromarray(np.full((9, 9), number, np.uint8)).save(folder / f"{number}.png")
    gate = Gate(monkeypatch, pictures, "read_picture", passes=2)
    driver = open_window()
    driver.wait_for_phase(Phase.READY)
    driver.choose("Train", "Start")
    driver.wait_for_phase(Phase.TRAINING)
    driver.drop(folder)
    driver.until(gate.reached.is_set)
    close_while_held(driver, gate)


def look(driver: Driver) -> dict[str, object]:
    """All that a person finds again at the next start."""
    window, status = driver.window, driver.session.status
    docks = {
        name: (dock.isFloating(), dock.size().toTuple())
        for name, dock in window.pages["train"].docks.items()
        if dock.isVisible()
    }
    return {
        "size": window.size().toTuple(),
        "place": window.pos().toTuple(),
        "docks": docks,
        "palettes": (window.parts.view.palette, window.parts.view.signed_palette),
        "scale": window.parts.view.scale,
        "dark": window.palette().window().color().lightness() < 128,
        "checked": checked(driver, "Palette of maps", "Scale maps", "Theme", "Looking may cost"),
        "curves": (window.pages["train"].curves.smoothing, window.pages["train"].curves.log_loss),
        "training": (
            status.settings.learning_rate, status.settings.batch_size, status.settings.optimizer,
            status.epochs,
            window.pages["train"].training.fields["learning_rate"].text(),
        ),
    }  # fmt: skip


def wait_for_look(driver: Driver, expected: dict[str, object]) -> None:
    driver.until(lambda: look(driver) == expected, lambda: f"{look(driver)} isn't {expected}.")


def checked(driver: Driver, *menus: str) -> list[str]:
    """The marked entries of menus."""
    entries = [a for menu in menus for a in driver.action("View", menu).menu().actions()]
    return [action.text() for action in entries if action.isChecked()]


def test_the_next_start_finds_everything_as_it_was(open_window, tmp_path):
    driver = open_window(None)
    driver.wait_for_phase(Phase.READY)
    driver.wait_for_panels()
    usual = look(driver)
    assert usual["training"] == (0.002, 64, "adam", 20, "0.002")

    window = driver.window
    window.setGeometry(40, 30, 1400, 900)
    driver.until(lambda: window.size().toTuple() == (1400, 900))
    driver.choose("View", "Training")
    driver.until(lambda: not window.pages["train"].docks["training"].isVisible())
    window.pages["train"].docks["map"].setFloating(True)
    driver.choose("View", "Palette of maps", "magma")
    driver.choose("View", "Scale maps", "by layer")
    driver.choose("View", "Theme", "Dark")
    driver.choose("View", "Looking may cost", "at most 20%")
    window.pages["train"].curves.findChild(QSlider).setValue(30)
    driver.click(window.pages["train"].curves.findChild(QCheckBox))
    driver.choose("View", "Training")
    panel = window.pages["train"].training
    driver.type_into(panel.fields["learning_rate"], "0.004")
    driver.type_into(panel.fields["batch_size"], "100")
    driver.type_into(panel.fields["epochs"], "7")
    panel.fields["optimizer"].setFocus()
    driver.press("End")
    driver.until(lambda: driver.session.status.settings.optimizer == "sgd")
    driver.choose("View", "Training")
    driver.until(lambda: not window.pages["train"].docks["training"].isVisible())
    driver.until(lambda: panel.fields["learning_rate"].text() == "0.004")
    # Docks grow into the room that is left, in steps.
    driver.until(
        lambda: (
            window.pages["train"].docks["filters"].geometry().right()
            == window.pages["train"].rect().right()
        )
    )
    left = look(driver)
    assert all(left[what] != usual[what] for what in usual)
    assert left["training"] == (0.004, 100, "sgd", 7, "0.004")
    driver.close()

    for _ in range(2):
        driver = open_window(None)
        driver.wait_for_phase(Phase.READY)
        driver.wait_for_panels()
        wait_for_look(driver, left)
        assert driver.notices == []
        driver.close()

    driver = open_window(None)
    driver.wait_for_panels()
    driver.choose("View", "Reset layout")
    driver.until(
        lambda: all(
            dock.isVisible() or name == "evaluation"  # which is hidden at first
            for name, dock in driver.window.pages["train"].docks.items()
        )
    )
    assert not any(dock.isFloating() for dock in driver.window.pages["train"].docks.values())


def test_a_settings_folder_that_cannot_be_written_breaks_nothing(open_window, tmp_path):
    (tmp_path / "file").write_text("not a folder")
    driver = open_window(folder=tmp_path / "file" / "settings")
    sentence = driver.wait_for_notice("Layout and settings can't be kept")
    assert str(tmp_path) in sentence
    driver.wait_for_phase(Phase.READY)
    driver.wait_for_panels()
    driver.choose("View", "Palette of maps", "magma")
    driver.choose("Train", "Step")
    driver.until(lambda: driver.session.status.step == 1)
    driver.close()

    # It may also vanish while the window stands.
    folder = tmp_path / "vanishes"
    driver = open_window(folder=folder)
    driver.wait_for_phase(Phase.READY)
    shutil.rmtree(folder)
    folder.write_text("not a folder")
    driver.close()


def put_words(folder: Path) -> None:
    for name in ("window.ini", "run.toml"):
        (folder / name).write_text("[[[ neither = INI\n nor TOML\x00")


def put_bytes(folder: Path) -> None:
    for name in ("window.ini", "run.toml"):
        (folder / name).write_bytes(bytes(range(256)) * 20)


def put_wrong_values(folder: Path) -> None:
    ini = QSettings(str(folder / "window.ini"), QSettings.Format.IniFormat)
    for key in ("geometry", "layout"):
        ini.setValue(key, QByteArray(b"\x00\x01\xd9\xd0\xcb\x00\x03 but the rest is not there"))
    for key in ("theme", "palette", "signed palette", "scale", "picture folder"):
        ini.setValue(key, "no such thing")
    for key in ("budget", "smoothing", "log loss"):
        ini.setValue(key, "nan")
    ini.sync()
    (folder / "run.toml").write_text("[training]\nlearning_rate = -1.0\nbatch_size = 0\n")


def put_folders(folder: Path) -> None:
    for name in ("window.ini", "run.toml"):
        (folder / name).mkdir()


@pytest.mark.parametrize("damage", [put_words, put_bytes, put_wrong_values, put_folders])
def test_damaged_settings_break_nothing(open_window, tmp_path, damage):
    folder = tmp_path / "settings"
    folder.mkdir()
    damage(folder)
    driver = open_window(None, folder)
    driver.wait_for_phase(Phase.READY)
    driver.wait_for_panels()
    driver.wait_for_maps()
    if damage is not put_folders:
        sentence = driver.wait_for_notice("Training starts with the default settings.")
        assert "run.toml" in sentence
    assert len(driver.notices) <= 1
    assert driver.session.status.settings.learning_rate == 0.002
    view = driver.window.parts.view
    assert (view.palette, view.scale, driver.window.budget) == ("viridis", "map", USUAL_BUDGET)
    docks = driver.window.pages["train"].docks.items()
    assert {name for name, dock in docks if not dock.isVisible()} == {"evaluation"}
    driver.choose("View", "Palette of maps", "magma")
    driver.close()
    if damage is not put_folders:
        driver = open_window(None, folder)
        assert driver.window.parts.view.palette == "magma"
        driver.wait_for_phase(Phase.READY)
        assert driver.notices == []
