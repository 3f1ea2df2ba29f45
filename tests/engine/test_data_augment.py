"""Augmentation does what torchvision does, for a whole batch and from its generator alone."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torchvision.transforms import InterpolationMode
from torchvision.transforms.v2.functional import affine

from engine.config import Augmentation
from engine.data.augment import affine_batch, augment
from engine.data.batches import generator_for

DEFAULT = Augmentation(rotation=10, shift=0.08, zoom=0.1)


def pictures(count: int, channels: int, height: int, width: int) -> torch.Tensor:
    generator = torch.Generator().manual_seed(0)
    return torch.rand((count, channels, height, width), generator=generator)


@settings(max_examples=60, deadline=None)
@given(
    st.floats(-180, 180),
    st.tuples(st.floats(-0.9, 0.9), st.floats(-0.9, 0.9)),
    st.floats(0.2, 3),
    st.tuples(st.integers(1, 3), st.integers(1, 30), st.integers(1, 30)),
)
def test_a_picture_is_moved_as_torchvision_moves_it(angle, shift, zoom, shape):
    _, height, width = shape
    picture_NCHW = pictures(1, *shape)
    moved_NCHW = affine_batch(
        picture_NCHW,
        angle_N=torch.tensor([angle]),
        shift_2N=torch.tensor(shift).reshape(2, 1),
        zoom_N=torch.tensor([zoom]),
    )
    expected_NCHW = affine(
        picture_NCHW,
        angle=angle,
        translate=[shift[0] * width, shift[1] * height],
        scale=zoom,
        shear=[0.0, 0.0],
        interpolation=InterpolationMode.BILINEAR,
    )
    torch.testing.assert_close(moved_NCHW, expected_NCHW, atol=2e-4, rtol=0)


def test_each_picture_of_a_batch_is_moved_by_its_own_numbers():
    batch_NCHW = pictures(3, 2, 11, 17)
    angle_N = torch.tensor([10.0, -35.0, 170.0])
    shift_2N = torch.tensor([[0.1, -0.2, 0.05], [0.03, 0.3, 0.0]])
    zoom_N = torch.tensor([1.1, 0.7, 1.0])
    together = affine_batch(batch_NCHW, angle_N, shift_2N, zoom_N)
    one_by_one = [
        affine_batch(
            batch_NCHW[i : i + 1], angle_N[i : i + 1], shift_2N[:, i : i + 1], zoom_N[i : i + 1]
        )
        for i in range(3)
    ]
    torch.testing.assert_close(together, torch.cat(one_by_one))


def test_a_whole_pixel_shift_moves_right_and_down_and_leaves_zeros():
    picture_NCHW = pictures(1, 1, 4, 8)
    moved = affine_batch(
        picture_NCHW, torch.zeros(1), torch.tensor([[2 / 8], [1 / 4]]), torch.ones(1)
    )
    torch.testing.assert_close(moved[0, 0, 1:, 2:], picture_NCHW[0, 0, :-1, :-2])
    assert moved[0, 0, 0].abs().max() < 1e-5
    assert moved[0, 0, :, :2].abs().max() < 1e-5


def test_a_quarter_turn_is_clockwise_and_does_not_shear():
    picture_NCHW = pictures(1, 1, 6, 6)
    turned = affine_batch(picture_NCHW, torch.tensor([90.0]), torch.zeros(2, 1), torch.ones(1))
    torch.testing.assert_close(turned, picture_NCHW.rot90(-1, (2, 3)), atol=1e-5, rtol=0)


def test_no_change_gives_the_input_itself_and_draws_nothing():
    batch_NCHW = pictures(2, 1, 5, 5)
    generator = generator_for(0, 0, "cpu")
    before = generator.get_state()
    assert augment(batch_NCHW, Augmentation(), generator) is batch_NCHW
    assert torch.equal(generator.get_state(), before)


def test_the_same_generator_gives_the_same_pictures_and_a_later_one_others():
    batch_NCHW = pictures(8, 1, 28, 28)
    original_NCHW = batch_NCHW.clone()
    before = torch.get_rng_state()
    first, again, later = (
        augment(batch_NCHW, DEFAULT, generator_for(0, epoch, "cpu")) for epoch in (0, 0, 1)
    )
    assert torch.equal(first, again)
    assert not torch.equal(first, later)
    assert torch.equal(batch_NCHW, original_NCHW)
    assert torch.equal(torch.get_rng_state(), before)
    assert first.dtype == batch_NCHW.dtype
    assert first.shape == batch_NCHW.shape
    assert 0 <= first.min() <= first.max() <= 1


@pytest.mark.parametrize("how", ["rotation", "shift", "zoom"])
def test_changes_stay_within_what_is_asked_and_use_all_of_it(how):
    """A bright point right of the middle tells by where it lands what happened to its picture."""
    side, reach = 41, 10
    batch_NCHW = torch.zeros(500, 1, side, side)
    batch_NCHW[
        :, 0, side // 2 - 1 : side // 2 + 2, side // 2 + reach - 1 : side // 2 + reach + 2
    ] = 1
    largest = {"rotation": 30.0, "shift": 0.1, "zoom": 0.3}[how]
    moved_NHW = augment(batch_NCHW, Augmentation(**{how: largest}), generator_for(0, 0, "cpu"))[
        :, 0
    ]
    place = torch.arange(side) - side // 2.0
    weight_N = moved_NHW.sum((1, 2))
    x_N = (moved_NHW.sum(1) * place).sum(1) / weight_N
    y_N = (moved_NHW.sum(2) * place).sum(1) / weight_N
    change_N = {
        "rotation": torch.atan2(y_N, x_N).rad2deg(),
        "shift": (x_N - reach) / side,
        "zoom": torch.hypot(x_N, y_N) / reach - 1,
    }[how]
    slack = largest * 0.1
    assert change_N.abs().max() <= largest + slack
    assert change_N.min() < -0.9 * largest
    assert change_N.max() > 0.9 * largest
    assert change_N.mean().abs() < slack
