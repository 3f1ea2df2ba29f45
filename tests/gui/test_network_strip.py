"""The strip: what it asks for, what it shows, and what a click on a map does."""

from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QLabel, QPushButton, QToolButton
from pytestqt.qtbot import QtBot

from engine.messages.events import ProbeRemoved, ProbeSelected
from engine.messages.frames import (
    MapsDemand,
    MosaicFrame,
    PredictionsDemand,
    Region,
    Wanted,
)
from engine.networks.stages import Stage
from gui.pages.train.network_strip import EMPTY, NetworkStrip
from gui.pages.train.stage_column import StageColumn, shape_text
from gui.view_state import ViewState
from gui.widgets.class_bars import ClassBars
from gui.widgets.mosaic.view import MosaicView
from gui.widgets.sheets import MOST_MAPS
from tests.gui.made_frames import MAP_TAPS, STAGES, answer, loaded, maps_of, mosaic, probe_shown

DEEP = (
    STAGES[0],
    *(Stage(f"conv{n}", "conv", "conv 3x3", (512, 14, 14), True) for n in range(20)),
    STAGES[-1],
)


@pytest.fixture
def strip(qtbot: QtBot) -> NetworkStrip:
    strip = NetworkStrip(ViewState())
    qtbot.addWidget(strip)
    strip.resize(1220, 300)
    strip.show()
    return strip


@pytest.fixture
def digits(strip: NetworkStrip) -> NetworkStrip:
    strip.show_event(probe_shown())
    strip.show_event(loaded())
    strip.show_frames(answer(strip.wants(), step=1234))
    return strip


def column_of(strip: NetworkStrip, name: str) -> StageColumn:
    return next(column for column in strip.columns if column.stage.name == name)


def mosaic_of(strip: NetworkStrip, tap: str) -> MosaicView:
    view = column_of(strip, tap).mosaic
    assert view is not None
    return view


def taps(wanted: tuple[Wanted, ...]) -> list[str]:
    return [demand.tap for demand in wanted if isinstance(demand, MapsDemand)]


def maps_demand(strip: NetworkStrip, tap: str) -> MapsDemand:
    found = [d for d in strip.wants() if isinstance(d, MapsDemand) and d.tap == tap]
    assert len(found) == 1
    return found[0]


def test_before_a_network_it_says_so_and_wants_nothing(strip: NetworkStrip) -> None:
    assert strip.wants() == ()
    shown = [label.text() for label in strip.findChildren(QLabel) if label.isVisible()]
    assert shown == [EMPTY]


def test_the_digits_network_fits_the_window(digits: NetworkStrip) -> None:
    last = digits.columns[-1].geometry()
    assert last.right() <= digits.width() - 8
    assert last.bottom() <= digits.height()
    assert taps(digits.wants()) == list(MAP_TAPS)
    assert digits.wants()[-1] == PredictionsDemand()
    assert all(mosaic_of(digits, tap).tile_px >= 18 for tap in MAP_TAPS if tap != "dense1")


def test_a_pool_has_the_same_rows_as_what_it_pooled(digits: NetworkStrip) -> None:
    assert mosaic_of(digits, "conv1").tiling == mosaic_of(digits, "pool1").tiling


def test_only_stages_in_sight_are_wanted(strip: NetworkStrip) -> None:
    strip.show_event(loaded(DEEP))
    first = taps(strip.wants())
    assert 1 <= len(first) < 10
    assert first[0] == "conv0"
    bar = strip.findChild(type(strip._scroll)).horizontalScrollBar()
    bar.setValue(bar.maximum())
    last = taps(strip.wants())
    assert last[-1] == "conv19"
    assert not set(first) & set(last)


def test_what_is_wanted_is_the_same_object_until_something_changes(digits: NetworkStrip) -> None:
    wanted = digits.wants()
    assert digits.wants() is wanted
    digits.view.toggle_pin("conv1", 7)
    assert digits.wants() is not wanted


def test_demands_follow_tile_size_order_scale_and_zoom(digits: NetworkStrip) -> None:
    region = Region(0.0, 0.0, 0.5, 0.5)
    digits.view.toggle_pin("conv1", 7)
    digits.view.scale = "layer"
    digits.view.zoom("conv1", region)
    demand = maps_demand(digits, "conv1")
    view = mosaic_of(digits, "conv1")
    assert demand.channels is not None
    assert demand.channels[:2] == (7, 0)
    assert (demand.tile, demand.columns) == (view.tile_px, view.tiling.columns)
    assert (demand.scale, demand.region, demand.signed) == ("layer", region, False)
    assert maps_demand(digits, "pool1").region != region


def test_of_many_channels_a_part_is_shown_and_the_header_says_so(strip: NetworkStrip) -> None:
    strip.show_event(loaded(DEEP))
    channels = maps_demand(strip, "conv0").channels
    assert channels is not None
    assert len(channels) == MOST_MAPS
    assert column_of(strip, "conv0").sheets.text == "1–64 of 512"
    assert shape_text(DEEP[1]) == "14x14x512"
    assert shape_text(STAGES[1]) == "26x26x32"


