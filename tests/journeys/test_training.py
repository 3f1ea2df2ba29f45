"""Start, watch, pause, step, change settings, start over: with buttons, menus and keys."""

import itertools
import re

import numpy as np
import pyqtgraph as pg
import pytest
from PySide6.QtCore import QPoint, QPointF
from PySide6.QtWidgets import QCheckBox, QGraphicsProxyWidget, QSlider

from engine.config import RunConfig
from engine.messages.events import EpochEnded, Loaded, TrainingChanged
from engine.sessions.loop import EngineLoop
from engine.state import Phase
from gui.pages.train.curves import CurvesPanel
from gui.widgets.class_bars import ClassBars
from tests.journeys.driver import Driver
from tests.journeys.helpers import Gate, is_blank, pixels, texts


def drawn_points(driver: Driver) -> int:
    """How many points the longest curve on the screen has."""
    plots = driver.window.pages["train"].curves.findChild(pg.GraphicsLayoutWidget).scene().items()
    curves = [
        item.getData()[0]
        for item in plots
        if isinstance(item, pg.PlotCurveItem) and item.isVisible()
    ]
    return max((len(x_N) for x_N in curves if x_N is not None), default=0)


def test_the_picture_flows_through_every_layer_before_training(open_window, monkeypatch):
    torch_loads = Gate(monkeypatch, EngineLoop, "_load_worker")
    driver = open_window(RunConfig())
    driver.wait_for_panels()
    assert driver.says("Loading torch …")
    assert not driver.window.parts.actions.start.isEnabled()
    torch_loads.open()
    driver.wait_for_phase(Phase.READY)
    driver.wait_for_maps()

    strip = driver.window.pages["train"].strip
    shapes = [stage.shape for stage in driver.stages]
    assert shapes[:6] == [
        (1, 28, 28), (32, 26, 26), (32, 13, 13), (64, 11, 11), (64, 5, 5), (64, 3, 3)
    ]  # fmt: skip
    assert driver.stages[-1].kind == "classes"
    assert driver.taps == ["conv1", "pool1", "conv2", "pool2", "conv3", "dense1"]
    right_edge = max(column.geometry().right() for column in strip.columns)
    assert right_edge <= strip.width(), "the whole network is in sight"
    for column in strip.columns:
        assert not is_blank(pixels(column)), column.stage.name
        assert "step 0" in texts(strip.columns[0])
    for tap in driver.taps:
        frame = driver.frame(tap)
        assert frame.step == 0
        assert len(frame.channels) == frame.shape_CHW[0]
        assert not is_blank(frame.mosaic_HW[..., None]), tap
    bars = strip.findChild(ClassBars)
    driver.until(bars.accessibleDescription)
    assert bars.accessibleDescription() in driver.loaded.network.classes
    driver.until(lambda: all(probe.verdict for probe in driver.probes))
    assert not is_blank(pixels(driver.panel("Filters")))
    assert driver.notices == []


def test_training_is_started_watched_and_held_by_buttons_and_keys(open_window):
    driver = open_window()
    driver.wait_for_phase(Phase.READY)
    driver.wait_for_panels()
    driver.wait_for_maps()
    untrained = {tap: driver.frame(tap).mosaic_HW for tap in driver.taps}
    assert drawn_points(driver) == 0

    driver.click_button("Start")
    driver.wait_for_phase(Phase.TRAINING)
    driver.wait_for_maps(since=1)
    first = {tap: driver.step_of(tap) for tap in driver.taps}
    driver.until(lambda: all(driver.step_of(tap) > first[tap] for tap in driver.taps))
    for tap, mosaic_HW in untrained.items():
        assert not np.array_equal(driver.frame(tap).mosaic_HW, mosaic_HW), tap
    driver.until(lambda: drawn_points(driver) > 5)
    points = drawn_points(driver)
    driver.until(lambda: drawn_points(driver) > points)
    items = driver.window.pages["train"].curves.findChild(pg.GraphicsLayoutWidget).scene().items()
    widgets = [item for item in items if isinstance(item, QGraphicsProxyWidget)]
    assert not any(item.isVisible() for item in widgets), "no menu of pyqtgraph's own"
    for words in (
        "epoch ",
        "step ",
        " pictures/s",
        " left",
        "cpu · ",
        " frames/s",
        "looking costs",
    ):
        driver.until(lambda words=words: driver.says(words))

    driver.click_button("Pause")
    paused = driver.wait_for_phase(Phase.PAUSED)
    assert len(driver.session.curves.read().step_N) == paused.step
    driver.wait_for_maps(since=paused.step)
    assert {driver.step_of(tap) for tap in driver.taps} == {paused.step}

    driver.press("S")
    driver.until(lambda: driver.session.status.step == paused.step + 1)
    driver.wait_for_phase(Phase.PAUSED)
    driver.click_button("Step")
    driver.until(lambda: driver.session.status.step == paused.step + 2)
    driver.wait_for_phase(Phase.PAUSED)

    epochs = len(driver.told(EpochEnded))
    driver.press("E")
    driver.until(lambda: len(driver.told(EpochEnded)) == epochs + 1)
    at_epoch_end = driver.wait_for_phase(Phase.PAUSED)
    assert at_epoch_end.step_in_epoch == 0
    driver.until(lambda: "best epoch" in texts(driver.window.pages["train"].curves))
    assert driver.window.pages["train"].curves.best_epoch() in driver.told(EpochEnded)

    driver.press("Space")
    driver.until(lambda: driver.session.status.step > at_epoch_end.step)
    assert driver.session.status.phase is Phase.TRAINING
    driver.until(lambda: not driver.window.parts.actions.step.isEnabled())
    driver.press("Space")
    driver.wait_for_phase(Phase.PAUSED)
    driver.click_button("Resume")
    driver.wait_for_phase(Phase.TRAINING)
    driver.click_button("Stop")
    driver.wait_for_phase(Phase.FINISHED)
    assert driver.notices == []


