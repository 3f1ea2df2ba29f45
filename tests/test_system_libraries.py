"""What is missing of the system is found, installed where that may be, and else named."""

import importlib.util
import subprocess
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest

FILE = Path(__file__).parents[1] / "packaging" / "system_libraries.py"

LDD = """
/somewhere/PySide6/QtWidgets.abi3.so:
\tlinux-vdso.so.1 (0x00007f584b32e000)
\tlibEGL.so.1 => not found
\tlibGL.so.1 => /lib/x86_64-linux-gnu/libGL.so.1 (0x00007f584b000000)
/somewhere/PySide6/Qt/plugins/platforms/libqxcb.so:
\tlibEGL.so.1 => not found
\tlibxcb-cursor.so.0 => not found
\tlibnew.so.7 => not found
"""


@pytest.fixture
def system(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The script, on a system of its own that has no package manager until a test says so."""
    spec = importlib.util.spec_from_file_location("system_libraries", FILE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setattr(module, "shutil", SimpleNamespace(which=lambda name: None))
    return module


class Machine:
    """Remembers what is run on it; installing brings `installed` about."""

    def __init__(self, system: ModuleType, monkeypatch: pytest.MonkeyPatch, *programs: str) -> None:
        self.commands: list[str] = []
        self.needs = ["libEGL.so.1", "a font"]
        which = SimpleNamespace(which=lambda name: name if name in programs else None)
        monkeypatch.setattr(system, "shutil", which)
        monkeypatch.setattr(system, "missing", lambda purpose: self.needs)
        monkeypatch.setattr(subprocess, "run", self.run)
        monkeypatch.setattr(sys, "argv", ["system_libraries.py", "window"])

    def run(self, command: list[str], **_: object) -> SimpleNamespace:
        self.commands.append(" ".join(command))
        if "install" in command:
            self.needs = []
        return SimpleNamespace(returncode=0)


def test_what_the_loader_misses_is_listed_once(system: ModuleType) -> None:
    assert system.not_found(LDD) == ["libEGL.so.1", "libxcb-cursor.so.0", "libnew.so.7"]


def test_each_manager_has_its_own_names(system: ModuleType) -> None:
    needs = ["libEGL.so.1", "libgthread-2.0.so.0", "libglib-2.0.so.0", "a font"]
    assert system.packages(needs, "apt-get") == ["libegl1", "libglib2.0-0", "fonts-dejavu-core"]
    assert system.packages(needs, "dnf") == ["libglvnd-egl", "glib2", "dejavu-sans-fonts"]
    assert system.packages(needs, "pacman") == ["libglvnd", "glib2", "ttf-dejavu"]
    assert system.packages(["libnew.so.7"], "apt-get") == ["libnew.so.7"]
    assert system.packages(needs, None) == needs


def test_root_installs_with_apt(system: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    machine = Machine(system, monkeypatch, "apt-get")
    monkeypatch.setattr(system.os, "geteuid", lambda: 0)
    assert system.main() is None
    update, install = machine.commands
    assert update.endswith("update")
    assert install.endswith("--no-install-recommends libegl1 fonts-dejavu-core")
    assert "sudo" not in install


def test_a_sudo_that_asks_nothing_installs_too(
    system: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine = Machine(system, monkeypatch, "apt-get", "sudo")
    monkeypatch.setattr(system.os, "geteuid", lambda: 1000)
    assert system.main() is None
    assert machine.commands[0] == "sudo -n true"
    assert machine.commands[-1].startswith("sudo -n env DEBIAN_FRONTEND=noninteractive apt-get")


@pytest.mark.parametrize(
    ("programs", "sentence"),
    [
        (["apt-get"], "run `sudo apt-get install libegl1 fonts-dejavu-core` and try again."),
        (["dnf"], "run `sudo dnf install libglvnd-egl dejavu-sans-fonts` and try again."),
        (["pacman"], "run `sudo pacman -S libglvnd ttf-dejavu` and try again."),
        ([], "has not: libEGL.so.1 a font. Install it and try again."),
    ],
)
def test_who_may_not_install_gets_one_sentence(
    system: ModuleType, monkeypatch: pytest.MonkeyPatch, programs: list[str], sentence: str
) -> None:
    machine = Machine(system, monkeypatch, *programs)
    monkeypatch.setattr(system.os, "geteuid", lambda: 1000)
    assert system.main().endswith(sentence)
    assert machine.commands == []


def test_check_only_names(system: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    machine = Machine(system, monkeypatch, "apt-get")
    monkeypatch.setattr(sys, "argv", ["system_libraries.py", "--check", "window"])
    assert "libegl1" in system.main()
    assert machine.commands == []


def test_an_install_that_brings_nothing_is_told(
    system: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    Machine(system, monkeypatch, "apt-get")
    monkeypatch.setattr(system.os, "geteuid", lambda: 0)
    monkeypatch.setattr(system, "apt_install", lambda names, prefix: None)
    assert "libegl1" in system.main()


def test_tests_need_a_virtual_screen(system: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(system, "has_font", lambda: True)
    assert system.missing("window") == []
    assert system.missing("tests") == ["Xvfb"]


def test_a_font_is_looked_for_in_the_folders(
    system: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(system, "FONT_FOLDERS", (str(tmp_path),))
    assert not system.has_font()
    folder = tmp_path / "truetype" / "dejavu"
    folder.mkdir(parents=True)
    (folder / "DejaVuSans.ttf").touch()
    assert system.has_font()


@pytest.mark.parametrize("platform", ["darwin", "win32"])
def test_other_systems_need_nothing(
    system: ModuleType, monkeypatch: pytest.MonkeyPatch, platform: str
) -> None:
    monkeypatch.setattr(sys, "platform", platform)
    assert system.missing("tests") == []


def test_an_old_python_is_told_so(system: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["system_libraries.py", "venv"])
    monkeypatch.setattr(sys, "version_info", (3, 10, 12))
    assert "3.11 or later, and this is 3.10:" in system.main()
