"""Scaling and tiling: every byte says what it should."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from engine.messages.frames import WHOLE, Region
from engine.telemetry.mosaics import (
    at_most,
    figures_of,
    part_of,
    range_of_one,
    ranges,
    tiled,
    to_bytes,
)


def test_figures_are_those_of_numpy() -> None:
    maps = torch.randn(5, 7, 9).relu()
    figures = figures_of(maps)
    array = maps.numpy()
    np.testing.assert_allclose(figures.low_C, array.min((1, 2)))
    np.testing.assert_allclose(figures.high_C, array.max((1, 2)))
    np.testing.assert_allclose(figures.mean_C, array.mean((1, 2)), rtol=1e-5)
    np.testing.assert_allclose(figures.spread_C / 63**0.5, array.std((1, 2)), rtol=1e-4)
    np.testing.assert_array_equal(figures.others_C, (array != 0).sum((1, 2)))


def test_each_map_spans_its_own_range() -> None:
    maps = torch.tensor([[[0.0, 1.0]], [[-4.0, 4.0]]])
    low, high = ranges(*figures_of(maps)[:2], "map", signed=False)
    assert to_bytes(maps, low, high).tolist() == [[[0, 255]], [[0, 255]]]


def test_a_shared_range_spans_them_all() -> None:
    maps = torch.tensor([[[0.0, 1.0]], [[-4.0, 4.0]]])
    low, high = ranges(*figures_of(maps)[:2], "layer", signed=False)
    assert to_bytes(maps, low, high).tolist() == [[[128, 159]], [[0, 255]]]


def test_zero_is_in_the_middle_of_a_signed_range() -> None:
    maps = torch.tensor([[[-1.0, 0.0, 3.0]]])
    low, high = ranges(*figures_of(maps)[:2], "map", signed=True)
    assert (low.item(), high.item()) == (-3.0, 3.0)
    assert to_bytes(maps, low, high).tolist() == [[[85, 128, 255]]]


def test_zeros_alone_are_the_middle_of_a_signed_range() -> None:
    maps = torch.zeros(2, 2, 2)
    low, high = ranges(*figures_of(maps)[:2], "map", signed=True)
    assert to_bytes(maps, low, high).unique().tolist() == [128]


def test_a_map_without_range_and_values_that_are_no_numbers_do_no_harm() -> None:
    flat = torch.full((1, 2, 2), 7.0)
    assert to_bytes(flat, *figures_of(flat)[:2]).unique().tolist() == [0]
    broken = torch.tensor([[[float("nan"), 0.0, float("inf"), 1.0]]])
    assert to_bytes(broken, torch.zeros(1), torch.ones(1)).tolist() == [[[0, 0, 255, 255]]]


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
    layer: list[float], channel: int, span: tuple[float, float], byte: int
) -> None:
    maps = torch.tensor(layer)[:, None, None].expand(len(layer), 2, 1)
    shown = maps[channel, None]
    low, high = range_of_one(shown, maps)
    assert (low.item(), high.item()) == span
    assert to_bytes(shown, low, high).unique().tolist() == [byte]


def test_a_map_with_a_range_is_on_its_own() -> None:
    maps = torch.tensor([[[0.0, 1.0]], [[-4.0, 4.0]]])
    low, high = range_of_one(maps[:1], maps)
    assert (low.item(), high.item()) == (0.0, 1.0)


@given(
    count=st.integers(1, 20),
    height=st.integers(1, 6),
    width=st.integers(1, 6),
    columns=st.integers(1, 25),
)
def test_tile_i_stands_at_its_row_and_column(
    count: int, height: int, width: int, columns: int
) -> None:
    maps = torch.arange(count, dtype=torch.uint8)[:, None, None].expand(count, height, width)
    mosaic = tiled(maps, columns)
    assert mosaic.is_contiguous()
    shown = min(columns, count)
    for i in range(count):
        row, column = divmod(i, shown)
        tile = mosaic[row * height :, column * width :][:height, :width]
        assert tile.shape == (height, width)
        assert (tile == i).all()
    assert mosaic.shape[1] == shown * width


def test_maps_larger_than_the_tile_are_averaged_and_keep_their_shape() -> None:
    maps = torch.arange(16.0).reshape(1, 4, 4)
    assert at_most(maps, 2).tolist() == [[[2.5, 4.5], [10.5, 12.5]]]
    assert at_most(maps, 4) is maps
    assert at_most(torch.rand(3, 200, 50), 64).shape == (3, 64, 16)


@given(
    top=st.floats(0, 1), left=st.floats(0, 1), height=st.integers(1, 30), width=st.integers(1, 30)
)
def test_a_region_is_never_empty_and_never_outside(
    top: float, left: float, height: int, width: int
) -> None:
    maps = torch.zeros(2, height, width)
    part = part_of(maps, Region(top, left, min(1.0, top + 0.2), min(1.0, left + 0.2)))
    assert part.shape[1] >= 1
    assert part.shape[2] >= 1
    assert part_of(maps, WHOLE).shape == maps.shape


def test_a_region_cuts_the_pixels_it_names() -> None:
    maps = torch.arange(16.0).reshape(1, 4, 4)
    assert part_of(maps, Region(0.25, 0.5, 0.75, 1.0)).tolist() == [[[6, 7], [10, 11]]]