def test_starting_over_can_be_undone(open_window):
    driver = open_window()
    driver.wait_for_phase(Phase.READY)
    driver.wait_for_panels()
    driver.choose("Train", "Epoch")
    trained = driver.wait_for_phase(Phase.PAUSED)
    driver.wait_for_maps(since=trained.step)
    curves = driver.session.curves.read()
    maps = {tap: driver.frame(tap).mosaic_HW for tap in driver.taps}
    driver.until(lambda: drawn_points(driver) == trained.step)

    driver.choose("Train", "Start over")
    driver.wait_for_notice("Training starts over")
    assert driver.wait_for_phase(Phase.READY).step == 0
    driver.until(lambda: {driver.step_of(tap) for tap in driver.taps} == {0})
    driver.until(lambda: drawn_points(driver) == 0)

    driver.press("Ctrl+Z")
    assert driver.wait_for_phase(Phase.PAUSED).step == trained.step
    driver.wait_for_maps(since=trained.step)
    for tap in driver.taps:
        np.testing.assert_array_equal(driver.frame(tap).mosaic_HW, maps[tap])
    np.testing.assert_array_equal(driver.session.curves.read().loss_N, curves.loss_N)
    driver.until(lambda: drawn_points(driver) == trained.step)
    assert not driver.window.parts.actions.undo.isEnabled()

    # The notice offers the same, also while training.
    driver.press("Space")
    driver.until(lambda: driver.session.status.step > trained.step)
    driver.dismiss_notices()
    driver.click_button("Start over")
    driver.answer_notice("Training starts over", "Undo")
    assert driver.wait_for_phase(Phase.PAUSED).step > trained.step
    driver.wait_for_notice("Back to step")
    assert len(driver.notices) == 1


def test_undo_says_what_it_brings_back_and_loses_nothing(open_window):
    driver = open_window()
    driver.wait_for_phase(Phase.READY)
    driver.choose("Train", "Epoch")
    first = driver.wait_for_phase(Phase.PAUSED)
    driver.click_button("Start over")
    driver.wait_for_phase(Phase.READY)
    driver.press("Space")
    driver.until(lambda: driver.session.status.step > first.step + 5)
    driver.press("Space")
    second = driver.wait_for_phase(Phase.PAUSED)

    # A picture is removed, and Ctrl+Z is pressed for it: it means the network, and says so.
    driver.until(lambda: len(driver.probes) > 1)
    shown = len(driver.probes)
    driver.panel("Probe pictures").list.setFocus()
    driver.press("Delete")
    driver.until(lambda: len(driver.probes) == shown - 1)
    driver.until(driver.window.parts.actions.undo.isEnabled)
    driver.press("Ctrl+Z")
    driver.wait_for_notice(f"Back to step {first.step:,} of quick")
    assert driver.session.status.step == first.step
    driver.answer_notice("Back to step", "Redo")
    driver.wait_for_notice(f"On again at step {second.step:,} of quick")
    assert driver.session.status.step == second.step
    driver.until(driver.window.parts.actions.undo.isEnabled)
    driver.press("Ctrl+Z")
    driver.wait_for_notice(f"Back to step {first.step:,} of quick")
    driver.until(driver.window.parts.actions.redo.isEnabled)
    driver.press("Ctrl+Shift+Z")
    driver.wait_for_notice(f"On again at step {second.step:,} of quick")
    assert driver.wait_for_phase(Phase.PAUSED).step == second.step


