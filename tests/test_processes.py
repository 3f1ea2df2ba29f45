"""Tests in three processes: the engine's without Qt, the gui's offscreen, journeys on a screen."""

import shutil
import sys
from pathlib import Path

import pytest

pytest_plugins = ["pytester"]

TESTS = Path(__file__).parent

NO_QT = """
import pytest

def test_no_qt():
    with pytest.raises(ModuleNotFoundError, match="kept out"):
        import PySide6
"""

ON_A_SCREEN = """
import os, subprocess, sys

def test_platform(qapp):
    assert qapp.platformName() == "xcb"
    assert os.environ["DISPLAY"] != ":no such screen"

def test_a_program_on_the_same_screen():
    program = "from PySide6.QtWidgets import QApplication; QApplication([])"
    subprocess.run([sys.executable, "-c", program], check=True)
"""

OFFSCREEN = """
def test_platform(qapp):
    assert qapp.platformName() == "offscreen"
"""


@pytest.fixture
def suite(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    """A small suite with the project's own settings and conftests."""
    shutil.copy(TESTS.parent / "pyproject.toml", pytester.path)
    # Not named "tests": what the conftests import from there is still the project's.
    suite = pytester.mkdir("suite")
    monkeypatch.setenv("PYTHONPATH", str(TESTS.parent))
    shutil.copy(TESTS / "conftest.py", suite)
    for room, test in {"engine": NO_QT, "gui": OFFSCREEN, "journeys": ON_A_SCREEN}.items():
        (suite / room).mkdir()
        shutil.copy(TESTS / room / "conftest.py", suite / room)
        (suite / room / f"test_{room}.py").write_text(test)
    monkeypatch.setenv("DISPLAY", ":no such screen")
    monkeypatch.delenv("QT_QPA_PLATFORM", raising=False)
    monkeypatch.delenv("CI", raising=False)
    return pytester


@pytest.fixture
def without_xvfb(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))


needs_xvfb = pytest.mark.skipif(
    sys.platform != "linux" or shutil.which("Xvfb") is None, reason="Xvfb is not installed"
)
only_linux = pytest.mark.skipif(sys.platform != "linux", reason="Xvfb is Linux's")


def test_the_engine_is_tested_without_qt(suite: pytest.Pytester) -> None:
    suite.runpytest_subprocess("-p", "no:pytest-qt", "suite/engine").assert_outcomes(passed=1)


def test_journeys_are_run_only_when_asked_for(suite: pytest.Pytester) -> None:
    suite.runpytest_subprocess("suite", "--ignore=suite/engine").assert_outcomes(passed=1)


@needs_xvfb
def test_journeys_get_a_screen_of_their_own(suite: pytest.Pytester) -> None:
    suite.runpytest_subprocess("suite/journeys").assert_outcomes(passed=2)


@needs_xvfb
def test_journeys_share_no_process(suite: pytest.Pytester) -> None:
    outcome = suite.runpytest_subprocess("suite/gui", "suite/journeys")
    assert outcome.ret == pytest.ExitCode.USAGE_ERROR
    outcome.stderr.fnmatch_lines("*need a process of their own*")


@only_linux
@pytest.mark.usefixtures("without_xvfb")
def test_without_xvfb_a_person_is_told_what_was_skipped(suite: pytest.Pytester) -> None:
    outcome = suite.runpytest_subprocess("suite/journeys")
    outcome.assert_outcomes(skipped=2)
    outcome.stdout.fnmatch_lines("*Xvfb is not installed*")


@only_linux
@pytest.mark.usefixtures("without_xvfb")
def test_without_xvfb_ci_fails(suite: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CI", "true")
    outcome = suite.runpytest_subprocess("suite/journeys")
    assert outcome.ret == pytest.ExitCode.USAGE_ERROR
    outcome.stderr.fnmatch_lines("*Xvfb is missing*")
