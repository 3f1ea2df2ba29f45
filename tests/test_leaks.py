"""A test that leaves something behind fails, and says what; a clean one passes."""

import shutil
from pathlib import Path

import pytest

pytest_plugins = ["pytester"]

ROOT = Path(__file__).parents[1]

LEAKING = {
    "a running thread: forgotten": """
        threading.Thread(target=threading.Event().wait, name="forgotten", daemon=True).start()
    """,
    "an active timer: <PySide6.QtCore.QTimer*>": """
        qapp.timer = QTimer()
        qapp.timer.start(1000)
    """,
    "a widget: <PySide6.QtWidgets.QLabel*>": """
        qapp.label = QLabel("forgotten")
    """,
    "an unexpected log message: WARNING *: careful": """
        logging.getLogger("some.module").warning("careful")
    """,
    "a log message that never came: nothing of it": """
        expect_log("nothing of it")
    """,
    "UserWarning: odd": """
        warnings.warn("odd")
    """,
    "Qt messages with level WARNING or above emitted": """
        qWarning("no such slot")
    """,
    "PytestUnhandledThreadExceptionWarning": """
        thread = threading.Thread(target=lambda: 1 / 0)
        thread.start()
        thread.join()
    """,
}

CLEAN = {
    "thread": """
        thread = threading.Thread(target=lambda: None)
        thread.start()
    """,
    "timer": """
        timer = QTimer()
        timer.start(1000)
        timer.stop()
        QTimer(qapp).start(0)
        qapp.findChild(QTimer).deleteLater()
    """,
    "timer_of_a_widget": """
        label = QLabel()
        qtbot.addWidget(label)
        QTimer(label).start(1000)
    """,
    "widget": """
        label = QLabel("closed in time")
        label.itself = label
        qtbot.addWidget(label)
        label.show()
    """,
    "widget_without_a_parent": """
        label = QLabel("garbage")
        label.itself = label
    """,
    "log": """
        expect_log("careful")
        logging.getLogger("some.module").warning("be careful")
        logging.getLogger("some.module").info("fine")
    """,
    "own_folders": """
        for kind in ("CONFIG", "CACHE", "DATA", "STATE"):
            assert os.environ[f"XDG_{kind}_HOME"].startswith(str(tmp_path))
    """,
}

HEAD = """
import logging, os, threading, warnings
from PySide6.QtCore import QTimer, qWarning
from PySide6.QtWidgets import QLabel

"""


def as_test(name: str, body: str) -> str:
    return f"def test_{name}(qapp, qtbot, expect_log, tmp_path):{body}"


@pytest.fixture
def run(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("QT_QPA_PLATFORM", "offscreen")
    shutil.copy(ROOT / "pyproject.toml", pytester.path)
    conftest = (ROOT / "tests/conftest.py").read_text()
    pytester.makeconftest(conftest.replace("GRACE_SECONDS = 5.0", "GRACE_SECONDS = 0.1"))

    def run(bodies: dict[str, str]) -> pytest.RunResult:
        tests = [as_test(name, body) for name, body in bodies.items()]
        pytester.makepyfile(HEAD + "\n".join(tests))
        return pytester.runpytest_subprocess(".")

    return run


def test_a_test_that_leaves_something_behind_fails(run):
    leaking = {f"leak_{i}": body for i, body in enumerate(LEAKING.values())}
    outcome = run(leaking)
    counts = outcome.parseoutcomes()
    assert counts.get("failed", 0) + counts.get("errors", 0) == len(LEAKING)
    outcome.stdout.fnmatch_lines_random([f"*{text}*" for text in LEAKING])


def test_a_clean_test_passes(run):
    run(CLEAN).assert_outcomes(passed=len(CLEAN))
