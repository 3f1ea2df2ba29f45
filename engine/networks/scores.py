"""From what a network gives to a score for each class."""

from typing import NamedTuple

from torch import Tensor
from torch.nn import functional as F


def class_scores(output_NK: Tensor) -> Tensor:
    """Scores (N, classes), whose softmax are the probabilities.

    A network with one output gives the log-odds s of the second of two classes. Beside a score of
    0 for the first, softmax gives that class the probability 1 / (1 + exp(-s)), and the cross
    entropy is the binary one.
    """
    return F.pad(output_NK, (1, 0)) if output_NK.shape[1] == 1 else output_NK


class Outputs(NamedTuple):
    """What a network gives for a batch: its output, and in train mode the auxiliary ones of some,
    each of which counts `weight` times as much as the output."""

    output_NK: Tensor
    auxiliary: tuple[Tensor, ...] = ()
    weight: float = 0.0


def outputs_of(given: Tensor | tuple[Tensor | None, ...]) -> Outputs:
    """Of a tensor, or of the tuple that networks with auxiliary classifiers give in train mode.

    Two count 0.3 each (GoogLeNet: Szegedy and others, "Going Deeper with Convolutions", 2014,
    section 5), one counts 0.4 (Inception v3, as torchvision's tutorials train it).
    """
    if isinstance(given, Tensor):
        return Outputs(given)
    output_NK, *auxiliary = (each for each in given if each is not None)
    return Outputs(output_NK, tuple(auxiliary), 0.4 if len(auxiliary) == 1 else 0.3)
