"""Journeys drive the real window. On Linux it stands on a virtual screen, started here.

They need a process of their own: `pytest tests/journeys`.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from engine.config import RunConfig
from tests.journeys.driver import QUICK, Driver

HERE = Path(__file__).parent


SCREEN = pytest.StashKey[subprocess.Popen[bytes]]()


def pytest_configure(config: pytest.Config) -> None:
    if sys.platform == "linux" and shutil.which("Xvfb"):
        config.stash[SCREEN], number = start_screen()
        os.environ["DISPLAY"] = f":{number}"
        os.environ["QT_QPA_PLATFORM"] = "xcb"


def pytest_unconfigure(config: pytest.Config) -> None:
    """A screen that nothing was shown on would stay; else it ends with its last client."""
    if SCREEN in config.stash and QApplication.instance() is None:
        config.stash[SCREEN].terminate()
        config.stash[SCREEN].wait()


def start_screen() -> tuple[subprocess.Popen[bytes], int]:
    """A new virtual screen and its number."""
    read_end, write_end = os.pipe()
    options = ["-screen", "0", "1600x1000x24", "-nolisten", "tcp", "-terminate"]
    screen = subprocess.Popen(
        ["Xvfb", "-displayfd", str(write_end), *options],
        pass_fds=[write_end],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        # Ctrl+C in a terminal is for pytest alone: Qt would die with its screen.
        start_new_session=True,
    )
    os.close(write_end)
    with os.fdopen(read_end) as answer:
        number = answer.readline().strip()
    if not number:
        raise pytest.UsageError("Xvfb didn't start: run it by hand to see why.")
    return screen, int(number)


@pytest.fixture(scope="session", autouse=True)
def hold_screen(qapp: Any) -> None:
    """A client that stays as long as this process, however it ends."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if not all(item.path.is_relative_to(HERE) for item in items):
        raise pytest.UsageError("Journeys need a process of their own: run pytest tests/journeys.")
    if sys.platform == "linux" and shutil.which("Xvfb") is None:
        if os.environ.get("CI"):
            raise pytest.UsageError("Xvfb is missing: run packaging/system_libraries.py tests.")
        reason = "Xvfb is not installed: run packaging/system_libraries.py tests"
        for item in items:
            item.add_marker(pytest.mark.skip(reason=reason))


@pytest.fixture
def open_window(qtbot: QtBot, tmp_path: Path) -> Iterator[Callable[..., Driver]]:
    """Opens the window: `open_window(config, folder, torch_threads, keep_in)`, each optional.

    `config` is QUICK unless another is given; None loads the remembered one. `folder` holds the
    settings and is the test's own. One thread is enough for the quick network, and doesn't wait
    for a core that something else holds. Windows still open when the test ends are closed.
    """
    drivers: list[Driver] = []

    def open_window(
        config: RunConfig | None = QUICK,
        folder: Path = tmp_path / "settings",
        torch_threads: int = 1,
        keep_in: Path | None = None,
    ) -> Driver:
        drivers.append(Driver(qtbot, folder, config, torch_threads, keep_in))
        return drivers[-1]

    yield open_window
    for driver in drivers:
        if driver.is_open:
            driver.close()
