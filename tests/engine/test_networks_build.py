"""Layer lists become networks, or one sentence says why not."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from engine.config import (
    DIGITS_CONVNET,
    Activation,
    AveragePool,
    BatchNorm,
    Conv,
    Dense,
    Dropout,
    GlobalAveragePool,
    Layer,
    MaxPool,
    NetworkConfig,
)
from engine.errors import NetworkError
from engine.networks.build import build
from engine.networks.describe import describe
from engine.networks.taps import capture

DIGIT = (1, 28, 28)
SCORES = Dense(activation="none")


def network_of(*layers: Layer) -> NetworkConfig:
    return NetworkConfig("test", layers)


def shapes_of(network: nn.Module, shape_CHW: tuple[int, int, int]) -> dict[str, tuple[int, ...]]:
    names = [name for name, _ in network.named_children()]
    batch_1CHW = torch.zeros(1, *shape_CHW)
    return capture(network, batch_1CHW, names, lambda name, output: tuple(output.shape[1:]))


def test_digits_convnet_has_the_sizes_of_the_chapter() -> None:
    network = build(DIGITS_CONVNET, DIGIT, 10)
    assert shapes_of(network, DIGIT) == {
        "conv1": (32, 26, 26),
        "pool1": (32, 13, 13),
        "conv2": (64, 11, 11),
        "pool2": (64, 5, 5),
        "conv3": (64, 3, 3),
        "flatten": (576,),
        "dense1": (64,),
        "dense2": (10,),
    }
    parameters = {
        name: sum(parameter.numel() for parameter in child.parameters())
        for name, child in network.named_children()
    }
    assert parameters == {
        "conv1": 320,
        "pool1": 0,
        "conv2": 18_496,
        "pool2": 0,
        "conv3": 36_928,
        "flatten": 0,
        "dense1": 36_928,
        "dense2": 650,
    }
    assert sum(parameters.values()) == 93_322


def test_children_hold_the_layer_and_its_activation_by_name() -> None:
    network = build(DIGITS_CONVNET, DIGIT, 10)
    parts = dict(network.named_modules())
    assert isinstance(parts["conv1.conv"], nn.Conv2d)
    relu = parts["conv1.relu"]
    assert isinstance(relu, nn.ReLU)
    assert relu.inplace
    assert isinstance(parts["dense1.linear"], nn.Linear)
    assert [name for name, _ in parts["dense2"].named_children()] == ["linear"]


@pytest.mark.parametrize("activation", ["relu", "leaky_relu", "elu", "gelu", "tanh", "sigmoid"])
def test_each_activation_is_what_torch_computes(activation: Activation) -> None:
    network = build(network_of(Conv(3, activation=activation), SCORES), DIGIT, 10)
    maps = capture(
        network, torch.rand(1, *DIGIT), ["conv1.conv", "conv1"], lambda name, output: output.clone()
    )
    expected = getattr(nn.functional, activation, None) or getattr(torch, activation)
    torch.testing.assert_close(maps["conv1"], expected(maps["conv1.conv"]))


def test_the_same_random_state_gives_the_same_weights() -> None:
    def weights() -> list[torch.Tensor]:
        torch.manual_seed(7)
        return list(build(DIGITS_CONVNET, DIGIT, 10).parameters())

    assert all(torch.equal(a, b) for a, b in zip(weights(), weights(), strict=True))


@pytest.mark.parametrize("kernel", [1, 2, 3, 4, 5, 8])
@pytest.mark.parametrize("stride", [1, 2, 3])
def test_same_padding_divides_the_size_by_the_stride(kernel: int, stride: int) -> None:
    layer = Conv(2, kernel=kernel, stride=stride, padding="same")
    network = build(network_of(layer, SCORES), (3, 9, 7), 2)
    assert shapes_of(network, (3, 9, 7))["conv1"] == (2, -(-9 // stride), -(-7 // stride))


@pytest.mark.parametrize(
    ("layers", "sentence"),
    [
        ((), "doesn't end in a dense layer"),
        ((Conv(4),), "doesn't end in a dense layer"),
        ((SCORES, Dropout()), "doesn't end in a dense layer"),
        ((Dense(),), "dense1 is the last layer and has the activation 'relu'"),
        ((Dense(7, activation="none"),), "dense1 is the last layer and has 7 units for 10 classes"),
        ((Dense(0), SCORES), "dense1 has no units"),
        ((Dense(5), Conv(4), SCORES), "conv1 stands behind a dense layer"),
        ((Dense(5), GlobalAveragePool(), SCORES), "pool1 stands behind a dense layer"),
        (
            (Conv(4), MaxPool(8), MaxPool(2), Conv(4), SCORES),
            "conv2 needs maps of at least 3x3 but gets 1x1. Remove a pool",
        ),
        ((MaxPool(29), SCORES), "pool1 needs maps of at least 29x29 but gets 28x28"),
        ((AveragePool(2, stride=40), SCORES), "pool1 has a stride of 40 but gets maps of only"),
        ((Conv(10**9), SCORES), "conv1 would have 10,000,000,000 weights"),
        ((Conv(1, kernel=10**9, padding="same"), SCORES), "conv1 would have"),
        ((Conv(10**6, kernel=1), SCORES), "conv1 would give 784,000,000 values"),
        ((Dense(10**6), Dense(10**6), SCORES), "dense1 would have 785,000,000 weights"),
    ],
)
def test_what_cannot_be_built_is_one_sentence(layers: tuple[Layer, ...], sentence: str) -> None:
    with pytest.raises(NetworkError) as caught:
        build(network_of(*layers), DIGIT, 10)
    assert sentence in str(caught.value)
    assert caught.value.hint


small = st.integers(1, 6)
layers = st.one_of(
    st.builds(
        Conv,
        small,
        kernel=small,
        stride=small,
        padding=st.sampled_from(["valid", "same"]),
        activation=st.sampled_from(["relu", "leaky_relu", "none", "tanh"]),
    ),
    st.builds(MaxPool, small, stride=st.integers(0, 4)),
    st.builds(AveragePool, small, stride=st.integers(0, 4)),
    st.just(GlobalAveragePool()),
    st.just(BatchNorm()),
    st.builds(Dropout, st.floats(0, 0.9)),
    st.builds(Dense, st.integers(0, 9), activation=st.sampled_from(["relu", "none"])),
)


@given(
    front=st.lists(layers, max_size=6),
    end=st.sampled_from([(SCORES,), (Dense(5, activation="none"),), ()]),
    shape_CHW=st.tuples(st.sampled_from([1, 3]), st.integers(1, 20), st.integers(1, 20)),
    classes=st.integers(2, 5),
)
@settings(max_examples=150)
def test_any_list_builds_as_described_or_says_why_not(
    front: list[Layer],
    end: tuple[Layer, ...],
    shape_CHW: tuple[int, int, int],
    classes: int,
) -> None:
    try:
        network = build(network_of(*front, *end), shape_CHW, classes)
    except NetworkError as error:
        assert error.message.endswith(".")
        assert error.hint.endswith(".")
        return
    stages = describe(network, shape_CHW, classes)
    assert len(stages) == 1 + len(front) + len(end)
    assert stages[0].shape == shape_CHW
    assert stages[-1].kind == "classes"
    shapes = shapes_of(network, shape_CHW)
    assert {stage.name: stage.shape for stage in stages[1:]} == {
        name: shape for name, shape in shapes.items() if name != "flatten"
    }
    assert sum(stage.parameters for stage in stages) == sum(
        parameter.numel() for parameter in network.parameters()
    )
    assert network.eval()(torch.zeros(3, *shape_CHW)).shape == (3, classes)
