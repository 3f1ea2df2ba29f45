"""Reducing, scaling and tiling: every byte says what it should, by torch and by numpy alike."""

from types import ModuleType
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor
from torch.nn import functional as F

from engine.messages.frames import Region
from engine.telemetry import host_mosaics, mosaics
from engine.telemetry.plans import plan

WAYS = pytest.mark.parametrize("way", [mosaics, host_mosaics], ids=["torch", "numpy"])


def given_to(way: ModuleType, tensor: Tensor) -> Any:
    return tensor if way is mosaics else tensor.numpy()


def values(array: Any) -> np.ndarray:
    return np.asarray(array)


def figures(way: ModuleType, maps: Tensor) -> list[np.ndarray]:
    """low, high, mean, standard deviation, share of zeros."""
    found = [values(each) for each in way.figures_of(way.array_of(maps))]
    return [*found[:3], *way.std_and_zeros(*found[3:], maps[0].numel())]


def in_bytes(way: ModuleType, maps: Tensor, signed: bool = False) -> np.ndarray:
    """Each map on its own scale."""
    array = way.array_of(maps)
    low, high = way.figures_of(array)[:2]
    if signed:
        low, high = way.about_zero(low, high)
    return values(way.to_bytes(array, low, high))


SHAPES = [(5, 7, 9), (32, 26, 26), (64, 3, 3), (8, 1, 1), (1, 40, 30), (3, 1, 5), (2, 150, 140)]


@WAYS
@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("order", ["contiguous", "channels last", "every other"])
def test_figures_are_those_of_numpy(way: ModuleType, shape: tuple[int, ...], order: str) -> None:
    torch.manual_seed(1)
    maps = in_order(torch.randn(shape).relu() * 3 + 0.0, order)
    array = maps.contiguous().numpy().astype(np.float64)
    low, high, mean, std, zeros = figures(way, maps)
    np.testing.assert_array_equal(low, array.min((1, 2)))
    np.testing.assert_array_equal(high, array.max((1, 2)))
    np.testing.assert_allclose(mean, array.mean((1, 2)), rtol=1e-5)
    np.testing.assert_allclose(std, array.std((1, 2)), rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(zeros, (array == 0).mean((1, 2)), atol=1e-6)
    assert all(each.dtype == np.float32 for each in (low, high, mean, std, zeros))


def in_order(maps: Tensor, order: str) -> Tensor:
    """The same values, otherwise in memory."""
    if order == "channels last":
        return maps[None].to(memory_format=torch.channels_last)[0]
    if order == "every other":
        spread = torch.empty(maps.shape[0], maps.shape[1], 2 * maps.shape[2])
        spread[:, :, ::2] = maps
        return spread[:, :, ::2]
    return maps.contiguous()


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("order", ["contiguous", "channels last", "every other"])
@pytest.mark.parametrize("signed", [False, True])
@pytest.mark.parametrize("far", [0.0, -250.0])
def test_numpy_and_torch_give_the_same_bytes(
    shape: tuple[int, ...], order: str, signed: bool, far: float
) -> None:
    torch.manual_seed(2)
    maps = in_order(torch.randn(shape).relu() + far, order)
    by_torch, by_numpy = (
        in_bytes(way, maps, signed).astype(int) for way in (mosaics, host_mosaics)
    )
    assert np.abs(by_torch - by_numpy).max() <= 1
    assert (by_torch == by_numpy).mean() > 0.999
    if signed:
        array = maps.numpy()
        assert (by_torch[array == 0] == 128).all()
        assert (by_numpy[array == 0] == 128).all()


@pytest.mark.parametrize("order", ["contiguous", "channels last"])
@pytest.mark.parametrize(
    ("channels", "region", "tile"),
    [
        (None, Region(), 20),
        ((3, 1), Region(), 7),
        ((0, 1, 2), Region(0.2, 0.1, 0.9, 0.7), 9),
        ((5,), Region(0.2, 0.1, 0.9, 0.7), 64),
    ],
)
def test_numpy_and_torch_show_the_same_maps(
    order: str, channels: tuple[int, ...] | None, region: Region, tile: int
) -> None:
    torch.manual_seed(3)
    maps = in_order(torch.randn(6, 33, 41), order)
    shows = plan((6, 33, 41), channels, 3, tile, region)
    assert shows is not None
    ours, theirs = (values(way.shown(way.array_of(maps), shows)) for way in (host_mosaics, mosaics))
    assert ours.shape == (len(shows.channels), *shows.tile_HW)
    np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-5)


@WAYS
def test_each_map_spans_its_own_range(way: ModuleType) -> None:
    maps = torch.tensor([[[0.0, 1.0]], [[-4.0, 4.0]]])
    assert in_bytes(way, maps).tolist() == [[[0, 255]], [[0, 255]]]


@WAYS
def test_a_shared_range_spans_all_layers_that_are_given(way: ModuleType) -> None:
    maps = given_to(way, torch.tensor([[[0.0, 1.0]], [[-2.0, 4.0]]]))
    low, high = way.figures_of(maps)[:2]
    low, high = way.shared([low, low[:1] - 4.0], [high, high], 2)
    assert (values(low).tolist(), values(high).tolist()) == ([-4.0, -4.0], [4.0, 4.0])
    assert values(way.to_bytes(maps, low, high)).tolist() == [[[128, 159]], [[64, 255]]]


@WAYS
def test_zero_is_in_the_middle_of_a_signed_range(way: ModuleType) -> None:
    assert in_bytes(way, torch.tensor([[[-1.0, 0.0, 3.0]]]), True).tolist() == [[[85, 128, 255]]]


