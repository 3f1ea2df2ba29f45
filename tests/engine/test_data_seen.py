"""What a network sees of a picture."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from torchvision.transforms import v2

from engine.config import FITS
from engine.data.reading.seen import as_seen, background_is_light, used_box
from engine.errors import NetworkError

GREY = (1, 28, 28)
COLOUR = (3, 32, 32)

SIZES = st.tuples(st.integers(1, 90), st.integers(1, 90))


def noise(height: int, width: int) -> np.ndarray:
    rgb_HWC = np.random.default_rng(0).integers(0, 256, (height, width, 3), dtype=np.uint8)
    rgb_HWC.setflags(write=False)  # as read_picture gives it
    return rgb_HWC


def by_torchvision(rgb_HWC: np.ndarray, *transforms: torch.nn.Module) -> np.ndarray:
    image = v2.Compose([*transforms, v2.PILToTensor()])(Image.fromarray(rgb_HWC))
    return image.numpy().astype(int)


def furthest(seen_CHW: np.ndarray, expected_CHW: np.ndarray) -> int:
    assert seen_CHW.shape == expected_CHW.shape
    return int(np.abs(seen_CHW.astype(int) - expected_CHW).max())


@settings(max_examples=60, deadline=None)
@given(
    SIZES,
    st.tuples(st.sampled_from((1, 3)), st.integers(1, 40), st.integers(1, 40)),
    st.booleans(),
    st.sampled_from(FITS),
)
def test_any_picture_takes_the_shape_asked_for(size_HW, shape_CHW, inverted, fit):
    seen_CHW = as_seen(noise(*size_HW), shape_CHW, inverted, fit)
    assert seen_CHW.shape == shape_CHW
    assert seen_CHW.dtype == np.uint8
    assert seen_CHW.flags.c_contiguous
    assert seen_CHW.flags.writeable


@pytest.mark.parametrize("size_HW", [(3, 4000), (4000, 3), (1, 1), (1, 2048), (2_000_000, 1)])
@pytest.mark.parametrize("shape_CHW", [GREY, COLOUR, (3, 224, 224)])
@pytest.mark.parametrize("fit", FITS)
def test_extreme_pictures_are_seen_too(size_HW, shape_CHW, fit):
    assert as_seen(noise(*size_HW), shape_CHW, fit=fit).shape == shape_CHW


@pytest.mark.parametrize("fit", FITS)
def test_a_picture_of_the_right_size_passes_unchanged(fit):
    rgb_HWC = noise(32, 32)
    seen_CHW = as_seen(rgb_HWC, COLOUR, fit=fit)
    np.testing.assert_array_equal(seen_CHW, rgb_HWC.transpose(2, 0, 1))
    assert not np.shares_memory(seen_CHW, rgb_HWC)


def test_a_grey_picture_of_the_right_size_passes_unchanged():
    grey_HW1 = noise(28, 28)[..., :1]
    seen_CHW = as_seen(np.repeat(grey_HW1, 3, axis=2), GREY)
    np.testing.assert_array_equal(seen_CHW[0], grey_HW1[..., 0])


def test_grey_is_the_luma_of_itu_r_601():
    rgb_HWC = noise(28, 28)
    luma_HW = rgb_HWC @ np.array([0.299, 0.587, 0.114])
    assert np.abs(as_seen(rgb_HWC, GREY)[0] - luma_HW).max() <= 0.51


def test_inverted_is_the_negative():
    rgb_HWC = noise(50, 20)
    np.testing.assert_array_equal(as_seen(rgb_HWC, GREY, True), 255 - as_seen(rgb_HWC, GREY))


# As torchvision does it


@settings(max_examples=150, deadline=None)
@given(SIZES, st.integers(1, 60), st.integers(1, 60))
def test_stretching_is_torchvisions_resize(size_HW, height, width):
    rgb_HWC = noise(*size_HW)
    expected_CHW = by_torchvision(rgb_HWC, v2.Resize((height, width), antialias=True))
    assert furthest(as_seen(rgb_HWC, (3, height, width), fit="stretch"), expected_CHW) <= 2


@settings(max_examples=150, deadline=None)
@given(SIZES, st.integers(1, 60))
def test_cropping_is_torchvisions_resize_and_centre_crop(size_HW, side):
    rgb_HWC = noise(*size_HW)
    expected_CHW = by_torchvision(rgb_HWC, v2.Resize(side, antialias=True), v2.CenterCrop(side))
    assert furthest(as_seen(rgb_HWC, (3, side, side), fit="crop"), expected_CHW) <= 2


@settings(max_examples=100, deadline=None)
@given(SIZES, st.integers(1, 60), st.sampled_from(("stretch", "crop")))
def test_grey_is_torchvisions_grey(size_HW, side, fit):
    rgb_HWC = noise(*size_HW)
    if fit == "stretch":
        transforms = [v2.Resize((side, side), antialias=True)]
    else:
        transforms = [v2.Resize(side, antialias=True), v2.CenterCrop(side)]
    expected_CHW = by_torchvision(rgb_HWC, *transforms, v2.Grayscale())
    assert furthest(as_seen(rgb_HWC, (1, side, side), fit=fit), expected_CHW) <= 2


@settings(max_examples=100, deadline=None)
@given(SIZES, st.integers(1, 60), st.integers(1, 60))
def test_padding_is_torchvisions_resize_of_the_picture_on_its_ground(size_HW, height, width):
    rgb_HWC = noise(*size_HW)
    top, left, wide_height, wide_width = used_box(size_HW, (3, height, width), "pad")
    border = (rgb_HWC[0], rgb_HWC[-1], rgb_HWC[1:-1, 0], rgb_HWC[1:-1, -1])
    ground_HWC = np.empty((int(wide_height), int(wide_width), 3), np.uint8)
    ground_HWC[:] = np.median(np.concatenate(border), axis=0).round()
    rows, columns = slice(int(-top), int(-top) + size_HW[0]), slice(int(-left), None)
    ground_HWC[rows, columns][:, : size_HW[1]] = rgb_HWC
    if size_HW == (height, width):
        ground_HWC = rgb_HWC
    expected_CHW = by_torchvision(ground_HWC, v2.Resize((height, width), antialias=True))
    assert furthest(as_seen(rgb_HWC, (3, height, width), fit="pad"), expected_CHW) <= 2


def test_shrinking_averages_instead_of_picking_pixels():
    checks_HW = (np.indices((280, 280)).sum(0) % 2 * 255).astype(np.uint8)
    seen_CHW = as_seen(np.repeat(checks_HW[..., None], 3, axis=2), GREY)
    assert np.abs(seen_CHW.astype(int) - 127.5).max() < 3


# Fits


@pytest.mark.parametrize(("height", "width"), [(100, 50), (50, 100)])
def test_a_padded_picture_is_in_the_middle_of_its_border_colour(height, width):
    rgb_HWC = np.full((height, width, 3), (10, 200, 30), np.uint8)
    middle = np.s_[height // 4 : -height // 4, width // 4 : -width // 4]
    rgb_HWC[middle] = (250, 0, 0)
    seen_HWC = as_seen(rgb_HWC, (3, 40, 40), fit="pad").transpose(1, 2, 0)
    red_HW = seen_HWC[..., 0] > 130
    rows, columns = np.flatnonzero(red_HW.any(1)), np.flatnonzero(red_HW.any(0))
    assert (len(rows), len(columns)) == (40 * height // 200, 40 * width // 200)
    assert rows[0] + rows[-1] == columns[0] + columns[-1] == 39
    outside_KC = seen_HWC[~red_HW][[0, -1]]
    np.testing.assert_array_equal(outside_KC, [(10, 200, 30)] * 2)


@pytest.mark.parametrize("fit", FITS)
def test_shapes_that_are_not_square_are_filled_without_distortion(fit):
    rgb_HWC = noise(30, 60)
    expected_CHW = by_torchvision(rgb_HWC, v2.Resize((10, 20), antialias=True))
    assert furthest(as_seen(rgb_HWC, (3, 10, 20), fit=fit), expected_CHW) <= 1


@pytest.mark.parametrize(
    ("size_HW", "shape_CHW", "fit", "box"),
    [
        ((30, 60), (3, 20, 20), "stretch", (0, 0, 30, 60)),
        ((30, 60), (3, 20, 20), "crop", (0, 15, 30, 30)),
        ((60, 30), (3, 20, 20), "crop", (15, 0, 30, 30)),
        ((30, 60), (3, 20, 20), "pad", (-15, 0, 60, 60)),
        ((60, 30), (3, 20, 20), "pad", (0, -15, 60, 60)),
        ((30, 60), (3, 10, 20), "crop", (0, 0, 30, 60)),
        ((30, 60), (3, 30, 60), "pad", (0, 0, 30, 60)),
    ],
)
def test_the_box_is_the_part_that_is_seen(size_HW, shape_CHW, fit, box):
    assert used_box(size_HW, shape_CHW, fit) == box


@settings(max_examples=100, deadline=None)
@given(SIZES, st.integers(1, 40), st.integers(1, 40), st.sampled_from(FITS))
def test_the_box_lies_as_its_fit_says(size_HW, height, width, fit):
    top, left, box_height, box_width = used_box(size_HW, (3, height, width), fit)
    bottom, right = top + box_height, left + box_width
    inside = top >= 0 and left >= 0 and bottom <= size_HW[0] + 1e-9 and right <= size_HW[1] + 1e-9
    around = top <= 0 and left <= 0 and bottom >= size_HW[0] and right >= size_HW[1]
    assert around if fit == "pad" else inside


def test_networks_that_see_other_channels_are_refused():
    with pytest.raises(NetworkError, match="sees 4 channels"):
        as_seen(noise(5, 5), (4, 28, 28))


@pytest.mark.parametrize(("border", "light"), [(255, True), (128, True), (127, False), (0, False)])
def test_a_background_is_light_by_its_border(border, light):
    rgb_HWC = np.full((20, 30, 3), border, np.uint8)
    rgb_HWC[3:-3, 3:-3] = 255 - border
    rgb_HWC[0, :8] = 255 - border  # something touches the border
    assert background_is_light(rgb_HWC) is light


def test_the_background_of_one_pixel_is_that_pixel():
    assert background_is_light(np.full((1, 1, 3), 200, np.uint8))
    assert not background_is_light(np.array([[[0, 0, 255]]], np.uint8))
