"""A network as a row of stages: ours and anyone's."""

import pytest
import torch
import torchvision
from torch import Tensor, nn
from torch.nn import functional as F

from engine.config import DIGITS_CONVNET
from engine.errors import NetworkError
from engine.networks.build import build
from engine.networks.describe import describe
from engine.networks.presets import find_network
from engine.networks.stages import Stage
from engine.networks.taps import capture

DIGIT = (1, 28, 28)
PHOTO = (3, 64, 64)


def check_taps(
    network: nn.Module, shape_CHW: tuple[int, int, int], stages: tuple[Stage, ...]
) -> None:
    """Every tap is there, and gives what its stage says."""
    with_maps = {stage.name: stage.shape for stage in stages if stage.has_maps}
    responses = [stage.response_tap for stage in stages if stage.response_tap]
    taken = capture(
        network,
        torch.zeros(1, *shape_CHW),
        [*with_maps, *responses],
        lambda name, output: tuple(output.shape[1:]),
    )
    assert {name: taken[name] for name in with_maps} == with_maps
    assert len({stage.name for stage in stages}) == len(stages)
    for stage in stages:
        if stage.kind == "conv":
            assert stage.response_tap is not None
            conv = network.get_submodule(stage.response_tap)
            assert isinstance(conv, nn.Conv2d)
            assert stage.kernel_IHW == tuple(conv.weight.shape[1:])
        if stage.pools is not None:
            assert stage.pools in with_maps


def test_digits_convnet() -> None:
    network = build(DIGITS_CONVNET, DIGIT, 10)
    stages = describe(network, DIGIT, 10)
    assert [(s.name, s.kind, s.title, s.shape) for s in stages] == [
        ("picture", "picture", "picture", DIGIT),
        ("conv1", "conv", "conv 3x3, relu", (32, 26, 26)),
        ("pool1", "pool", "max-pool 2x2", (32, 13, 13)),
        ("conv2", "conv", "conv 3x3, relu", (64, 11, 11)),
        ("pool2", "pool", "max-pool 2x2", (64, 5, 5)),
        ("conv3", "conv", "conv 3x3, relu", (64, 3, 3)),
        ("dense1", "dense", "dense, relu", (64,)),
        ("dense2", "classes", "dense, 10 classes", (10,)),
    ]
    assert [s.pools for s in stages if s.kind == "pool"] == ["conv1", "conv2"]
    assert [s.response_tap for s in stages if s.kind == "conv"] == [
        "conv1.conv",
        "conv2.conv",
        "conv3.conv",
    ]
    assert [s.kernel_IHW for s in stages if s.kind == "conv"] == [(1, 3, 3), (32, 3, 3), (64, 3, 3)]
    check_taps(network, DIGIT, stages)


def test_norms_and_dropout_are_stages_of_their_own() -> None:
    network = build(find_network("digits-batch-norm"), DIGIT, 10)
    kinds = [stage.kind for stage in describe(network, DIGIT, 10)]
    assert kinds == ["picture", *["conv", "norm", "pool"] * 3, "classes"]
    network = build(find_network("digits-dropout"), DIGIT, 10)
    dropouts = [stage for stage in describe(network, DIGIT, 10) if stage.kind == "dropout"]
    assert [stage.title for stage in dropouts] == ["dropout 25 %", "dropout 50 %"]
    assert not any(stage.has_maps for stage in dropouts)


def test_plain_sequential() -> None:
    network = nn.Sequential(
        nn.Conv2d(1, 4, (3, 5), stride=2),
        nn.ReLU(inplace=True),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(144, 10),
    )
    stages = describe(network, DIGIT, 10)
    assert stages[1:] == (
        Stage(
            "1",
            "conv",
            "conv 3x5, stride 2, relu",
            (4, 13, 12),
            has_maps=True,
            response_tap="0",
            kernel_IHW=(1, 3, 5),
            parameters=64,
        ),
        Stage("2", "pool", "max-pool 2x2", (4, 6, 6), has_maps=True, pools="1"),
        Stage("4", "classes", "dense, 10 classes", (10,), parameters=1450),
    )
    check_taps(network, DIGIT, stages)


def test_resnet_taps_behind_the_activation_only_where_it_runs_once() -> None:
    network = torchvision.models.resnet18()
    stages = describe(network, PHOTO, 1000)
    assert sum(stage.kind == "conv" for stage in stages) == 20
    first, pool, second = stages[1:4]
    assert (first.name, first.response_tap) == ("relu", "conv1")
    assert first.title == "conv 7x7, stride 2, norm, relu"
    assert first.parameters == 64 * 3 * 49 + 2 * 64
    assert (pool.name, pool.pools) == ("maxpool", "relu")
    # Its ReLU runs twice, the second time behind an addition.
    assert (second.name, second.title) == ("layer1.0.conv1", "conv 3x3")
    assert (stages[-1].name, stages[-1].kind) == ("fc", "classes")
    check_taps(network, PHOTO, stages)


@pytest.mark.parametrize("name", ["mobilenet_v3_small", "squeezenet1_1", "shufflenet_v2_x0_5"])
def test_other_networks(name: str) -> None:
    network = torchvision.models.get_model(name, weights=None)
    stages = describe(network, PHOTO, 1000)
    convs = [module for module in network.modules() if isinstance(module, nn.Conv2d)]
    shown = [stage for stage in stages if stage.kind == "conv"]
    assert {network.get_submodule(str(stage.response_tap)) for stage in shown} == set(convs)
    assert stages[-1].kind == "classes"
    check_taps(network, PHOTO, stages)


