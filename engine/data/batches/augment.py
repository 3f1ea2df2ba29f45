"""Training pictures varied at random, a whole batch at once on its own device.

Nothing in here waits for the device.
"""

import math
from typing import Literal, NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from engine.config import Augmentation, Fill
from engine.data.batches.mixing import MIXING_DRAWS, between, mixed, share_of_other

ERASED_AREA = (0.02, 0.33)
"""The least and the largest share of a picture that is erased, as in torchvision."""
ERASED_ASPECT = (0.3, 3.3)
"""The least and the largest height of what is erased, as a multiple of its width."""

_PADDING: dict[Fill, Literal["zeros", "border", "reflection"]] = {
    "black": "zeros",
    "nearest": "border",
    "mirror": "reflection",
}
_LUMA = (0.2989, 0.587, 0.114)


class Draws(NamedTuple):
    """Random numbers from 0 to 1. Every picture gets one of each kind, also of kinds that aren't
    used: so the others stay the same when a change is switched on or off, or its amount changed.

    `mixing_K` are drawn once for the whole batch.
    """

    rotation_N: Tensor
    right_N: Tensor
    down_N: Tensor
    shear_N: Tensor
    zoom_N: Tensor
    flip_horizontal_N: Tensor
    flip_vertical_N: Tensor
    brightness_N: Tensor
    contrast_N: Tensor
    colour_N: Tensor
    erasing_N: Tensor
    erased_area_N: Tensor
    erased_aspect_N: Tensor
    erased_left_N: Tensor
    erased_top_N: Tensor
    mixing_K: Tensor


def augment(
    pictures_NCHW: Tensor,
    targets_N: Tensor,
    classes: int,
    how: Augmentation,
    generator: torch.Generator,
) -> tuple[Tensor, Tensor]:
    """Each picture varied by its own random amounts, uniform up to `how`: first moved, then its
    brightness, contrast and colour, then a part erased, then mixed with the one before it.

    `pictures_NCHW` is floating-point, in [0, 1], of 1 or 3 channels; grey ones have no colour to
    change. `targets_N` are int64 classes; they come back as they are, or, of pictures that were
    mixed, as float32 (N, `classes`): the share of each class. The generator is on the pictures'
    device. The very inputs are returned when `how` changes nothing; they are never written to.
    """
    if how.changes_nothing:
        return pictures_NCHW, targets_N
    draws = drawn(len(pictures_NCHW), generator)
    if _moves(how):
        pictures_NCHW = _moved(pictures_NCHW, how, draws)
    if how.brightness:
        pictures_NCHW = with_brightness(
            pictures_NCHW, _around_1(draws.brightness_N, how.brightness)
        )
    if how.contrast:
        pictures_NCHW = with_contrast(pictures_NCHW, _around_1(draws.contrast_N, how.contrast))
    if how.colour and pictures_NCHW.shape[1] == 3:
        pictures_NCHW = with_colour(pictures_NCHW, _around_1(draws.colour_N, how.colour))
    if how.erasing:
        pictures_NCHW = _erased(pictures_NCHW, how, draws)
    if how.mixup or how.cutmix:
        size_HW = (pictures_NCHW.shape[-2], pictures_NCHW.shape[-1])
        share_HW = share_of_other(size_HW, how.mixup, how.cutmix, draws.mixing_K)
        return mixed(pictures_NCHW, targets_N, classes, share_HW)
    return pictures_NCHW, targets_N


def drawn(count: int, generator: torch.Generator) -> Draws:
    """The numbers for a batch of `count` pictures, on the generator's device."""
    each = len(Draws._fields) - 1
    size = (count, each + MIXING_DRAWS)
    draws_KN = torch.rand(size, generator=generator, device=generator.device).t()
    return Draws._make((*draws_KN[:each], draws_KN[each:, 0]))


def affine_batch(
    pictures_NCHW: Tensor,
    angle_N: Tensor,
    shift_2N: Tensor,
    zoom_N: Tensor,
    shear_N: Tensor | None = None,
    mirrored_2N: Tensor | None = None,
    fill: Fill = "black",
) -> Tensor:
    """Each picture flipped, sheared, turned about its middle and zoomed, then shifted; bilinear.

    `angle_N` in degrees, clockwise; `shift_2N` to the right and down, as shares of width and
    height; `zoom_N` is 2 for twice as large; `shear_N` in degrees along x; `mirrored_2N` is -1
    where left and right, above and below change places, else 1. The same as torchvision's `affine`
    one by one.
    """
    height, width = pictures_NCHW.shape[-2:]
    radians_N = angle_N * (math.pi / 180)
    cos_N, sin_N = radians_N.cos() / zoom_N, radians_N.sin() / zoom_N
    # From where in the input a place of the output comes: shift back, turn back, unzoom, unshear.
    # Coordinates run from -1 to 1 over each side, so that a shift counts twice and a turn needs the
    # ratio of the sides.
    right_x_N, down_x_N = cos_N, sin_N
    if shear_N is not None:
        tan_N = (shear_N * (math.pi / 180)).tan()
        right_x_N, down_x_N = cos_N - sin_N * tan_N, sin_N + cos_N * tan_N
    right_2N = torch.stack((right_x_N, sin_N * (-width / height)))  # one to the right in the output
    down_2N = torch.stack((down_x_N * (height / width), cos_N))  # one down in the output
    if mirrored_2N is not None:
        right_2N, down_2N = right_2N * mirrored_2N, down_2N * mirrored_2N
    start_2N = (right_2N * shift_2N[0] + down_2N * shift_2N[1]) * -2
    across_2NW = torch.addcmul(
        start_2N[..., None], right_2N[..., None], _middles(width, pictures_NCHW)
    )
    along_2NH = down_2N[..., None] * _middles(height, pictures_NCHW)
    # One sum a coordinate, where affine_grid multiplies matrices: a third of the time on the cpu.
    grid_2NHW = across_2NW[:, :, None, :] + along_2NH[:, :, :, None]
    return F.grid_sample(
        pictures_NCHW,
        grid_2NHW.permute(1, 2, 3, 0).to(pictures_NCHW.dtype),
        padding_mode=_PADDING[fill],
        align_corners=False,
    )


