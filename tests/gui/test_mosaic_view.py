"""The mosaic: where its tiles stand, what their pixels are, and what pointer and keys ask for."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QColor, QImage, QWheelEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from engine.messages.frames import WHOLE, KernelsDemand, MapsDemand, Region
from gui.widgets.mosaic.layout import fit, panned, width_for, zoomed
from gui.widgets.mosaic.palettes import palette
from gui.widgets.mosaic.view import MosaicView
from tests.gui.made_frames import mosaic

COUNT = 12
SIDE = 5
MAP_HW = (SIDE, SIDE)
sizes = st.integers(1, 60)
shares = st.floats(0, 1)


def made_maps(count: int = COUNT) -> np.ndarray:
    return np.random.default_rng(0).random((count, SIDE, SIDE), np.float32)


@pytest.fixture
def view(qtbot: QtBot) -> MosaicView:
    view = MosaicView("conv1")
    qtbot.addWidget(view)
    view.resize(120, 90)
    view.expect("conv1", COUNT, MAP_HW)
    view.set_frames(mosaic(made_maps(), MapsDemand("conv1", columns=4)))
    view.show()
    return view


def painted(view: MosaicView) -> QImage:
    return view.grab().toImage()


def colour_at(image: QImage, point: QPointF) -> int:
    return image.pixel(point.toPoint())


def pixel_centre(view: MosaicView, channel: int, row: int, column: int) -> QPointF:
    rect = view.channel_rect(channel)
    return rect.topLeft() + QPointF(
        (column + 0.5) * rect.width() / SIDE, (row + 0.5) * rect.height() / SIDE
    )


def turn_wheel(
    view: MosaicView,
    at: QPointF,
    notches: float,
    keys: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier,
) -> bool:
    """Whether the view took it."""
    event = QWheelEvent(
        at,
        view.mapToGlobal(at),
        QPoint(),
        QPoint(0, int(120 * notches)),
        Qt.MouseButton.NoButton,
        keys,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    event.ignore()
    view.wheelEvent(event)
    return event.isAccepted()


# Layout


@given(st.integers(1, 70), sizes, sizes, st.integers(40, 700), st.integers(40, 700))
def test_a_layout_fits_its_box(
    count: int, height: int, width: int, box_height: int, box_width: int
) -> None:
    layout = fit(count, (height, width), (box_height, box_width), gap=2, edge=2)
    assert layout.rows * layout.columns >= count
    if min(layout.tile_HW) > 1:
        assert layout.size_HW <= (box_height, layout.size_HW[1])
        assert layout.size_HW[1] <= box_width


@given(st.integers(1, 70), st.integers(2, 40), st.integers(1, 2), st.data())
def test_find_is_the_inverse_of_corner(
    count: int, side: int, across: int, data: st.DataObject
) -> None:
    layout = fit(count, (side, side), (400, 500), gap=2, edge=2, across=across)
    cell = data.draw(st.integers(0, count - 1))
    top, left = layout.corner(cell)
    assert layout.find(top, left) == (cell, 0.0, 0.0)
    height, width = layout.cell_HW
    assert layout.find(top + height - 0.5, left + width - 0.5) is not None
    assert layout.find(top - 0.5, left) is None
    assert layout.find(top, left + width + 0.5) is None


def test_maps_stand_at_a_whole_multiple_of_their_size() -> None:
    layout = fit(32, (13, 13), (230, 120), gap=2, edge=2)
    assert layout.tile_HW == (26, 26)
    assert layout.columns == 4


@pytest.mark.parametrize(("count", "side"), [(32, 26), (32, 13), (64, 11), (64, 5), (64, 3)])
def test_the_width_for_a_height_holds_tiles_as_large_as_wanted(count: int, side: int) -> None:
    width = width_for(count, (side, side), 236, wanted=22, gap=2, edge=2)
    layout = fit(count, (side, side), (236, width), gap=2, edge=2)
    assert 18 <= layout.tile_HW[0] <= 28
    assert count % layout.columns == 0


def test_columns_follow_the_size(view: MosaicView) -> None:
    wide = view.columns_for(COUNT)
    view.resize(40, 300)
    assert view.columns_for(COUNT) < wide
    assert view.tiling.columns == view.columns_for(COUNT)


# Zoom


@given(st.integers(2, 60), st.integers(2, 60), st.lists(st.tuples(st.integers(-3, 3), shares)))
def test_a_zoom_lies_on_whole_pixels_within_the_map(
    height: int, width: int, turns: list[tuple[int, float]]
) -> None:
    region = WHOLE
    for steps, share in turns:
        region = zoomed(region, (height, width), (share, 1 - share), steps)
        edges = np.array([region.top, region.bottom]) * height
        edges_across = np.array([region.left, region.right]) * width
        for pair, length in ((edges, height), (edges_across, width)):
            assert np.allclose(pair, np.rint(pair), atol=1e-6)
            assert 0 <= pair[0] < pair[1] <= length


@given(st.integers(4, 60), shares, shares)
def test_zooming_in_keeps_the_pixel_that_is_pointed_at(
    side: int, down: float, right: float
) -> None:
    region = zoomed(WHOLE, (side, side), (down, right), 3)
    slack = 0.5 / side + 1e-9
    assert region.top - slack <= down <= region.bottom + slack
    assert region.left - slack <= right <= region.right + slack
    assert region.bottom - region.top < 1


@given(st.integers(4, 60), st.integers(1, 12))
def test_zooming_out_again_shows_the_whole(side: int, steps: int) -> None:
    region = zoomed(WHOLE, (side, side), (0.5, 0.5), steps)
    assert zoomed(region, (side, side), (0.5, 0.5), -30) == WHOLE


@given(st.floats(-9, 9), st.floats(-9, 9))
def test_panning_keeps_the_size_and_stays_within_the_map(down: float, right: float) -> None:
    region = Region(0.25, 0.5, 0.5, 0.75)
    moved = panned(region, (20, 20), (down, right))
    assert moved.bottom - moved.top == pytest.approx(0.25)
    assert moved.right - moved.left == pytest.approx(0.25)
    assert moved.top >= 0
    assert moved.left >= 0
    assert moved.bottom <= 1
    assert moved.right <= 1


# Painting


def test_every_pixel_has_the_colour_of_its_value(view: MosaicView) -> None:
    frame = mosaic(made_maps(), MapsDemand("conv1", columns=4))
    image = painted(view)
    for channel in range(COUNT):
        tile_row, tile_column = divmod(channel, 4)
        for row in range(SIDE):
            for column in range(SIDE):
                value = frame.mosaic_HW[tile_row * SIDE + row, tile_column * SIDE + column]
                shown = colour_at(image, pixel_centre(view, channel, row, column))
                assert shown == palette("viridis")[value]


def test_between_the_tiles_is_the_ground(view: MosaicView) -> None:
    rect = view.channel_rect(0)
    ground = QApplication.palette().window().color()
    assert QColor(colour_at(painted(view), rect.topRight() + QPointF(0, 3))) == ground


def test_another_palette_colours_the_frame_that_is_shown(view: MosaicView) -> None:
    before = colour_at(painted(view), pixel_centre(view, 0, 0, 0))
    view.set_palettes("grey")
    after = colour_at(painted(view), pixel_centre(view, 0, 0, 0))
    assert after in palette("grey")
    assert after != before
    frame = mosaic(1 - made_maps(), MapsDemand("conv1", columns=4))
    view.set_frames(frame)
    newest = colour_at(painted(view), pixel_centre(view, 0, 0, 0))
    assert newest == palette("grey")[frame.mosaic_HW[0, 0]]


def test_a_new_frame_replaces_the_old_whatever_its_order(view: MosaicView) -> None:
    order = tuple(reversed(range(COUNT)))
    frame = mosaic(made_maps(), MapsDemand("conv1", columns=3, channels=order))
    view.set_frames(frame)
    value = frame.mosaic_HW[0, 0]
    assert view.channel_at(view.channel_rect(11).center()) == 11
    assert view.channel_rect(11).topLeft() == QPointF(2, 2)
    assert colour_at(painted(view), pixel_centre(view, 11, 0, 0)) == palette("viridis")[value]


def test_fewer_maps_than_before_get_larger_tiles(view: MosaicView) -> None:
    small = view.tile_px
    view.set_frames(mosaic(made_maps(), MapsDemand("conv1", channels=(3, 4), columns=2)))
    assert view.tile_px > small
    assert view.channel_at(view.channel_rect(4).center()) == 4
    assert view.channel_rect(0).isEmpty()


def test_pairs_match_by_channel(qtbot: QtBot) -> None:
    view = MosaicView("conv1", pairs=True)
    qtbot.addWidget(view)
    view.resize(300, 200)
    view.expect("conv1", 3, MAP_HW)
    kernels = mosaic(made_maps(3), KernelsDemand("conv1", channels=(0, 1, 2), columns=3))
    responses = mosaic(made_maps(3), MapsDemand("conv1", channels=(2, 0), columns=1, signed=True))
    view.set_palettes("grey", "blue-red")
    view.set_frames(kernels, responses)
    image = painted(view)
    quarter = view.channel_rect(2).width() / 4
    for channel, place in ((2, 0), (0, 1)):
        response = view.channel_rect(channel).center() + QPointF(quarter, 0)
        value = responses.mosaic_HW[place * SIDE + SIDE // 2, SIDE // 2]
        assert colour_at(image, response) == palette("blue-red")[value]
    missing = view.channel_rect(1).center() + QPointF(quarter, 0)
    assert QColor(colour_at(image, missing)) == view.palette().window().color()


def test_marks_leave_the_map_itself_to_be_seen(qtbot: QtBot) -> None:
    view = MosaicView("conv1", framed=True)
    qtbot.addWidget(view)
    view.resize(120, 90)
    view.expect("conv1", COUNT, MAP_HW)
    frame = mosaic(made_maps(), MapsDemand("conv1", columns=4))
    view.set_frames(frame)
    view.set_marks(5, ())
    qtbot.mouseMove(view, view.channel_rect(6).center().toPoint())
    image = painted(view)
    for channel in (5, 6):
        top, left = channel // 4 * SIDE, channel % 4 * SIDE
        value = frame.mosaic_HW[top + SIDE // 2, left + SIDE // 2]
        centre = pixel_centre(view, channel, SIDE // 2, SIDE // 2)
        assert colour_at(image, centre) == palette("viridis")[value]


def test_nothing_to_point_at_before_the_first_frame(qtbot: QtBot) -> None:
    view = MosaicView("conv1")
    qtbot.addWidget(view)
    view.expect("conv1", COUNT, MAP_HW)
    assert view.channel_at(QPointF(10, 10)) == -1
    image = painted(view)
    ground = QColor(image.pixel(0, 0))
    colours = {image.pixel(x, y) for x in range(image.width()) for y in range(image.height())}
    assert colours > {ground.rgb()}


# Pointer and keys


def test_a_click_tells_the_channel(view: MosaicView, qtbot: QtBot) -> None:
    for channel in (0, 7):
        with qtbot.waitSignal(view.clicked) as clicked:
            at = view.channel_rect(channel).center().toPoint()
            qtbot.mouseClick(view, Qt.MouseButton.LeftButton, pos=at)
        assert clicked.args == [channel]
    with qtbot.assertNotEmitted(view.clicked):
        qtbot.mouseClick(view, Qt.MouseButton.LeftButton, pos=QPoint(1, 1))


def test_the_pointer_tells_the_channel_it_is_over(view: MosaicView, qtbot: QtBot) -> None:
    told: list[int] = []
    view.hovered.connect(told.append)
    qtbot.mouseMove(view, view.channel_rect(5).center().toPoint())
    qtbot.mouseMove(view, view.channel_rect(5).center().toPoint() + QPoint(1, 1))
    qtbot.mouseMove(view, QPoint(1, 1))
    assert told == [5, -1]


def test_the_wheel_zooms_about_the_pointer(view: MosaicView, qtbot: QtBot) -> None:
    with qtbot.waitSignal(view.region_changed) as changed:
        assert turn_wheel(view, view.channel_rect(3).topLeft() + QPointF(1, 1), 2)
    region = changed.args[0]
    assert (region.top, region.left) == (0, 0)
    assert region.bottom == region.right == pytest.approx(0.6)


def test_small_turns_of_the_wheel_add_up(view: MosaicView, qtbot: QtBot) -> None:
    at = view.channel_rect(3).center()
    with qtbot.assertNotEmitted(view.region_changed):
        turn_wheel(view, at, 0.5)
    with qtbot.waitSignal(view.region_changed):
        turn_wheel(view, at, 0.5)


def test_the_wheel_with_shift_or_beside_a_map_is_left_to_the_strip(view: MosaicView) -> None:
    at = view.channel_rect(3).center()
    assert not turn_wheel(view, at, 1, Qt.KeyboardModifier.ShiftModifier)
    assert not turn_wheel(view, QPointF(0, 0), 1)


def test_dragging_pans_when_zoomed_and_selects_nothing(view: MosaicView, qtbot: QtBot) -> None:
    view.region = Region(0.4, 0.4, 0.8, 0.8)
    at = view.channel_rect(0).center().toPoint()
    with (
        qtbot.assertNotEmitted(view.clicked),
        qtbot.waitSignal(view.region_changed) as changed,
    ):
        qtbot.mousePress(view, Qt.MouseButton.LeftButton, pos=at)
        qtbot.mouseMove(view, at + QPoint(200, 0))
        qtbot.mouseRelease(view, Qt.MouseButton.LeftButton, pos=at + QPoint(200, 0))
    assert changed.args[0] == Region(0.4, 0.0, 0.8, 0.4)


def test_a_double_click_shows_whole_maps_again(view: MosaicView, qtbot: QtBot) -> None:
    view.region = Region(0.4, 0.4, 0.8, 0.8)
    with qtbot.waitSignal(view.region_changed) as changed:
        at = view.channel_rect(0).center().toPoint()
        qtbot.mouseDClick(view, Qt.MouseButton.LeftButton, pos=at)
    assert changed.args == [WHOLE]


def test_arrow_keys_move_the_selection(view: MosaicView, qtbot: QtBot) -> None:
    columns = view.tiling.columns
    view.set_marks(columns, ())
    for key, expected in (
        (Qt.Key.Key_Right, columns + 1),
        (Qt.Key.Key_Left, columns - 1),
        (Qt.Key.Key_Up, 0),
        (Qt.Key.Key_Down, 2 * columns),
    ):
        with qtbot.waitSignal(view.clicked) as clicked:
            qtbot.keyClick(view, key)
        assert clicked.args == [expected]
    view.set_marks(0, ())
    with qtbot.assertNotEmitted(view.clicked):
        qtbot.keyClick(view, Qt.Key.Key_Up)
    view.set_marks(-1, ())
    with qtbot.waitSignal(view.clicked) as clicked:
        qtbot.keyClick(view, Qt.Key.Key_Right)
    assert clicked.args == [0]


def test_keys_pin_and_zoom(view: MosaicView, qtbot: QtBot) -> None:
    with qtbot.assertNotEmitted(view.pin_requested):
        qtbot.keyClick(view, Qt.Key.Key_P)
    view.set_marks(4, ())
    with qtbot.waitSignal(view.pin_requested) as pinned:
        qtbot.keyClick(view, Qt.Key.Key_P)
    assert pinned.args == [4]
    with qtbot.waitSignal(view.region_changed) as changed:
        qtbot.keyClick(view, Qt.Key.Key_Plus)
    assert changed.args[0] != WHOLE
    with qtbot.waitSignal(view.region_changed) as changed:
        qtbot.keyClick(view, Qt.Key.Key_0)
    assert changed.args == [WHOLE]


def test_selected_and_pinned_maps_look_different(view: MosaicView) -> None:
    accent = view.palette().accent().color()
    edge = view.channel_rect(4).center()
    edge.setY(view.channel_rect(4).top() - 1)
    corner = view.channel_rect(6).topLeft() + QPointF(2, 2)
    before = painted(view)
    view.set_marks(4, (6,))
    after = painted(view)
    assert QColor(colour_at(before, edge)) != accent
    assert QColor(colour_at(after, edge)) == accent
    assert QColor(colour_at(after, corner)) == accent


def test_a_channel_is_described_by_its_true_figures(view: MosaicView) -> None:
    maps_CHW = made_maps()
    maps_CHW[3] = 0
    maps_CHW[3, 0, 0] = 2
    view.set_frames(mosaic(maps_CHW, MapsDemand("conv1", columns=4)))
    assert view.describe(3) == "conv1\nmap 3: 0 to 2.00\nmean 0.080, 96% zeros"
    assert view.describe(99) == ""
