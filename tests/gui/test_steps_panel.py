"""The four steps of a picture: what is said of each, and one pixel followed through all of them."""

import warnings

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication, QLabel, QScrollArea
from pytestqt.qtbot import QtBot

from engine.messages.views import StepsView
from gui.pages.data.hex_dump import MOST_ROWS, HexDump
from gui.pages.data.step_texts import (
    facts_of,
    footprint,
    grid_place,
    scaling_of,
    tensor_place,
    use_of,
)
from gui.pages.data.steps import EMPTY, StepsPanel
from gui.widgets.live_label import LiveLabel
from gui.widgets.pictures.view import PictureView
from tests.gui.made_views import steps_view
from tests.gui.test_picture_view import middle_of, move_to

MINUS = "\N{MINUS SIGN}"


@pytest.fixture
def panel(qtbot: QtBot) -> StepsPanel:
    panel = StepsPanel()
    qtbot.addWidget(panel)
    panel.resize(420, 520)
    panel.show()
    QApplication.processEvents()
    return panel


def words(panel: StepsPanel) -> str:
    labels = [label.text() for label in panel.findChildren(QLabel) if label.isVisible()]
    lines = [label.text for label in panel.findChildren(LiveLabel) if label.isVisible()]
    return "\n".join(labels + lines)


def point(view: PictureView, row: int, column: int) -> None:
    move_to(view, middle_of(view, row, column))


def show(panel: StepsPanel, view: StepsView) -> StepsView:
    panel.show_steps(view)
    QApplication.processEvents()
    return view


def test_before_a_picture_it_says_what_to_do(panel: StepsPanel) -> None:
    assert words(panel) == EMPTY
    show(panel, steps_view())
    assert EMPTY not in words(panel)
    panel.clear("This picture can't be read.")
    assert words(panel) == "This picture can't be read."


def test_each_step_says_its_shape_dtype_and_range(panel: StepsPanel) -> None:
    view = show(panel, steps_view())
    text = words(panel)
    assert "cat.5.jpg (cat): JPEG, 1,200 bytes." in text
    assert "decoded they become 7,200, 6 times as much" in text
    assert "pets.zip: train/cat.5.jpg" in text
    assert f"(40, 60, 3)  uint8  {view.rgb_HWC.min()} to {view.rgb_HWC.max()}" in text
    assert "(3, 20, 20)  float32" in text
    assert f"{view.input_CHW.min():.2f} to {view.input_CHW.max():.2f}".replace("-", MINUS) in text
    assert "Mean 0.485, 0.456, 0.406, deviation 0.229, 0.224, 0.225" in text
    assert "measured on 2,000 training pictures" in text
    assert "The outlined 40x40 is used, resized to 20x20" in text


def test_without_a_file_it_says_so_and_shows_no_bytes(panel: StepsPanel) -> None:
    show(panel, steps_view(head=b"", normalised=False))
    assert "There is no file" in words(panel)
    assert panel.findChild(HexDump).isHidden()
    assert "divided by 255: all values are from 0 to 1" in words(panel)


def test_until_a_pixel_is_pointed_at_a_hint_stands_in_its_place(panel: StepsPanel) -> None:
    show(panel, steps_view())
    height, hint = panel.readings.height(), panel.readings.grab().toImage()
    point(panel.grid, 7, 21)
    QApplication.processEvents()
    assert panel.readings.grab().toImage() != hint
    assert panel.readings.height() == height
    assert "7\t21" in panel.readings.accessibleDescription()


def test_one_pixel_is_read_in_every_step(panel: StepsPanel) -> None:
    view = show(panel, steps_view())
    point(panel.grid, 7, 21)
    grid, values, inputs = panel.readings.readings
    assert grid.place == (7, 21)
    assert grid.values == tuple(str(value) for value in view.rgb_HWC[7, 21])
    assert grid.colour == tuple(view.rgb_HWC[7, 21].tolist())
    assert values.place == inputs.place == (3, 5)
    assert [float(value) for value in values.values] == pytest.approx(
        view.values_CHW[:, 3, 5].tolist(), abs=0.05
    )
    assert [float(value.replace(MINUS, "-")) for value in inputs.values] == pytest.approx(
        view.input_CHW[:, 3, 5].tolist(), abs=0.0005
    )
    assert panel.grid.marked == QRectF(21, 7, 1, 1)
    assert panel.values.marked == panel.input.marked == QRectF(5, 3, 1, 1)


