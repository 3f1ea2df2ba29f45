"""The pump: asks for what is visible, hands out what came, and counts."""

import sys

import msgspec
import numpy as np
import pytest
from PySide6.QtWidgets import QHBoxLayout, QTabWidget, QWidget

from engine.messages.events import Refused
from engine.messages.frames import DetailDemand, MapsDemand, PredictionsDemand
from engine.state import Phase
from gui.panel import Panel
from gui.pump import (
    ASK_TICKS,
    CURVE_TICKS,
    IDLE_TICK_MS,
    SLOW_TICKS,
    TICK_MS,
    FrameRate,
    Pump,
    is_on_screen,
)
from gui.view_state import ViewState
from tests.gui.fake_session import READY, FakeSession
from tests.gui.made_frames import detail_of

DETAIL = ("detail", "")


class Watcher(Panel):
    """Notes what the pump does with it."""

    def __init__(self, *wanted):
        super().__init__(ViewState())
        self.wanted = wanted
        self.frames = []
        self.refreshed = 0

    def wants(self):
        return self.wanted

    def show_frames(self, frames):
        self.frames.append(frames)

    def refresh(self):
        self.refreshed += 1


@pytest.fixture
def panels():
    return [Watcher(DetailDemand("conv1", 3)), Watcher(PredictionsDemand())]


@pytest.fixture
def window(qtbot, panels):
    window = QWidget()
    row = QHBoxLayout(window)
    for panel in panels:
        row.addWidget(panel)
    qtbot.addWidget(window)
    with qtbot.waitExposed(window):
        window.show()
    return window


@pytest.fixture
def session():
    return FakeSession()


@pytest.fixture
def pump(window, panels, session):
    pump = Pump(
        session,
        panels,
        lambda new: pump.told.append(new),
        lambda *s: pump.shown.append(s),
        lambda: pump.other_news,
        window,
    )
    pump.told, pump.shown, pump.other_news = [], [], False
    return pump


def tick(pump, count):
    for _ in range(count):
        pump.tick()


def detail_frame():
    return {DETAIL: detail_of(np.zeros((2, 2), np.float32), DetailDemand("conv1", 3), 1)}


def test_it_asks_for_all_that_is_visible_and_only_when_that_changes(pump, session, panels):
    tick(pump, 2 * ASK_TICKS)
    assert [demand.wanted for demand in session.demands] == [
        (DetailDemand("conv1", 3), PredictionsDemand())
    ]
    panels[0].wanted = (DetailDemand("conv1", 4),)
    tick(pump, ASK_TICKS)
    assert session.demands[-1].wanted == (DetailDemand("conv1", 4), PredictionsDemand())
    assert len(session.demands) == 2


def test_a_hidden_panel_asks_for_nothing_and_gets_nothing(pump, session, panels):
    panels[0].hide()
    session.frames = detail_frame()
    pump.tick()
    assert session.demands[-1].wanted == (PredictionsDemand(),)
    assert panels[0].frames == []
    assert len(panels[1].frames) == 1


def test_of_two_demands_with_one_key_the_first_holds(pump, session, panels):
    panels[1].wanted = (DetailDemand("conv2", 9),)
    pump.tick()
    assert session.demands[-1].wanted == (DetailDemand("conv1", 3),)


def test_without_new_frames_no_panel_is_bothered(pump, panels):
    pump.tick()
    assert panels[0].frames == []


def test_each_event_comes_once_and_in_order(pump, session):
    session.outlet.tell(Refused("a"))
    session.outlet.tell(Refused("b"))
    pump.tick()
    session.outlet.tell(Refused("c"))
    pump.tick()
    pump.tick()
    assert pump.told == [[Refused("a"), Refused("b")], [Refused("c")]]


