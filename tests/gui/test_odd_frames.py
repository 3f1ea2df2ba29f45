"""No panel fails at what a network may give: values that are no numbers, one layer, no conv layer,
maps of one pixel or 1x500, 2,048 channels, kernels of 1x1 and 11x11."""

import math

import numpy as np
import pytest
from PySide6.QtCore import QPointF, QSize
from PySide6.QtWidgets import QApplication

from engine.messages.events import EpochEnded
from engine.messages.frames import (
    DetailDemand,
    DetailFrame,
    KernelsDemand,
    MapsDemand,
    MosaicFrame,
    PredictionsDemand,
    PredictionsFrame,
)
from engine.networks.stages import Stage
from engine.telemetry.curves import Curves
from gui.pages.train.curves import CurvesPanel
from gui.pages.train.filters import FiltersPanel
from gui.pages.train.map_detail import MapDetailPanel
from gui.pages.train.network_strip import NetworkStrip
from gui.pages.train.pixel_views import FilterSlices, LargeMap
from gui.pages.train.probes import ProbesPanel
from gui.view_state import SCALES, ViewState
from gui.widgets.class_bars import ClassBars
from gui.widgets.mosaic.view import MosaicView
from tests.gui.made_frames import (
    STAGES,
    detail_of,
    kernels_of,
    loaded,
    maps_of,
    mosaic,
    probe_shown,
)
from tests.gui.test_map_detail import point

PICTURE = Stage("picture", "picture", "28x28 grey", (1, 28, 28))
CLASSES = Stage("classes", "classes", "dense", (10,))


def conv(shape: tuple[int, int, int], kernel: tuple[int, int, int]) -> Stage:
    return Stage("conv1", "conv", "conv", shape, True, "conv1.response", kernel, None, 9)


NETWORKS = {
    "digits": STAGES,
    "one layer": (PICTURE, CLASSES),
    "only a conv layer": (PICTURE, conv((10, 1, 1), (1, 28, 28))),
    "without conv layers": (
        PICTURE,
        Stage("dense1", "dense", "dense, relu", (512,)),
        Stage("dense2", "dense", "dense, relu", (1,)),
        CLASSES,
    ),
    "maps of one pixel": (PICTURE, conv((64, 1, 1), (3, 3, 3)), CLASSES),
    "flat maps": (
        PICTURE,
        conv((8, 1, 500), (1, 1, 11)),
        Stage("pool1", "pool", "max-pool", (8, 500, 1), True, pools="conv1"),
        CLASSES,
    ),
    "2,048 channels": (
        PICTURE,
        conv((2048, 7, 7), (2048, 1, 1)),
        Stage("dense1", "dense", "dense, relu", (2048,)),
        CLASSES,
    ),
    "kernels 1x1": (PICTURE, conv((16, 5, 5), (1, 1, 1)), CLASSES),
    "kernels 11x11": (PICTURE, conv((96, 55, 55), (3, 11, 11)), CLASSES),
}
VALUES = {
    "usual": None,
    "zero": 0.0,
    "constant": 3.5,
    "nan": math.nan,
    "inf": math.inf,
    "minus inf": -math.inf,
    "the largest": float(np.finfo(np.float32).max),
    "the smallest": 1e-45,
}


