"""Augmentation does what torchvision does, for a whole batch and from its generator alone."""

import msgspec
import numpy as np
import pytest
import torch
from hypothesis import example, given, settings
from hypothesis import strategies as st
from torchvision.transforms import InterpolationMode, v2
from torchvision.transforms.v2 import functional

from engine.config import FILLS, Augmentation
from engine.data.batches import augment as module
from engine.data.batches.augment import (
    Draws,
    affine_batch,
    augment,
    drawn,
    with_brightness,
    with_colour,
    with_contrast,
)
from engine.data.batches.mixing import MIXING_DRAWS, mixed, share_of_other, symmetric_beta

DEFAULT = Augmentation(rotation=10, shift=0.08, zoom=0.1)
EVERYTHING = Augmentation(
    rotation=20,
    shift=0.2,
    shear=15,
    zoom=0.2,
    flip_horizontal=True,
    flip_vertical=True,
    brightness=0.3,
    contrast=0.3,
    colour=0.5,
    fill="mirror",
    erasing=0.5,
    mixup=0.4,
    cutmix=1.0,
)


def pictures(count: int, channels: int, height: int, width: int) -> torch.Tensor:
    generator = torch.Generator().manual_seed(0)
    return torch.rand((count, channels, height, width), generator=generator)


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def varied(pictures_NCHW: torch.Tensor, how: Augmentation, seed: int = 0) -> torch.Tensor:
    """The pictures alone, of two classes by turns."""
    labels_N = torch.arange(len(pictures_NCHW)) % 2
    return augment(pictures_NCHW, labels_N, 2, how, seeded(seed))[0]


# Moving


@settings(max_examples=60, deadline=None)
@given(
    st.floats(-180, 180),
    st.tuples(st.floats(-0.9, 0.9), st.floats(-0.9, 0.9)),
    st.floats(0.2, 3),
    st.floats(-60, 60),
    st.tuples(st.booleans(), st.booleans()),
    st.tuples(st.integers(1, 3), st.integers(1, 30), st.integers(1, 30)),
)
def test_a_picture_is_moved_as_torchvision_moves_it(angle, shift, zoom, shear, flips, shape):
    _, height, width = shape
    picture_NCHW = pictures(1, *shape)
    moved_NCHW = affine_batch(
        picture_NCHW,
        angle_N=torch.tensor([angle]),
        shift_2N=torch.tensor(shift).reshape(2, 1),
        zoom_N=torch.tensor([zoom]),
        shear_N=torch.tensor([shear]),
        mirrored_2N=torch.tensor([[-1.0 if flip else 1.0] for flip in flips]),
    )
    if flips[0]:
        picture_NCHW = functional.horizontal_flip(picture_NCHW)
    if flips[1]:
        picture_NCHW = functional.vertical_flip(picture_NCHW)
    expected_NCHW = functional.affine(
        picture_NCHW,
        angle=angle,
        translate=[shift[0] * width, shift[1] * height],
        scale=zoom,
        shear=[shear, 0.0],
        interpolation=InterpolationMode.BILINEAR,
    )
    torch.testing.assert_close(moved_NCHW, expected_NCHW, atol=3e-4, rtol=0)


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


@pytest.mark.parametrize("shift", [0.25, -0.5, 0.875])
@pytest.mark.parametrize(("fill", "mode"), [("nearest", "edge"), ("mirror", "symmetric")])
def test_what_comes_in_from_outside_continues_the_picture(shift, fill, mode):
    picture_NCHW = pictures(1, 1, 8, 16)
    moved = affine_batch(
        picture_NCHW,
        torch.zeros(1),
        torch.tensor([[shift], [shift]]),
        torch.ones(1),
        fill=fill,
    )
    down, right = round(shift * 8), round(shift * 16)
    around = [(max(by, 0), max(-by, 0)) for by in (down, right)]
    wide = np.pad(picture_NCHW[0, 0].numpy(), around, mode=mode)
    expected = wide[max(-down, 0) :, max(-right, 0) :][:8, :16]
    np.testing.assert_allclose(moved[0, 0].numpy(), expected, atol=1e-5)


