"""Training pictures varied at random, a whole batch at once on its own device."""

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from engine.config import Augmentation


def augment(pictures_NCHW: Tensor, how: Augmentation, generator: torch.Generator) -> Tensor:
    """Each picture turned, shifted and zoomed by its own random amounts, uniform up to `how`.

    `pictures_NCHW` is floating-point, in [0, 1] with 0 as the background, which fills what comes
    in from outside. The generator is on the pictures' device. The input itself is returned when
    `how` changes nothing.
    """
    if how.changes_nothing:
        return pictures_NCHW
    device = pictures_NCHW.device
    random_4N = torch.rand((4, len(pictures_NCHW)), generator=generator, device=device)
    random_4N = random_4N.mul_(2).sub_(1)
    return affine_batch(
        pictures_NCHW,
        angle_N=random_4N[0] * how.rotation,
        shift_2N=random_4N[1:3] * how.shift,
        zoom_N=random_4N[3] * how.zoom + 1,
    )


def affine_batch(
    pictures_NCHW: Tensor, angle_N: Tensor, shift_2N: Tensor, zoom_N: Tensor
) -> Tensor:
    """Each picture turned about its middle and zoomed, then shifted; bilinear, zeros outside.

    `angle_N` in degrees, clockwise; `shift_2N` to the right and down, as shares of width and
    height; `zoom_N` is 2 for twice as large. The same as torchvision's `affine` one by one.
    """
    height, width = pictures_NCHW.shape[-2:]
    radians_N = angle_N * (math.pi / 180)
    cos_N, sin_N = radians_N.cos() / zoom_N, radians_N.sin() / zoom_N
    # From where in the input a place of the output comes: shift back, turn back, unzoom.
    # Coordinates run from -1 to 1 over each side, so that a shift counts twice and a turn needs the
    # ratio of the sides.
    right_2N = torch.stack((cos_N, sin_N * (-width / height)))  # one to the right in the output
    down_2N = torch.stack((sin_N * (height / width), cos_N))  # one down in the output
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
        padding_mode="zeros",
        align_corners=False,
    )


def _middles(count: int, like: Tensor) -> Tensor:
    """Where the middles of `count` pixels lie between -1 and 1."""
    return torch.linspace(1 / count - 1, 1 - 1 / count, count, device=like.device)