@pytest.mark.parametrize("name", ["values", "input"])
def test_pointing_at_a_tensor_marks_what_it_was_made_of(panel: StepsPanel, name: str) -> None:
    view = show(panel, steps_view())
    point(getattr(panel, name), 3, 5)
    assert panel.grid.marked == QRectF(20, 6, 2, 2)
    assert panel.readings.readings[0].place == (7, 21)
    assert panel.readings.readings[1].place == (3, 5)
    assert panel.readings.readings[0].values == tuple(str(v) for v in view.rgb_HWC[7, 21])


def test_what_is_cut_away_has_no_tensor_and_what_is_padded_no_grid(panel: StepsPanel) -> None:
    show(panel, steps_view())
    point(panel.grid, 7, 3)
    assert panel.readings.readings[0].place == (7, 3)
    assert panel.readings.readings[1].place is None
    assert panel.values.marked is None
    show(panel, steps_view(box=(-10.0, 0.0, 60.0, 60.0)))
    point(panel.values, 0, 4)
    assert panel.readings.readings[0].place is None
    assert panel.readings.readings[1].place == (0, 4)
    assert panel.grid.marked == QRectF(12, -10, 3, 3)
    assert "The hatched edges are filled" in words(panel)


def test_grey_tensors_have_one_value(panel: StepsPanel) -> None:
    view = show(panel, steps_view(channels=1))
    point(panel.input, 2, 2)
    assert panel.readings.readings[1].values == (f"{view.values_CHW[0, 2, 2]:.1f}",)
    panel.grab()


def test_the_pixel_is_read_anew_when_the_preparation_changes(panel: StepsPanel) -> None:
    show(panel, steps_view())
    point(panel.grid, 7, 21)
    show(panel, steps_view(normalised=False))
    assert panel.readings.readings[0].place == (7, 21)
    assert [float(value) for value in panel.readings.readings[2].values] == pytest.approx(
        (steps_view().values_CHW[:, 3, 5] / 255).tolist(), abs=0.0005
    )
    assert panel.grid.marked == QRectF(21, 7, 1, 1)
    show(panel, steps_view(index=6))
    assert panel.readings.readings[0].place is None
    assert panel.grid.marked is None


def test_the_two_tensors_zoom_together(panel: StepsPanel) -> None:
    show(panel, steps_view())
    panel.values.seen = 3.0, QPointF(0.4, 0.6)
    assert panel.input.seen == panel.values.seen
    panel.input.seen = 1.0, QPointF(0.5, 0.5)
    assert panel.values.seen[0] == 1
    assert panel.grid.seen[0] == 1