def test_far_away_the_mirror_repeats_and_stays_in_range():
    picture_NCHW = pictures(1, 1, 5, 5)
    far = affine_batch(
        picture_NCHW, torch.zeros(1), torch.tensor([[4.0], [0.0]]), torch.ones(1), fill="mirror"
    )
    torch.testing.assert_close(far, picture_NCHW, atol=1e-5, rtol=0)


@pytest.mark.parametrize(("flip", "side"), [("flip_horizontal", 3), ("flip_vertical", 2)])
def test_flips_turn_about_half_of_the_pictures_over(flip, side):
    batch_NCHW = pictures(400, 1, 5, 7)
    moved_NCHW = varied(batch_NCHW, Augmentation(**{flip: True}))
    as_it_was_N = (moved_NCHW - batch_NCHW).abs().amax((1, 2, 3)) < 1e-5
    turned_N = (moved_NCHW - batch_NCHW.flip(side)).abs().amax((1, 2, 3)) < 1e-5
    assert (as_it_was_N ^ turned_N).all()
    assert 150 < turned_N.sum() < 250


@pytest.mark.parametrize("how", ["rotation", "shift", "zoom", "shear"])
def test_changes_stay_within_what_is_asked_and_use_all_of_it(how):
    """A bright point right of the middle, or below it for a shear, tells by where it lands what
    happened to its picture."""
    side, reach = 41, 10
    middle, away = slice(side // 2 - 1, side // 2 + 2), slice(side // 2 + 9, side // 2 + 12)
    batch_NCHW = torch.zeros(500, 1, side, side)
    batch_NCHW[:, 0, *((away, middle) if how == "shear" else (middle, away))] = 1
    largest = {"rotation": 30.0, "shift": 0.1, "zoom": 0.3, "shear": 20.0}[how]
    moved_NHW = varied(batch_NCHW, Augmentation(**{how: largest}))[:, 0]
    place = torch.arange(side) - side // 2.0
    weight_N = moved_NHW.sum((1, 2))
    x_N = (moved_NHW.sum(1) * place).sum(1) / weight_N
    y_N = (moved_NHW.sum(2) * place).sum(1) / weight_N
    change_N = {
        "rotation": torch.atan2(y_N, x_N).rad2deg(),
        "shift": (x_N - reach) / side,
        "zoom": torch.hypot(x_N, y_N) / reach - 1,
        "shear": torch.atan2(-x_N, y_N).rad2deg(),
    }[how]
    slack = largest * 0.1
    assert change_N.abs().max() <= largest + slack
    assert change_N.min() < -0.9 * largest
    assert change_N.max() > 0.9 * largest
    assert change_N.mean().abs() < slack


# Brightness, contrast, colour, erasing


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (with_brightness, functional.adjust_brightness),
        (with_contrast, functional.adjust_contrast),
        (with_colour, functional.adjust_saturation),
    ],
)
def test_colours_change_as_torchvision_changes_them(ours, theirs, channels):
    batch_NCHW = pictures(5, channels, 6, 7)
    factor_N = torch.tensor([0.0, 0.4, 1.0, 1.3, 1.9])
    expected = [theirs(p, f.item()) for p, f in zip(batch_NCHW, factor_N, strict=True)]
    torch.testing.assert_close(ours(batch_NCHW, factor_N), torch.stack(expected))


@pytest.mark.parametrize("how", ["brightness", "contrast", "colour"])
def test_each_picture_gets_its_own_factor(how):
    amount = 0.4
    change = {"brightness": with_brightness, "contrast": with_contrast, "colour": with_colour}[how]
    batch_NCHW = pictures(200, 3, 4, 4)
    draw_N = getattr(drawn(200, seeded()), f"{how}_N")
    factor_N = 1 - amount + 2 * amount * draw_N
    assert 1 - amount <= factor_N.min() < 0.65 < 1.35 < factor_N.max() <= 1 + amount
    actual = varied(batch_NCHW, Augmentation(**{how: amount}))
    torch.testing.assert_close(actual, change(batch_NCHW, factor_N))


