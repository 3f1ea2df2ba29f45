"""The time that the GUI thread works, where the system counts it and where it doesn't."""

import sys
import time

import pytest
from PySide6.QtCore import QAbstractEventDispatcher, QEventLoop, QObject, QTimer

from gui import work_clock as module
from gui.work_clock import LoopClock, work_clock


@pytest.fixture
def parent(qapp):
    parent = QObject()
    yield parent
    parent.deleteLater()


def test_where_a_thread_s_time_is_exact_it_is_read(parent, monkeypatch):
    monkeypatch.setattr(sys, "platform", "linux")
    assert work_clock(parent) is time.thread_time


def test_where_it_is_coarse_the_loop_is_watched(parent, monkeypatch):
    monkeypatch.setattr(module.sys, "platform", "win32")
    read = work_clock(parent)
    assert isinstance(read.__self__, LoopClock)
    assert read() >= 0


def test_only_what_is_between_waking_and_waiting_counts(parent):
    now = [100.0]
    clock = LoopClock(parent, lambda: now[0])
    loop = QAbstractEventDispatcher.instance()
    now[0] += 1.0
    assert clock.read() == 1.0
    loop.aboutToBlock.emit()
    now[0] += 50.0
    assert clock.read() == 1.0
    loop.awake.emit()
    now[0] += 0.25
    loop.awake.emit()
    assert clock.read() == 1.25


def test_a_real_loop_wakes_and_waits(parent):
    told = []
    dispatcher = QAbstractEventDispatcher.instance()
    dispatcher.awake.connect(lambda: told.append("awake"))
    dispatcher.aboutToBlock.connect(lambda: told.append("waits"))
    loop = QEventLoop()
    QTimer.singleShot(5, loop.quit)
    loop.exec()
    assert "waits" in told
    assert "awake" in told[told.index("waits") :]
    dispatcher.awake.disconnect()
    dispatcher.aboutToBlock.disconnect()
