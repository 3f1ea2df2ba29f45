"""The selected map, large: its values, its filter, what it pooled, and the file it is saved in."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QColor, QMouseEvent
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from engine.messages.frames import WHOLE, DetailDemand, DetailFrame, MapsDemand, Region
from engine.networks.stages import Stage
from engine.percent import percent
from gui.pages.train.map_detail import EMPTY, MapDetailPanel
from gui.pages.train.mosaics import one_map, slices, values_tile
from gui.pages.train.pixel_views import FilterSlices, LargeMap
from gui.view_state import ViewState
from gui.widgets.live_label import LiveLabel
from gui.widgets.mosaic.colour_bar import ColourBar, figure
from gui.widgets.mosaic.palettes import palette
from tests.gui.made_frames import STAGES, answer, detail, detail_of, loaded, maps_of, mosaic


@pytest.fixture
def panel(qtbot: QtBot) -> MapDetailPanel:
    panel = MapDetailPanel(ViewState())
    qtbot.addWidget(panel)
    panel.resize(420, 320)
    panel.show()
    panel.show_event(loaded())
    return panel


@pytest.fixture
def shown(panel: MapDetailPanel) -> MapDetailPanel:
    panel.view.select("conv2", 11)
    panel.show_frames(answer(panel.wants(), step=1234))
    QApplication.processEvents()
    return panel


def words(panel: MapDetailPanel) -> str:
    return "\n".join(label.text for label in panel.findChildren(LiveLabel))


def point(widget: QWidget, at: QPointF) -> None:
    no_button = Qt.MouseButton.NoButton
    QApplication.sendEvent(
        widget,
        QMouseEvent(
            QEvent.Type.MouseMove, at, at, no_button, no_button, Qt.KeyboardModifier.NoModifier
        ),
    )


def made_detail(values_HW: np.ndarray, span: tuple[float, float] | None = None) -> DetailFrame:
    return detail_of(values_HW, DetailDemand("conv1", 4), 1, span)


def test_before_a_selection_it_wants_nothing(panel: MapDetailPanel) -> None:
    assert panel.wants() == ()
    assert not panel.has_map
    assert EMPTY == "Click a map to see it large"


def test_it_wants_the_selected_map(panel: MapDetailPanel) -> None:
    panel.view.select("conv2", 11)
    assert panel.wants() == (DetailDemand("conv2", 11),)
    panel.view.select("a layer of another network", 0)
    assert panel.wants() == ()


def test_it_says_range_mean_and_zeros(shown: MapDetailPanel) -> None:
    values_HW = maps_of(STAGES[3], 1234)[11]
    text = words(shown)
    assert "conv2, map 11  11x11" in text
    assert f"mean {figure(values_HW.mean())}" in text
    assert f"{percent((values_HW == 0).mean())} zeros" in text
    assert "step 1,234" in text
    bar = shown.findChild(ColourBar)
    assert bar.labels == ("0", figure(values_HW.max()))


def test_two_pixels_that_are_not_zero_are_told(panel: MapDetailPanel) -> None:
    values_HW = np.zeros((26, 26), np.float32)
    values_HW[3, 4:6] = 0.5
    panel.view.select("conv1", 4)
    frame = made_detail(values_HW)
    panel.show_frames({frame.key: frame})
    assert ">99% zeros" in words(panel)


def test_the_value_under_the_pointer_is_read(shown: MapDetailPanel) -> None:
    values_HW = maps_of(STAGES[3], 1234)[11]
    large = shown.findChild(LargeMap)
    rect = large.channel_rect(11)
    for row, column in ((0, 0), (7, 3), (10, 10)):
        share = QPointF((column + 0.5) / 11 * rect.width(), (row + 0.5) / 11 * rect.height())
        point(large, rect.topLeft() + share)
        assert f"row {row}, column {column}: {figure(values_HW[row, column])}" in words(shown)
    point(large, QPointF(0, 0))
    assert "row 10" not in words(shown)


def test_the_reading_follows_new_frames(shown: MapDetailPanel) -> None:
    large = shown.findChild(LargeMap)
    point(large, large.channel_rect(11).topLeft() + QPointF(1, 1))
    shown.show_frames(answer(shown.wants(), step=1235))
    value = maps_of(STAGES[3], 1235)[11][0, 0]
    assert f"row 0, column 0: {figure(value)}" in words(shown)


def test_a_zoomed_map_reads_the_pixels_that_are_seen(shown: MapDetailPanel, qtbot: QtBot) -> None:
    large = shown.findChild(LargeMap)
    for _ in range(5):
        qtbot.keyClick(large, Qt.Key.Key_Plus)
    region = large.region
    assert region.top > 0
    point(large, large.channel_rect(11).topLeft() + QPointF(1, 1))
    row, column = round(region.top * 11), round(region.left * 11)
    assert f"row {row}, column {column}:" in words(shown)
    qtbot.keyClick(large, Qt.Key.Key_0)
    assert large.region == WHOLE


def test_reset_zoom_shows_the_whole_map(shown: MapDetailPanel, qtbot: QtBot) -> None:
    large = shown.findChild(LargeMap)
    qtbot.keyClick(large, Qt.Key.Key_Plus)
    assert large.region != WHOLE
    shown.view.reset_zoom()
    assert large.region == WHOLE


def test_the_filter_that_made_it_is_shown_with_its_weights(shown: MapDetailPanel) -> None:
    beside = shown.findChild(FilterSlices)
    assert "filter 3x3x32" in words(shown)
    assert "bias 0.250" in words(shown)
    filter_IHW = detail(STAGES[3], DetailDemand("conv2", 11), 1234).filter_IHW
    assert filter_IHW is not None
    point(beside, beside.channel_rect(12).center())
    assert f"weight [12, 1, 1]: {figure(filter_IHW[12, 1, 1])}" in words(shown)
    point(beside, QPointF(0, 0))
    assert "bias 0.250" in words(shown)


def test_every_slice_of_a_deep_filter_can_be_reached(panel: MapDetailPanel) -> None:
    deep = Stage("conv9", "conv", "conv", (4, 9, 9), True, "conv9.conv", (100, 3, 3))
    panel.show_event(loaded((STAGES[0], deep)))
    panel.view.select("conv9", 2)
    panel.show_frames(answer(panel.wants(), stages=(deep,)))
    QApplication.processEvents()
    beside = panel.findChild(FilterSlices)
    assert panel.sheets.text == "1–64 of 100"
    panel.sheets.turned.emit(1)
    assert panel.sheets.text == "37–100 of 100"
    filter_IHW = detail(deep, DetailDemand("conv9", 2)).filter_IHW
    assert filter_IHW is not None
    point(beside, beside.channel_rect(99).center())
    assert f"weight [99, 1, 1]: {figure(filter_IHW[99, 1, 1])}" in words(panel)
    panel.show_frames(answer(panel.wants(), step=2, stages=(deep,)))
    assert panel.sheets.text == "37–100 of 100"


def test_beside_a_pooled_map_stands_what_it_pooled(panel: MapDetailPanel) -> None:
    panel.view.select("pool1", 7)
    order = (9, 7, 3)
    conv = MapsDemand("conv1", channels=order, columns=2)
    panel.show_frames(answer((*panel.wants(), conv), step=5))
    assert "pools conv1" in words(panel)
    beside = panel.findChild(FilterSlices)
    QApplication.processEvents()
    assert not beside.channel_rect(7).isEmpty()
    assert beside.channel_rect(9).isEmpty()


def test_a_frame_of_another_map_is_not_shown(shown: MapDetailPanel) -> None:
    shown.show_frames(answer((DetailDemand("conv1", 3),)))
    assert "conv2, map 11" in words(shown)


def test_the_pin_button_pins(shown: MapDetailPanel, qtbot: QtBot) -> None:
    qtbot.mouseClick(shown.pin, Qt.MouseButton.LeftButton)
    assert shown.view.pins("conv2") == (11,)
    assert shown.pin.isChecked()
    shown.view.toggle_pin("conv2", 11)
    assert not shown.pin.isChecked()


def test_the_map_is_saved_unscaled(shown: MapDetailPanel, tmp_path: Path) -> None:
    path = tmp_path / "map.npy"
    shown.save_npy(path)
    saved = np.load(path)
    assert saved.dtype == np.float32
    assert np.array_equal(saved, maps_of(STAGES[3], 1234)[11])
    with pytest.raises(OSError, match="nowhere"):
        shown.save_npy(tmp_path / "nowhere" / "map.npy")


def test_without_a_map_there_is_nothing_to_save(panel: MapDetailPanel, tmp_path: Path) -> None:
    with pytest.raises(OSError, match="click one first"):
        panel.save_npy(tmp_path / "map.npy")


def test_another_network_forgets_the_map_and_the_same_keeps_it(shown: MapDetailPanel) -> None:
    shown.show_event(loaded())
    assert shown.has_map
    shown.show_event(loaded(STAGES[:3]))
    assert not shown.has_map


def test_a_line_that_changes_often_is_painted_seldom_but_ends_up_true(qtbot: QtBot) -> None:
    painted: list[int] = []

    def words(number: int) -> Callable[[], str]:
        return lambda: painted.append(number) or str(number)

    label = LiveLabel()
    qtbot.addWidget(label)
    label.show()
    qtbot.waitExposed(label)
    for number in range(50):
        label.follow(words(number))
        QApplication.processEvents()
    assert len(painted) < 25
    qtbot.waitUntil(lambda: painted[-1] == 49)
    assert label.text == "49"


def test_a_tile_of_values_shows_the_bytes_that_came() -> None:
    values_HW = np.array([[0, 1], [2, 4]], np.float32)
    whole = values_tile(made_detail(values_HW), WHOLE)
    assert whole.mosaic_HW.tolist() == [[0, 64], [128, 255]]
    assert (whole.low_N[0], whole.high_N[0]) == (0, 4)
    part = values_tile(made_detail(values_HW), Region(0.5, 0.0, 1.0, 0.5))
    assert part.mosaic_HW.tolist() == [[128]]


def test_a_unit_is_as_bright_as_it_is_strong_in_its_layer(
    panel: MapDetailPanel, qtbot: QtBot
) -> None:
    unit = np.full((1, 1), 17.0, np.float32)
    panel.view.select("dense1", 5)
    demand = DetailDemand("dense1", 5)
    panel.show_frames({demand.key: detail_of(unit, demand, span=(0.0, 17.0))})
    bar = panel.findChild(ColourBar)
    assert bar.labels == ("0", "17.0")
    large = panel.findChild(LargeMap)
    seen = large.grab().toImage()
    middle = large.channel_rect(5).center().toPoint()
    assert seen.pixelColor(middle) == QColor.fromRgba(palette("viridis")[255])


def test_a_map_without_a_filter_has_the_room_of_the_panel(panel: MapDetailPanel) -> None:
    for tap in ("dense1", "conv2"):
        panel.view.select(tap, 5)
        panel.show_frames(answer(panel.wants()))
        for _ in range(3):
            QApplication.processEvents()
        large = panel.findChild(LargeMap)
        assert large.channel_rect(5).height() > panel.height() / 2


def test_a_weight_of_zero_is_the_middle_of_the_palette() -> None:
    weights = [[0, 2, -2], [1, 0, -1], [0, 0, 0]]
    filter_IHW = np.array([weights], np.float32)
    demand = DetailDemand("conv1", 0)
    frame = slices(detail_of(np.ones((2, 2), np.float32), demand, filter_IHW=filter_IHW), range(1))
    assert frame.mosaic_HW.tolist() == [[128, 255, 0], [191, 128, 64], [128, 128, 128]]
    assert (frame.low_N[0], frame.high_N[0]) == (-2, 2)


def test_one_map_of_a_mosaic() -> None:
    maps_CHW = maps_of(STAGES[4])
    frame = mosaic(maps_CHW, MapsDemand("pool2", channels=(5, 60, 2), columns=2))
    part = one_map(frame, 2)
    assert part.mosaic_HW.shape == (5, 5)
    assert np.array_equal(part.mosaic_HW, frame.mosaic_HW[5:, :5])
    assert part.high_N[0] == maps_CHW[2].max()


def test_the_panel_is_drawn_at_any_size(shown: MapDetailPanel) -> None:
    for width, height in ((60, 40), (200, 800), (900, 120)):
        shown.resize(width, height)
        assert not shown.grab(shown.rect().translated(QPoint(0, 0))).isNull()