def test_a_grey_picture_has_no_colour_to_change():
    batch_NCHW = pictures(3, 1, 4, 4)
    assert torch.equal(varied(batch_NCHW, Augmentation(colour=1.0)), batch_NCHW)


@pytest.mark.parametrize("shape", [(40, 40), (30, 60), (2, 3), (1, 1)])
def test_erasing_blacks_out_one_rectangle_of_the_pictures_chosen(shape):
    height, width = shape
    batch_NCHW = torch.ones(600, 3, height, width)
    erased_NHW = varied(batch_NCHW, Augmentation(erasing=0.5)).eq(0).all(1)
    chosen_N = erased_NHW.flatten(1).any(1)
    for picture_HW in erased_NHW[chosen_N]:
        rows, columns = picture_HW.any(1), picture_HW.any(0)
        assert torch.equal(picture_HW, rows[:, None] & columns), "a rectangle"
        assert rows.sum() < height
        assert columns.sum() < width
        for line in (rows, columns):
            assert line.diff().sum() <= 2, "in one piece"
    if height > 20:
        assert 250 < chosen_N.sum() < 350
        area_N = erased_NHW[chosen_N].float().mean((1, 2))
        assert 0.015 < area_N.min() < 0.05
        assert 0.28 < area_N.max() < 0.34
        tall_N = erased_NHW[chosen_N].any(2).sum(1)
        wide_N = erased_NHW[chosen_N].any(1).sum(1)
        aspect_N = tall_N / wide_N
        assert 0.2 < aspect_N.min() < 0.45
        assert 2.2 < aspect_N.max() < 4.0
        places_HW = erased_NHW.any(0)
        for side in (0, 1):
            assert places_HW.any(side).all(), "from edge to edge"


# Mixing


def test_pictures_and_targets_are_mixed_as_mixup_mixes_them():
    batch_NCHW, labels_N = pictures(4, 3, 6, 5), torch.tensor([0, 2, 1, 2])
    theirs = v2.MixUp(num_classes=3)
    params = {"labels": labels_N, "lam": 0.3, "batch_size": 4}
    actual = mixed(batch_NCHW, labels_N, 3, torch.tensor([[0.7]]))
    torch.testing.assert_close(actual[0], theirs.transform(batch_NCHW, params))
    torch.testing.assert_close(actual[1], theirs.transform(labels_N, params))


@pytest.mark.parametrize("seed", range(20))
def test_a_box_is_cut_as_cutmix_cuts_it(seed, monkeypatch):
    batch_NCHW, labels_N = pictures(4, 3, 9, 14), torch.tensor([0, 2, 1, 2])
    draw_K = torch.rand(MIXING_DRAWS, generator=seeded(seed))
    share_HW = share_of_other((9, 14), 0.0, 1.0, draw_K)
    actual = mixed(batch_NCHW, labels_N, 3, share_HW)

    theirs = v2.CutMix(alpha=1.0, num_classes=3)
    _, radius, angle, across, down = draw_K
    monkeypatch.setattr(theirs._dist, "sample", lambda _: symmetric_beta(1.0, radius, angle))
    middles = iter([(across * 14).int().reshape(1), (down * 9).int().reshape(1)])
    monkeypatch.setattr(torch, "randint", lambda *_, **__: next(middles))
    params = {"labels": labels_N, "batch_size": 4, **theirs.make_params([batch_NCHW])}
    torch.testing.assert_close(actual[0], theirs.transform(batch_NCHW, params))
    torch.testing.assert_close(actual[1], theirs.transform(labels_N, params))


@pytest.mark.parametrize("alpha", [0.1, 0.4, 1.0, 3.0])
def test_shares_are_drawn_from_the_beta_distribution(alpha):
    draw_2N = torch.rand((2, 50_000), generator=seeded(), dtype=torch.float64)
    ours = np.sort(symmetric_beta(alpha, *draw_2N).numpy())
    theirs = np.sort(np.random.default_rng(0).beta(alpha, alpha, 50_000))
    places = np.linspace(0, 1, 101)
    ours_P, theirs_P = (np.searchsorted(x, places) / len(x) for x in (ours, theirs))
    assert np.abs(ours_P - theirs_P).max() < 0.012


