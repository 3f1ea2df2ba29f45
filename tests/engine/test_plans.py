"""What a demand comes to: what is there of it, and nothing where nothing is."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.messages.frames import WHOLE, Region
from engine.telemetry.plans import averaging, plan

any_share = st.floats(allow_nan=True, allow_infinity=True)


@given(
    shape=st.tuples(st.integers(0, 9), st.integers(0, 30), st.integers(0, 30)),
    channels=st.none() | st.lists(st.integers(-5, 12), max_size=12).map(tuple),
    columns=st.integers(-3, 20),
    tile=st.none() | st.integers(-3, 40),
    region=st.builds(Region, any_share, any_share, any_share, any_share),
)
def test_whatever_is_asked_what_comes_of_it_is_there(
    shape: tuple[int, int, int],
    channels: tuple[int, ...] | None,
    columns: int,
    tile: int | None,
    region: Region,
) -> None:
    count, height, width = shape
    there = set(range(count) if channels is None else channels) & set(range(count))
    found = plan(shape, channels, columns, tile, region)
    if not there or not height or not width:
        assert found is None
        return
    assert found is not None
    assert set(found.channels) == there
    assert len(set(found.channels)) == len(found.channels)
    picked = np.arange(count)[found.pick]
    assert tuple(picked.tolist()) == found.channels
    cut = np.zeros((height, width))[found.rows, found.across]
    assert cut.shape == found.cut_HW
    assert min(found.cut_HW) >= 1
    assert all(1 <= side <= cut for side, cut in zip(found.tile_HW, found.cut_HW, strict=True))
    if tile is not None:
        assert max(found.tile_HW) <= max(1, tile)
    assert 1 <= found.columns <= len(found.channels)


def test_channels_come_in_the_order_asked_for() -> None:
    found = plan((8, 2, 2), (5, 0, 9, 5, -1, 3), 4)
    assert found is not None
    assert found.channels == (5, 0, 3)


def test_a_region_cuts_the_pixels_it_names() -> None:
    found = plan((1, 4, 4), None, 1, None, Region(0.25, 0.5, 0.75, 1.0))
    assert found is not None
    assert (found.rows, found.across) == (slice(1, 3), slice(2, 4))


@pytest.mark.parametrize("region", [WHOLE, Region(math.nan, 0.0, 1.0, 1.0), Region(bottom=9.0)])
def test_what_is_no_region_is_the_whole(region: Region) -> None:
    found = plan((1, 5, 7), None, 1, None, region)
    assert found is not None
    assert found.cut_HW == (5, 7)


def test_a_map_larger_than_the_tile_keeps_its_shape() -> None:
    found = plan((3, 200, 50), None, 1, 64)
    assert found is not None
    assert found.tile_HW == (64, 16)


@given(before=st.integers(1, 60), after=st.integers(1, 60))
def test_every_pixel_counts_when_a_side_is_shrunk(before: int, after: int) -> None:
    after = min(before, after)
    matrix_AB = averaging(before, after)
    np.testing.assert_allclose(matrix_AB.sum(1), 1, rtol=1e-5)
    assert (matrix_AB > 0).any(0).all()
