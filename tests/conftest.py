"""What every test gets: settings folders of its own, and a check that it leaves nothing behind.

A test fails that leaves a thread, an active timer or a top-level widget, or that logs a warning it
did not announce with `expect_log`. Qt is looked at only where something has loaded it.
"""

import gc
import logging
import os
import signal
import sys
import threading
import weakref
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

JOURNEYS = Path(__file__).parent / "journeys"
GRACE_SECONDS = 5.0

settings.register_profile("here", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True, print_blob=True)
settings.load_profile("ci" if os.environ.get("CI") else "here")


def pytest_addoption(parser: pytest.Parser, pluginmanager: pytest.PytestPluginManager) -> None:
    """Where pytest-qt is off, as in the engine's tests, its settings are no mistake."""
    if not pluginmanager.hasplugin("pytest-qt"):
        for name in ("qt_api", "qt_log_level_fail", "qt_log_ignore"):
            parser.addini(name, "for pytest-qt")


def pytest_configure() -> None:
    """Tests press Ctrl-C; a shell has programs that it starts in the background ignore that."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Journeys run only when asked for: one process has one Qt platform, and theirs is a screen."""
    asked = [
        Path(config.invocation_params.dir, argument.split("::")[0]) for argument in config.args
    ]
    if collection_path == JOURNEYS and not any(a.is_relative_to(JOURNEYS) for a in asked):
        return True
    return None


@pytest.fixture(autouse=True)
def own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Settings, caches and data go into the test's own folder, never into the user's."""
    for kind in ("CONFIG", "CACHE", "DATA", "STATE"):
        monkeypatch.setenv(f"XDG_{kind}_HOME", str(tmp_path / kind.lower()))
    for kind in ("CACHE", "DATA"):
        monkeypatch.setenv(f"CONVSCOPE_{kind}", str(tmp_path / kind.lower() / "convscope"))


@pytest.fixture
def expect_log() -> Callable[[str], None]:
    """Call it with a part of a warning or error that the test will log; more than once for more.

    Each expected text must come, and nothing else may.
    """
    return ExpectedLog()


class ExpectedLog:
    def __init__(self) -> None:
        self.texts: list[str] = []

    def __call__(self, text: str) -> None:
        self.texts.append(text)


class Recorder(logging.Handler):
    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.messages: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.messages.append(f"{record.levelname} {record.name}: {record.getMessage()}")


@pytest.fixture(autouse=True)
def leaves_nothing_behind(
    own_folders: None, expect_log: ExpectedLog, monkeypatch: pytest.MonkeyPatch
) -> Iterator[None]:
    recorder = Recorder()
    logging.getLogger().addHandler(recorder)
    threads = set(threading.enumerate())
    timers = watch_timers(monkeypatch)
    widgets = {address(widget) for widget in top_level_widgets()}
    yield
    logging.getLogger().removeHandler(recorder)
    left = [
        *left_threads(threads),
        *left_in_qt(timers, widgets),
        *log_surprises(recorder.messages, expect_log.texts),
    ]
    if left:
        pytest.fail("The test leaves behind:\n  " + "\n  ".join(left), pytrace=False)


def left_threads(before: set[threading.Thread]) -> list[str]:
    left = []
    for thread in threading.enumerate():
        # Threads of Qt and torch that once called Python are listed too, as dummies.
        if thread in before or isinstance(thread, threading._DummyThread):
            continue
        thread.join(GRACE_SECONDS)
        if thread.is_alive():
            left.append(f"a running thread: {thread.name}")
    return left


def watch_timers(monkeypatch: pytest.MonkeyPatch) -> list["weakref.ref[Any]"]:
    """The timers that are started from now on."""
    started: list[weakref.ref[Any]] = []
    if "PySide6.QtCore" in sys.modules:
        from PySide6.QtCore import QTimer

        start = QTimer.start

        def start_and_note(timer: QTimer, *arguments: Any) -> None:
            started.append(weakref.ref(timer))
            start(timer, *arguments)

        monkeypatch.setattr(QTimer, "start", start_and_note)
    return started


def top_level_widgets() -> list[Any]:
    if "PySide6.QtWidgets" not in sys.modules:
        return []
    from PySide6.QtWidgets import QApplication

    # Qt keeps one tool tip for the next time.
    return [
        widget
        for widget in QApplication.topLevelWidgets()
        if widget.parent() is None and widget.metaObject().className() != "QTipLabel"
    ]


def address(widget: Any) -> int:
    """Of the widget itself: Python's wrapper of it may come and go."""
    from shiboken6 import getCppPointer

    return int(getCppPointer(widget)[0])


def left_in_qt(timers: list["weakref.ref[Any]"], widgets: set[int]) -> list[str]:
    if "PySide6.QtCore" not in sys.modules:
        return []
    from PySide6.QtCore import QCoreApplication, QEvent
    from shiboken6 import isValid

    # Outside of an event loop, Qt doesn't get round to what was to be deleted later.
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)

    def left() -> list[str]:
        active = [t for ref in timers if (t := ref()) and isValid(t) and t.isActive()]
        standing = [w for w in top_level_widgets() if address(w) not in widgets]
        return [*(f"an active timer: {t}" for t in active), *(f"a widget: {w}" for w in standing)]

    if left():
        gc.collect()
    return left()


def log_surprises(messages: list[str], expected: list[str]) -> list[str]:
    unexpected = [m for m in messages if not any(text in m for text in expected)]
    absent = [text for text in expected if not any(text in m for m in messages)]
    return [
        *(f"an unexpected log message: {message}" for message in unexpected),
        *(f"a log message that never came: {text}" for text in absent),
    ]