def test_the_values_of_a_pixel_can_be_copied(panel: StepsPanel, qtbot: QtBot) -> None:
    view = show(panel, steps_view())
    panel.grid.setFocus()
    qtbot.waitUntil(panel.grid.hasFocus)
    for _ in range(2):
        qtbot.keyClick(panel.grid, Qt.Key.Key_Right)
    qtbot.keyClick(panel.grid, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    copied = QGuiApplication.clipboard().text()
    red, green, blue = view.rgb_HWC[20, 31].tolist()
    assert f"2  grid\t20\t31\t{red}\t{green}\t{blue}" in copied
    assert len(copied.splitlines()) == 4


def test_bytes_are_dumped_with_their_letters(qtbot: QtBot) -> None:
    dump = HexDump()
    qtbot.addWidget(dump)
    dump.resize(dump.sizeHint())
    dump.show_bytes(b"\xff\xd8JFIF\x00~more")
    assert dump.lines == [
        ("0000", "ff d8 4a 46 49 46 00 7e", "..JFIF.~"),
        ("0008", "6d 6f 72 65", "more"),
    ]
    dump.resize(900, 200)
    assert len(dump.lines) == 1
    dump.show_bytes(bytes(4096))
    assert len(dump.lines) == MOST_ROWS
    dump.show()
    dump.setFocus()
    qtbot.waitUntil(dump.hasFocus)
    qtbot.keyClick(dump, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert QGuiApplication.clipboard().text().startswith("00 00")


@pytest.mark.parametrize("width", [380, 420, 480])
def test_nothing_is_cut_at_the_widths_it_stands_in(panel: StepsPanel, width: int) -> None:
    panel.resize(width, 500)
    show(panel, steps_view(size_HW=(3000, 4000), box=(0.0, 500.0, 3000.0, 3000.0)))
    scroll = panel.findChild(QScrollArea)
    assert scroll.widget().minimumSizeHint().width() <= scroll.viewport().width()
    assert panel.minimumSizeHint().width() <= width


def test_values_that_are_no_numbers_are_shown_without_a_warning(panel: StepsPanel) -> None:
    view = steps_view()
    broken_CHW = view.input_CHW.copy()
    broken_CHW[:, 0, 0] = np.nan
    broken_CHW[:, 1, 1] = np.inf
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        show(panel, msgspec.structs.replace(view, input_CHW=broken_CHW))
    point(panel.input, 0, 0)
    assert panel.readings.readings[2].values == ("nan",) * 3


def test_sentences_about_what_is_used() -> None:
    assert use_of((28, 28), (0, 0, 28, 28), (28, 28)) == "All of it is used, at its own size."
    assert "resized to 14x14" in use_of((28, 28), (0, 0, 28, 28), (14, 14))
    assert "stretched to 14x14" in use_of((28, 40), (0, 0, 28, 40), (14, 14))
    assert "outlined 28x28 is used" in use_of((28, 40), (0, 6, 28, 28), (14, 14))
    assert "outlined 40x40 resized" in use_of((28, 40), (-6, 0, 40, 40), (14, 14))
    assert scaling_of(steps_view(measured_on=0)).count("as given") == 1
    assert facts_of(np.zeros((1, 2, 2), np.float32)) == ("(1, 2, 2)  float32", "0 to 0")


def test_what_is_painted_are_the_bytes_that_came(panel: StepsPanel) -> None:
    view = steps_view()
    panel.show_steps(view)
    assert np.array_equal(panel.values.pixels, view.values_bytes_CHW.transpose(1, 2, 0))
    assert np.array_equal(panel.input.pixels, view.input_bytes_CHW.transpose(1, 2, 0))


@given(
    size=st.tuples(st.integers(1, 90), st.integers(1, 90)),
    seen=st.integers(1, 40),
    fit=st.sampled_from(("stretch", "crop", "pad")),
    data=st.data(),
)
def test_places_in_grid_and_tensor_agree(
    size: tuple[int, int], seen: int, fit: str, data: st.DataObject
) -> None:
    height, width = size
    side = min(size) if fit == "crop" else max(size)
    box = (
        (0.0, 0.0, float(height), float(width))
        if fit == "stretch"
        else ((height - side) / 2, (width - side) / 2, float(side), float(side))
    )
    view = steps_view(size, box, (seen, seen))
    row, column = data.draw(st.tuples(st.integers(0, seen - 1), st.integers(0, seen - 1)))
    area = footprint(view, (row, column))
    found = grid_place(view, (row, column))
    if found is not None:
        pixel = QRectF(found[1], found[0], 1, 1)
        assert pixel.adjusted(-1e-6, -1e-6, 1e-6, 1e-6).contains(area.center())
    else:
        assert fit == "pad"
    at = data.draw(st.tuples(st.integers(0, height - 1), st.integers(0, width - 1)))
    place = tensor_place(view, at)
    if place is not None:
        middle = QPointF(at[1] + 0.5, at[0] + 0.5)
        grown = footprint(view, place).adjusted(-1e-6, -1e-6, 1e-6, 1e-6)
        assert grown.contains(middle)
    else:
        assert fit == "crop"
