"""Looking must not change what is looked at: the same seed gives the same weights, bit by bit."""

import random
import threading
from collections.abc import Callable
from pathlib import Path

import msgspec
import numpy as np
import pytest
import safetensors.numpy
import torch
from PIL import Image

from engine.config import (
    DIGITS,
    BatchNorm,
    Conv,
    Dense,
    Dropout,
    MaxPool,
    NetworkConfig,
    RunConfig,
    SubsetCounts,
    TrainingConfig,
)
from engine.messages import commands
from engine.messages.events import Saved
from engine.messages.frames import PredictionsFrame
from engine.state import Phase
from engine.telemetry.outlet import Outlet
from engine.worker import Worker
from tests.journeys.driver import Driver
from tests.journeys.helpers import answer_dialog

THREADS = 2
STEPS = 400
CONFIG = RunConfig(
    data=msgspec.structs.replace(DIGITS, subsets=SubsetCounts("rest", 420, 0)),
    network=NetworkConfig(
        "noisy",
        (
            Conv(8),
            BatchNorm(),
            MaxPool(2),
            Conv(8),
            MaxPool(2),
            Dropout(0.3),
            Dense(0, activation="none"),
        ),
    ),
    training=TrainingConfig(epochs=2, batch_size=4, seed=7, device="cpu"),
)
"""Layers whose state a look could disturb: statistics of the batches and the random state.

The batches are small, as on a busy machine two threads wait long for each other at large ones.
"""


@pytest.fixture(scope="module")
def trained_unseen(tmp_path_factory) -> tuple[dict[str, np.ndarray], torch.Tensor]:
    """The weights and the random state after a training that nobody looked at."""
    folder = tmp_path_factory.mktemp("unseen")

    def train() -> None:
        # The number of threads belongs to a thread, as in a session.
        torch.set_num_threads(THREADS)
        worker = Worker(Outlet())
        worker.start()
        worker.apply(commands.Load(CONFIG))
        worker.apply(commands.Start())
        while worker.phase is Phase.TRAINING:
            worker.advance()
        assert worker.status().step == STEPS
        worker.save(folder)
        worker.close()

    thread = threading.Thread(target=train)
    thread.start()
    thread.join()
    return safetensors.numpy.load_file(folder / "weights.safetensors"), torch.get_rng_state()


def look_at_everything(driver: Driver, picture: Path) -> None:
    driver.wait_for_maps()
    driver.choose("Train", "Start")


def look_away(driver: Driver, picture: Path) -> None:
    driver.window.pages["train"].strip.hide()
    for name in driver.window.pages["train"].docks:
        dock_action(driver, name).trigger()
    driver.until(lambda: not driver.wanted)
    driver.choose("Train", "Start")


def look_here_and_there(driver: Driver, picture: Path) -> None:
    """At every few steps, something is shown, hidden, chosen, zoomed or dropped."""
    chance = random.Random(1)
    window, view = driver.window, driver.window.parts.view
    deeds: list[Callable[[], object]] = [
        lambda: dock_action(driver, chance.choice(list(window.pages["train"].docks))).trigger(),
        lambda: window.pages["train"].strip.setVisible(not window.pages["train"].strip.isVisible()),
        lambda: view.select(chance.choice(["conv1", "pool1", "conv2"]), chance.randrange(8)),
        lambda: driver.choose("View", "Sort maps by", chance.choice(["mean", "channel"])),
        lambda: driver.choose(
            "View", "Scale maps", chance.choice(["by layer", "over the whole network"])
        ),
        lambda: driver.press("Ctrl+0"),
        lambda: driver.drop(picture),
    ]
    driver.choose("Train", "Start")
    while driver.session.status.phase is not Phase.FINISHED:
        chance.choice(deeds)()
        step = driver.session.status.step
        driver.until(
            lambda step=step: (
                driver.session.status.step > step + 1
                or driver.session.status.phase is Phase.FINISHED
            )
        )


def dock_action(driver: Driver, name: str):
    return driver.window.pages["train"].docks[name].toggleViewAction()


@pytest.mark.parametrize("looking", [look_at_everything, look_away, look_here_and_there])
def test_looking_changes_no_bit(open_window, monkeypatch, tmp_path, trained_unseen, looking):
    picture = tmp_path / "picture.png"
    Image.fromarray(np.eye(40, dtype=np.uint8) * 255).save(picture)
    driver = open_window(CONFIG, torch_threads=THREADS)
    driver.wait_for_phase(Phase.READY)
    driver.wait_for_panels()
    driver.choose("View", "Looking may cost", "no cap")
    seen_steps = set()
    take = driver.session.take

    def noting():
        frames = take()
        seen_steps.update(
            frame.step for frame in frames.values() if not isinstance(frame, PredictionsFrame)
        )
        return frames

    monkeypatch.setattr(driver.session, "take", noting)
    looking(driver, picture)
    assert driver.wait_for_phase(Phase.FINISHED).step == STEPS
    while_training = seen_steps - {0, STEPS}
    if looking is look_away:
        assert not while_training, "hidden panels ask for nothing"
    else:
        assert len(while_training) >= 2

    random_state = torch.get_rng_state()
    answer_dialog(monkeypatch, "getExistingDirectory", tmp_path / "network")
    driver.choose("File", "Save network…")
    driver.wait_for_event(Saved)
    weights = safetensors.numpy.load_file(tmp_path / "network" / "weights.safetensors")
    expected, expected_state = trained_unseen
    assert weights.keys() == expected.keys()
    assert any("running_mean" in name for name in weights)
    for name, value in expected.items():
        assert weights[name].tobytes() == value.tobytes(), name
    assert torch.equal(random_state, expected_state)