class Odd(nn.Module):
    """What doesn't fit a row of layers: each part is described in the test that looks at it."""

    def __init__(self, forward: str) -> None:
        super().__init__()
        self.conv = nn.Conv2d(1, 1, 3, padding=1)
        self.other = nn.Conv2d(1, 2, 3)
        self.norm = nn.BatchNorm2d(2)
        self.relu = nn.ReLU(inplace=True)
        self.identity = nn.Identity()
        self.pool = nn.MaxPool2d(2, return_indices=True)
        self.linear = nn.Linear(2, 10)
        self.unused = nn.Conv2d(1, 1, 1)
        self.way = getattr(self, forward)

    def forward(self, x: Tensor) -> Tensor:
        scores: Tensor = self.linear(self.way(x).mean((2, 3)))
        return scores

    def twice(self, x: Tensor) -> Tensor:
        return self.other(self.conv(F.avg_pool2d(self.conv(x), 2)))

    def functional(self, x: Tensor) -> Tensor:
        return F.relu(self.other(x))

    def addition(self, x: Tensor) -> Tensor:
        x = self.other(x)
        x += 1
        return self.relu(x)

    def through_identity(self, x: Tensor) -> Tensor:
        return self.relu(self.norm(self.identity(self.other(x))))

    def keyword(self, x: Tensor) -> Tensor:
        return self.relu(input=self.other(input=x))

    def two_followers(self, x: Tensor) -> Tensor:
        x = self.other(x)
        return self.norm(x) + self.relu(x)

    def norm_alone(self, x: Tensor) -> Tensor:
        return self.norm(self.other(x)) * 2

    def indices(self, x: Tensor) -> Tensor:
        return self.pool(self.relu(self.other(x)))[0]

    def unbatched(self, x: Tensor) -> Tensor:
        return self.other(x[0])[None]


@pytest.mark.parametrize(
    ("forward", "names", "title"),
    [
        ("twice", ["conv", "other"], "conv 3x3"),
        ("functional", ["other"], "conv 3x3"),
        ("addition", ["other"], "conv 3x3"),
        ("through_identity", ["relu"], "conv 3x3, norm, relu"),
        ("keyword", ["other"], "conv 3x3"),
        ("two_followers", ["other"], "conv 3x3"),
        ("norm_alone", ["other"], "conv 3x3"),
        ("indices", ["relu"], "conv 3x3, relu"),
        ("unbatched", ["other"], "conv 3x3"),
    ],
)
def test_odd_networks(forward: str, names: list[str], title: str) -> None:
    network = Odd(forward)
    stages = describe(network, DIGIT, 10)
    convs = [stage for stage in stages if stage.kind == "conv"]
    assert [stage.name for stage in convs] == names
    assert convs[-1].title == title
    assert all(stage.has_maps for stage in convs) == (forward != "unbatched")
    assert stages[-1] == Stage("linear", "classes", "dense, 10 classes", (10,), parameters=30)
    check_taps(network, DIGIT, stages)


def test_of_a_conv_that_runs_twice_the_first_run_counts() -> None:
    stages = describe(Odd("twice"), DIGIT, 10)
    assert [stage.shape for stage in stages[1:3]] == [(1, 28, 28), (2, 12, 12)]


def test_scores_that_no_layer_gives() -> None:
    network = nn.Sequential(nn.Conv2d(1, 10, 28), nn.AdaptiveAvgPool2d(1), nn.Flatten())
    stages = describe(network, DIGIT, 10)
    assert [stage.title for stage in stages] == [
        "picture",
        "conv 28x28",
        "global average-pool",
        "10 classes",
    ]


def test_nothing_is_left_behind() -> None:
    network = build(find_network("digits-dropout"), DIGIT, 10)
    network.append(nn.Sequential(nn.Unflatten(1, (10, 1, 1)), nn.BatchNorm2d(10), nn.Flatten()))
    network.train()
    network.get_submodule("dropout1").eval()
    modes = [module.training for module in network.modules()]
    state = {name: value.clone() for name, value in network.state_dict().items()}
    random_state = torch.get_rng_state()
    describe(nn.Sequential(network), DIGIT, 10)
    assert [module.training for module in network.modules()] == modes
    assert all(torch.equal(value, state[name]) for name, value in network.state_dict().items())
    assert torch.equal(torch.get_rng_state(), random_state)
    assert not any(
        module._forward_hooks or module._forward_pre_hooks for module in network.modules()
    )


@pytest.mark.parametrize(
    ("network", "sentence"),
    [
        (nn.Conv2d(3, 10, 28), "can't be fed pictures of 1x28x28: Given groups=1"),
        (nn.Sequential(nn.Flatten(), nn.Linear(784, 5)), "scores of the shape (1, 5)"),
        (nn.Conv2d(1, 10, 28), "scores of the shape (1, 10, 1, 1)"),
        (nn.MaxPool2d(28, return_indices=True), "gives tuple and not one tensor"),
    ],
)
def test_what_does_not_fit_is_one_sentence(network: nn.Module, sentence: str) -> None:
    with pytest.raises(NetworkError) as caught:
        describe(network, DIGIT, 10)
    assert sentence in str(caught.value)
    assert not any(module._forward_hooks for module in network.modules())
