"""Click a map, zoom, sort, pin, colour, scale; filters by layer and input."""

import numpy as np
import pytest
import safetensors.numpy
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtWidgets import QComboBox, QSpinBox

from engine.messages.events import ProbeSelected, ProbeShown, Saved
from engine.messages.frames import WHOLE
from engine.state import Phase
from gui.pages.train.pixel_views import LargeMap
from gui.widgets.mosaic.colour_bar import figure
from gui.widgets.mosaic.view import MosaicView
from tests.journeys.driver import Driver
from tests.journeys.helpers import answer_dialog, is_blank, pixels, texts, tile


@pytest.fixture
def driver(open_window):
    """A window whose network has trained for a moment and stands still."""
    driver = open_window()
    driver.wait_for_phase(Phase.READY)
    driver.wait_for_panels()
    driver.press("E")
    driver.wait_for_phase(Phase.PAUSED)
    driver.wait_for_maps(since=driver.session.status.step)
    return driver


def saved_weights(driver: Driver, monkeypatch, folder) -> dict[str, np.ndarray]:
    """The network's weights by name, as the window saves them."""
    answer_dialog(monkeypatch, "getExistingDirectory", folder)
    driver.press("Ctrl+S")
    driver.wait_for_event(Saved)
    driver.wait_for_notice("The network is saved")
    driver.dismiss_notices()
    return safetensors.numpy.load_file(folder / "weights.safetensors")


def seen_picture(driver: Driver) -> np.ndarray:
    """What the network sees of the selected probe, (1, H, W), 0 to 1."""
    selected = driver.told(ProbeSelected)[-1].probe
    shown = [event for event in driver.told(ProbeShown) if event.probe == selected]
    return shown[-1].seen_CHW / np.float32(255)


def conv(maps_IHW: np.ndarray, weight_OIHW: np.ndarray, bias_O: np.ndarray) -> np.ndarray:
    windows_IHWKL = np.lib.stride_tricks.sliding_window_view(
        maps_IHW, weight_OIHW.shape[2:], axis=(1, 2)
    )
    products_OHW = np.einsum("oikl,ihwkl->ohw", weight_OIHW, windows_IHWKL, dtype=np.float64)
    return products_OHW + bias_O[:, None, None]


