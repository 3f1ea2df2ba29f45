"""One output for two classes is the same as two outputs of which the first is 0."""

import pytest
import torch
from torch.nn import functional as F

from engine.config import Conv, Dense, NetworkConfig
from engine.errors import NetworkError
from engine.networks.build import build
from engine.networks.describe import describe
from engine.networks.scores import class_scores

ONE_OUTPUT = NetworkConfig("one output", (Conv(4), Dense(1, "none")))


def test_several_outputs_are_the_scores_themselves():
    output_NK = torch.randn(5, 3)
    assert class_scores(output_NK) is output_NK


def test_one_output_is_the_log_odds_of_the_second_class():
    output_N1 = torch.randn(6, 1)
    shares_N2 = class_scores(output_N1).softmax(1)
    torch.testing.assert_close(shares_N2[:, 1], output_N1[:, 0].sigmoid())
    labels_N = torch.tensor([0, 1, 1, 0, 1, 0])
    torch.testing.assert_close(
        F.cross_entropy(class_scores(output_N1), labels_N),
        F.binary_cross_entropy_with_logits(output_N1[:, 0], labels_N.float()),
    )


def test_a_network_with_one_output_is_built_and_described_for_two_classes():
    network = build(ONE_OUTPUT, (3, 8, 8), 2)
    assert network(torch.zeros(4, 3, 8, 8)).shape == (4, 1)
    *_, last = describe(network, (3, 8, 8), 2)
    assert (last.kind, last.title, last.shape) == ("classes", "dense, 1 output for 2 classes", (1,))


@pytest.mark.parametrize("classes", [3, 10])
def test_one_output_is_not_enough_for_more_classes(classes):
    with pytest.raises(NetworkError, match=rf"1 units for {classes} classes"):
        build(ONE_OUTPUT, (3, 8, 8), classes)
