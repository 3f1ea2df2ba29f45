"""What a network sees of a picture."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from engine.data.seen import as_seen, background_is_light
from engine.errors import NetworkError

GREY = (1, 28, 28)
COLOUR = (3, 32, 32)


def noise(height: int, width: int) -> np.ndarray:
    rgb_HWC = np.random.default_rng(0).integers(0, 256, (height, width, 3), dtype=np.uint8)
    rgb_HWC.setflags(write=False)  # as read_picture gives it
    return rgb_HWC


@settings(max_examples=60, deadline=None)
@given(
    st.tuples(st.integers(1, 90), st.integers(1, 90)),
    st.tuples(st.sampled_from((1, 3)), st.integers(1, 40), st.integers(1, 40)),
    st.booleans(),
)
def test_any_picture_takes_the_shape_asked_for(size_HW, shape_CHW, inverted):
    seen_CHW = as_seen(noise(*size_HW), shape_CHW, inverted)
    assert seen_CHW.shape == shape_CHW
    assert seen_CHW.dtype == np.uint8
    assert seen_CHW.flags.c_contiguous
    assert seen_CHW.flags.writeable


@pytest.mark.parametrize("size_HW", [(3, 4000), (4000, 3), (1, 1), (1, 2048)])
@pytest.mark.parametrize("shape_CHW", [GREY, COLOUR, (3, 224, 224)])
def test_extreme_pictures_are_seen_too(size_HW, shape_CHW):
    assert as_seen(noise(*size_HW), shape_CHW, inverted=False).shape == shape_CHW


def test_a_picture_of_the_right_size_passes_unchanged():
    rgb_HWC = noise(32, 32)
    np.testing.assert_array_equal(as_seen(rgb_HWC, COLOUR, False), rgb_HWC.transpose(2, 0, 1))


def test_a_grey_picture_of_the_right_size_passes_unchanged():
    grey_HW1 = noise(28, 28)[..., :1]
    seen_CHW = as_seen(np.repeat(grey_HW1, 3, axis=2), GREY, inverted=False)
    np.testing.assert_array_equal(seen_CHW[0], grey_HW1[..., 0])


def test_grey_is_the_luma_of_itu_r_601():
    rgb_HWC = noise(28, 28)
    luma_HW = rgb_HWC @ np.array([0.299, 0.587, 0.114])
    assert np.abs(as_seen(rgb_HWC, GREY, False)[0] - luma_HW).max() <= 1


def test_inverted_is_the_negative():
    rgb_HWC = noise(50, 20)
    np.testing.assert_array_equal(as_seen(rgb_HWC, GREY, True), 255 - as_seen(rgb_HWC, GREY, False))


@pytest.mark.parametrize(("height", "width"), [(100, 50), (50, 100)])
def test_a_picture_keeps_its_aspect_ratio_in_the_middle_of_its_border_colour(height, width):
    rgb_HWC = np.full((height, width, 3), (10, 200, 30), np.uint8)
    middle = np.s_[height // 4 : -height // 4, width // 4 : -width // 4]
    rgb_HWC[middle] = (250, 0, 0)
    seen_HWC = as_seen(rgb_HWC, (3, 40, 40), inverted=False).transpose(1, 2, 0)
    red_HW = seen_HWC[..., 0] > 130
    rows, columns = np.flatnonzero(red_HW.any(1)), np.flatnonzero(red_HW.any(0))
    assert (len(rows), len(columns)) == (40 * height // 200, 40 * width // 200)
    assert rows[0] + rows[-1] == columns[0] + columns[-1] == 39
    outside_KC = seen_HWC[~red_HW][[0, -1]]
    np.testing.assert_array_equal(outside_KC, [(10, 200, 30)] * 2)


def test_shapes_that_are_not_square_are_filled_without_distortion():
    rgb_HWC = noise(30, 60)
    expected = Image.fromarray(rgb_HWC).resize((20, 10), Image.Resampling.BILINEAR)
    seen_CHW = as_seen(rgb_HWC, (3, 10, 20), inverted=False)
    np.testing.assert_array_equal(seen_CHW.transpose(1, 2, 0), np.asarray(expected))


def test_shrinking_averages_instead_of_picking_pixels():
    checks_HW = (np.indices((280, 280)).sum(0) % 2 * 255).astype(np.uint8)
    seen_CHW = as_seen(np.repeat(checks_HW[..., None], 3, axis=2), GREY, inverted=False)
    assert np.abs(seen_CHW.astype(int) - 127.5).max() < 3


def test_shrinking_is_what_torchvision_does():
    torch = pytest.importorskip("torch")
    resize = pytest.importorskip("torchvision.transforms.v2.functional").resize
    rgb_HWC = noise(90, 90)
    picture_CHW = torch.from_numpy(rgb_HWC.transpose(2, 0, 1).copy())
    expected_CHW = resize(picture_CHW, [32, 32], antialias=True).numpy()
    assert np.abs(as_seen(rgb_HWC, COLOUR, False).astype(int) - expected_CHW).max() <= 1


def test_networks_that_see_other_channels_are_refused():
    with pytest.raises(NetworkError, match="sees 4 channels"):
        as_seen(noise(5, 5), (4, 28, 28), inverted=False)


@pytest.mark.parametrize(("border", "light"), [(255, True), (128, True), (127, False), (0, False)])
def test_a_background_is_light_by_its_border(border, light):
    rgb_HWC = np.full((20, 30, 3), border, np.uint8)
    rgb_HWC[3:-3, 3:-3] = 255 - border
    rgb_HWC[0, :8] = 255 - border  # something touches the border
    assert background_is_light(rgb_HWC) is light


def test_the_background_of_one_pixel_is_that_pixel():
    assert background_is_light(np.full((1, 1, 3), 200, np.uint8))
    assert not background_is_light(np.array([[[0, 0, 255]]], np.uint8))