@settings(max_examples=100)
@example(1.0, 0.0, 0.5219815373420715)
@given(st.floats(1e-3, 10), st.floats(0, 1, exclude_max=True, width=32), st.floats(0, 1, width=32))
def test_every_share_is_one(alpha, radius, angle):
    share = symmetric_beta(alpha, torch.tensor(radius), torch.tensor(angle))
    assert 0 <= share <= 1


@pytest.mark.parametrize("how", [{"mixup": 2.0}, {"cutmix": 1.0}, {"mixup": 2.0, "cutmix": 1.0}])
def test_mixed_targets_are_shares_of_the_classes(how):
    batch_NCHW, labels_N = pictures(6, 1, 8, 8), torch.tensor([0, 1, 2, 3, 4, 4])
    methods = set()
    for seed in range(30):
        mixed_NCHW, target_NK = augment(batch_NCHW, labels_N, 5, Augmentation(**how), seeded(seed))
        assert target_NK.shape == (6, 5)
        assert target_NK.dtype == torch.float32
        torch.testing.assert_close(target_NK.sum(1), torch.ones(6))
        whole = (mixed_NCHW == batch_NCHW) | (mixed_NCHW == batch_NCHW.roll(1, 0))
        methods.add("cutmix" if whole.all() else "mixup")
    assert methods == set(how)


# All of it


def test_no_change_gives_the_inputs_themselves_and_draws_nothing():
    batch_NCHW, labels_N = pictures(2, 1, 5, 5), torch.tensor([0, 1])
    generator = seeded()
    before = generator.get_state()
    same = augment(batch_NCHW, labels_N, 2, Augmentation(fill="mirror"), generator)
    assert same[0] is batch_NCHW
    assert same[1] is labels_N
    assert torch.equal(generator.get_state(), before)


@pytest.mark.parametrize("how", [DEFAULT, EVERYTHING])
def test_the_same_generator_gives_the_same_pictures_and_a_later_one_others(how):
    batch_NCHW = pictures(8, 3, 28, 28)
    original_NCHW = batch_NCHW.clone()
    before = torch.get_rng_state()
    first, again, later = (varied(batch_NCHW, how, seed) for seed in (0, 0, 1))
    assert torch.equal(first, again)
    assert not torch.equal(first, later)
    assert torch.equal(batch_NCHW, original_NCHW)
    assert torch.equal(torch.get_rng_state(), before)
    assert first.dtype == batch_NCHW.dtype
    assert first.shape == batch_NCHW.shape


def test_another_amount_or_change_leaves_the_other_draws_as_they_were():
    batch_NCHW = pictures(8, 3, 12, 12)
    alone = varied(batch_NCHW, Augmentation(brightness=0.5))
    with_more = varied(batch_NCHW, Augmentation(brightness=0.5, erasing=0.9))
    kept = with_more != 0
    assert torch.equal(alone[kept], with_more[kept])
    # A picture draws the same whatever stands behind it in its batch.
    torch.testing.assert_close(varied(batch_NCHW[:3], DEFAULT), varied(batch_NCHW, DEFAULT)[:3])


@settings(max_examples=60, deadline=None)
@given(
    st.builds(
        Augmentation,
        rotation=st.floats(0, 180),
        shift=st.floats(0, 0.99),
        shear=st.floats(0, 60),
        zoom=st.floats(0, 0.99),
        flip_horizontal=st.booleans(),
        flip_vertical=st.booleans(),
        brightness=st.floats(0, 0.99),
        contrast=st.floats(0, 0.99),
        colour=st.floats(0, 1),
        fill=st.sampled_from(FILLS),
        erasing=st.floats(0, 1),
        mixup=st.floats(0, 10),
        cutmix=st.floats(0, 10),
    ),
    st.tuples(st.integers(1, 5), st.sampled_from([1, 3]), st.integers(1, 16), st.integers(1, 16)),
    st.integers(0, 2**32),
)
def test_whatever_is_asked_values_stay_in_range(how, shape, seed):
    batch_NCHW, labels_N = pictures(*shape).round(decimals=1), torch.zeros(shape[0]).long()
    varied_NCHW, targets = augment(batch_NCHW, labels_N, 3, how, seeded(seed))
    assert varied_NCHW.shape == batch_NCHW.shape
    assert varied_NCHW.isfinite().all()
    assert 0 <= varied_NCHW.min() <= varied_NCHW.max() <= 1
    if how.mixup or how.cutmix:
        torch.testing.assert_close(targets.sum(1), torch.ones(shape[0]))
    else:
        assert targets is labels_N