@pytest.mark.parametrize("method", ["wants", "show_frames", "refresh"])
def test_a_panel_that_fails_is_told_of_and_the_others_get_theirs(
    pump, session, panels, monkeypatch, method
):
    told = []
    monkeypatch.setattr(sys, "excepthook", lambda kind, error, trace: told.append(error))

    def fail(*arguments):
        raise LookupError("lost")

    monkeypatch.setattr(panels[0], method, fail)
    session.frames = detail_frame()
    pump.tick()
    assert [str(error) for error in told] == ["lost"]
    assert PredictionsDemand() in session.demands[-1].wanted
    assert len(panels[1].frames) == 1
    assert panels[1].refreshed == 1
    assert len(pump.shown) == 1


def test_events_that_nobody_can_take_stop_nothing(window, panels, session, monkeypatch):
    told = []
    monkeypatch.setattr(sys, "excepthook", lambda kind, error, trace: told.append(error))
    pump = Pump(session, panels, lambda new: 1 / 0, lambda *s: None, lambda: 1 / 0, window)
    session.outlet.tell(Refused("a"))
    session.frames = detail_frame()
    pump.tick()
    assert len(told) == 2
    assert len(panels[0].frames) == 1


def test_painting_is_reported_while_training_only(pump, session):
    pump.tick()
    assert session.painting == []
    session.status = msgspec.structs.replace(READY, phase=Phase.TRAINING)
    tick(pump, SLOW_TICKS)
    (seconds,) = session.painting
    assert seconds >= 0


def test_curves_are_read_while_there_may_be_news(pump, session, panels):
    for _ in range(10 * CURVE_TICKS):
        pump._rest_until = 0.0
        pump.tick()
    at_rest = panels[0].refreshed
    assert 1 <= at_rest < 6
    session.status = msgspec.structs.replace(READY, step=1)
    for _ in range(CURVE_TICKS):
        pump._rest_until = 0.0
        pump.tick()
    assert panels[0].refreshed == at_rest + 1


def test_status_is_shown_a_few_times_a_second(pump, session):
    tick(pump, 3 * SLOW_TICKS)
    assert [status for status, _ in pump.shown] == [READY] * 3


def test_it_runs_until_stopped(pump, session, qtbot):
    pump.start()
    qtbot.waitUntil(lambda: len(pump.shown) >= 1)
    pump.stop()
    assert not pump._timer.isActive()


def test_it_beats_more_slowly_while_nothing_changes_on_the_screen(pump, panels, window):
    tick(pump, 1)
    assert pump.interval == TICK_MS
    for panel in panels:
        panel.hide()
    tick(pump, 2 * SLOW_TICKS)
    assert pump.interval == IDLE_TICK_MS
    pump.other_news = True
    tick(pump, 1)
    assert pump.interval == TICK_MS


def test_the_rate_is_that_of_the_slowest_visible_layer():
    rate = FrameRate()
    rate.expect([("maps", "conv1"), ("maps", "conv2"), ("predictions", "")])
    assert rate.read(0.0) == 0.0
    for _ in range(30):
        rate.count({("maps", "conv1"): None})
    for _ in range(20):
        rate.count({("maps", "conv2"): None, ("maps", "hidden"): None})
    assert rate.read(0.5) == 0.0
    assert rate.read(2.0) == pytest.approx(10.0)
    assert rate.read(3.0) == 0.0


def test_on_screen_means_that_some_of_it_can_be_seen(qtbot):
    tabs = QTabWidget()
    front, back = Watcher(MapsDemand("a")), Watcher(MapsDemand("b"))
    tabs.addTab(front, "front")
    tabs.addTab(back, "back")
    qtbot.addWidget(tabs)
    assert not is_on_screen(front)
    with qtbot.waitExposed(tabs):
        tabs.show()
    assert is_on_screen(front)
    assert not is_on_screen(back)
    # An opaque child that covers all of it doesn't hide it.
    cover = QWidget(front)
    cover.setAutoFillBackground(True)
    cover.setGeometry(front.rect())
    cover.show()
    assert is_on_screen(front)
    front.move(5000, 0)
    assert not is_on_screen(front)
    tabs.hide()
    assert not is_on_screen(front)
