"""The four steps of a picture from its file to what a network gets."""

import numpy as np
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QAction, QGuiApplication, QKeySequence
from PySide6.QtWidgets import QGridLayout, QLabel, QStackedLayout, QVBoxLayout, QWidget

from engine.messages.views import StepsView
from gui.pages.data.hex_dump import HexDump
from gui.pages.data.pixel_readings import PixelReadings, Reading
from gui.pages.data.step_texts import (
    Place,
    facts_of,
    footprint,
    grid_place,
    rounded,
    scaling_of,
    tensor_place,
    use_of,
    whole,
)
from gui.widgets.keys import control
from gui.widgets.live_label import LiveLabel
from gui.widgets.pictures.view import PictureView
from gui.widgets.scroll_column import ScrollColumn, heading, plain_text, quiet_text
from gui.widgets.theme import RHYTHM, make_quiet

EMPTY = "Choose a picture to see how it becomes numbers"
HINT = (
    "Point at a picture to read its pixel here.\n"
    "{control} and the wheel zoom, and after a click the wheel alone."
)
GRID_HEIGHT = 30 * RHYTHM
TENSOR_HEIGHT = 24 * RHYTHM


class StepsPanel(QWidget):
    """Whatever pixel is pointed at is marked in every step, and read below. GUI thread only."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._view: StepsView | None = None
        self._grid_place: Place | None = None
        self._waiting = QLabel(EMPTY)
        self._waiting.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._waiting.setWordWrap(True)
        make_quiet(self._waiting)

        self._place = LiveLabel()
        self._file = quiet_text()
        self._bytes = HexDump()
        self._decoded_facts = plain_text()
        self.grid = PictureView("The decoded grid")
        self.grid.setFixedHeight(GRID_HEIGHT)
        self._use = quiet_text()
        self.values = PictureView("The float tensor")
        self.input = PictureView("What the network gets")
        self._values_facts, self._input_facts = plain_text(), plain_text()
        self._scaling = quiet_text()
        self.readings = PixelReadings(HINT.format(control=control()))

        page = QWidget()
        self._stack = QStackedLayout(self)
        self._stack.addWidget(self._waiting)
        self._stack.addWidget(page)
        whole = QVBoxLayout(page)
        whole.setContentsMargins(0, 0, 0, RHYTHM)
        whole.setSpacing(RHYTHM // 2)
        steps = ScrollColumn()
        whole.addWidget(steps, 1)
        below = QVBoxLayout()
        below.setContentsMargins(RHYTHM, 0, RHYTHM, 0)
        below.addWidget(self.readings)
        whole.addLayout(below)
        for widget in (
            heading("1  The file"),
            self._place,
            self._file,
            self._bytes,
            heading("2  The decoded grid"),
            quiet_text("Unpacked, it is pixels: each a red, a green and a blue number."),
            self._decoded_facts,
            self.grid,
            self._use,
        ):
            steps.column.addWidget(widget)
        steps.column.addLayout(self._tensors())
        steps.column.addWidget(self._scaling)
        steps.column.addStretch(1)

        self.grid.pointed.connect(self._point_at_grid)
        for mine, other in ((self.values, self.input), (self.input, self.values)):
            mine.pointed.connect(self._point_at_tensor)
            mine.moved.connect(lambda mine=mine, other=other: _follow(other, mine))
        for view in (self.grid, self.values, self.input):
            self._let_copy(view)

    def show_steps(self, view: StepsView) -> None:
        """Show another picture, or the same one otherwise prepared; then the pixel that was
        pointed at is read anew."""
        old, self._view = self._view, view
        stays = old is not None and _picture(old) == _picture(view)
        place = self._grid_place if stays else None
        self._show_file(view)
        height, width, _ = view.rgb_HWC.shape
        self._decoded_facts.setText("  ".join(facts_of(view.rgb_HWC)))
        self.grid.show_picture(view.rgb_HWC, view.box, lambda r, c: whole(view.rgb_HWC[r, c]))
        _, seen_height, seen_width = view.values_CHW.shape
        self._use.setText(use_of((height, width), view.box, (seen_height, seen_width)))
        self.values.show_picture(
            view.values_bytes_CHW.transpose(1, 2, 0),
            numbers=lambda r, c: rounded(view.values_CHW[:, r, c], 1),
        )
        self.input.show_picture(
            view.input_bytes_CHW.transpose(1, 2, 0),
            numbers=lambda r, c: rounded(view.input_CHW[:, r, c], 2),
        )
        self._values_facts.setText("\n".join(facts_of(view.values_CHW)))
        self._input_facts.setText("\n".join(facts_of(view.input_CHW)))
        self._scaling.setText(scaling_of(view))
        self._stack.setCurrentIndex(1)
        if place is not None:
            self._point_at_grid(place)
        else:
            self._read(view, None, None, None)

    def clear(self, words: str = EMPTY) -> None:
        """There is no picture; `words` say why, or what to do."""
        self._view = None
        self._grid_place = None
        self._waiting.setText(words)
        self._stack.setCurrentIndex(0)

    def _tensors(self) -> QGridLayout:
        grid = QGridLayout()
        grid.setHorizontalSpacing(RHYTHM)
        grid.setVerticalSpacing(RHYTHM // 2)
        for column, (title, words, facts, picture) in enumerate(
            (
                (
                    "3  The float tensor",
                    "Resized, its numbers made floating-point, channel by channel.",
                    self._values_facts,
                    self.values,
                ),
                (
                    "4  What the network gets",
                    "Rescaled and normalised, so that all inputs have about one size.",
                    self._input_facts,
                    self.input,
                ),
            )
        ):
            picture.setFixedHeight(TENSOR_HEIGHT)
            for row, widget in enumerate((heading(title), quiet_text(words), facts, picture)):
                grid.addWidget(widget, row, column)
            grid.setColumnStretch(column, 1)
        return grid

    def _let_copy(self, view: PictureView) -> None:
        copy = QAction("Copy the pixel's values", view)
        copy.setShortcut(QKeySequence.StandardKey.Copy)
        copy.setShortcutContext(Qt.ShortcutContext.WidgetShortcut)
        copy.triggered.connect(lambda: QGuiApplication.clipboard().setText(self.readings.text))
        view.addAction(copy)
        view.setContextMenuPolicy(Qt.ContextMenuPolicy.ActionsContextMenu)

    def _show_file(self, view: StepsView) -> None:
        is_file = bool(view.head)
        self._place.setVisible(is_file)
        self._bytes.setVisible(is_file)
        self._bytes.show_bytes(view.head)
        self._place.set_text(view.place)
        self._place.setToolTip(view.place)
        if not is_file:
            self._file.setText(
                f"{view.name} ({view.label}). There is no file: this source already holds its "
                "pictures as grids of numbers."
            )
            return
        times = view.rgb_HWC.nbytes / max(view.bytes, 1)
        growth = f", {times:.0f} times as much" if times >= 1.5 else ""
        self._file.setText(
            f"{view.name} ({view.label}): {view.kind}, {view.bytes:,} bytes. "
            f"None of them is a pixel yet: decoded they become {view.rgb_HWC.nbytes:,}{growth}."
        )

    def _point_at_grid(self, place: Place) -> None:
        if self._view is not None:
            pixel = QRectF(place[1], place[0], 1, 1)
            self._read(self._view, place, tensor_place(self._view, place), pixel)

    def _point_at_tensor(self, place: Place) -> None:
        if self._view is not None:
            area = footprint(self._view, place)
            self._read(self._view, grid_place(self._view, place), place, area)

    def _read(
        self, view: StepsView, grid: Place | None, tensor: Place | None, area: QRectF | None
    ) -> None:
        """Read a pixel in every step and mark it; `area` is what is marked in the grid."""
        self._grid_place = grid
        self.grid.mark(area)
        cell = QRectF(tensor[1], tensor[0], 1, 1) if tensor is not None else None
        self.values.mark(cell)
        self.input.mark(cell)
        in_grid, in_values, in_input = Reading("2  grid"), Reading("3  float"), Reading("4  input")
        if grid is not None:
            in_grid = _reading(in_grid.step, grid, whole(view.rgb_HWC[grid]), view.rgb_HWC)
        if tensor is not None:
            row, column = tensor
            values_C, input_C = view.values_CHW[:, row, column], view.input_CHW[:, row, column]
            in_values = _reading(in_values.step, tensor, rounded(values_C, 1), self.values.pixels)
            in_input = _reading(in_input.step, tensor, rounded(input_C, 3), self.input.pixels)
        self.readings.show_readings((in_grid, in_values, in_input))


def _picture(view: StepsView) -> tuple[int, int, tuple[int, ...]]:
    return view.source, view.index, view.rgb_HWC.shape


def _reading(step: str, place: Place, values: tuple[str, ...], seen_HWC: np.ndarray) -> Reading:
    """With the colour that the pixel has on the screen."""
    colour = seen_HWC[place].tolist()
    red, green, blue = colour if len(colour) == 3 else colour * 3
    return Reading(step, place, values, (red, green, blue))


def _follow(other: PictureView, moved: PictureView) -> None:
    other.seen = moved.seen
