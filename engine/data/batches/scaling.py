"""From the values of pictures, 0 to 255, to what a network computes with.

On the device of the pictures; nothing in here waits for it.
"""

from collections.abc import Callable
from functools import lru_cache

import numpy as np
import torch
from msgspec import Struct
from torch import Tensor

from engine.config import Normalisation

IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)
MEASURED_ON = 1000
"""How many training pictures the mean and deviation are measured on, at most."""
VALUES = 256

_AT_ONCE = 64
_LEAST_STD = 1e-6
_LUMA = (0.299, 0.587, 0.114)


class Scaling(Struct, frozen=True):
    """Values are brought to [0, 1], then (value - mean) / std, channel by channel.

    One mean and deviation hold for all channels. Plain numbers: it can be kept as TOML or JSON.
    """

    mean_C: tuple[float, ...] = (0.0,)
    std_C: tuple[float, ...] = (1.0,)

    @property
    def is_identity(self) -> bool:
        return not any(self.mean_C) and all(std == 1 for std in self.std_C)

    def apply(self, pictures_NCHW: Tensor) -> Tensor:
        """float32 of values from 0 to 255, uint8 or floating-point, which are not written to."""
        return self.normalise(pictures_NCHW / 255.0)

    def normalise(self, pictures_NCHW: Tensor) -> Tensor:
        """The same of values in [0, 1]; the very input where it would not change."""
        if self.is_identity:
            return pictures_NCHW
        factor_C11, offset_C11 = _constants(self, pictures_NCHW.device)
        return torch.addcmul(offset_C11, pictures_NCHW, factor_C11)


def scaling_of(normalisation: Normalisation, channels: int, pictures_NCHW: np.ndarray) -> Scaling:
    """What a normalisation does to pictures of 1 or 3 channels.

    `pictures_NCHW`, uint8, are what "measured" is measured on; the others need none. A channel in
    which all pixels are alike is divided by 1. ImageNet's numbers are of RGB; grey pictures get
    their means weighed as luma weighs the channels, which is the mean luma of ImageNet, and their
    deviations likewise, which is luma's if the channels rise and fall together.
    """
    if normalisation == "none":
        return Scaling((0.0,) * channels, (1.0,) * channels)
    if normalisation == "imagenet":
        if channels == 3:
            return Scaling(IMAGENET_MEAN, IMAGENET_STD)
        return Scaling((_luma(IMAGENET_MEAN),), (_luma(IMAGENET_STD),))
    counts_CV = np.zeros((channels, VALUES), np.int64)
    for picture_CHW in pictures_NCHW:
        counts_CV += value_counts(picture_CHW)
    return _measured(counts_CV)


def measured_scaling(
    take: Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]],
    train_N: np.ndarray,
    channels: int,
    cancelled: Callable[[], bool] = lambda: False,
) -> tuple[Scaling, int]:
    """The mean and deviation of up to MEASURED_ON of the training pictures `train_N`, evenly over
    them, and on how many they were measured: those of which `take`, a feed's, gives any."""
    spread_K = np.linspace(0, len(train_N) - 1, min(len(train_N), MEASURED_ON)).astype(np.int64)
    counts_CV = np.zeros((channels, VALUES), np.int64)
    count = 0
    for start in range(0, len(spread_K), _AT_ONCE):
        if cancelled():
            break
        pictures_NCHW, _ = take(train_N[spread_K[start : start + _AT_ONCE]])
        for picture_CHW in pictures_NCHW:
            counts_CV += value_counts(picture_CHW)
        count += len(pictures_NCHW)
    return _measured(counts_CV), count


def value_counts(picture_CHW: np.ndarray) -> np.ndarray:
    """How often each value occurs in each channel of a uint8 picture: int64 (C, 256)."""
    return np.stack([np.bincount(channel.reshape(-1), minlength=VALUES) for channel in picture_CHW])


def mean_and_std(counts_CV: np.ndarray) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Of each channel, in [0, 1], exactly, from the sum of any number of `value_counts`; 0 of
    none."""
    value_V = np.arange(VALUES) / (VALUES - 1)
    total_C = np.maximum(counts_CV.sum(1), 1)
    mean_C = counts_CV @ value_V / total_C
    variance_C = (counts_CV * (value_V - mean_C[:, None]) ** 2).sum(1) / total_C
    return tuple(mean_C.tolist()), tuple(np.sqrt(variance_C).tolist())


def _measured(counts_CV: np.ndarray) -> Scaling:
    mean_C, std_C = mean_and_std(counts_CV)
    # A channel in which all pixels are alike has a deviation of 0, or what rounding makes of it.
    return Scaling(mean_C, tuple(std if std > _LEAST_STD else 1.0 for std in std_C))


@lru_cache(maxsize=16)
def _constants(scaling: Scaling, device: torch.device) -> tuple[Tensor, Tensor]:
    """The factor and what is added, (C, 1, 1): made once, as each copy to a device waits for it."""
    with torch.inference_mode(False):  # else they could never be used in training
        std_C11 = torch.tensor(scaling.std_C, dtype=torch.float64).reshape(-1, 1, 1)
        mean_C11 = torch.tensor(scaling.mean_C, dtype=torch.float64).reshape(-1, 1, 1)
        return (1 / std_C11).float().to(device), (-mean_C11 / std_C11).float().to(device)


def _luma(rgb: tuple[float, ...]) -> float:
    return sum(weight * value for weight, value in zip(_LUMA, rgb, strict=True))
