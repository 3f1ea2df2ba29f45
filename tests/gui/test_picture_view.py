"""A picture to point into: its pixels where they belong, at any zoom and on any screen."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QEvent, QPoint, QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import QColor, QImage, QMouseEvent, QPalette, QWheelEvent
from PySide6.QtWidgets import QApplication, QScrollArea, QWidget
from pytestqt.qtbot import QtBot

from gui.widgets.pictures.grid import PictureGrid
from gui.widgets.pictures.images import EVEN_FROM, fitted, image_of
from gui.widgets.pictures.view import PictureView
from gui.widgets.pictures.viewport import MOST_CELL, Viewport
from gui.widgets.theme import palette_of
from tests.gui.made_views import photograph

NO_KEY = Qt.KeyboardModifier.NoModifier
SIDES = st.integers(1, 5000)


@pytest.fixture
def view(qtbot: QtBot) -> PictureView:
    view = PictureView("A picture")
    qtbot.addWidget(view)
    view.resize(322, 202)
    view.show()
    return view


def move_to(view: QWidget, at: QPointF) -> None:
    no_button, no_key = Qt.MouseButton.NoButton, Qt.KeyboardModifier.NoModifier
    event = QMouseEvent(QEvent.Type.MouseMove, at, at, no_button, no_button, no_key)
    QApplication.sendEvent(view, event)


def wheel_event(view: QWidget, at: QPointF, notches: int, key: Qt.KeyboardModifier) -> QWheelEvent:
    return QWheelEvent(
        at,
        view.mapToGlobal(at),
        QPoint(),
        QPoint(0, 120 * notches),
        Qt.MouseButton.NoButton,
        key,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )


def turn_wheel(view: QWidget, at: QPointF, notches: int, key: Qt.KeyboardModifier = NO_KEY) -> bool:
    """Whether the view took it."""
    event = wheel_event(view, at, notches, key)
    view.wheelEvent(event)
    return event.isAccepted()


def painted(view: QWidget) -> QImage:
    return view.grab().toImage()


def middle_of(view: PictureView, row: int, column: int) -> QPointF:
    return view.rect_of(QRectF(column, row, 1, 1)).center()


def test_images_hold_the_pixels_of_their_arrays() -> None:
    rgb_HWC = photograph(3, 5)
    image = image_of(rgb_HWC)
    assert image.pixelColor(4, 2).getRgb()[:3] == tuple(rgb_HWC[2, 4].tolist())
    grey_HWC = rgb_HWC[..., :1]
    assert image_of(grey_HWC).pixelColor(1, 0).red() == grey_HWC[0, 1, 0]
    larger = fitted(image, image.size() * 3)
    assert larger.pixelColor(13, 7) == image.pixelColor(4, 2)


def test_an_enlarged_picture_is_crisp_and_where_its_pixels_are_said_to_be(
    view: PictureView,
) -> None:
    rgb_HWC = photograph(10, 12)
    view.show_picture(rgb_HWC)
    assert view.scale == 20
    image = painted(view)
    for row, column in ((0, 0), (4, 7), (9, 11)):
        cell = view.rect_of(QRectF(column, row, 1, 1)).toRect()
        for corner in (cell.topLeft(), cell.bottomRight(), cell.center()):
            assert image.pixelColor(corner).getRgb()[:3] == tuple(rgb_HWC[row, column].tolist())


def test_the_pixel_under_the_pointer_is_told_once(view: PictureView) -> None:
    view.show_picture(photograph(10, 12))
    told: list[tuple[int, int]] = []
    view.pointed.connect(told.append)
    for place in ((0, 0), (4, 7), (9, 11)):
        move_to(view, middle_of(view, *place))
        move_to(view, middle_of(view, *place) + QPointF(1, 1))
    move_to(view, QPointF(0.5, 0.5))
    assert told == [(0, 0), (4, 7), (9, 11)]


def test_arrows_go_from_pixel_to_pixel_and_stop_at_the_edge(
    view: PictureView, qtbot: QtBot
) -> None:
    view.show_picture(photograph(3, 4))
    told: list[tuple[int, int]] = []

    def mark(place: tuple[int, int]) -> None:
        told.append(place)
        view.mark(QRectF(place[1], place[0], 1, 1))

    view.pointed.connect(mark)
    for key in (Qt.Key.Key_Up, Qt.Key.Key_Up, Qt.Key.Key_Up, Qt.Key.Key_Right, Qt.Key.Key_Right):
        qtbot.keyClick(view, key)
    assert told == [(1, 2), (0, 2), (0, 2), (0, 3), (0, 3)]


def test_the_box_is_drawn_where_it_is_and_what_is_outside_darkens(view: PictureView) -> None:
    white_HWC = np.full((20, 32, 3), 255, np.uint8)
    view.show_picture(white_HWC, box=(0.0, 6.0, 20.0, 20.0))
    image = painted(view)
    inside = view.rect_of(QRectF(15, 9, 1, 1)).center().toPoint()
    outside = view.rect_of(QRectF(2, 9, 1, 1)).center().toPoint()
    edge = view.rect_of(QRectF(6, 9, 0, 0)).topLeft().toPoint()
    assert image.pixelColor(inside) == QColor(255, 255, 255)
    assert image.pixelColor(outside).lightness() < 180
    assert image.pixelColor(edge) == view.palette().color(QPalette.ColorRole.Accent)


def test_a_box_beyond_the_edges_is_seen_as_a_whole(view: PictureView) -> None:
    white_HWC = np.full((20, 32, 3), 255, np.uint8)
    view.show_picture(white_HWC, box=(-6.0, 0.0, 32.0, 32.0))
    box = view.rect_of(QRectF(0, -6, 32, 32))
    assert QRectF(view.rect()).contains(box)
    assert view.pixel_at(box.topLeft() + QPointF(5, 5)) is None
    image = painted(view)
    above = view.rect_of(QRectF(1, -5, 30, 4)).toRect()
    seen = {
        image.pixel(x, y)
        for x in range(above.left(), above.right())
        for y in range(above.top(), above.bottom())
    }
    assert len(seen) > 1, "the hatching"


def test_the_wheel_scrolls_until_the_view_has_the_focus(view: PictureView, qtbot: QtBot) -> None:
    view.show_picture(photograph(100, 160))
    at = QPointF(200, 60)
    view.clearFocus()
    assert not turn_wheel(view, at, 1)
    assert view.seen[0] == 1
    assert turn_wheel(view, at, 1, Qt.KeyboardModifier.ControlModifier)
    assert view.seen[0] > 1
    view.setFocus()
    qtbot.waitUntil(view.hasFocus)
    before = view.seen[0]
    assert turn_wheel(view, at, 1)
    assert view.seen[0] > before
    qtbot.keyClick(view, Qt.Key.Key_0)
    assert view.seen[0] == 1
    assert not turn_wheel(view, at, -1), "the whole is seen: the wheel goes on to the column"


def test_zooming_keeps_the_pixel_under_the_pointer(view: PictureView) -> None:
    view.show_picture(photograph(100, 160))
    at = QPointF(200, 60)
    pixel = view.pixel_at(at)
    for _ in range(30):
        turn_wheel(view, at, 1, Qt.KeyboardModifier.ControlModifier)
    assert view.scale == pytest.approx(MOST_CELL)
    assert view.pixel_at(at) == pixel


def test_single_pixels_get_their_numbers(view: PictureView) -> None:
    asked: set[tuple[int, int]] = set()

    def numbers(row: int, column: int) -> tuple[str, ...]:
        asked.add((row, column))
        return ("1", "2", "3")

    view.show_picture(np.zeros((100, 160, 3), np.uint8), numbers=numbers)
    black = painted(view)
    asked.clear()
    view.seen = 1000.0, QPointF(0.5, 0.5)
    zoomed = painted(view)
    assert 8 <= len(asked) <= 40, "those that are seen, and no more"
    assert black != zoomed
    assert any(
        zoomed.pixelColor(x, y).lightness() > 100
        for x in range(10, zoomed.width() - 10)
        for y in range(10, zoomed.height() - 10)
    )


def test_dragging_moves_the_picture_and_a_double_click_shows_the_whole(
    view: PictureView, qtbot: QtBot
) -> None:
    view.show_picture(photograph(100, 160))
    view.seen = 4.0, QPointF(0.5, 0.5)
    grabbed = view.pixel_at(QPointF(160, 100))
    qtbot.mousePress(view, Qt.MouseButton.LeftButton, pos=QPoint(160, 100))
    qtbot.mouseMove(view, QPoint(120, 90))
    assert view.pixel_at(QPointF(120, 90)) == grabbed
    qtbot.mouseRelease(view, Qt.MouseButton.LeftButton, pos=QPoint(120, 90))
    qtbot.mouseDClick(view, Qt.MouseButton.LeftButton)
    assert view.seen[0] == 1


def test_another_size_shows_the_whole_again_and_the_same_size_stays(view: PictureView) -> None:
    view.show_picture(photograph(30, 30))
    view.seen = 2.0, QPointF(0.5, 0.5)
    view.show_picture(photograph(30, 30, seed=1))
    assert view.seen[0] == 2
    view.show_picture(photograph(30, 31))
    assert view.seen[0] == 1


def test_a_mark_is_seen_however_small_and_gone_with_the_next_picture(view: PictureView) -> None:
    view.show_picture(np.zeros((1000, 1600, 3), np.uint8))
    before = painted(view)
    view.mark(QRectF(800, 500, 1, 1))
    assert painted(view) != before
    view.show_picture(np.zeros((1000, 1600, 3), np.uint8))
    assert view.marked is None
    assert painted(view) == before


@given(
    height=SIDES,
    width=SIDES,
    room=st.tuples(st.integers(10, 900), st.integers(10, 900)),
    ratio=st.sampled_from((1.0, 1.25, 1.5, 2.0, 3.0)),
    notches=st.lists(st.integers(-5, 9), max_size=4),
    at=st.tuples(st.floats(0, 1), st.floats(0, 1)),
)
def test_whatever_is_zoomed_stays_within_reach(
    height: int,
    width: int,
    room: tuple[int, int],
    ratio: float,
    notches: list[int],
    at: tuple[float, float],
) -> None:
    port = Viewport()
    port.scene, port.size, port.ratio = QRectF(0, 0, width, height), QSizeF(*room), ratio
    for turned in notches:
        port.zoom_by(turned, QPointF(at[0] * room[0], at[1] * room[1]))
    assert port.zoom >= 1
    whole = port.rect_of(port.scene)
    slack = 1.5 / ratio
    for length, side, start in (
        (whole.width(), room[0], whole.left()),
        (whole.height(), room[1], whole.top()),
    ):
        if length >= side:
            assert start <= slack
            assert start + length >= side - slack
        else:
            assert start == pytest.approx((side - length) / 2, abs=slack + 1)
    corner = port.origin * ratio
    assert corner.x() == pytest.approx(round(corner.x()), abs=1e-6)
    if port.zoom == 1 and port.scale * ratio >= EVEN_FROM:
        assert port.scale * ratio == pytest.approx(round(port.scale * ratio))


def test_on_a_dense_screen_pixels_are_whole_device_pixels() -> None:
    port = Viewport()
    port.scene, port.size, port.ratio = QRectF(0, 0, 28, 28), QSizeF(200, 200), 2.0
    assert port.scale == 7
    port.ratio = 1.5
    assert port.scale * 1.5 == 10


@pytest.mark.parametrize("ratio", [1.25, 1.5, 2.0, 3.0])
def test_widgets_on_a_dense_screen_point_at_what_they_paint(qtbot: QtBot, ratio: float) -> None:
    class DenseView(PictureView):
        def devicePixelRatioF(self) -> float:
            return ratio

    class DenseGrid(PictureGrid):
        def devicePixelRatioF(self) -> float:
            return ratio

    view, grid = DenseView("A picture"), DenseGrid("Draws")
    for widget in (view, grid):
        qtbot.addWidget(widget)
        widget.resize(322, 202)
        widget.show()
    rgb_HWC = photograph(10, 12)
    view.show_picture(rgb_HWC)
    assert (view.scale * ratio) % 1 == pytest.approx(0)
    image = painted(view)
    for row, column in ((0, 0), (4, 7), (9, 11)):
        middle = middle_of(view, row, column)
        assert view.pixel_at(middle) == (row, column)
        seen = image.pixelColor(middle.toPoint()).getRgb()[:3]
        assert seen == tuple(rgb_HWC[row, column].tolist())
    grid.show_pictures(np.stack([rgb_HWC] * 12))
    image = painted(grid)
    for cell in grid.cells():
        seen = image.pixelColor(cell.topLeft()).getRgb()[:3]
        assert seen == tuple(rgb_HWC[0, 0].tolist())


def test_a_change_of_theme_reaches_what_is_kept_painted(view: PictureView) -> None:
    view.show_picture(photograph(10, 12), box=(0.0, 0.0, 10.0, 12.0))
    corners = []
    for theme in ("dark", "light"):
        view.setPalette(palette_of(theme))
        corners.append(painted(view).pixelColor(3, 3))
        assert corners[-1] == palette_of(theme).color(QPalette.ColorRole.Base)
    assert corners[0] != corners[1]


def test_a_grid_takes_the_columns_that_make_its_pictures_largest(qtbot: QtBot) -> None:
    grid = PictureGrid("Draws")
    qtbot.addWidget(grid)
    pictures_NHWC = np.stack([photograph(10, 10, seed) for seed in range(12)])
    grid.show_pictures(pictures_NHWC)
    for size, columns in (((400, 140), 6), ((140, 400), 2), ((800, 60), 12), ((60, 900), 1)):
        grid.resize(*size)
        assert grid.columns == columns
        cells = grid.cells()
        assert all(grid.rect().contains(cell) for cell in cells)
        assert not any(a.intersects(b) for a in cells for b in cells if a is not b)
        assert all(cell.width() % 10 == 0 for cell in cells), "crisp"
    grid.resize(400, 140)
    image = painted(grid)
    for number, cell in enumerate(grid.cells()):
        pixel = pictures_NHWC[number, 0, 0].tolist()
        assert image.pixelColor(cell.topLeft()).getRgb()[:3] == tuple(pixel)


def test_a_grid_makes_room_for_labels_and_says_when_it_is_empty(qtbot: QtBot) -> None:
    grid = PictureGrid("Draws")
    qtbot.addWidget(grid)
    grid.resize(400, 140)
    pictures_NHWC = np.zeros((12, 10, 10, 3), np.uint8)
    grid.show_pictures(pictures_NHWC)
    without = grid.cells()[0].height()
    grid.show_pictures(pictures_NHWC, ("cat 70 %, dog 30 %",) * 12)
    assert grid.cells()[0].height() < without
    labelled = painted(grid)
    grid.show_pictures(pictures_NHWC, ("",) * 12)
    assert painted(grid) != labelled
    grid.clear("Choose a picture")
    assert grid.cells() == []
    assert painted(grid) != labelled


def test_a_picture_in_a_column_lets_the_wheel_pass(qtbot: QtBot) -> None:
    scroll = QScrollArea()
    qtbot.addWidget(scroll)
    inside = PictureView("A picture")
    inside.setFixedSize(200, 2000)
    inside.show_picture(photograph(20, 20))
    scroll.setWidget(inside)
    scroll.resize(240, 240)
    scroll.show()
    assert not turn_wheel(inside, QPointF(50, 50), -1)
