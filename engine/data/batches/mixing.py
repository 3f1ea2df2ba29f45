"""Pictures of a batch mixed with each other, and their targets with them: MixUp and CutMix.

Nothing in here waits for the device.
"""

import math

import torch
from torch import Tensor

MIXING_DRAWS = 5
"""How many random numbers `share_of_other` takes."""


def share_of_other(size_HW: tuple[int, int], mixup: float, cutmix: float, draw_K: Tensor) -> Tensor:
    """What share of each pixel comes from the other picture: (H, W), or (1, 1) for all of them.

    `mixup` and `cutmix` are the alphas of those methods, as torchvision defines them; 0 is off,
    and with both one of them is chosen. `draw_K` are MIXING_DRAWS uniform numbers.
    """
    method, radius, angle, across, down = draw_K
    if not cutmix:
        return 1 - symmetric_beta(mixup, radius, angle).reshape(1, 1)
    height, width = size_HW
    half = symmetric_beta(cutmix, radius, angle).neg().add(1).clamp(min=0).sqrt() / 2
    tall, wide = (half * height).floor(), (half * width).floor()
    middle_y, middle_x = (down * height).floor(), (across * width).floor()
    inside_H = between(middle_y - tall, middle_y + tall, height)
    inside_W = between(middle_x - wide, middle_x + wide, width)
    cut_HW = (inside_H[:, None] & inside_W).float()
    if not mixup:
        return cut_HW
    return torch.where(method < 0.5, 1 - symmetric_beta(mixup, radius, angle), cut_HW)


def mixed(
    pictures_NCHW: Tensor, targets_N: Tensor, classes: int, other_HW: Tensor
) -> tuple[Tensor, Tensor]:
    """Each picture mixed with the one before it in the batch, the first with the last.

    `other_HW` is what share of each pixel comes from that other one. The targets become float32
    (N, `classes`), and count as much of the other's class as there is of its pixels.
    """
    label_K = torch.arange(classes, device=targets_N.device)
    target_NK = (targets_N[:, None] == label_K).float()
    return (
        torch.lerp(pictures_NCHW, pictures_NCHW.roll(1, 0), other_HW),
        torch.lerp(target_NK, target_NK.roll(1, 0), other_HW.mean()),
    )


def symmetric_beta(alpha: float, radius: Tensor, angle: Tensor) -> Tensor:
    """Numbers of the distribution Beta(alpha, alpha), `alpha` > 0, from two uniform ones each.

    Exact: Bailey's polar way to Student's t with 2 alpha degrees of freedom, t = c sqrt(1/r - 1)
    where r = radius ** (1 / alpha) and c is a cosine, without a factor that Beta, which is
    1/2 + t / (2 sqrt(1 + t * t)), has no need of.
    """
    r = radius ** (1 / alpha)
    c = (angle * (2 * math.pi)).cos()
    share = 0.5 + 0.5 * c * ((1 - r) / (r + (1 - r) * c * c)).sqrt()
    return share.clamp(0, 1)  # rounding goes a little beyond


def between(start: Tensor, end: Tensor, count: int) -> Tensor:
    """Whether each of the numbers 0 to count - 1, in a last dimension, lies from `start` up to
    before `end`."""
    place = torch.arange(count, device=start.device)
    return (place >= start[..., None]) & (place < end[..., None])
