"""The filters of one conv layer, each with its response."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QComboBox,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QSpinBox,
    QStackedLayout,
    QVBoxLayout,
    QWidget,
)

from engine.messages.events import Event, Loaded
from engine.messages.frames import (
    Frame,
    FrameKey,
    KernelsDemand,
    MapsDemand,
    MosaicFrame,
    Region,
    Wanted,
)
from engine.networks.stages import Stage
from gui.panel import Panel
from gui.view_state import ViewState
from gui.widgets.field_keys import give_keys_back
from gui.widgets.live_label import LiveLabel
from gui.widgets.mosaic.colour_bar import ColourBar
from gui.widgets.mosaic.view import MosaicView
from gui.widgets.sheets import MOST_MAPS, SheetTurner
from gui.widgets.theme import RHYTHM, make_quiet

EMPTY = "The filters appear with the network."
MEAN_OF_INPUTS = -1


class FiltersPanel(Panel):
    """Kernels and responses in pairs; zero is the middle of the palette. GUI thread only."""

    title = "Filters"

    def __init__(self, view: ViewState, parent: QWidget | None = None) -> None:
        super().__init__(view, parent)
        self._stages: tuple[Stage, ...] = ()
        self._stage: Stage | None = None
        self._kernels: MosaicFrame | None = None
        self._responses: MosaicFrame | None = None
        self._hovered = -1
        self._wanted: tuple[Wanted, ...] | None = None

        self.layer = QComboBox()
        self.layer.setAccessibleName("Conv layer")
        self.layer.setToolTip("The conv layer whose filters are shown")
        self.input = QSpinBox()
        self.input.setMinimum(MEAN_OF_INPUTS)
        self.input.setSpecialValueText("mean of inputs")
        self.input.setPrefix("input ")
        self.input.setAccessibleName("Input channel")
        self.input.setToolTip("Which slice of each filter is shown: one for every input channel")
        self._shape = LiveLabel()
        self._counted = QLabel("filters")
        make_quiet(self._counted)
        self.sheets = SheetTurner("filters")
        self.pairs = MosaicView("", pairs=True, framed=True)
        self._bars = ColourBar(), ColourBar()
        self._captions = LiveLabel(), LiveLabel()

        give_keys_back(self.layer, self.input)

        self._stack = QStackedLayout(self)
        waiting = QLabel(EMPTY)
        waiting.setAlignment(Qt.AlignmentFlag.AlignCenter)
        make_quiet(waiting)
        self._stack.addWidget(waiting)
        self._stack.addWidget(self._page())

        self.layer.currentIndexChanged.connect(self._choose_layer)
        self.input.valueChanged.connect(self._forget_wanted)
        self.pairs.clicked.connect(self._select)
        self.pairs.pin_requested.connect(self._pin)
        self.pairs.region_changed.connect(self._zoom)
        self.pairs.hovered.connect(self._hover)
        for turner in (self.sheets, self.pairs):
            turner.turned.connect(self._turn)
        self.pairs.tiling_changed.connect(self._forget_wanted)
        view.changed.connect(self._follow_view)
        view.selection_changed.connect(self._follow_selection)
        self._follow_view()

    def _page(self) -> QWidget:
        page = QWidget()
        top = QHBoxLayout()
        top.setSpacing(RHYTHM)
        top.addWidget(self.layer)
        top.addWidget(self.input)
        top.addWidget(self._shape, 1)
        turning = QHBoxLayout()
        turning.addStretch(1)
        turning.addWidget(self._counted)
        turning.addWidget(self.sheets)
        legend = QGridLayout()
        legend.setHorizontalSpacing(2 * RHYTHM)
        legend.setVerticalSpacing(0)
        for column, (caption, bar) in enumerate(zip(self._captions, self._bars, strict=True)):
            legend.addWidget(caption, 0, column)
            legend.addWidget(bar, 1, column)
        column_layout = QVBoxLayout(page)
        column_layout.setContentsMargins(RHYTHM, RHYTHM, RHYTHM, RHYTHM)
        column_layout.setSpacing(RHYTHM // 2)
        column_layout.addLayout(top)
        column_layout.addLayout(turning)
        column_layout.addWidget(self.pairs, 1)
        column_layout.addLayout(legend)
        return page

    def wants(self) -> tuple[Wanted, ...]:
        if self._wanted is None:
            self._wanted = self._demands()
        return self._wanted

    def show_frames(self, frames: dict[FrameKey, Frame]) -> None:
        stage = self._stage
        if stage is None:
            return
        kernels = frames.get(("kernels", stage.name))
        responses = frames.get(("maps", stage.response_tap or ""))
        if isinstance(kernels, MosaicFrame) and len(kernels.mean_C) == stage.shape[0]:
            self._kernels = kernels
        if (
            isinstance(responses, MosaicFrame)
            and responses.shape_CHW == stage.shape
            and isinstance(responses.demand, MapsDemand)
            and responses.demand.signed == self._signed()
        ):
            self._responses = responses
        if kernels is not None or responses is not None:
            self.pairs.set_frames(self._kernels, self._responses)
            self._show_ranges()

    def show_event(self, event: Event) -> None:
        if not isinstance(event, Loaded):
            return
        stages = tuple(s for s in event.network.stages if s.kernel_IHW is not None and s.has_maps)
        if stages == self._stages:
            return  # a fresh start of the same network
        self._stages = stages
        self._stage = None
        self.layer.clear()
        self.layer.addItems([stage.name for stage in stages])
        self._stack.setCurrentIndex(1 if stages else 0)
        self._forget_wanted()

    def _choose_layer(self, index: int) -> None:
        if index < 0 or self._stages[index] == self._stage:
            return
        self._stage = stage = self._stages[index]
        self._kernels = self._responses = None
        assert stage.kernel_IHW is not None
        inputs, height, width = stage.kernel_IHW
        filters = stage.shape[0]
        many = filters > MOST_MAPS
        of = "" if many else f" \N{RIGHTWARDS ARROW} {filters} filters"
        self._shape.set_text(f"{height}x{width}x{inputs}{of}")
        self._counted.setVisible(many)
        self.input.setMaximum(inputs - 1)
        self.input.setValue(MEAN_OF_INPUTS)
        self.input.setEnabled(inputs > 1)
        _, map_height, map_width = stage.shape
        self.pairs.expect(stage.name, min(filters, MOST_MAPS), (map_height, map_width))
        self._follow_view()
        self._show_ranges()

    def _demands(self) -> tuple[Wanted, ...]:
        stage = self._stage
        if stage is None:
            return ()
        channels = self.view.channels(stage.name, stage.shape[0])
        columns = self.pairs.tiling.columns
        chosen = self.input.value()
        kernels = KernelsDemand(
            stage.name,
            channels=channels,
            input_channel=None if chosen == MEAN_OF_INPUTS else chosen,
            columns=columns,
            scale=self.view.scale,
        )
        if stage.response_tap is None:
            return (kernels,)
        responses = MapsDemand(
            stage.response_tap,
            channels=channels,
            tile=self.pairs.tile_px,
            columns=columns,
            scale=self.view.scale_of((stage.shape[1], stage.shape[2])),
            signed=self._signed(),
            region=self.view.region(stage.response_tap),
        )
        return kernels, responses

    def _forget_wanted(self) -> None:
        self._wanted = None

    def _follow_view(self) -> None:
        self._forget_wanted()
        of_responses = self.view.signed_palette if self._signed() else self.view.palette
        palettes = self.view.signed_palette, of_responses
        self.pairs.set_palettes(*palettes)
        for bar, palette in zip(self._bars, palettes, strict=True):
            bar.set_palette(palette)
        if self._stage is not None:
            self.pairs.region = self.view.region(self._stage.response_tap or "")
            filters = self._stage.shape[0]
            self.sheets.show_sheet(self.view.sheet(self._stage.name, filters), filters)
            self.pairs.set_marks(self._selected(), self.view.pins(self._stage.name))

    def _follow_selection(self) -> None:
        """Show the layer of the map that was selected, where it is a conv layer's."""
        tap = self.view.selected[0] if self.view.selected else ""
        for index, stage in enumerate(self._stages):
            if stage.name == tap:
                self.layer.setCurrentIndex(index)
        self._follow_view()
        self._show_ranges()

    def _signed(self) -> bool:
        """Whether responses are shown about zero.

        A layer without an activation has one tap for its responses and its maps, so one frame
        serves both, and it is that of the maps.
        """
        return self._stage is None or self._stage.response_tap != self._stage.name

    def _selected(self) -> int:
        tap, channel = self.view.selected or ("", -1)
        return channel if self._stage is not None and tap == self._stage.name else -1

    def _show_ranges(self) -> None:
        """The bars measure all maps on a shared scale, else the one pointed at or selected."""
        channel = self._hovered if self._hovered >= 0 else self._selected()
        for what, frame, bar, caption in zip(
            ("kernel", "response"),
            (self._kernels, self._responses),
            self._bars,
            self._captions,
            strict=True,
        ):
            if frame is not None and frame.demand.scale != "map":
                caption.set_text(f"all {what}s")
                bar.set_range(float(frame.low_N.min()), float(frame.high_N.max()))
            elif frame is not None and channel in frame.channels:
                place = frame.channels.index(channel)
                caption.set_text(f"{what} {channel}")
                bar.set_range(float(frame.low_N[place]), float(frame.high_N[place]))
            else:
                caption.set_text(f"each {what} by itself")
                bar.set_words("\N{MINUS SIGN}max", "max")

    def _hover(self, channel: int) -> None:
        self._hovered = channel
        self._show_ranges()

    def _select(self, channel: int) -> None:
        if self._stage is not None:
            self.view.select(self._stage.name, channel)

    def _pin(self, channel: int) -> None:
        if self._stage is not None:
            self.view.toggle_pin(self._stage.name, channel)

    def _turn(self, by: int) -> None:
        if self._stage is not None:
            self.view.turn(self._stage.name, self._stage.shape[0], by)

    def _zoom(self, region: Region) -> None:
        if self._stage is not None and self._stage.response_tap is not None:
            self.view.zoom(self._stage.response_tap, region)
