"""A picture file as the tensor that a trained network takes."""

import torch
from torch import Tensor

from engine.data.reading.pictures import Picture
from engine.data.reading.seen import as_seen
from engine.runs.saved import Trained


def tensor_of(picture: Picture, trained: Trained, inverted: bool) -> Tensor:
    """What the network sees of a picture: float32 (1, C, H, W) on the CPU."""
    seen_CHW = as_seen(picture.rgb_HWC, trained.shape_CHW, inverted, trained.config.data.fit)
    return trained.scaling.apply(torch.tensor(seen_CHW[None]))
