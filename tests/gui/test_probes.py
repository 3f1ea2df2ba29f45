"""The strip of probe pictures: choosing, removing, what each is taken for."""

import numpy as np
import pytest
from PySide6.QtCore import Qt

from engine.messages.events import PicturesRead, ProbeRemoved, ProbeSelected
from engine.messages.frames import PredictionsDemand, PredictionsFrame
from gui.pages.train.probe_list import INVITATION
from gui.pages.train.probes import THUMBNAIL, ProbesPanel, thumbnail_of
from gui.view_state import ViewState
from tests.gui.made_frames import loaded, probe_shown


@pytest.fixture
def panel(qtbot):
    panel = ProbesPanel(ViewState())
    qtbot.addWidget(panel)
    panel.resize(900, 100)
    panel.show()
    panel.show_event(loaded())
    for probe in (1, 2, 3):
        panel.show_event(probe_shown(probe))
    panel.show_event(ProbeSelected(1))
    panel.asked = []
    panel.select_requested.connect(panel.asked.append)
    return panel


def predictions(probes, top, share=0.9):
    row_NC = np.full((len(probes), 10), (1 - share) / 9, np.float32)
    row_NC[np.arange(len(probes)), top] = share
    return {("predictions", ""): PredictionsFrame(("predictions", ""), 5, probes, row_NC)}


def verdicts(panel):
    rows = (panel.model.entry(panel.model.index(row)) for row in range(panel.model.rowCount()))
    return {entry.probe: entry.verdict for entry in rows if entry is not None}


def click(qtbot, panel, row):
    where = panel.list.visualRect(panel.model.index(row)).center()
    qtbot.mouseClick(panel.list.viewport(), Qt.MouseButton.LeftButton, pos=where)


def test_it_wants_predictions(panel):
    assert panel.wants() == (PredictionsDemand(),)


def test_a_click_and_the_arrow_keys_select(panel, qtbot):
    click(qtbot, panel, 1)
    assert panel.asked == [2]
    panel.show_event(ProbeSelected(2))
    qtbot.keyClick(panel.list, Qt.Key.Key_Right)
    assert panel.asked == [2, 3]


def test_what_the_engine_selects_is_shown_and_not_asked_for_again(panel):
    panel.show_event(ProbeSelected(3))
    assert panel.model.entry(panel.list.currentIndex()).probe == 3
    assert panel.asked == []


@pytest.mark.parametrize("key", [Qt.Key.Key_Delete, Qt.Key.Key_Backspace])
def test_delete_removes_the_selected_one(panel, qtbot, key):
    removed = []
    panel.remove_requested.connect(removed.append)
    panel.show_event(ProbeSelected(2))
    panel.list.setFocus()
    qtbot.keyClick(panel.list, key)
    assert removed == [2]
    panel.show_event(ProbeRemoved(2))
    assert list(verdicts(panel)) == [1, 3]
    assert panel.asked == []


def test_each_shows_its_top_class(panel):
    panel.show_frames(predictions((1, 2, 3), [7, 0, 9]))
    assert verdicts(panel) == {1: "7", 2: "0", 3: "9"}
    panel.show_frames(predictions((1, 3), [4, 4]))
    assert verdicts(panel) == {1: "4", 2: "", 3: "4"}


def test_a_network_that_has_come_apart_has_no_verdict(panel):
    panel.show_frames(predictions((1, 2, 3), (7, 0, 1)))
    frames = predictions((1, 2, 3), (7, 0, 1))
    frames["predictions", ""].probabilities_NC[1] = np.nan
    panel.show_frames(frames)
    assert verdicts(panel) == {1: "7", 2: "", 3: "1"}


def test_only_what_looks_different_is_painted_again(panel):
    panel.show_frames(predictions((1, 2, 3), [7, 0, 9], share=0.9))
    changed = []
    panel.model.dataChanged.connect(lambda first, _: changed.append(first.row()))
    panel.show_frames(predictions((1, 2, 3), [7, 0, 9], share=0.9001))
    assert changed == []
    panel.show_frames(predictions((1, 2, 3), [7, 1, 9], share=0.9))
    assert changed == [1]


def test_a_probe_shown_again_keeps_its_place_and_verdict(panel):
    panel.show_frames(predictions((1, 2, 3), [7, 0, 9]))
    panel.show_event(probe_shown(2, inverted=True))
    assert verdicts(panel) == {1: "7", 2: "0", 3: "9"}


def test_the_last_tile_opens_pictures(panel, qtbot):
    with qtbot.waitSignal(panel.open_requested):
        click(qtbot, panel, 3)
    assert panel.model.entry(panel.list.currentIndex()).probe == 1
    assert panel.asked == []


def test_the_last_tile_stops_a_reading(panel, qtbot):
    panel.show_event(PicturesRead(3, 200, finished=False))
    assert "3 of 200" in panel.model.data(panel.model.index(3))
    with qtbot.waitSignal(panel.stop_reading_requested):
        click(qtbot, panel, 3)
    panel.show_event(PicturesRead(4, 4, finished=True))
    assert panel.model.data(panel.model.index(3)) == INVITATION


@pytest.mark.parametrize("shape", [(28, 28, 3), (1, 500, 3), (900, 3, 3), (1, 1, 3)])
def test_a_thumbnail_fits_its_square(qtbot, shape):
    for ratio in (1.0, 2.0):
        thumbnail = thumbnail_of(np.zeros(shape, np.uint8), ratio)
        assert max(thumbnail.width(), thumbnail.height()) == THUMBNAIL * ratio
        assert min(thumbnail.width(), thumbnail.height()) >= 1


def test_a_verdict_and_the_selection_change_what_is_painted(panel):
    pictures = [panel.grab().toImage()]
    panel.show_frames(predictions((1, 2, 3), [7, 0, 9]))
    pictures.append(panel.grab().toImage())
    panel.show_event(ProbeSelected(2))
    pictures.append(panel.grab().toImage())
    assert pictures[0] != pictures[1]
    assert pictures[1] != pictures[2]