def pooled(maps_CHW: np.ndarray) -> np.ndarray:
    """The maximum of each 2x2 window."""
    channels, height, width = maps_CHW.shape
    cut_CHW = maps_CHW[:, : height // 2 * 2, : width // 2 * 2]
    return cut_CHW.reshape(channels, height // 2, 2, width // 2, 2).max((2, 4))


def true_maps(weights: dict[str, np.ndarray], picture_CHW: np.ndarray) -> dict[str, np.ndarray]:
    """The feature maps of the quick network, worked out by numpy, by tap."""
    maps = {"": picture_CHW}
    last = ""
    for number in (1, 2):
        name = f"conv{number}"
        weight_OIHW, bias_O = weights[f"{name}.conv.weight"], weights[f"{name}.conv.bias"]
        maps[f"{name}.conv"] = conv(maps[last], weight_OIHW, bias_O)
        maps[name] = np.maximum(maps[f"{name}.conv"], 0)
        last = f"pool{number}"
        maps[last] = pooled(maps[name])
    return maps


def shown_values(frame, channel: int) -> np.ndarray:
    """The true values that the bytes of a mosaic stand for, to within one step of 255."""
    place = frame.channels.index(channel)
    low, high = float(frame.low_N[place]), float(frame.high_N[place])
    return low + tile(frame, channel) / 255 * (high - low)


def assert_close_bytes(frame, channel: int, true_HW: np.ndarray) -> None:
    place = frame.channels.index(channel)
    step = float(frame.high_N[place] - frame.low_N[place]) / 255
    np.testing.assert_allclose(shown_values(frame, channel), true_HW, atol=step + 1e-4)


def detail_says(driver: Driver, words: str) -> None:
    panel = driver.window.pages["train"].map_detail
    driver.until(lambda: words in texts(panel), lambda: f"{words!r} is not in {texts(panel)!r}.")


def test_a_clicked_map_is_shown_large_with_its_true_values(driver, monkeypatch, tmp_path):
    weights = saved_weights(driver, monkeypatch, tmp_path / "network")
    maps = true_maps(weights, seen_picture(driver))
    step = driver.session.status.step
    for tap in ("conv1", "pool1", "conv2", "pool2"):
        for channel in range(len(maps[tap])):
            assert_close_bytes(driver.frame(tap), channel, maps[tap][channel])

    for number, (tap, channel) in enumerate((("conv1", 2), ("pool1", 2), ("conv2", 7))):
        driver.click_map(tap, channel)
        assert driver.window.parts.view.selected == (tap, channel)
        true_HW = maps[tap][channel]
        height, width = true_HW.shape
        detail_says(driver, f"{tap}, map {channel}  {height}x{width}")
        zeros = np.mean(true_HW == 0)
        detail_says(driver, f"mean {figure(true_HW.mean())}    {zeros:.0%} zeros    step {step}")

        large = driver.window.pages["train"].map_detail.findChild(LargeMap)
        assert not is_blank(pixels(large))
        row, column = np.unravel_index(true_HW.argmax(), true_HW.shape)
        point_at(driver, large, channel, (row / height, column / width))
        detail_says(driver, f"row {row}, column {column}: {figure(true_HW.max())}")

        file = tmp_path / f"{number}.npy"
        answer_dialog(monkeypatch, "getSaveFileName", file)
        driver.choose("File", "Export map as NPY…")
        values_HW = np.load(file)
        assert values_HW.dtype == np.float32
        np.testing.assert_allclose(values_HW, true_HW, atol=1e-4)
        if tap == "pool1":
            detail_says(driver, "pools conv1")
        else:
            bias = weights[f"{tap}.conv.bias"][channel]
            inputs = weights[f"{tap}.conv.weight"].shape[1]
            detail_says(driver, f"filter 3x3x{inputs}")
            detail_says(driver, f"bias {figure(float(bias))}")


def point_at(driver: Driver, large: LargeMap, channel: int, at: tuple[float, float]) -> None:
    """Move the pointer to (down, right), shares of the map, and a little into the pixel there."""
    cell = large.channel_rect(channel)
    where = QPointF(at[1] * cell.width() + 2, at[0] * cell.height() + 2)
    driver.qtbot.mouseMove(large, (cell.topLeft() + where).toPoint())


def test_filters_and_their_responses_are_shown_by_layer_and_input(driver, monkeypatch, tmp_path):
    weights = saved_weights(driver, monkeypatch, tmp_path / "network")
    maps = true_maps(weights, seen_picture(driver))
    panel = driver.panel("Filters")
    layer, inputs = panel.findChild(QComboBox), panel.findChild(QSpinBox)
    pairs = panel.findChild(MosaicView)
    newest = {}
    show_frames = panel.show_frames

    def note(frames):
        newest.update(frames)
        show_frames(frames)

    monkeypatch.setattr(panel, "show_frames", note)
    driver.click_map("conv2", 5)
    assert layer.currentText() == "conv2"
    assert inputs.maximum() == 5
    weight_OIHW = weights["conv2.conv.weight"]
    looks = []
    for chosen in (-1, 0, 3):
        inputs.setValue(chosen)
        wanted = None if chosen < 0 else chosen
        driver.until(
            lambda wanted=wanted: (
                (frame := newest.get(("kernels", "conv2"))) is not None
                and frame.demand.input_channel == wanted
            )
        )
        kernels = newest["kernels", "conv2"]
        true_OHW = weight_OIHW.mean(1) if chosen < 0 else weight_OIHW[:, chosen]
        for channel, true_HW in enumerate(true_OHW):
            assert_close_bytes(kernels, channel, true_HW)
            assert kernels.low_N[channel] == -kernels.high_N[channel]
        looks.append(pixels(pairs))
    assert not np.array_equal(looks[1], looks[2])
    responses = newest["maps", "conv2.conv"]
    for channel, true_HW in enumerate(maps["conv2.conv"]):
        assert_close_bytes(responses, channel, true_HW)

    driver.click(pairs, pairs.channel_rect(1).center())
    assert driver.window.parts.view.selected == ("conv2", 1)
    detail_says(driver, "conv2, map 1")
    layer.setCurrentText("conv1")
    driver.until(lambda: ("kernels", "conv1") in newest)
    assert not inputs.isEnabled()
    driver.until(lambda: not is_blank(pixels(pairs)))


def test_zoom_is_linked_over_a_layer(driver, monkeypatch, tmp_path):
    weights = saved_weights(driver, monkeypatch, tmp_path / "network")
    maps = true_maps(weights, seen_picture(driver))
    view = driver.window.parts.view
    mosaic = driver.mosaic("conv1")
    centre = mosaic.channel_rect(4).center()
    driver.turn_wheel(mosaic, centre, 3)
    region = view.region("conv1")
    assert region != WHOLE
    assert view.region("pool1") == view.region("conv2") == WHOLE
    driver.until(lambda: driver.frame("conv1").demand.region == region)
    height, width = maps["conv1"].shape[1:]
    rows = slice(round(region.top * height), round(region.bottom * height))
    columns = slice(round(region.left * width), round(region.right * width))
    zoomed_CHW = maps["conv1"][:, rows, columns]
    assert zoomed_CHW.shape[1] < height
    for channel, true_HW in enumerate(zoomed_CHW):
        assert_close_bytes(driver.frame("conv1"), channel, true_HW)

    # Dragging moves what is shown, and is no click; the wheel turned back shows all.
    left, start = Qt.MouseButton.LeftButton, centre.toPoint()
    selected = view.selected
    driver.qtbot.mousePress(mosaic, left, pos=start)
    driver.qtbot.mouseMove(mosaic, start + QPoint(mosaic.tile_px // 2, 0))
    driver.qtbot.mouseRelease(mosaic, left, pos=start)
    moved = view.region("conv1")
    assert moved.left < region.left
    assert moved.right - moved.left == pytest.approx(region.right - region.left)
    assert (moved.top, view.selected) == (region.top, selected)
    driver.turn_wheel(mosaic, centre, -20)
    assert view.region("conv1") == WHOLE
    other = driver.mosaic("conv2")
    driver.turn_wheel(other, other.channel_rect(0).center(), 2)
    assert view.region("conv2") != WHOLE
    driver.press("Ctrl+0")
    assert view.region("conv2") == WHOLE
    driver.until(lambda: all(driver.frame(tap).demand.region == WHOLE for tap in driver.taps))


def test_maps_are_sorted_pinned_coloured_and_scaled(driver):
    view = driver.window.parts.view
    for words, name in (("mean", "mean_C"), ("maximum", "max_C"), ("variation", "std_C")):
        driver.choose("View", "Sort maps by", words)
        for tap in driver.taps:
            figure_C = getattr(driver.frame(tap), name)
            order = tuple(int(channel) for channel in np.argsort(-figure_C, kind="stable"))
            driver.until(lambda tap=tap, order=order: driver.frame(tap).channels == order)
    driver.choose("View", "Sort maps by", "channel")
    driver.until(lambda: driver.frame("conv1").channels == (0, 1, 2, 3, 4, 5))

    driver.click_map("conv1", 3)
    driver.mosaic("conv1").setFocus()
    driver.press("P")
    driver.until(lambda: driver.frame("conv1").channels == (3, 0, 1, 2, 4, 5))
    detail_says(driver, "conv1, map 3")
    driver.until(driver.window.pages["train"].map_detail.pin.isChecked)
    driver.choose("View", "Sort maps by", "mean")
    driver.until(lambda: driver.frame("conv1").demand.channels[0] == 3)
    driver.click(driver.window.pages["train"].map_detail.pin)
    assert view.pins("conv1") == ()
    driver.choose("View", "Sort maps by", "channel")
    driver.until(lambda: driver.frame("conv1").channels == (0, 1, 2, 3, 4, 5))

    before = {tap: pixels(driver.mosaic(tap)) for tap in driver.taps}
    filters = pixels(driver.panel("Filters"))
    driver.choose("View", "Palette of maps", "magma")
    for tap, look in before.items():
        assert not np.array_equal(pixels(driver.mosaic(tap)), look)
    driver.choose("View", "Palette of maps", "viridis")
    for tap, look in before.items():
        np.testing.assert_array_equal(pixels(driver.mosaic(tap)), look)
    signed = [name for name in palette_words(driver, "Palette of filters") if name != "blue-red"]
    driver.choose("View", "Palette of filters", signed[0])
    assert not np.array_equal(pixels(driver.panel("Filters")), filters)

    frames = {tap: driver.frame(tap) for tap in driver.taps}
    driver.choose("View", "Scale maps", "by layer")
    driver.until(lambda: {driver.frame(tap).demand.scale for tap in driver.taps} == {"layer"})
    for tap, frame in frames.items():
        assert set(driver.frame(tap).low_N) == {frame.low_N.min()}
        assert set(driver.frame(tap).high_N) == {frame.high_N.max()}
    driver.choose("View", "Scale maps", "over the whole network")
    driver.until(lambda: {driver.frame(tap).demand.scale for tap in driver.taps} == {"network"})
    highest = max(frame.high_N.max() for frame in frames.values())
    assert {high for tap in frames for high in driver.frame(tap).high_N} == {highest}


def palette_words(driver: Driver, menu: str) -> list[str]:
    return [action.text() for action in driver.action("View", menu).menu().actions()]