def with_brightness(pictures_NCHW: Tensor, factor_N: Tensor) -> Tensor:
    """torchvision's `adjust_brightness` of each picture."""
    return (pictures_NCHW * _each(factor_N)).clamp_(0, 1)


def with_contrast(pictures_NCHW: Tensor, factor_N: Tensor) -> Tensor:
    """torchvision's `adjust_contrast` of each picture: away from its mean luma, or towards it."""
    mean_N111 = _luma(pictures_NCHW).mean((1, 2, 3), keepdim=True)
    return torch.lerp(mean_N111, pictures_NCHW, _each(factor_N)).clamp_(0, 1)


def with_colour(pictures_NCHW: Tensor, factor_N: Tensor) -> Tensor:
    """torchvision's `adjust_saturation` of each RGB picture: away from grey, or towards it."""
    return torch.lerp(_luma(pictures_NCHW), pictures_NCHW, _each(factor_N)).clamp_(0, 1)


def _moves(how: Augmentation) -> bool:
    amounts = (how.rotation, how.shift, how.shear, how.zoom)
    return any(amounts) or how.flip_horizontal or how.flip_vertical


def _moved(pictures_NCHW: Tensor, how: Augmentation, draws: Draws) -> Tensor:
    mirrored_2N = None
    if how.flip_horizontal or how.flip_vertical:
        mirrored_2N = torch.stack(
            (
                _heads_or_tails(draws.flip_horizontal_N, how.flip_horizontal),
                _heads_or_tails(draws.flip_vertical_N, how.flip_vertical),
            )
        )
    moved_NCHW = affine_batch(
        pictures_NCHW,
        angle_N=_around_0(draws.rotation_N, how.rotation),
        shift_2N=_around_0(torch.stack((draws.right_N, draws.down_N)), how.shift),
        zoom_N=_around_1(draws.zoom_N, how.zoom),
        shear_N=_around_0(draws.shear_N, how.shear) if how.shear else None,
        mirrored_2N=mirrored_2N,
        fill=how.fill,
    )
    return moved_NCHW.clamp_(0, 1)  # the weights of four pixels may sum up to a little more than 1


def _erased(pictures_NCHW: Tensor, how: Augmentation, draws: Draws) -> Tensor:
    """A rectangle of the pictures that are chosen is black; one side of it may be as long as the
    picture's but for a pixel."""
    height, width = pictures_NCHW.shape[-2:]
    low, high = ERASED_AREA
    area_N = (draws.erased_area_N * (high - low) + low) * (height * width)
    low, high = math.log(ERASED_ASPECT[0]), math.log(ERASED_ASPECT[1])
    aspect_N = (draws.erased_aspect_N * (high - low) + low).exp()
    tall_N = (area_N * aspect_N).sqrt().round().clamp(max=height - 1)
    wide_N = (area_N / aspect_N).sqrt().round().clamp(max=width - 1)
    top_N = (draws.erased_top_N * (height - tall_N + 1)).floor()
    left_N = (draws.erased_left_N * (width - wide_N + 1)).floor()
    tall_N = tall_N * (draws.erasing_N < how.erasing)
    inside_NHW = (
        between(top_N, top_N + tall_N, height)[:, :, None]
        & (between(left_N, left_N + wide_N, width)[:, None, :])
    )
    return pictures_NCHW.masked_fill(inside_NHW[:, None], 0)


def _luma(pictures_NCHW: Tensor) -> Tensor:
    """(N, 1, H, W), as torchvision weighs red, green and blue."""
    if pictures_NCHW.shape[1] == 1:
        return pictures_NCHW
    red, green, blue = (pictures_NCHW[:, c : c + 1] for c in range(3))
    luma_N1HW = red * _LUMA[0]
    return luma_N1HW.add_(green, alpha=_LUMA[1]).add_(blue, alpha=_LUMA[2])


def _around_0(draw: Tensor, amount: float) -> Tensor:
    return draw.mul(2 * amount).sub_(amount)


def _around_1(draw: Tensor, amount: float) -> Tensor:
    return draw.mul(2 * amount).add_(1 - amount)


def _heads_or_tails(draw_N: Tensor, asked: bool) -> Tensor:
    """-1 or 1, where it is asked for."""
    return (draw_N >= 0.5).to(draw_N.dtype).mul_(2).sub_(1) if asked else torch.ones_like(draw_N)


def _each(factor_N: Tensor) -> Tensor:
    """One for each picture."""
    return factor_N[:, None, None, None]


def _middles(count: int, like: Tensor) -> Tensor:
    """Where the middles of `count` pixels lie between -1 and 1."""
    return torch.linspace(1 / count - 1, 1 - 1 / count, count, device=like.device)
