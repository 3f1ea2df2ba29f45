"""The window as a command: what is said where Qt, or what it needs, isn't there."""

import builtins
import sys
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

import main as command_line
from gui.commands import qt


@pytest.fixture(params=[[], ["tour", "--out", "pictures"]], ids=["window", "tour"])
def said(request: pytest.FixtureRequest, capsys: pytest.CaptureFixture[str]) -> Callable[[], str]:
    """Runs the command; what it says on stderr, one sentence."""

    def run() -> str:
        assert command_line.main(request.param) == 2
        out, err = capsys.readouterr()
        assert out == ""
        assert err.count("\n") == 1
        return err

    return run


def test_without_qt_the_exact_command_is_named(
    said: Callable[[], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "PySide6", None)
    sentence = said()
    assert sentence.startswith("convscope: The window can't be shown: PySide6")
    assert f'"{sys.executable}" -m pip install -r "{qt.REQUIREMENTS}"' in sentence
    assert qt.REQUIREMENTS.is_file()


def test_a_library_of_the_system_is_named(
    said: Callable[[], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    import_module = builtins.__import__

    def importing(name: str, *rest: Any, **more: Any) -> Any:
        if name.startswith("PySide6"):
            raise ImportError("libEGL.so.1: cannot open shared object file")
        return import_module(name, *rest, **more)

    monkeypatch.setattr(builtins, "__import__", importing)
    assert "can't be shown: libEGL.so.1: cannot open shared object file. Install" in said()


def test_on_windows_a_library_of_torch_that_cannot_be_loaded_is_one_sentence(
    said: Callable[[], str], monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    library = tmp_path / "lib" / "c10.dll"
    library.parent.mkdir()
    library.touch()
    asked: list[str] = []

    def load(path: str) -> None:
        asked.append(path)
        raise OSError("[WinError 1114] A dynamic link library initialization routine failed")

    monkeypatch.setattr(sys, "platform", "win32")
    monkeypatch.setattr(
        qt, "find_spec", lambda name: SimpleNamespace(origin=str(tmp_path / "__init__.py"))
    )
    monkeypatch.setattr(qt.ctypes, "CDLL", load)
    assert "can't be shown: [WinError 1114]" in said()
    assert asked == [str(library)]


def test_a_mistake_of_ours_is_not_taken_for_qt_s(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "gui.app", None)
    with pytest.raises(ModuleNotFoundError, match=r"gui\.app"):
        command_line.main([])
