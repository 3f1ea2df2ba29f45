"""The picture flowing through the network: every stage from the picture to the classes."""

from collections.abc import Iterator

from PySide6.QtCore import QEvent, QPoint, QRect, QSize, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import (
    QLabel,
    QPushButton,
    QStackedLayout,
    QWidget,
)

from engine.messages.events import Event, Loaded, ProbeRemoved, ProbeSelected, ProbeShown
from engine.messages.frames import (
    Frame,
    FrameKey,
    MapsDemand,
    MosaicFrame,
    PredictionsDemand,
    PredictionsFrame,
    Region,
    Wanted,
)
from engine.networks.stages import Stage
from gui.pages.train.seen_picture import SeenPicture
from gui.pages.train.sideways_scroll import SidewaysScroll
from gui.pages.train.stage_column import StageColumn
from gui.panel import Panel
from gui.view_state import ViewState
from gui.widgets.class_bars import ClassBars
from gui.widgets.live_label import LiveLabel
from gui.widgets.mosaic.view import MosaicView
from gui.widgets.sheets import MOST_MAPS
from gui.widgets.theme import RHYTHM, make_quiet

EMPTY = "Loading the digits and the network \N{HORIZONTAL ELLIPSIS}"
TILE_SIZES = (96, 80, 64, 56, 48, 44, 40, 36, 32, 28, 26, 24, 22, 20, 18)
"""Tile sizes tried in turn, logical pixels, until the whole network fits."""
SCROLLED_TILE = 26
"""The tile size of a network that is too deep to fit."""
PICTURE_SIDE = 112


class NetworkStrip(Panel):
    """Scrolls sideways; only stages in sight are captured. GUI thread only."""

    title = "Network"
    invert_requested = Signal(int, bool)
    """Show the network the negative of this probe (True) or the picture itself."""

    def __init__(self, view: ViewState, parent: QWidget | None = None) -> None:
        super().__init__(view, parent)
        self.frames: dict[str, MosaicFrame] = {}
        """The newest frame of each tap."""
        self.columns: list[StageColumn] = []
        self._stages: tuple[Stage, ...] = ()
        self._classes: tuple[str, ...] = ()
        self._probes: dict[int, ProbeShown] = {}
        self._probe: int | None = None
        self._wanted: tuple[Wanted, ...] | None = None
        self._picture = _PictureBox()
        self._picture.invert.clicked.connect(self._ask_invert)
        self._bars = ClassBars()
        self._keep_contents()

        waiting = QLabel(EMPTY)
        waiting.setAlignment(Qt.AlignmentFlag.AlignCenter)
        make_quiet(waiting)
        self._scroll = SidewaysScroll()
        self._scroll.horizontalScrollBar().valueChanged.connect(self._forget_wanted)
        self._stack = QStackedLayout(self)
        self.setContentsMargins(RHYTHM, RHYTHM, RHYTHM, 0)
        self._stack.addWidget(waiting)
        self._stack.addWidget(self._scroll)
        view.changed.connect(self._follow_view)
        view.selection_changed.connect(self._follow_view)

    def sizeHint(self) -> QSize:
        return QSize(1200, 300)

    def minimumSizeHint(self) -> QSize:
        return QSize(320, 200)

    def wants(self) -> tuple[Wanted, ...]:
        if self._wanted is None:
            self._wanted = tuple(self._demands()) if self._stages else ()
        return self._wanted

    def show_frames(self, frames: dict[FrameKey, Frame]) -> None:
        for column in self.columns:
            stage, mosaic = column.stage, column.mosaic
            frame = frames.get(("maps", stage.name))
            # A frame of another shape is a late one of the network before.
            if (
                mosaic is not None
                and isinstance(frame, MosaicFrame)
                and frame.shape_CHW == stage.maps_CHW
                and isinstance(frame.demand, MapsDemand)
                and not frame.demand.signed
            ):
                self.frames[stage.name] = frame
                mosaic.set_frames(frame)
                column.show_range(frame)
                self._picture.say_step(frame.step)
        predictions = frames.get(("predictions", ""))
        if isinstance(predictions, PredictionsFrame) and self._probe in predictions.probes:
            row = predictions.probes.index(self._probe)
            self._bars.set_probabilities(predictions.probabilities_NC[row])

    def show_event(self, event: Event) -> None:
        match event:
            case Loaded():
                self._load(event)
            case ProbeShown():
                self._probes[event.probe] = event
                if self._probe is None or self._probe == event.probe:
                    self._select_probe(event.probe)
            case ProbeSelected():
                self._select_probe(event.probe)
            case ProbeRemoved():
                self._probes.pop(event.probe, None)
                if self._probe == event.probe:
                    self._select_probe(None)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._lay_out()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() in (QEvent.Type.FontChange, QEvent.Type.StyleChange):
            self._lay_out()

    def _load(self, event: Loaded) -> None:
        self.frames.clear()
        if (event.network.stages, event.network.classes) == (self._stages, self._classes):
            return  # a fresh start of the same network: new frames replace the old at once
        self._stages, self._classes = event.network.stages, event.network.classes
        self._bars.set_classes(event.network.classes)
        self._keep_contents()
        strip = QWidget()
        self.columns = [self._column(stage, place) for place, stage in enumerate(self._stages)]
        for column in self.columns:
            column.setParent(strip)
        self._scroll.setWidget(strip)
        self._lay_out()
        self._stack.setCurrentWidget(self._scroll)
        self._follow_view()

    def _keep_contents(self) -> None:
        """Take the picture and the bars out of the strip before, which goes with its columns."""
        for content in (self._picture, self._bars):
            content.setParent(self)
            content.hide()

    def _column(self, stage: Stage, number: int) -> StageColumn:
        content: QWidget | None = None
        if stage.kind == "picture":
            content = self._picture
        elif stage.kind == "classes":
            content = self._bars
        elif stage.maps_CHW is not None:
            content = self._mosaic(stage.name, stage.maps_CHW)
        column = StageColumn(stage, content, first=number == 0)
        if stage.maps_CHW is not None:
            tap, count = stage.name, stage.maps_CHW[0]

            def turn(by: int) -> None:
                self.view.turn(tap, count, by)

            column.show_sheet(self.view.sheet(tap, count), count)
            column.sheets.turned.connect(turn)
            if column.mosaic is not None:
                column.mosaic.turned.connect(turn)
        return column

    def _mosaic(self, tap: str, maps_CHW: tuple[int, int, int]) -> MosaicView:
        channels, height, width = maps_CHW
        mosaic = MosaicView(tap)
        mosaic.expect(tap, min(channels, MOST_MAPS), (height, width))

        def select(channel: int) -> None:
            self.view.select(tap, channel)

        def pin(channel: int) -> None:
            self.view.toggle_pin(tap, channel)

        def zoom(region: Region) -> None:
            self.view.zoom(tap, region)

        mosaic.clicked.connect(select)
        mosaic.pin_requested.connect(pin)
        mosaic.region_changed.connect(zoom)
        mosaic.tiling_changed.connect(self._forget_wanted)
        return mosaic

    def _lay_out(self) -> None:
        """Give the columns the largest tiles with which the whole network fits, if any."""
        strip = self._scroll.widget()
        if strip is None:
            return
        room = self.contentsRect().size()
        height = room.height() - RHYTHM

        def fits(size: int) -> bool:
            return sum(c.width_for(height, size) for c in self.columns) <= room.width()

        if fits(TILE_SIZES[-1]):
            wanted = next(size for size in TILE_SIZES if fits(size))
        else:
            wanted = SCROLLED_TILE
            height = room.height() - self._scroll.horizontalScrollBar().sizeHint().height()
        left = 0
        for column in self.columns:
            width = column.width_for(height, wanted)
            column.place(left, width, height)
            left += width
        strip.resize(left, height)
        self._forget_wanted()

    def _demands(self) -> Iterator[Wanted]:
        seen = self._scroll.horizontalScrollBar().value()
        in_sight = QRect(seen, 0, self._scroll.viewport().width(), 1)
        for column in self.columns:
            mosaic, stage = column.mosaic, column.stage
            if mosaic is None or stage.maps_CHW is None:
                continue
            if not column.geometry().intersects(in_sight):
                continue
            yield MapsDemand(
                stage.name,
                channels=self.view.channels(stage.name, stage.shape[0]),
                tile=mosaic.tile_px,
                columns=mosaic.tiling.columns,
                scale=self.view.scale_of(stage.maps_CHW[1:]),
                region=self.view.region(stage.name),
            )
        yield PredictionsDemand()

    def _forget_wanted(self) -> None:
        self._wanted = None

    def _follow_view(self) -> None:
        self._forget_wanted()
        selected_tap, selected = self.view.selected or ("", -1)
        for column in self.columns:
            stage, mosaic = column.stage, column.mosaic
            if mosaic is None:
                continue
            column.show_sheet(self.view.sheet(stage.name, stage.shape[0]), stage.shape[0])
            mosaic.set_palettes(self.view.palette)
            mosaic.region = self.view.region(stage.name)
            mosaic.set_marks(
                selected if selected_tap == stage.name else -1, self.view.pins(stage.name)
            )

    def _select_probe(self, probe: int | None) -> None:
        if probe != self._probe:
            self._bars.clear()
        self._probe = probe
        self._picture.show_probe(self._probes.get(probe) if probe is not None else None)

    def _ask_invert(self) -> None:
        shown = self._probes.get(self._probe) if self._probe is not None else None
        if shown is not None:
            self.invert_requested.emit(shown.probe, not shown.inverted)