def test_a_batch_of_one_is_mixed_with_itself():
    batch_NCHW, label_N = pictures(1, 3, 9, 9), torch.tensor([1])
    mixed_NCHW, target_NK = augment(
        batch_NCHW, label_N, 2, Augmentation(mixup=1.0, cutmix=1.0), seeded()
    )
    torch.testing.assert_close(mixed_NCHW, batch_NCHW)
    torch.testing.assert_close(target_NK, torch.tensor([[0.0, 1.0]]))


def test_what_is_not_asked_for_is_not_done(monkeypatch):
    done = []
    for name in ("_moved", "with_brightness", "with_contrast", "with_colour", "_erased", "mixed"):
        real = getattr(module, name)

        def noted(*arguments, name=name, real=real):
            done.append(name)
            return real(*arguments)

        monkeypatch.setattr(module, name, noted)
    batch_NCHW = pictures(2, 3, 4, 4)
    varied(batch_NCHW, Augmentation(contrast=0.2))
    assert done == ["with_contrast"]
    done.clear()
    varied(batch_NCHW, EVERYTHING)
    assert done == ["_moved", "with_brightness", "with_contrast", "with_colour", "_erased", "mixed"]
    done.clear()
    varied(batch_NCHW, msgspec.structs.replace(EVERYTHING, mixup=0.0, cutmix=0.0, erasing=0.0))
    assert done == ["_moved", "with_brightness", "with_contrast", "with_colour"]


def test_nothing_depends_on_values_that_would_have_to_be_waited_for(monkeypatch):
    """Tensors without values stand for those that a device has not worked out yet."""
    nowhere = torch.device("meta")
    meta_draws = Draws._make(draw.to(nowhere) for draw in drawn(4, seeded()))
    monkeypatch.setattr(module, "drawn", lambda count, generator: meta_draws)
    batch_NCHW, labels_N = pictures(4, 3, 9, 9).to(nowhere), torch.zeros(4).long().to(nowhere)
    for how in (DEFAULT, EVERYTHING, Augmentation(cutmix=1.0), Augmentation(mixup=1.0)):
        varied_NCHW, targets = augment(batch_NCHW, labels_N, 3, how, seeded())
        assert varied_NCHW.shape == batch_NCHW.shape
        assert targets.shape == ((4, 3) if how.mixup or how.cutmix else (4,))


@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no CUDA device")
def test_on_a_gpu_nothing_waits_and_the_outcome_is_as_on_the_cpu(monkeypatch):
    batch_NCHW, labels_N = pictures(16, 3, 32, 32), torch.arange(16) % 3
    draws = drawn(16, seeded())
    cuda_draws = Draws._make(draw.cuda() for draw in draws)
    on_gpu = batch_NCHW.cuda(), labels_N.cuda()
    generator = torch.Generator("cuda").manual_seed(0)
    augment(*on_gpu, 3, EVERYTHING, generator)
    torch.cuda.synchronize()
    torch.cuda.set_sync_debug_mode("error")
    try:
        augment(*on_gpu, 3, EVERYTHING, generator)
        with monkeypatch.context() as context:
            context.setattr(module, "drawn", lambda count, generator: cuda_draws)
            ours = augment(*on_gpu, 3, EVERYTHING, generator)
    finally:
        torch.cuda.set_sync_debug_mode("default")
    monkeypatch.setattr(module, "drawn", lambda count, generator: draws)
    expected = augment(batch_NCHW, labels_N, 3, EVERYTHING, generator)
    for mine, theirs in zip(ours, expected, strict=True):
        torch.testing.assert_close(mine.cpu(), theirs, atol=1e-3, rtol=0)
