"""Values are rescaled and normalised as torchvision does it, with the mean that numpy finds."""

import msgspec
import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from torchvision.transforms import v2

from engine.data.batches.scaling import (
    MEASURED_ON,
    Scaling,
    mean_and_std,
    measured_scaling,
    scaling_of,
    value_counts,
)

NONE_NCHW = np.empty((0, 3, 1, 1), np.uint8)


def pictures(count: int, channels: int = 3) -> np.ndarray:
    chance = np.random.default_rng(0)
    return chance.integers(0, 256, (count, channels, 5, 7), np.uint8)


def test_the_default_changes_nothing_but_the_range():
    batch_NCHW = torch.from_numpy(pictures(2))
    scaled_NCHW = Scaling().apply(batch_NCHW)
    assert scaled_NCHW.dtype == torch.float32
    assert torch.equal(scaled_NCHW, batch_NCHW / 255)
    assert Scaling().normalise(scaled_NCHW) is scaled_NCHW
    for channels in (1, 3):
        assert scaling_of("none", channels, NONE_NCHW).is_identity


@pytest.mark.parametrize("as_float", [False, True])
def test_imagenets_numbers_are_applied_as_torchvision_applies_them(as_float):
    batch_NCHW = torch.from_numpy(pictures(2))
    given_NCHW = batch_NCHW.float() if as_float else batch_NCHW
    before_NCHW = given_NCHW.clone()
    scaling = scaling_of("imagenet", 3, NONE_NCHW)
    theirs = v2.Compose(
        [
            v2.ToDtype(torch.float32, scale=True),
            v2.Normalize([0.485, 0.456, 0.406], [0.229, 0.224, 0.225]),
        ]
    )
    torch.testing.assert_close(scaling.apply(given_NCHW), theirs(batch_NCHW), atol=1e-5, rtol=1e-5)
    assert torch.equal(given_NCHW, before_NCHW)


def test_grey_pictures_get_imagenets_luma():
    scaling = scaling_of("imagenet", 1, NONE_NCHW)
    assert scaling.mean_C == pytest.approx((0.299 * 0.485 + 0.587 * 0.456 + 0.114 * 0.406,))
    assert 0.224 < scaling.std_C[0] < 0.229


@given(
    arrays(
        np.uint8,
        st.tuples(*(st.integers(1, 4) for _ in range(4))),
        elements=st.integers(0, 255),
    )
)
def test_measured_numbers_are_those_of_all_pixels(pictures_NCHW):
    scaling = scaling_of("measured", pictures_NCHW.shape[1], pictures_NCHW)
    values_NCHW = pictures_NCHW / 255
    np.testing.assert_allclose(scaling.mean_C, values_NCHW.mean((0, 2, 3)), atol=1e-12)
    std_C = values_NCHW.std((0, 2, 3))
    np.testing.assert_allclose(scaling.std_C, np.where(std_C > 1e-6, std_C, 1), atol=1e-9)
    normal_NCHW = scaling.apply(torch.from_numpy(pictures_NCHW))
    assert normal_NCHW.isfinite().all()
    assert normal_NCHW.mean((0, 2, 3)).abs().max() < 1e-3


def test_counts_add_up_and_nothing_counted_is_no_division_by_zero():
    pictures_NCHW = pictures(4)
    counts_CV = sum(value_counts(picture_CHW) for picture_CHW in pictures_NCHW)
    mean_C, std_C = mean_and_std(counts_CV)
    np.testing.assert_allclose(mean_C, (pictures_NCHW / 255).mean((0, 2, 3)))
    np.testing.assert_allclose(std_C, (pictures_NCHW / 255).std((0, 2, 3)))
    assert mean_and_std(np.zeros((3, 256), np.int64)) == ((0.0,) * 3, (0.0,) * 3)


def test_a_sample_of_the_training_pictures_is_measured_in_parts_without_what_is_unreadable():
    pictures_NCHW = pictures(3000)
    train_N = np.arange(0, 3000, 2)
    taken: list[int] = []

    def take(index_N):
        kept_N = index_N % 3 != 0
        taken.extend(index_N.tolist())
        return pictures_NCHW[index_N[kept_N]], kept_N

    scaling, count = measured_scaling(take, train_N, 3)
    assert len(taken) == MEASURED_ON
    assert set(taken) <= set(train_N.tolist())
    assert (min(taken), max(taken)) == (0, 2998), "from the first class to the last"
    read = [index for index in taken if index % 3]
    assert count == len(read)
    assert scaling == scaling_of("measured", 3, pictures_NCHW[read])


def test_measuring_ends_when_it_is_cancelled_and_survives_having_nothing():
    def take(index_N):
        return pictures(len(index_N)), np.ones(len(index_N), bool)

    assert measured_scaling(take, np.arange(500), 3, cancelled=lambda: True)[1] == 0
    scaling, count = measured_scaling(take, np.arange(0), 3)
    assert count == 0
    assert scaling.is_identity


def test_it_can_be_kept_and_is_the_same_afterwards():
    scaling = scaling_of("measured", 3, pictures(2))
    kept = msgspec.json.encode(scaling)
    assert msgspec.json.decode(kept, type=Scaling) == scaling


def test_what_was_first_used_for_looking_can_be_trained_through():
    scaling = Scaling((0.25,), (0.5,))
    with torch.inference_mode():
        scaling.normalise(torch.ones(1, 1, 2, 2))
    input_NCHW = torch.ones(1, 1, 2, 2, requires_grad=True)
    scaling.normalise(input_NCHW).sum().backward()
    assert input_NCHW.grad is not None
    assert (input_NCHW.grad == 2).all()
