"""Cyclic garbage goes on the GUI thread, and the automatic collector comes back."""

import gc
import weakref

import pytest
from PySide6.QtCore import QObject

from gui.collector import ALL_BEATS, Collector


class Cycle:
    def __init__(self) -> None:
        self.myself = self


@pytest.fixture
def parent(qtbot):
    return QObject()


@pytest.fixture
def collector(parent):
    collector = Collector(parent)
    collector.start()
    yield collector
    collector.stop()


def test_automatic_collection_stops_and_comes_back(parent):
    collector = Collector(parent)
    collector.start()
    assert not gc.isenabled()
    collector.stop()
    assert gc.isenabled()
    assert gc.get_freeze_count() == 0


def test_garbage_is_collected_at_a_beat(collector):
    gone = weakref.ref(Cycle())
    assert gone() is not None
    collector.collect()
    assert gone() is None


def test_what_survives_a_long_look_is_set_aside(collector):
    for _ in range(ALL_BEATS):
        collector.collect()
    assert gc.get_freeze_count() > 1000
    gone = weakref.ref(Cycle())
    for _ in range(ALL_BEATS):
        collector.collect()
    assert gone() is None