def test_settings_change_while_training_and_bad_values_change_nothing(open_window):
    driver = open_window()
    driver.wait_for_phase(Phase.READY)
    driver.press("Space")
    driver.wait_for_phase(Phase.TRAINING)
    panel = driver.window.pages["train"].training
    place = driver.place

    for bad in ("abc", "0", "-1", "1e9", "nan"):
        driver.type_into(panel.fields["learning_rate"], bad)
        assert panel.complaints["learning_rate"].isVisible()
        assert repr(bad) in panel.complaints["learning_rate"].text()
        assert "a number above 0" in panel.complaints["learning_rate"].text()
    for box in (panel.fields["batch_size"], panel.fields["epochs"]):
        before = box.value()
        for bad in ("abc", "0", ""):
            driver.type_into(box, bad)
            assert box.value() == before
    step = driver.session.status.step
    driver.until(lambda: driver.session.status.step > step + 1)
    status = driver.session.status
    assert (status.settings.learning_rate, status.settings.batch_size) == (0.002, 96)
    assert not driver.told(TrainingChanged, place)

    panel.fields["learning_rate"].setFocus()
    driver.press("Escape")
    assert panel.fields["learning_rate"].text() == "0.002"
    assert not panel.complaints["learning_rate"].isVisible()
    driver.type_into(panel.fields["learning_rate"], "0.01")
    driver.until(lambda: driver.session.status.settings.learning_rate == 0.01)
    driver.type_into(panel.fields["batch_size"], "32")
    driver.until(lambda: driver.session.status.settings.batch_size == 32)
    panel.fields["optimizer"].setFocus()
    driver.press("End")
    driver.until(lambda: driver.session.status.settings.optimizer == "sgd")
    driver.type_into(panel.fields["epochs"], "9000")
    driver.until(lambda: driver.session.status.epochs == 9000)
    changed = driver.session.status.step
    driver.until(lambda: driver.session.status.step > changed)
    assert driver.session.status.phase is Phase.TRAINING
    assert not panel.complaints["learning_rate"].isVisible()
    assert driver.notices == []


@pytest.mark.parametrize("theme", ["Light", "Dark"])
def test_the_theme_switches_while_training(open_window, theme):
    other = {"Light": "Dark", "Dark": "Light"}[theme]
    driver = open_window()
    driver.choose("View", "Theme", other)
    driver.wait_for_phase(Phase.READY)
    driver.wait_for_panels()
    driver.press("Space")
    driver.wait_for_maps(since=1)
    lightness = {}
    for choice in (other, theme):
        driver.choose("View", "Theme", choice)
        step = driver.session.status.step
        driver.wait_for_maps(since=step + 1)
        driver.until(lambda: drawn_points(driver) > 1)
        lightness[choice] = {
            panel.title: float(np.median(pixels(panel))) for panel in driver.window.parts.panels
        }
        lightness[choice]["window"] = float(np.median(pixels(driver.window)))
    for place, light in lightness["Light"].items():
        assert light > 180, f"{place} is light"
        assert lightness["Dark"][place] < 80, f"{place} is dark"
    assert driver.session.status.phase is Phase.TRAINING
    assert len(driver.told(Loaded)) == 1
    assert driver.action("View", "Theme", theme).isChecked()


def read_step(curves: CurvesPanel) -> int:
    """The step whose values the crosshair reads, or -1."""
    reading = re.search(r"step (\d+): loss [\d.]+, accuracy [\d.]+%", texts(curves))
    return int(reading[1]) if reading else -1


def test_curves_are_read_smoothed_and_drawn_as_logarithms(open_window):
    driver = open_window()
    driver.wait_for_phase(Phase.READY)
    driver.wait_for_panels()
    driver.press("E")
    driver.wait_for_phase(Phase.PAUSED)
    panel = driver.window.pages["train"].curves
    driver.until(lambda: "best epoch 1: validation" in texts(panel))
    graphics = panel.findChild(pg.GraphicsLayoutWidget)
    width, height = graphics.viewport().size().toTuple()
    rows = itertools.count(height // 4)
    steps: list[int] = []
    for share in (0.4, 0.25):

        def reads_another_step(x=int(width * share)) -> bool:
            # pyqtgraph leaves out moves that come fast: the pointer doesn't stand quite still.
            driver.qtbot.mouseMove(graphics.viewport(), QPoint(x, next(rows) % (height // 2)))
            return read_step(panel) not in (-1, *steps)

        driver.until(reads_another_step, lambda: texts(panel))
        steps.append(read_step(panel))
    assert steps[0] > steps[1]

    look = pixels(panel)
    panel.findChild(QSlider).setValue(95)
    smooth = pixels(panel)
    assert not np.array_equal(smooth, look)
    driver.click(panel.findChild(QCheckBox), QPointF(8, 8))
    assert panel.log_loss
    assert not np.array_equal(pixels(panel), smooth)
