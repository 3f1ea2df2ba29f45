"""The application around the window: absent displays, the error funnel, Ctrl+C, reports."""

import os
import signal
import sys
import threading
from pathlib import Path

import platformdirs
import pytest
from PySide6.QtCore import qCritical, qWarning
from PySide6.QtWidgets import QApplication

from engine.program import NAME
from gui import app as gui_app
from gui import display, reports
from gui.app import closed_by_signals, errors_told, make_window, run_window
from gui.display import why_no_window
from gui.guarded import guarded
from gui.settings import Settings
from gui.tour import run_tour
from tests.gui.fake_session import FakeSession

LINUX = pytest.mark.skipif(sys.platform != "linux", reason="only Linux may have no display")


@pytest.fixture
def told():
    told = []
    with errors_told(told.append):
        yield told


@pytest.fixture
def no_display(monkeypatch):
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"):
        monkeypatch.delenv(name, raising=False)


# Displays


@LINUX
def test_no_display_is_one_sentence_and_exit_2(no_display, capsys):
    assert run_window() == 2
    said = capsys.readouterr().err
    assert said.startswith("There is no display for the window")
    assert said.count("\n") == 1


@LINUX
def test_a_display_that_nobody_serves_is_one_sentence(no_display, monkeypatch):
    monkeypatch.setenv("DISPLAY", ":4711")
    with why_no_window() as problem:
        assert "display :4711 can't be opened" in problem