class Panels:
    """All panels of the Train page over one network, fed by hand as the pump feeds them."""

    def __init__(self, qtbot, stages: tuple[Stage, ...], value: float | None) -> None:
        self.view, self.stages, self.value = ViewState(), stages, value
        self.curves = Curves()
        self.detail = MapDetailPanel(self.view)
        self.all = (
            NetworkStrip(self.view),
            FiltersPanel(self.view),
            self.detail,
            ProbesPanel(self.view),
            CurvesPanel(self.view, self.curves),
        )
        for panel in self.all:
            qtbot.addWidget(panel)
            panel.resize(panel.sizeHint().expandedTo(QSize(400, 300)))
            panel.show()
            for event in (probe_shown(0), probe_shown(1), loaded(stages)):
                panel.show_event(event)

    def feed(self) -> None:
        """Answer what every panel wants, show it, and paint it."""
        for panel in self.all:
            frames = {demand.key: self._answer(demand) for demand in panel.wants()}
            panel.show_frames(frames)
            QApplication.processEvents()
            assert not panel.grab().isNull()

    def _answer(self, demand: object) -> MosaicFrame | DetailFrame | PredictionsFrame:
        taps = {stage.name: stage for stage in self.stages}
        taps |= {stage.response_tap: stage for stage in self.stages if stage.response_tap}
        with np.errstate(all="ignore"):
            match demand:
                case MapsDemand():
                    return mosaic(self._made(maps_of(taps[demand.tap])), demand)
                case KernelsDemand():
                    return mosaic(self._made(kernels_of(taps[demand.layer])), demand)
                case DetailDemand():
                    stage = taps[demand.tap]
                    filter_IHW = None
                    if stage.kernel_IHW is not None:
                        filter_IHW = self._made(np.zeros(stage.kernel_IHW, np.float32))
                    values_HW = self._made(maps_of(stage)[demand.channel])
                    return detail_of(values_HW, demand, filter_IHW=filter_IHW)
                case PredictionsDemand():
                    probability_NC = self._made(np.full((2, 10), 0.1, np.float32))
                    return PredictionsFrame(demand.key, 0, (0, 1), probability_NC)
        raise AssertionError(demand)

    def _made(self, values: np.ndarray) -> np.ndarray:
        """The values, or some of them replaced: all of the first map, and one in each other."""
        if self.value is None:
            return values
        values = values.copy()
        values[0] = self.value
        values[..., 0] = self.value
        return values


@pytest.mark.parametrize("value", VALUES.values(), ids=VALUES)
@pytest.mark.parametrize("stages", NETWORKS.values(), ids=NETWORKS)
def test_every_panel_shows_it(qtbot, stages, value):
    panels = Panels(qtbot, stages, value)
    panels.feed()
    for stage in stages:
        if stage.maps_CHW is None:
            continue
        for channel in {0, stage.maps_CHW[0] - 1}:
            panels.view.select(stage.name, channel)
            panels.feed()
            assert panels.detail.has_map
            for widget in (
                panels.detail.findChild(FilterSlices),
                panels.detail.findChild(LargeMap),
            ):
                point(widget, QPointF(widget.rect().center()))
    panels.feed()


def test_a_network_that_has_come_apart_prefers_no_class(qtbot):
    panels = Panels(qtbot, STAGES, None)
    panels.feed()
    bars = panels.all[0].findChild(ClassBars)
    assert bars.accessibleDescription() == "0"
    panels.value = math.nan
    panels.feed()
    assert bars.accessibleDescription() == ""
    assert panels.all[3].model.entry(panels.all[3].model.index_of(0)).verdict == ""


@pytest.mark.parametrize("value", VALUES.values(), ids=VALUES)
def test_every_scale_and_order_shows_it(qtbot, value):
    panels = Panels(qtbot, STAGES, value)
    panels.feed()
    strip = panels.all[0]
    for scale in SCALES:
        panels.view.scale = scale
        for sort in ("mean", "max", "std", "channel"):
            panels.view.sort_by(sort, strip.frames)
            panels.feed()
    for mosaic_view in strip.findChildren(MosaicView):
        for channel in (0, 5):
            assert str(channel) in mosaic_view.describe(channel)


@pytest.mark.parametrize("stages", NETWORKS.values(), ids=NETWORKS)
def test_every_channel_is_on_some_sheet(qtbot, stages):
    panels = Panels(qtbot, stages, None)
    for stage in stages:
        if stage.maps_CHW is None:
            continue
        count = stage.maps_CHW[0]
        seen = set()
        while True:
            seen |= set(panels.view.channels(stage.name, count))
            if panels.view.sheet(stage.name, count).stop == count:
                break
            panels.view.turn(stage.name, count, 1)
        assert seen == set(range(count))


@pytest.mark.parametrize("log", [False, True])
@pytest.mark.parametrize("loss", [math.nan, math.inf, -math.inf, 0.0, 3e38, 1e-45, -1.0])
def test_curves_of_any_loss_are_drawn(qtbot, loss, log):
    panels = Panels(qtbot, STAGES, None)
    curves = panels.all[-1]
    panels.curves.begin(1)
    step_N = np.arange(1, 9)
    loss_N = np.where(step_N < 5, 2.0, loss)
    panels.curves.extend(step_N, loss_N, np.where(step_N < 7, 0.5, math.nan))
    panels.curves.add_epoch(EpochEnded(1, 8, loss, math.nan, loss, math.nan, 100.0, 1.0))
    curves.log_loss = log
    for _ in range(3):
        curves.refresh()
        QApplication.processEvents()
    assert not curves.grab().isNull()
