"""The engine where Qt can't be imported."""

import importlib
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

WITHOUT_QT = """
import importlib, pkgutil, sys

for name in ("PySide6", "shiboken6", "pyqtgraph", "superqt", "gui"):
    sys.modules[name] = None  # Importing it is now an ImportError.

import engine
for module in pkgutil.walk_packages(engine.__path__, "engine."):
    importlib.import_module(module.name)
"""

SHORT_SESSION = """
from engine.messages.commands import Step
from engine.config import RunConfig
from engine.sessions.thread import ThreadSession
from engine.state import Phase
from engine.messages.events import PhaseChanged

session = ThreadSession(torch_threads=1)
session.open(RunConfig())
session.send(Step())
seen = []
while PhaseChanged(Phase.PAUSED) not in seen:
    new = session.wait_for_events(timeout=60)
    assert new, seen
    seen += new
assert session.close()
assert session.status.step == 1
"""

IMPORT_SESSION = """
import sys
import engine.sessions.thread
assert "torch" not in sys.modules
assert "PySide6" not in sys.modules
"""


def run(program: str) -> None:
    outcome = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert outcome.returncode == 0, outcome.stderr


def test_every_module_is_imported_and_a_step_is_trained() -> None:
    run(WITHOUT_QT + SHORT_SESSION)


def test_the_session_imports_without_torch() -> None:
    run(IMPORT_SESSION)


def test_qt_is_kept_out_of_this_process(pytestconfig: pytest.Config) -> None:
    if pytestconfig.pluginmanager.hasplugin("pytest-qt"):
        pytest.skip("pytest-qt has imported Qt: run with -p no:pytest-qt, as make test does")
    assert not {"PySide6", "pyqtgraph"} & set(sys.modules)
    for name in ("PySide6.QtCore", "pyqtgraph", "gui.app"):
        with pytest.raises(ModuleNotFoundError, match="kept out"):
            importlib.import_module(name)
