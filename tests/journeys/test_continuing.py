"""Nothing that was trained is lost: the next window goes on where the last one stopped."""

import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from engine.runs.kept import own_folder
from engine.state import Phase

CONTINUE = "Continue where you stopped"


@pytest.fixture
def keep_in() -> Path:
    """As of a window whose process has ended by now."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return own_folder().with_name(f"{time.time_ns()}-{process.pid}")


def test_after_a_close_in_the_middle_the_next_window_goes_on(open_window, keep_in):
    first = open_window(keep_in=keep_in)
    first.wait_for_phase(Phase.READY)
    first.wait_for_panels()
    first.choose("Train", "Start")
    first.until(lambda: first.session.status.epoch >= 1)
    first.close()
    curves = first.session.curves.read()

    second = open_window()
    second.wait_for_phase(Phase.READY)
    second.wait_for_panels()
    sentence = second.wait_for_notice("The last time")
    second.answer_notice("The last time", CONTINUE)
    status = second.wait_for_phase(Phase.PAUSED)
    assert f"step {status.step:,}" in sentence
    assert status.step == curves.step_N[-1]
    second.until(lambda: len(second.session.curves.read().step_N) == status.step)
    np.testing.assert_array_equal(second.session.curves.read().loss_N, curves.loss_N)
    second.wait_for_maps(since=status.step)
    second.choose("Train", "Resume")
    second.until(lambda: second.session.status.step > status.step + 3)


def test_who_does_not_continue_finds_it_the_next_time(open_window, keep_in):
    first = open_window(keep_in=keep_in)
    first.wait_for_phase(Phase.READY)
    first.wait_for_panels()
    first.choose("Train", "Step")
    first.until(lambda: first.session.status.step == 1)
    first.wait_for_phase(Phase.PAUSED)
    first.close()
    for _ in range(2):
        other = open_window()
        other.wait_for_phase(Phase.READY)
        other.wait_for_panels()
        assert "step 1 " in other.wait_for_notice("The last time")
        other.close()


def test_the_first_window_offers_nothing(open_window):
    driver = open_window()
    driver.wait_for_phase(Phase.READY)
    driver.wait_for_panels()
    assert not any("The last time" in notice for notice in driver.notices)
