"""What a network would be is worked out without building it, and agrees with one that is built."""

import time
from collections.abc import Iterator

import pytest
import torch
from torch import nn

from engine.asking.service import Service
from engine.config import (
    DIGITS_CONVNET,
    AveragePool,
    BatchNorm,
    Conv,
    Dense,
    Dropout,
    GlobalAveragePool,
    MaxPool,
    NetworkConfig,
)
from engine.desk import networks
from engine.messages.questions import ShowShapes
from engine.messages.views import ShapesView, Told
from engine.networks.build import build

PATIENCE = 30.0
SCORES = Dense(0, activation="none")
NETWORKS = (
    DIGITS_CONVNET,
    NetworkConfig("strided", (Conv(3, 5, 2), Conv(4, 3, 2, "same"), Conv(2, 2), SCORES)),
    NetworkConfig("even", (Conv(3, 4, 3, "same"), AveragePool(3, 2), Conv(2, 1), SCORES)),
    NetworkConfig(
        "pooled",
        (Conv(3), BatchNorm(), MaxPool(3, 1), Dropout(0.1), Conv(4), GlobalAveragePool(), SCORES),
    ),
    NetworkConfig("wide", (Conv(2, 7, 1, "same"), MaxPool(4), Conv(2, 5, 1, "same"), SCORES)),
)


@pytest.fixture
def service() -> Iterator[Service]:
    service = Service(networks.HANDLERS)
    service.open()
    yield service
    assert service.close()


def answer(service: Service, question: ShowShapes) -> ShapesView:
    number = service.ask(question)
    end = time.perf_counter() + PATIENCE
    while True:
        for view in service.take():
            assert isinstance(view, ShapesView)
            if view.question == number:
                return view
        assert time.perf_counter() < end, "it did not come"
        time.sleep(0.002)


def wait_told(service: Service) -> list[Told]:
    end = time.perf_counter() + PATIENCE
    while not (told := service.told()):
        assert time.perf_counter() < end, "it did not come"
        time.sleep(0.002)
    return told


def positive(network: nn.Sequential) -> nn.Sequential:
    """The same with all weights positive, and means where it takes maxima: what a value depends on
    can't cancel out."""
    for module in network.modules():
        for name, child in module.named_children():
            if isinstance(child, nn.MaxPool2d):
                module.add_module(name, nn.AvgPool2d(child.kernel_size, child.stride))
            if isinstance(child, nn.ReLU | nn.Dropout):
                module.add_module(name, nn.Identity())
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.fill_(1.0)
    return network.eval().double()


def seen_by_middle(layers: nn.Sequential, shape_CHW: tuple[int, int, int]) -> tuple[int, int]:
    """Height and width of what the middle value of the last layer has a gradient for."""
    picture = torch.ones(1, *shape_CHW, dtype=torch.float64, requires_grad=True)
    values = layers(picture)[0, 0]
    middle = values[tuple(side // 2 for side in values.shape)]
    (gradient,) = torch.autograd.grad(middle, picture)
    rows, columns = (gradient[0, 0].abs().sum(axis).nonzero() for axis in (1, 0))
    return int(rows.max() - rows.min()) + 1, int(columns.max() - columns.min()) + 1


@pytest.mark.parametrize("config", NETWORKS, ids=lambda config: config.name)
@pytest.mark.parametrize("shape_CHW", [(1, 28, 28), (3, 61, 45)])
def test_shapes_and_weights_are_those_of_the_network_and_fields_its_gradients(
    service: Service, config: NetworkConfig, shape_CHW: tuple[int, int, int]
) -> None:
    view = answer(service, ShowShapes(config, shape_CHW, 10))
    assert view.sentence == ""
    network = build(config, shape_CHW, 10)
    shown = iter(view.layers)
    weights = [sum(p.numel() for p in child.parameters()) for child in network]
    network = positive(network)
    values = torch.ones(1, *shape_CHW, dtype=torch.float64)
    for place, (name, child) in enumerate(network.named_children()):
        values = child(values)
        if name == "flatten":
            continue
        layer = next(shown)
        assert (layer.name, layer.shape) == (name, tuple(values.shape[1:]))
        assert layer.parameters == weights[place]
        seen_HW = seen_by_middle(network[: place + 1], shape_CHW)
        # At the edges there is less to see; the middle value of small maps is at one.
        assert all(seen <= said for seen, said in zip(seen_HW, layer.sees_HW, strict=True))
        if min(values.shape[2:], default=0) >= 9:
            assert seen_HW == layer.sees_HW
        elif values.dim() == 2:
            assert layer.sees_HW == shape_CHW[1:]
    assert next(shown, None) is None


def test_of_a_network_that_can_not_be_the_first_layers_are_shown_and_why(service: Service) -> None:
    config = NetworkConfig("deep", (Conv(8), MaxPool(9), Conv(8, 5), SCORES))
    view = answer(service, ShowShapes(config, (1, 28, 28), 10))
    assert [layer.name for layer in view.layers] == ["conv1", "pool1"]
    assert view.sentence.startswith("conv2 needs maps of at least 5x5")
    without_end = answer(service, ShowShapes(NetworkConfig("open", (Conv(8),)), (1, 28, 28), 10))
    assert len(without_end.layers) == 1
    assert "doesn't end in a dense layer" in without_end.sentence


@pytest.mark.parametrize(
    ("shape_CHW", "classes"), [((1, 0, 28), 10), ((-1, 28, 28), 10), ((1, 28, 28), 0)]
)
def test_pictures_and_classes_that_make_no_sense_are_a_sentence(
    service: Service, shape_CHW: tuple[int, int, int], classes: int
) -> None:
    number = service.ask(ShowShapes(DIGITS_CONVNET, shape_CHW, classes))
    (told,) = wait_told(service)
    assert (told.question, told.wrong) == (number, True)
    assert told.sentence.startswith("In a question: Expected `int` >= 1")
    assert service.take() == []


def test_a_network_of_gigabytes_takes_no_memory(service: Service) -> None:
    config = NetworkConfig("huge", (Conv(20_000, 3), Conv(1_000, 3), MaxPool(2), SCORES))
    view = answer(service, ShowShapes(config, (3, 32, 32), 1000))
    assert view.sentence == ""
    assert view.layers[1].parameters == 1_000 * (20_000 * 9 + 1)
