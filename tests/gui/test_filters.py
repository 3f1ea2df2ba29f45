"""The filters panel: kernels with their responses, by layer and by input channel."""

import msgspec
import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from engine.messages.frames import KernelsDemand, MapsDemand
from engine.networks.stages import Stage
from gui.pages.train.filters import FiltersPanel
from gui.view_state import ViewState
from gui.widgets.mosaic.colour_bar import ColourBar, figure
from tests.gui.made_frames import STAGES, answer, kernels_of, loaded, maps_of, mosaic

NO_CONV = (STAGES[0], Stage("dense1", "dense", "dense", (64,)), STAGES[-1])


@pytest.fixture
def panel(qtbot: QtBot) -> FiltersPanel:
    panel = FiltersPanel(ViewState())
    qtbot.addWidget(panel)
    panel.resize(440, 320)
    panel.show()
    panel.show_event(loaded())
    return panel


def demands(panel: FiltersPanel) -> tuple[KernelsDemand, MapsDemand]:
    kernels, responses = panel.wants()
    assert isinstance(kernels, KernelsDemand)
    assert isinstance(responses, MapsDemand)
    return kernels, responses


def bar_words(panel: FiltersPanel) -> list[str]:
    return [" to ".join(bar.labels) for bar in panel.findChildren(ColourBar)]


def test_it_wants_the_kernels_and_signed_responses_of_the_first_layer(panel: FiltersPanel) -> None:
    kernels, responses = demands(panel)
    assert (kernels.layer, responses.tap) == ("conv1", "conv1.response")
    assert responses.signed
    assert kernels.channels == responses.channels == tuple(range(32))
    assert responses.tile == panel.pairs.tile_px


def test_before_a_network_and_without_conv_layers_it_wants_nothing(qtbot: QtBot) -> None:
    panel = FiltersPanel(ViewState())
    qtbot.addWidget(panel)
    assert panel.wants() == ()
    panel.show_event(loaded())
    assert panel.wants() != ()
    panel.show_event(loaded(NO_CONV))
    assert panel.wants() == ()


def test_it_follows_the_layer_of_the_selected_map(panel: FiltersPanel) -> None:
    panel.view.select("conv3", 5)
    assert panel.layer.currentText() == "conv3"
    assert demands(panel)[0].layer == "conv3"
    panel.view.select("pool1", 5)
    assert panel.layer.currentText() == "conv3"


def test_deeper_layers_are_seen_by_input_channel(panel: FiltersPanel) -> None:
    assert not panel.input.isEnabled()
    panel.layer.setCurrentText("conv2")
    assert panel.input.isEnabled()
    assert demands(panel)[0].input_channel is None
    assert panel.input.text() == "mean of inputs"
    panel.input.setValue(31)
    assert demands(panel)[0].input_channel == 31
    panel.input.setValue(32)
    assert demands(panel)[0].input_channel == 31
    panel.layer.setCurrentText("conv3")
    assert demands(panel)[0].input_channel is None


def test_a_click_selects_the_map_of_that_filter(panel: FiltersPanel, qtbot: QtBot) -> None:
    panel.layer.setCurrentText("conv2")
    panel.show_frames(answer(panel.wants()))
    with qtbot.waitSignal(panel.view.selection_changed):
        at = panel.pairs.channel_rect(20).center().toPoint()
        qtbot.mouseClick(panel.pairs, Qt.MouseButton.LeftButton, pos=at)
    assert panel.view.selected == ("conv2", 20)
    qtbot.keyClick(panel.pairs, Qt.Key.Key_P)
    assert panel.view.pins("conv2") == (20,)
    kernels, responses = demands(panel)
    assert kernels.channels is not None
    assert kernels.channels[0] == 20
    assert kernels.channels == responses.channels


def test_zoom_is_of_the_responses(panel: FiltersPanel, qtbot: QtBot) -> None:
    panel.show_frames(answer(panel.wants()))
    qtbot.keyClick(panel.pairs, Qt.Key.Key_Plus)
    region = panel.view.region("conv1.response")
    assert region.bottom < 1
    assert demands(panel)[1].region == region


def test_the_bars_give_the_true_range_of_the_filter_pointed_at(
    panel: FiltersPanel, qtbot: QtBot
) -> None:
    panel.show_frames(answer(panel.wants()))
    assert bar_words(panel) == ["\N{MINUS SIGN}max to max"] * 2
    qtbot.mouseMove(panel.pairs, panel.pairs.channel_rect(9).center().toPoint())
    most = abs(kernels_of(STAGES[1])[9]).max()
    assert bar_words(panel)[0] == f"{figure(-most)} to {figure(most)}"
    most = abs(maps_of(STAGES[1])[9]).max()
    assert bar_words(panel)[1] == f"{figure(-most)} to {figure(most)}"


def test_on_a_shared_scale_the_bars_hold_for_all(panel: FiltersPanel) -> None:
    panel.view.scale = "layer"
    panel.show_frames(answer(panel.wants()))
    most = abs(kernels_of(STAGES[1])).max()
    assert bar_words(panel)[0] == f"{figure(-most)} to {figure(most)}"


def test_a_layer_without_an_activation_shows_the_frames_of_its_maps(panel: FiltersPanel) -> None:
    linear = msgspec.structs.replace(STAGES[1], response_tap="conv1")
    panel.show_event(loaded((STAGES[0], linear, STAGES[-1])))
    responses = demands(panel)[1]
    assert (responses.tap, responses.signed) == ("conv1", False)
    panel.show_frames(answer(panel.wants(), stages=(linear,)))
    most = maps_of(STAGES[1]).max()
    panel.view.select("conv1", int(maps_of(STAGES[1]).max(axis=(1, 2)).argmax()))
    assert bar_words(panel)[1] == f"0 to {figure(most)}"


def test_frames_of_other_layers_are_left_alone(panel: FiltersPanel) -> None:
    other = mosaic(kernels_of(STAGES[3]), KernelsDemand("conv2"))
    panel.show_frames({other.key: other})
    assert panel.pairs.channel_rect(0).isEmpty()
    late = mosaic(kernels_of(STAGES[3]), KernelsDemand("conv1"))
    panel.show_frames({late.key: late})
    assert panel.pairs.channel_rect(0).isEmpty()
    panel.show_frames(answer(panel.wants()))
    assert not panel.pairs.channel_rect(0).isEmpty()


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (0, "0"),
        (0.4821, "0.482"),
        (-0.25, "\N{MINUS SIGN}0.250"),
        (1.5, "1.50"),
        (12.34, "12.3"),
        (1234.5, "1234"),
        (0.00001234, "1.2e\N{MINUS SIGN}05"),
        (123456.0, "1.2e+05"),
        (float("nan"), "nan"),
        (float("inf"), "inf"),
    ],
)
def test_figures_are_short_and_true(value: float, words: str) -> None:
    assert figure(value) == words
