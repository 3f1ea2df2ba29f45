"""From what a network gives to a score for each class."""

from torch import Tensor
from torch.nn import functional as F


def class_scores(output_NK: Tensor) -> Tensor:
    """Scores (N, classes), whose softmax are the probabilities.

    A network with one output gives the log-odds s of the second of two classes. Beside a score of
    0 for the first, softmax gives that class the probability 1 / (1 + exp(-s)), and the cross
    entropy is the binary one.
    """
    return F.pad(output_NK, (1, 0)) if output_NK.shape[1] == 1 else output_NK
