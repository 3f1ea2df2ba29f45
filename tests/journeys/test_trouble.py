"""What goes wrong is said in one sentence, and there is always a way on."""

import math

import numpy as np
import safetensors.numpy
import torch
from msgspec import structs

from engine.config import Conv, NetworkConfig
from engine.messages.commands import Start
from engine.messages.events import Failed, LossNotFinite, Saved
from engine.runs import snapshots
from engine.runs.snapshots import Snapshots
from engine.state import Phase
from engine.telemetry import looking
from engine.training.run import Run
from gui import reports
from tests.journeys.driver import QUICK
from tests.journeys.helpers import answer_dialog


def fails(*_: object) -> None:
    raise RuntimeError("the weights fell off")


def test_after_an_error_in_the_engine_training_can_start_over(open_window, monkeypatch, expect_log):
    expect_log("The engine failed")
    driver = open_window()
    driver.wait_for_phase(Phase.READY)
    driver.wait_for_panels()
    driver.choose("Train", "Epoch")
    driver.wait_for_phase(Phase.PAUSED)
    with monkeypatch.context() as broken:
        broken.setattr(Run, "step", fails)
        driver.choose("Train", "Resume")
        failed = driver.wait_for_event(Failed)
        driver.wait_for_phase(Phase.FAILED)
    assert "the weights fell off" in failed.sentence
    sentence = driver.wait_for_notice("the weights fell off")
    assert "Traceback" not in sentence
    (report,) = reports.folder().glob("report-*.txt")
    assert str(report) in sentence
    assert "in fails" in report.read_text(encoding="utf-8")
    assert not driver.window.parts.actions.start.isEnabled()

    driver.answer_notice("the weights fell off", "Start over")
    assert driver.wait_for_phase(Phase.READY).step == 0
    driver.choose("Train", "Epoch")
    driver.until(lambda: driver.session.status.epoch == 1)
    driver.wait_for_phase(Phase.PAUSED)
    driver.wait_for_maps(since=driver.session.status.step)


def test_a_look_that_fails_costs_the_training_nothing(open_window, monkeypatch, expect_log):
    expect_log("looking at the network failed")
    driver = open_window()
    driver.wait_for_phase(Phase.READY)
    driver.wait_for_panels()
    with monkeypatch.context() as broken:
        broken.setattr(looking, "take", fails)
        driver.choose("Train", "Start")
        driver.until(lambda: driver.session.status.step > 20)
    driver.wait_for_maps(since=driver.session.status.step)
    assert driver.session.status.phase is Phase.TRAINING


def test_a_device_without_memory_is_said_and_a_smaller_batch_goes_on(open_window, monkeypatch):
    def too_large(run: Run) -> None:
        raise torch.OutOfMemoryError("tried to allocate 80 GiB")

    driver = open_window()
    driver.wait_for_phase(Phase.READY)
    with monkeypatch.context() as small:
        small.setattr(Run, "step", too_large)
        driver.choose("Train", "Start")
        sentence = driver.wait_for_notice("too little memory for this batch")
        driver.wait_for_phase(Phase.PAUSED)
    assert "Choose a smaller batch size, and go on." in sentence
    driver.type_into(driver.window.pages["train"].training.fields["batch_size"], "16")
    driver.until(lambda: driver.session.status.settings.batch_size == 16)
    driver.choose("Train", "Resume")
    driver.until(lambda: driver.session.status.step > 3)


def test_a_loss_that_is_no_number_pauses_and_keeps_good_weights(open_window, monkeypatch, tmp_path):
    keep = Snapshots.keep

    def keep_before_the_change(copies: Snapshots, run: Run) -> None:
        if run.settings.optimizer == "adam":
            keep(copies, run)

    monkeypatch.setattr(Snapshots, "keep", keep_before_the_change)
    monkeypatch.setattr(snapshots, "KEEP_SECONDS", 0.0)
    monkeypatch.setattr(snapshots, "KEEP_SHARE", math.inf)
    leaky = tuple(
        structs.replace(layer, activation="leaky_relu") if isinstance(layer, Conv) else layer
        for layer in QUICK.network.layers
    )  # relus may die before the loss does
    driver = open_window(structs.replace(QUICK, network=NetworkConfig("leaky", leaky)))
    driver.wait_for_phase(Phase.READY)
    driver.wait_for_panels()
    driver.choose("Train", "Start")
    driver.until(lambda: driver.session.status.step > 40)
    panel = driver.window.pages["train"].training
    panel.fields["optimizer"].setFocus()
    driver.press("End")
    driver.until(lambda: driver.session.status.settings.optimizer == "sgd")
    driver.type_into(panel.fields["learning_rate"], "1000000")
    lost = driver.wait_for_event(LossNotFinite)
    status = driver.wait_for_phase(Phase.PAUSED)
    assert lost.step > lost.kept_step == status.step > 0
    sentence = driver.wait_for_notice(f"The loss of step {lost.step:,} is not a number")
    assert f"the weights of step {lost.kept_step:,}" in sentence
    curves = driver.session.curves.read()
    np.testing.assert_array_equal(curves.step_N, np.arange(lost.kept_step) + 1)
    assert np.isfinite(curves.loss_N).all()
    driver.wait_for_maps(since=lost.kept_step)

    answer_dialog(monkeypatch, "getExistingDirectory", tmp_path / "network")
    driver.choose("File", "Save network…")
    driver.wait_for_event(Saved)
    weights = safetensors.numpy.load_file(tmp_path / "network" / "weights.safetensors")
    assert all(np.isfinite(value).all() for value in weights.values())

    driver.answer_notice("is not a number", "Use 100000")
    driver.until(lambda: driver.session.status.settings.learning_rate == 100_000)
    driver.until(lambda: panel.fields["learning_rate"].text() == "100000")
    driver.type_into(panel.fields["learning_rate"], "0.001")
    driver.until(lambda: driver.session.status.settings.learning_rate == 0.001)
    driver.choose("Train", "Resume")
    driver.until(lambda: driver.session.status.step > lost.step + 5)
    assert driver.session.status.phase is Phase.TRAINING
    assert math.isfinite(driver.session.curves.read().loss_N[-1])


def test_what_cannot_be_done_is_refused_in_one_sentence(open_window, monkeypatch, tmp_path):
    driver = open_window()
    driver.wait_for_phase(Phase.READY)
    if not torch.cuda.is_available():
        driver.window.parts.run_bar.device_requested.emit("cuda")
        driver.wait_for_notice("CUDA was asked for, but torch finds no CUDA device here.")
        assert driver.wait_for_phase(Phase.READY).device.startswith("cpu")
    driver.choose("Train", "Start")
    driver.wait_for_phase(Phase.TRAINING)
    driver.session.send(Start())
    driver.wait_for_notice("Training already runs. Pause or stop it first.")
    (tmp_path / "file").write_text("not a folder")
    answer_dialog(monkeypatch, "getExistingDirectory", tmp_path / "file")
    driver.choose("File", "Save network…")
    driver.wait_for_notice(f"{tmp_path / 'file'} can't be a folder")
    step = driver.session.status.step
    driver.until(lambda: driver.session.status.step > step)
    assert driver.session.status.phase is Phase.TRAINING
