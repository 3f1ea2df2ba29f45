"""A picture file as the tensor that a network takes."""

import torch
from torch import Tensor

from engine.data.pictures import Picture
from engine.data.seen import as_seen


def tensor_of(picture: Picture, shape_CHW: tuple[int, int, int], inverted: bool) -> Tensor:
    """What a network of this input shape sees of a picture: float32 on the CPU, values 0 to 1."""
    return torch.tensor(as_seen(picture.rgb_HWC, shape_CHW, inverted)[None]).float().div_(255.0)