class _PictureBox(QWidget):
    """What the network sees, the step, and a way to invert a picture on a light ground."""

    def __init__(self) -> None:
        super().__init__()
        self._seen = SeenPicture(self)
        self._step = LiveLabel(self)
        self.invert = QPushButton("Invert", self)
        self.invert.setCheckable(True)
        self.invert.setToolTip("Show the network the negative: it learned light on dark")
        self.invert.hide()

    def sizeHint(self) -> QSize:
        return QSize(PICTURE_SIDE, PICTURE_SIDE + self._height_below())

    def show_probe(self, shown: ProbeShown | None) -> None:
        """Show a probe, or that there is none."""
        if shown is None:
            self._seen.clear()
        else:
            self._seen.show_picture(shown.seen_CHW, shown.name)
            self.invert.setChecked(shown.inverted)
        self.invert.setVisible(shown is not None and (shown.light or shown.inverted))
        self._place()

    def say_step(self, step: int) -> None:
        """The step of the newest maps."""
        self._step.follow(lambda: f"step {step:,}")

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._place()

    def _height_below(self) -> int:
        return self._step.sizeHint().height() + self.invert.sizeHint().height() + RHYTHM

    def _place(self) -> None:
        self._seen.setGeometry(0, 0, self.width(), max(1, self.height() - self._height_below()))
        top = self._seen.drawn_size().height() + RHYTHM // 2
        line = self._step.sizeHint().height()
        self._step.setGeometry(0, top, self.width(), line)
        self.invert.setGeometry(QRect(QPoint(0, top + line + RHYTHM // 2), self.invert.sizeHint()))