WIDE = (STAGES[0], Stage("dense1", "dense", "dense, relu", (500,)), STAGES[-1])


def turners(column: StageColumn) -> tuple[QToolButton, QToolButton]:
    back, on = column.sheets.findChildren(QToolButton)
    return back, on


def test_every_unit_of_a_wide_layer_can_be_reached(strip: NetworkStrip, qtbot: QtBot) -> None:
    strip.show_event(loaded(WIDE))
    column = column_of(strip, "dense1")
    back, on = turners(column)
    seen: list[int] = []
    assert column.sheets.isVisible()
    assert not back.isEnabled()
    while True:
        channels = maps_demand(strip, "dense1").channels
        assert channels is not None
        assert len(channels) == MOST_MAPS, "so that the last sheet looks like the others"
        seen += channels
        if not on.isEnabled():
            break
        qtbot.mouseClick(on, Qt.MouseButton.LeftButton)
    assert set(seen) == set(range(500))
    assert column.sheets.text == "437–500 of 500"
    qtbot.keyClick(mosaic_of(strip, "dense1"), Qt.Key.Key_PageUp)
    assert column.sheets.text == "373–436 of 500"
    strip.view.forget_network()
    assert column.sheets.text == "1–64 of 500"


def test_sheets_are_turned_without_moving_anything(strip: NetworkStrip, qtbot: QtBot) -> None:
    strip.show_event(loaded(WIDE))
    places = [column.geometry() for column in strip.columns]
    tiling = mosaic_of(strip, "dense1").tiling
    for _ in range(7):
        qtbot.keyClick(mosaic_of(strip, "dense1"), Qt.Key.Key_PageDown)
        strip.show_frames(answer(strip.wants(), stages=WIDE))
        assert [column.geometry() for column in strip.columns] == places
        assert mosaic_of(strip, "dense1").tiling == tiling


def test_the_strongest_units_are_on_the_first_sheet(strip: NetworkStrip) -> None:
    strip.show_event(loaded(WIDE))
    strip.view.turn("dense1", 500, 3)
    strip.show_frames(answer(strip.wants(), stages=WIDE))
    strip.view.sort_by("mean", strip.frames)
    assert column_of(strip, "dense1").sheets.text == "1–64 of 500"
    channels = maps_demand(strip, "dense1").channels
    mean_C = maps_of(WIDE[1]).mean(axis=(1, 2))
    assert channels == tuple(np.argsort(-mean_C, kind="stable")[:MOST_MAPS])


def test_where_one_sheet_holds_all_there_is_nothing_to_turn(digits: NetworkStrip) -> None:
    for column in digits.columns:
        assert not column.sheets.isVisible()


def test_frames_are_shown_and_kept(digits: NetworkStrip) -> None:
    assert list(digits.frames) == list(MAP_TAPS)
    assert digits.frames["conv1"].step == 1234
    view = mosaic_of(digits, "conv2")
    assert view.channel_at(view.channel_rect(11).center()) == 11
    digits.view.sort_by("mean", digits.frames)
    order = maps_demand(digits, "conv2").channels
    assert order is not None
    means = maps_of(STAGES[3], 1234).mean(axis=(1, 2))
    assert order[0] == int(means.argmax())


def test_a_frame_of_the_network_before_is_not_shown(digits: NetworkStrip) -> None:
    late = mosaic(np.ones((16, 9, 9), np.float32), MapsDemand("conv1"), step=9999)
    digits.show_frames({late.key: late})
    assert digits.frames["conv1"].step == 1234


def test_a_signed_frame_is_not_for_the_strip(digits: NetworkStrip) -> None:
    signed = mosaic(maps_of(STAGES[1]), MapsDemand("conv1", signed=True), step=9999)
    digits.show_frames({signed.key: signed})
    assert digits.frames["conv1"].step == 1234


def test_another_network_forgets_frames_and_shows_its_own_stages(digits: NetworkStrip) -> None:
    digits.show_event(loaded(DEEP))
    assert digits.frames == {}
    assert [column.stage for column in digits.columns] == list(DEEP)
    digits.show_event(loaded())
    assert [column.stage for column in digits.columns] == list(STAGES)
    contents = [column.content for column in digits.columns if column.content is not None]
    assert all(content.isVisible() for content in contents)


def test_a_fresh_start_keeps_the_stages_in_place(digits: NetworkStrip) -> None:
    columns = digits.columns
    digits.show_event(loaded())
    assert digits.columns is columns
    assert digits.frames == {}