@WAYS
def test_zeros_alone_are_the_middle_of_a_signed_range(way: ModuleType) -> None:
    assert np.unique(in_bytes(way, torch.zeros(2, 2, 2), True)).tolist() == [128]


@WAYS
def test_a_map_without_range_and_values_that_are_no_numbers_do_no_harm(way: ModuleType) -> None:
    nan, inf = float("nan"), float("inf")
    with np.errstate(all="ignore"):
        assert np.unique(in_bytes(way, torch.full((1, 2, 2), 7.0))).tolist() == [0]
        for broken in ([nan, 0.0, 1.0], [inf, 0.0, 1.0], [-inf, inf, nan], [3e38, -3e38, 0.0]):
            maps = torch.tensor([[broken], [[0.0, 1.0, 2.0]]])
            found = in_bytes(way, maps)
            assert set(np.unique(found[0])) <= {0, 127, 128, 255}
            assert found[1].tolist() == [[0, 128, 255]]


@WAYS
@pytest.mark.parametrize(
    ("layer", "channel", "span", "byte"),
    [
        ([0.0, 4.0, 17.0], 2, (0.0, 17.0), 255),  # a unit is shown on the scale of its layer
        ([0.0, 4.0, 17.0], 1, (0.0, 17.0), 60),
        ([17.0, 17.0], 0, (0.0, 17.0), 255),  # whose units are all alike: from zero to it
        ([-3.0], 0, (-3.0, 0.0), 0),
        ([0.0, 0.0], 1, (0.0, 0.0), 0),
    ],
)
def test_a_map_of_one_value_is_on_the_scale_of_its_layer(
    way: ModuleType, layer: list[float], channel: int, span: tuple[float, float], byte: int
) -> None:
    maps = given_to(way, torch.tensor(layer)[:, None, None].expand(len(layer), 2, 1))
    low, high = way.range_of_one(maps[channel : channel + 1], maps)
    assert (low.item(), high.item()) == span
    shown = values(way.to_bytes(maps[channel : channel + 1], low, high))
    assert np.unique(shown).tolist() == [byte]


@WAYS
def test_a_map_with_a_range_is_on_its_own(way: ModuleType) -> None:
    maps = given_to(way, torch.tensor([[[0.0, 1.0]], [[-4.0, 4.0]]]))
    low, high = way.range_of_one(maps[:1], maps)
    assert (low.item(), high.item()) == (0.0, 1.0)
    mean, zeros = way.mean_and_zeros(maps[:1])
    assert (mean.item(), zeros.item()) == (0.5, 0.5)


@WAYS
@given(
    count=st.integers(1, 20),
    height=st.integers(1, 6),
    width=st.integers(1, 6),
    columns=st.integers(1, 25),
)
def test_tile_i_stands_at_its_row_and_column(
    way: ModuleType, count: int, height: int, width: int, columns: int
) -> None:
    maps = torch.arange(count, dtype=torch.uint8)[:, None, None].expand(count, height, width)
    mosaic = values(way.tiled(given_to(way, maps), columns))
    assert mosaic.flags.c_contiguous
    shown = min(columns, count)
    for i in range(count):
        row, column = divmod(i, shown)
        tile = mosaic[row * height :, column * width :][:height, :width]
        assert tile.shape == (height, width)
        assert (tile == i).all()
    assert mosaic.shape[1] == shown * width
    assert (mosaic.sum(dtype=int)) == height * width * sum(range(count)), "the rest is 0"


@WAYS
def test_maps_larger_than_the_tile_are_averaged(way: ModuleType) -> None:
    shows = plan((1, 4, 4), None, 1, 2)
    assert shows is not None
    found = way.shown(given_to(way, torch.arange(16.0).reshape(1, 4, 4)), shows)
    assert values(found).tolist() == [[[2.5, 4.5], [10.5, 12.5]]]


@WAYS
@given(
    height=st.integers(1, 40), width=st.integers(1, 40), tile=st.integers(1, 40), last=st.booleans()
)
def test_averages_are_those_of_torch_for_every_size(
    way: ModuleType, height: int, width: int, tile: int, last: bool
) -> None:
    maps = in_order(torch.rand(2, height, width), "channels last" if last else "contiguous")
    shows = plan((2, height, width), None, 1, tile)
    assert shows is not None
    expected = F.interpolate(maps[None], size=shows.tile_HW, mode="area")[0]
    found = values(way.shown(way.array_of(maps), shows))
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)


@WAYS
def test_shrinking_asks_nothing_that_mps_refuses(
    way: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    """MPS averages only over sides that divide: https://github.com/pytorch/pytorch/issues/96056."""

    def refusing(what: Any) -> Any:
        def call(maps: Tensor, *rest: Any, **named: Any) -> Any:
            size = named.get("size", rest[0] if rest else maps.shape[-2:])
            if any(have % want for have, want in zip(maps.shape[-2:], size, strict=True)):
                raise RuntimeError("Adaptive pool MPS: input sizes must be divisible")
            return what(maps, *rest, **named)

        return call

    monkeypatch.setattr(F, "interpolate", refusing(F.interpolate))
    monkeypatch.setattr(F, "adaptive_avg_pool2d", refusing(F.adaptive_avg_pool2d))
    shows = plan((2, 150, 90), None, 1, 64)
    assert shows is not None
    assert way.shown(way.array_of(torch.rand(2, 150, 90)), shows).shape == (2, 64, 38)