@LINUX
def test_a_wayland_display_that_nobody_serves_does_not_count(no_display, monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    monkeypatch.setenv("WAYLAND_DISPLAY", "wayland-7")
    with why_no_window() as problem:
        assert "no display" in problem


@LINUX
def test_a_missing_system_library_is_named(no_display, monkeypatch):
    def load(name):
        raise OSError("libxcb-cursor.so.0: cannot open shared object file: No such file")

    monkeypatch.setenv("DISPLAY", ":0")
    monkeypatch.setattr(display.ctypes, "CDLL", load)
    with why_no_window() as problem:
        assert "missing: libxcb-cursor.so.0." in problem


@LINUX
def test_without_a_screen_asked_for_none_is_needed(no_display, monkeypatch):
    with why_no_window(["-platform", "offscreen"]) as problem:
        assert problem == ""
    monkeypatch.setenv("QT_QPA_PLATFORM", "offscreen")
    with why_no_window() as problem:
        assert problem == ""


# The error funnel


@pytest.mark.qt_no_exception_capture
def test_an_exception_in_a_slot_is_told_and_reported_once(told, qtbot, expect_log):
    expect_log("ZeroDivisionError")
    hook = sys.excepthook
    for _ in range(3):
        try:
            1 / 0  # noqa: B018
        except ZeroDivisionError as error:
            hook(type(error), error, error.__traceback__)
    assert len(told) == 1
    assert "ZeroDivisionError" in told[0]
    (report,) = reports.folder().glob("report-*.txt")
    assert "test_app.py" in report.read_text()
    assert str(report) in told[0]


@pytest.mark.qt_no_exception_capture
def test_a_panel_that_fails_at_every_frame_is_told_of_once(told, expect_log):
    expect_log("step 1 is lost")

    def show_frames(step):
        raise LookupError(f"step {step} is lost")

    for step in range(1, 9):
        guarded(show_frames, step)
    assert len(told) == 1
    assert "step 1 is lost" in told[0]


def test_an_exception_in_a_thread_is_told_on_the_gui_thread(qtbot, expect_log):
    expect_log("LookupError")
    threads = []
    with errors_told(lambda _: threads.append(threading.current_thread())):

        def fail():
            raise LookupError("lost")

        thread = threading.Thread(target=fail)
        thread.start()
        thread.join()
        qtbot.waitUntil(lambda: bool(threads))
    assert threads == [threading.main_thread()]


def test_what_qt_calls_critical_is_told_and_a_warning_is_logged(told, expect_log):
    expect_log("all is lost")
    expect_log("Qt: be careful")
    qWarning("be careful")
    qCritical("all is lost")
    assert len(told) == 1
    assert "all is lost" in told[0]


def test_the_hooks_are_put_back():
    before = sys.excepthook, threading.excepthook
    with errors_told(print):
        assert sys.excepthook is not before[0]
    assert (sys.excepthook, threading.excepthook) == before


def test_where_no_report_can_be_kept_it_is_told_even_so(told, monkeypatch, tmp_path, expect_log):
    expect_log("KeyError")
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setattr(reports, "folder", lambda: tmp_path / "file" / "log")
    sys.excepthook(KeyError, KeyError("x"), None)
    assert len(told) == 1
    assert "report" not in told[0]


# Crashes


def test_a_crash_is_explained_at_the_next_start_and_only_then():
    folder = reports.folder()
    folder.mkdir(parents=True)
    assert reports.last_fault() is None
    (folder / "fault.txt").write_text("Fatal Python error: Segmentation fault\n")
    kept = reports.last_fault()
    assert "Segmentation fault" in kept.read_text()
    assert reports.last_fault() is None


COM = "Windows fatal exception: code 0x8001010d\n\nThread 0x1234:\n  File app.py, line 1\n"


def test_what_was_handled_is_no_crash():
    folder = reports.folder()
    folder.mkdir(parents=True)
    (folder / "fault.txt").write_text(COM)
    assert reports.last_fault() is None
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize(
    "fatal",
    ["access violation", "code 0xc0000409"],
)
def test_a_crash_after_something_handled_is_told(fatal):
    reports.folder().mkdir(parents=True)
    (reports.folder() / "fault.txt").write_text(f"{COM}Windows fatal exception: {fatal}\n")
    kept = reports.last_fault()
    assert fatal in kept.read_text()


# The whole


@pytest.fixture
def fake_session(monkeypatch):
    session = FakeSession()
    monkeypatch.setattr(gui_app, "make_session", lambda engine: session)
    monkeypatch.setattr(reports, "watch_for_faults", lambda: None)
    return session


def shown_window():
    (window,) = [w for w in QApplication.topLevelWidgets() if type(w).__name__ == "MainWindow"]
    return window


def when_complete(monkeypatch, act):
    """Let `act(window)` run as soon as the window is complete."""

    def make(*arguments):
        window = make_window(*arguments)
        window.complete.connect(lambda: act(window))
        return window

    monkeypatch.setattr(gui_app, "make_window", make)


@pytest.mark.qt_log_ignore("does not support")
def test_the_window_opens_the_session_and_closing_ends_all(qapp, fake_session, monkeypatch):
    when_complete(monkeypatch, lambda window: window.close())
    assert run_window() == 0
    assert fake_session.opened_with is not None
    assert fake_session.closings == 1


@pytest.mark.skipif(sys.platform == "win32", reason="signals are sent otherwise there")
@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_ctrl_c_and_its_like_close_the_window(qapp, fake_session, monkeypatch, name):
    number = getattr(signal, name)

    def end(signalled, frame):  # as the command line answers outside of the window
        raise KeyboardInterrupt

    before = signal.signal(number, end)
    try:
        when_complete(monkeypatch, lambda window: os.kill(os.getpid(), number))
        assert run_window() == 0
        assert fake_session.closings == 1
        assert signal.getsignal(number) is end
    finally:
        signal.signal(number, before)


def test_a_crash_of_the_last_time_is_a_notice(qapp, fake_session, monkeypatch):
    reports.folder().mkdir(parents=True)
    (reports.folder() / "fault.txt").write_text("Fatal Python error")
    seen = []

    def look_and_close(window):
        seen.extend(notice.sentence for notice in window.parts.notices.standing())
        window.close()

    when_complete(monkeypatch, look_and_close)
    assert run_window() == 0
    assert "crashed the last time" in seen[0]


def test_start_up_times_are_printed_on_demand(qapp, fake_session, monkeypatch, capsys):
    monkeypatch.setenv(gui_app.TIMES, "1")
    when_complete(monkeypatch, lambda window: window.close())
    assert run_window() == 0
    lines = capsys.readouterr().err.splitlines()
    assert [line.partition(":")[0] for line in lines] == [
        "window made",
        "window stands",
        "last panels stand",
    ]


def test_the_command_line_says_for_once_where_the_engine_runs(qapp, monkeypatch, tmp_path):
    asked = []
    monkeypatch.setattr(reports, "watch_for_faults", lambda: None)
    monkeypatch.setattr(gui_app, "make_session", lambda e: asked.append(e) or FakeSession())
    when_complete(monkeypatch, lambda window: window.close())
    folder = Path(platformdirs.user_config_path(NAME, appauthor=False))
    Settings(folder).put("engine", "process")
    assert run_window(engine="thread") == 0
    assert run_window() == 0
    assert asked == ["thread", "process"]


def test_without_ctrl_c_nothing_is_closed(qapp, qtbot, tmp_path):
    window = make_window(qapp, FakeSession(), Settings(tmp_path))
    qtbot.addWidget(window)
    with closed_by_signals(window):
        window.show()
    assert window.isVisible()


def test_a_tour_that_can_not_write_says_so(qapp, tmp_path, capsys):
    (tmp_path / "file").write_text("in the way")
    assert run_tour(tmp_path / "file" / "tour") == 1
    said = capsys.readouterr().err
    assert said.startswith(f"The tour ended early: {tmp_path / 'file' / 'tour'} can't be written: ")
    assert said.count("\n") == 1
