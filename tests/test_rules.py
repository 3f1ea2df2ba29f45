"""Rules of the house that no linter knows."""

import ast
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]

TOP_LEVEL = {
    "main.py",
    "gui",
    "engine",
    "resources",
    "tests",
    "packaging",
    ".ci",
    ".gitignore",
    "CONTEXT.md",
    "CONTRIBUTING.md",
    "LICENSE",
    "Makefile",
    "README.md",
    "pyproject.toml",
    "requirements.txt",
    "requirements-headless.txt",
}

TRAINING_PATH = ("engine/training", "engine/telemetry", "engine/worker.py")
MAY_WAIT = "engine/telemetry/transfer.py"
ON_THE_HOST = "engine/telemetry/host_mosaics.py"  # gets tensors of the CPU alone
WAITING = {"item", "cpu", "numpy", "synchronize"}

MOST_LINES = 400

# Written so that this file doesn't hold what it looks for.
REGISTRY = re.compile(
    r"py[p]i\.org|pythonhost[e]d|npm[j]s\.|--(extra-)?index[-]url|download\.pyto[r]ch\.org"
)
MACHINE_PATH = re.compile(r"(?<![\w.])/(?:work|root|home)/\w")

IMPORT_WINDOW = """
import importlib, pkgutil, sys
import gui, main
for module in pkgutil.walk_packages(gui.__path__, "gui."):
    importlib.import_module(module.name)
assert "torch" not in sys.modules
"""


def project_files() -> list[Path]:
    """Every file that belongs to the project: committed, or new and not ignored."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    listing = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if listing.returncode:
        pytest.skip("This is no git checkout: what belongs to the project isn't known.")
    return [ROOT / name for name in listing.stdout.splitlines() if (ROOT / name).is_file()]


def python_files(*places: str) -> list[Path]:
    found = [ROOT / place for place in places]
    return [file for path in found for file in ([path] if path.is_file() else path.rglob("*.py"))]


def test_only_the_transfer_waits_for_the_device() -> None:
    waits = [
        f"{file.relative_to(ROOT)}:{node.lineno} {node.attr}"
        for file in python_files(*TRAINING_PATH)
        if file not in (ROOT / MAY_WAIT, ROOT / ON_THE_HOST)
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute) and node.attr in WAITING
    ]
    assert waits == []


def test_the_window_stands_before_torch_is_loaded() -> None:
    outcome = subprocess.run(
        [sys.executable, "-c", IMPORT_WINDOW],
        cwd=ROOT,
        env={**os.environ, "QT_QPA_PLATFORM": "offscreen"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert outcome.returncode == 0, outcome.stderr


def test_the_top_level_holds_the_rooms_and_nothing_else() -> None:
    names = {file.relative_to(ROOT).parts[0] for file in project_files()}
    assert names <= TOP_LEVEL


def test_no_file_names_a_registry_or_a_place_on_one_machine() -> None:
    found = []
    for file in project_files():
        try:
            text = file.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        for pattern in (REGISTRY, MACHINE_PATH):
            found += [f"{file.relative_to(ROOT)}: {hit[0]}" for hit in pattern.finditer(text)]
    assert found == []


def test_modules_stay_small() -> None:
    large = {
        str(file.relative_to(ROOT)): lines
        for file in python_files("engine", "gui", "main.py")
        if (lines := len(file.read_text(encoding="utf-8").splitlines())) > MOST_LINES
    }
    assert large == {}


def test_name_command_and_resources_are_said_in_one_place() -> None:
    said = [
        f"{file.relative_to(ROOT)}:{node.lineno} {node.value!r}"
        for file in python_files("engine", "gui", "main.py")
        if file != ROOT / "engine" / "program.py"
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
        if "main.py" in node.value or node.value in ("convscope", "resources")
    ]
    assert said == []


def pinned(name: str) -> dict[str, set[str]]:
    """The lines of a requirements file by project: each pins a version, and none has an address."""
    pins: dict[str, set[str]] = {}
    for line in (ROOT / name).read_text().splitlines():
        if line and not line.startswith("#"):
            pin = Requirement(line)
            assert pin.url is None
            (specifier,) = pin.specifier
            assert specifier.operator == "==", line
            pins.setdefault(canonicalize_name(pin.name), set()).add(line)
    return pins


def test_requirements_pin_what_pyproject_asks_for() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = [text for texts in project["optional-dependencies"].values() for text in texts]
    every, headless = pinned("requirements.txt"), pinned("requirements-headless.txt")
    for pins, asked in (
        (every, [*project["dependencies"], *extras]),
        (headless, project["dependencies"]),
    ):
        for requirement in map(Requirement, asked):
            for line in pins[canonicalize_name(requirement.name)]:
                (specifier,) = Requirement(line).specifier
                assert requirement.specifier.contains(specifier.version), line


def test_a_machine_without_a_screen_gets_the_same_pins_and_no_qt() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    window = {Requirement(text).name for text in project["optional-dependencies"]["window"]}
    assert window >= {"PySide6-Essentials", "pyqtgraph"}
    every, headless = pinned("requirements.txt"), pinned("requirements-headless.txt")
    assert headless.items() <= every.items()
    left = {"shiboken6", *(canonicalize_name(name) for name in window)}
    assert left <= set(every)
    assert not left & set(headless)
