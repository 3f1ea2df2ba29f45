"""The selected map, large: its true values, and the filter that made it."""

from pathlib import Path

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import (
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QStackedLayout,
    QVBoxLayout,
    QWidget,
)

from engine.messages.events import Event, Loaded
from engine.messages.frames import (
    WHOLE,
    DetailDemand,
    DetailFrame,
    Frame,
    FrameKey,
    MosaicFrame,
    Wanted,
)
from engine.networks.stages import Stage
from engine.percent import percent
from gui.pages.train.mosaics import one_map, slices, values_tile
from gui.pages.train.pixel_views import FilterSlices, LargeMap
from gui.panel import Panel
from gui.view_state import ViewState
from gui.widgets.class_bars import demi_bold
from gui.widgets.live_label import LiveLabel
from gui.widgets.mosaic.colour_bar import ColourBar, figure
from gui.widgets.sheets import MOST_MAPS, SheetTurner, sheet_at
from gui.widgets.theme import RHYTHM, make_quiet

PINNED = "Pinned"
EMPTY = "Click a map to see it large"


class MapDetailPanel(Panel):
    """Beside the map stands its filter, or for a pool stage what it pooled. GUI thread only."""

    title = "Map"

    def __init__(self, view: ViewState, parent: QWidget | None = None) -> None:
        super().__init__(view, parent)
        self._stages: dict[str, Stage] = {}
        self._frame: DetailFrame | None = None
        self._pointed: tuple[int, int, int] | None = None
        self._weight: tuple[int, int, int] | None = None

        self._name = LiveLabel()
        self._name.setFont(demi_bold(self.font()))
        self._name.setForegroundRole(QPalette.ColorRole.WindowText)
        self.pin = QPushButton("Pin")
        self.pin.setCheckable(True)
        self.pin.setFixedWidth(self.fontMetrics().horizontalAdvance(PINNED) + 3 * RHYTHM)
        self.pin.setToolTip("Keep this map at the front of its layer")
        self._figures = LiveLabel()
        self._reading = LiveLabel()
        self._bar = ColourBar()
        self._map = LargeMap()
        self._beside = FilterSlices()
        self._caption = LiveLabel()
        self._first_slice = 0
        self.sheets = SheetTurner("slices", by_keys=False)
        self._bias = LiveLabel()

        waiting = QLabel(EMPTY)
        waiting.setAlignment(Qt.AlignmentFlag.AlignCenter)
        make_quiet(waiting)
        self._page = QWidget()
        self._grid = QGridLayout(self._page)
        self._fill_page()
        self._stack = QStackedLayout(self)
        self._stack.addWidget(waiting)
        self._stack.addWidget(self._page)

        self.pin.clicked.connect(self._toggle_pin)
        self._map.pointed.connect(self._point_at)
        self._map.region_changed.connect(self._show_map)
        self._beside.pointed.connect(self._point_at_weight)
        self.sheets.turned.connect(self._turn)
        view.changed.connect(self._follow_view)
        view.selection_changed.connect(self._follow_selection)
        view.zoom_reset.connect(self._map.show_whole)

    def _fill_page(self) -> None:
        top = QHBoxLayout()
        top.addWidget(self._name, 1)
        top.addWidget(self.pin)
        beside = QVBoxLayout()
        beside.setSpacing(RHYTHM // 2)
        beside.addWidget(self._caption)
        beside.addWidget(self._beside, 1)
        beside.addWidget(self.sheets)
        # Without a filter it still grows with the map: else it would hold the whole row low.
        beside.addStretch(0)
        self._grid.setContentsMargins(RHYTHM, RHYTHM, RHYTHM, RHYTHM)
        self._grid.setHorizontalSpacing(2 * RHYTHM)
        self._grid.setVerticalSpacing(RHYTHM // 2)
        self._grid.addLayout(top, 0, 0, 1, 2)
        self._grid.addLayout(beside, 1, 1)
        self._grid.addWidget(self._map, 1, 0)
        self._grid.addWidget(self._reading, 2, 0, 1, 2)
        self._grid.addWidget(self._bar, 3, 0)
        self._grid.addWidget(self._bias, 3, 1)
        self._grid.addWidget(self._figures, 4, 0, 1, 2)
        self._grid.setColumnStretch(0, 3)
        self._grid.setColumnStretch(1, 2)
        self._grid.setColumnMinimumWidth(1, 10 * RHYTHM)
        self._grid.setRowStretch(1, 1)

    def wants(self) -> tuple[Wanted, ...]:
        if self.view.selected is None or self.view.selected[0] not in self._stages:
            return ()
        return (DetailDemand(*self.view.selected),)

    def show_frames(self, frames: dict[FrameKey, Frame]) -> None:
        frame = frames.get(("detail", ""))
        if isinstance(frame, DetailFrame) and (frame.tap, frame.channel) == self.view.selected:
            self._show(frame)
        stage = self._shown_stage()
        if stage is not None and stage.pools is not None and self._frame is not None:
            pooled = frames.get(("maps", stage.pools))
            if isinstance(pooled, MosaicFrame) and self._frame.channel in pooled.channels:
                self._beside.set_frames(one_map(pooled, self._frame.channel))

    def show_event(self, event: Event) -> None:
        if isinstance(event, Loaded):
            stages = {stage.name: stage for stage in event.network.stages if stage.maps_CHW}
            if stages != self._stages:
                self._stages = stages
                self._frame = None
                self._stack.setCurrentIndex(0)

    @property
    def has_map(self) -> bool:
        """Whether there is a map to save."""
        return self._frame is not None

    def save_npy(self, path: Path) -> None:
        """Write the map's values, float32 of shape (H, W); OSError when that can't be done."""
        if self._frame is None:
            raise OSError("No map is shown large: click one first.")
        with path.open("wb") as file:
            np.save(file, self._frame.values_HW.astype(np.float32, copy=False))

    def _shown_stage(self) -> Stage | None:
        return self._stages.get(self._frame.tap) if self._frame is not None else None

    def _show(self, frame: DetailFrame) -> None:
        old, self._frame = self._frame, frame
        if old is None or (old.tap, old.channel) != (frame.tap, frame.channel):
            self._begin(frame)
        self._show_map()
        self._figures.follow(lambda: figures(frame))
        self._show_slices()
        self._read()

    def _show_slices(self) -> None:
        frame = self._frame
        if frame is None or frame.filter_IHW is None:
            return
        count = len(frame.filter_IHW)
        sheet = sheet_at(self._first_slice, count)
        self.sheets.show_sheet(sheet, count)
        self._beside.set_frames(slices(frame, sheet))

    def _turn(self, by: int) -> None:
        if self._frame is not None and self._frame.filter_IHW is not None:
            count = len(self._frame.filter_IHW)
            now = sheet_at(self._first_slice, count)
            self._first_slice = sheet_at(now.start + by * MOST_MAPS, count).start
            self._weight = None
            self._show_slices()
            self._read()

    def _show_map(self) -> None:
        if self._frame is not None:
            tile = values_tile(self._frame, self._map.region)
            self._map.set_frames(tile)
            self._bar.set_range(float(tile.low_N[0]), float(tile.high_N[0]))

    def _begin(self, frame: DetailFrame) -> None:
        """Another map than before: its name, its size and what stands beside it."""
        stage = self._stages[frame.tap]
        height, width = frame.values_HW.shape
        self._name.set_text(f"{frame.tap}, map {frame.channel}  {height}x{width}")
        self._pointed = self._weight = None
        self._map.region = WHOLE
        self._map.expect(frame.tap, 1, (height, width))
        pooled = self._stages.get(stage.pools) if stage.pools is not None else None
        if frame.filter_IHW is not None:
            inputs, kernel_height, kernel_width = frame.filter_IHW.shape
            self._caption.set_text(f"filter {kernel_height}x{kernel_width}x{inputs}")
            self._beside.expect(frame.tap, min(inputs, MOST_MAPS), (kernel_height, kernel_width))
        elif pooled is not None:
            self._caption.set_text(f"pools {pooled.name}")
            _, pooled_height, pooled_width = pooled.shape
            self._beside.expect(pooled.name, 1, (pooled_height, pooled_width))
        else:
            self._caption.set_text("")
        beside = frame.filter_IHW is not None or pooled is not None
        self._beside.setVisible(beside)
        self._first_slice = 0
        self.sheets.setVisible(False)
        self._stack.setCurrentWidget(self._page)
        self._follow_view()

    def _read(self) -> None:
        """The values under the pointer, of the map and of the filter."""
        frame = self._frame
        if frame is None:
            return
        reading = "Point at a pixel to read it"
        if self._pointed is not None:
            _, row, column = self._pointed
            reading = f"row {row}, column {column}: {figure(float(frame.values_HW[row, column]))}"
        if self._weight is not None and frame.filter_IHW is not None:
            value = figure(float(frame.filter_IHW[self._weight]))
            reading = f"weight {list(self._weight)}: {value}"
        self._reading.set_text(reading)
        self._bias.set_text("" if frame.bias is None else f"bias {figure(frame.bias)}")

    def _point_at(self, pixel: tuple[int, int, int] | None) -> None:
        self._pointed = pixel
        self._read()

    def _point_at_weight(self, weight: tuple[int, int, int] | None) -> None:
        if weight is not None:
            cell, row, column = weight
            weight = self._first_slice + cell, row, column
        self._weight = weight
        self._read()

    def _follow_view(self) -> None:
        self._map.set_palettes(self.view.palette)
        self._bar.set_palette(self.view.palette)
        filters = self._frame is not None and self._frame.filter_IHW is not None
        self._beside.set_palettes(self.view.signed_palette if filters else self.view.palette)
        if self._frame is not None:
            pinned = self._frame.channel in self.view.pins(self._frame.tap)
            self.pin.setChecked(pinned)
            self.pin.setText(PINNED if pinned else "Pin")

    def _follow_selection(self) -> None:
        if self.view.selected is None:
            self._frame = None
            self._stack.setCurrentIndex(0)

    def _toggle_pin(self) -> None:
        if self._frame is not None:
            self.view.toggle_pin(self._frame.tap, self._frame.channel)


def figures(frame: DetailFrame) -> str:
    """The mean, the share of zeros and the step of a map, in words."""
    return f"mean {figure(frame.mean)}    {percent(frame.zeros)} zeros    step {frame.step:,}"