def test_clicking_a_map_selects_it(digits: NetworkStrip, qtbot: QtBot) -> None:
    view = mosaic_of(digits, "conv2")
    with qtbot.waitSignal(digits.view.selection_changed):
        at = view.channel_rect(11).center().toPoint()
        qtbot.mouseClick(view, Qt.MouseButton.LeftButton, pos=at)
    assert digits.view.selected == ("conv2", 11)
    with qtbot.waitSignal(digits.view.selection_changed):
        qtbot.keyClick(view, Qt.Key.Key_Right)
    assert digits.view.selected == ("conv2", 12)
    qtbot.keyClick(view, Qt.Key.Key_P)
    assert digits.view.pins("conv2") == (12,)


def test_zooming_one_layer_leaves_the_others(digits: NetworkStrip, qtbot: QtBot) -> None:
    qtbot.keyClick(mosaic_of(digits, "conv2"), Qt.Key.Key_Plus)
    assert digits.view.region("conv2") == maps_demand(digits, "conv2").region
    assert digits.view.region("conv2") != digits.view.region("conv1")


def test_the_bars_show_the_selected_probe(digits: NetworkStrip) -> None:
    bars = digits.findChild(ClassBars)
    assert bars.accessibleDescription() == "7"
    digits.show_event(probe_shown(1))
    digits.show_event(ProbeSelected(1))
    assert bars.accessibleDescription() == ""
    digits.show_frames(answer((PredictionsDemand(),)))
    assert bars.accessibleDescription() == "3"
    digits.show_event(ProbeRemoved(1))
    assert bars.accessibleDescription() == ""


def test_of_many_classes_the_likeliest_are_shown(qtbot: QtBot) -> None:
    bars = ClassBars()
    qtbot.addWidget(bars)
    bars.set_classes(tuple(f"class {n}" for n in range(1000)))
    probability_C = np.zeros(1000, np.float32)
    probability_C[[500, 20]] = 0.6, 0.4
    bars.set_probabilities(probability_C)
    assert bars.accessibleDescription() == "class 500"
    bars.resize(bars.sizeHint())
    assert not bars.grab().isNull()


def test_a_picture_on_a_light_ground_can_be_inverted(digits: NetworkStrip, qtbot: QtBot) -> None:
    button = digits.findChild(QPushButton)
    assert not button.isVisible()
    digits.show_event(probe_shown(0, light=True))
    assert button.isVisible()
    with qtbot.waitSignal(digits.invert_requested) as asked:
        qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    assert asked.args == [0, True]
    digits.show_event(probe_shown(0, light=False, inverted=True))
    assert button.isVisible()
    with qtbot.waitSignal(digits.invert_requested) as asked:
        qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    assert asked.args == [0, False]


def test_another_palette_reaches_every_mosaic(digits: NetworkStrip) -> None:
    view = mosaic_of(digits, "conv1")
    at = view.channel_rect(0).center().toPoint()
    before = view.grab().toImage().pixelColor(at)
    digits.view.palette = "grey"
    after = view.grab().toImage().pixelColor(at)
    assert after.red() == after.green() == after.blue()
    assert after != before


def test_it_is_saved_as_png_and_svg(digits: NetworkStrip, tmp_path: Path) -> None:
    digits.save_png(tmp_path / "strip.png")
    digits.save_svg(tmp_path / "strip.svg")
    assert (tmp_path / "strip.png").read_bytes().startswith(b"\x89PNG")
    svg = (tmp_path / "strip.svg").read_text(encoding="utf-8")
    assert "conv 3x3, relu" in svg
    assert "26x26x32" in svg


def test_maps_of_one_pixel_are_on_one_scale(strip: NetworkStrip) -> None:
    pooled = Stage("pool9", "pool", "average", (8, 1, 1), True)
    strip.show_event(loaded((STAGES[0], pooled, STAGES[-1])))
    assert maps_demand(strip, "pool9").scale == "layer"


def test_the_values_of_a_dense_layer_are_one_mosaic_on_one_scale(digits: NetworkStrip) -> None:
    column = column_of(digits, "dense1")
    assert column.accessibleName() == "dense1, dense, relu, 64"
    assert maps_demand(digits, "dense1").scale == "layer"
    digits.view.scale = "network"
    assert maps_demand(digits, "dense1").scale == "network"
    frame = digits.frames["dense1"]
    assert frame.shape_CHW == (64, 1, 1)


def test_stages_without_maps_still_stand_in_the_strip(strip: NetworkStrip) -> None:
    dropout = Stage("dropout1", "dropout", "dropout, 50 %", (64, 3, 3))
    strip.show_event(loaded((STAGES[0], dropout, STAGES[-1])))
    column = column_of(strip, "dropout1")
    assert column.content is None
    slab = column.grab().toImage().pixelColor(QPoint(20, 100))
    assert slab.rgb() == column.palette().mid().color().rgb()


def test_the_newest_frame_wins(digits: NetworkStrip) -> None:
    frames = answer(digits.wants(), step=2000)
    digits.show_frames(frames)
    newest = digits.frames["pool2"]
    assert isinstance(newest, MosaicFrame)
    assert newest is frames["maps", "pool2"]
