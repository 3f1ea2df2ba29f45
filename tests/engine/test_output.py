"""stdout and stderr that can't be written, and signals that end: sentences, never tracebacks."""

import errno
import io
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

import main as command_line
from engine.headless.commands import listing
from engine.headless.ending import Terminated, ended_by_signals
from engine.headless.lines import print_json
from engine.headless.output import OutputError, ReaderGoneError, checked_output

ROOT = Path(__file__).parents[2]
ONLY_POSIX = pytest.mark.skipif(sys.platform == "win32", reason="these are POSIX's")
FULL = Path("/dev/full")
NEEDS_FULL = pytest.mark.skipif(not FULL.exists(), reason="there is no /dev/full")

# Each command's ways to print that need no training before.
PRINTING = [
    ["--help"],
    ["train", "--help"],
    ["fetch"],
    ["fetch", "--json"],
    ["fetch", "nothing", "--json"],
    ["split", "digits", "--out", "{}/split.json"],
    ["split", "digits", "--json", "--out", "{}/split.json"],
    ["train", "--network", "digits-small", "--epochs", "1", "--batch-size", "500"],
    ["train", "--network", "digits-small", "--epochs", "1", "--batch-size", "500", "--json"],
]


class Broken(io.StringIO):
    """A stream whose writing or flushing fails."""

    def __init__(self, number: int, at: str) -> None:
        super().__init__()
        self._error = OSError(number, os.strerror(number))
        self._at = at
        self.tries = 0

    def write(self, text: str) -> int:
        if self._at == "write":
            self.tries += 1
            raise self._error
        return super().write(text)

    def flush(self) -> None:
        if self._at == "flush":
            self.tries += 1
            raise self._error


@pytest.mark.parametrize("at", ["write", "flush"])
def test_a_failing_stdout_raises_once_and_is_silent_then(
    at: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = Broken(errno.ENOSPC, at)
    monkeypatch.setattr(sys, "stdout", broken)
    with checked_output():
        with pytest.raises(OutputError, match="no space left on device"):
            print("hello", flush=True)
        print("and more", flush=True)
    assert broken.tries == 1
    assert sys.stdout is broken


def test_a_failing_stderr_is_silent(monkeypatch: pytest.MonkeyPatch) -> None:
    broken = Broken(errno.EIO, "write")
    monkeypatch.setattr(sys, "stderr", broken)
    with checked_output():
        print("hello", file=sys.stderr, flush=True)
    assert broken.tries == 1


@pytest.mark.parametrize(
    ("platform", "number", "gone"),
    [
        ("linux", errno.EPIPE, True),
        ("linux", errno.EINVAL, False),
        ("win32", errno.EPIPE, True),
        ("win32", errno.EINVAL, True),  # what Windows says of a closed pipe
        ("win32", errno.ENOSPC, False),
    ],
)
def test_a_reader_that_has_gone_is_told_from_a_full_disk(
    platform: str, number: int, gone: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "platform", platform)
    monkeypatch.setattr(sys, "stdout", Broken(number, "write"))
    with checked_output(), pytest.raises(OutputError) as caught:
        print("hello")
    assert isinstance(caught.value, ReaderGoneError) is gone


def test_on_windows_a_closed_pipe_is_no_traceback(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "platform", "win32")
    monkeypatch.setattr(sys, "stdout", Broken(errno.EINVAL, "flush"))
    assert command_line.main(["fetch"]) == 2
    assert capsys.readouterr().err == ""


@NEEDS_FULL
@pytest.mark.parametrize("words", PRINTING, ids=" ".join)
def test_a_full_disk_behind_stdout_is_one_sentence(words: list[str], tmp_path: Path) -> None:
    with FULL.open("w") as full:
        done = subprocess.run(
            [sys.executable, "main.py", *(word.format(tmp_path) for word in words)],
            cwd=ROOT,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert done.returncode == 2
    if "nothing" in words:
        assert done.stderr.startswith("convscope: The catalogue has no 'nothing'.")
    else:
        assert done.stderr == (
            "convscope: What is printed can't be written: no space left on device."
            " Free some space.\n"
        )


@ONLY_POSIX
@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_streams_that_were_closed_before_the_start(closed: str, tmp_path: Path) -> None:
    out = tmp_path / "split.json"
    command = f'"{sys.executable}" main.py split digits --out "{out}" {closed}'
    done = subprocess.run(command, shell=True, cwd=ROOT, capture_output=True, check=False)
    assert done.returncode == 0
    assert done.stderr == b""
    assert out.read_text().startswith("{")


@NEEDS_FULL
def test_both_streams_on_a_full_disk_end_in_the_exit_code(tmp_path: Path) -> None:
    with FULL.open("w") as full:
        done = subprocess.run(
            [sys.executable, "main.py", "fetch", "--json"],
            cwd=ROOT,
            stdout=full,
            stderr=full,
            check=False,
        )
    assert done.returncode == 2


# Signals


class Ends:
    """A command that is sent a signal while it runs."""

    NAME, HELP, ABOUT, MORE = "ends", "end", "Ends.", ""

    def __init__(self, number: int) -> None:
        self.number = number
        self.cleaned = False

    def add_options(self, parser: object) -> None:
        return None

    def run(self, chosen: object) -> int:
        try:
            signal.raise_signal(self.number)
        finally:
            self.cleaned = True
        return 0


@ONLY_POSIX
@pytest.mark.parametrize(("name", "code"), [("SIGINT", 130), ("SIGTERM", 143), ("SIGHUP", 143)])
def test_a_signal_ends_a_command_that_cleans_up(
    name: str, code: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    number = getattr(signal, name)
    before = signal.getsignal(number)
    command = Ends(number)
    monkeypatch.setattr(listing, "COMMANDS", (command,))
    assert command_line.main(["ends"]) == code
    assert capsys.readouterr().err == "convscope: Interrupted.\n"
    assert command.cleaned
    assert signal.getsignal(number) is before


@ONLY_POSIX
def test_what_nohup_ignores_stays_ignored() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with ended_by_signals():
            signal.raise_signal(signal.SIGHUP)
            assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, before)


def test_another_thread_leaves_signals_alone() -> None:
    ended: list[Callable[..., object] | int | None] = []

    def look() -> None:
        with ended_by_signals():
            ended.append(signal.getsignal(signal.SIGTERM))

    thread = threading.Thread(target=look)
    thread.start()
    thread.join()
    assert ended == [signal.SIG_DFL]
    assert issubclass(Terminated, KeyboardInterrupt)


# JSON


def test_json_never_has_a_number_that_is_none(capsys: pytest.CaptureFixture[str]) -> None:
    nan, infinite = float("nan"), float("inf")
    print_json({"a": nan, "b": [1.5, {"c": -infinite}], "d": ({"e": nan},), "f": 2, "g": "nan"})
    assert capsys.readouterr().out == (
        '{"a": null, "b": [1.5, {"c": null}], "d": [{"e": null}], "f": 2, "g": "nan"}\n'
    )
