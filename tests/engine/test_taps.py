"""Maps taken from a live network are right, and taking them leaves no trace."""

import copy

import pytest
import torch
from torch import nn
from torchvision.models import resnet18
from torchvision.models.feature_extraction import create_feature_extractor

from engine.config import DIGITS_CONVNET
from engine.errors import NetworkError
from engine.networks.build import build
from engine.networks.taps import capture, undisturbed

SHAPE = (1, 28, 28)


def keep(_name: str, output: torch.Tensor) -> torch.Tensor:
    return output.clone()


@pytest.fixture
def network() -> nn.Sequential:
    torch.manual_seed(3)
    return build(DIGITS_CONVNET, SHAPE, 10)


def not_in_place(network: nn.Module) -> nn.Module:
    """The same network and weights, in which no ReLU overwrites what came before it."""
    other = copy.deepcopy(network)
    for module in other.modules():
        if isinstance(module, nn.ReLU):
            module.inplace = False
    return other.eval()


def test_maps_equal_the_feature_extractor_in_place_relus_included(network: nn.Sequential) -> None:
    names = ["conv1.conv", "conv1.relu", "pool1", "conv2.conv", "conv2.relu", "pool2"]
    names += ["conv3.conv", "conv3.relu", "dense1.linear", "dense2.linear"]
    batch = torch.rand(1, *SHAPE)
    extracted = create_feature_extractor(not_in_place(network), names)(batch)
    taken = capture(network, batch, names, keep)
    assert set(taken) == set(names)
    for name in names:
        torch.testing.assert_close(taken[name], extracted[name])
    assert (taken["conv1.conv"] < 0).any(), "the response before the ReLU has negative values"
    torch.testing.assert_close(taken["conv1.relu"], taken["conv1.conv"].relu())


def test_a_layer_is_its_maps_after_the_activation(network: nn.Sequential) -> None:
    taken = capture(network, torch.rand(1, *SHAPE), ["conv2", "conv2.relu"], keep)
    torch.testing.assert_close(taken["conv2"], taken["conv2.relu"])


def test_maps_of_a_deep_network_with_norms_and_shared_relus() -> None:
    torch.manual_seed(0)
    network = resnet18(weights=None)
    names = ["conv1", "bn1", "maxpool", "layer1.0.conv1", "layer2.0.downsample.0", "layer4.1"]
    batch = torch.rand(1, 3, 64, 64)
    extracted = create_feature_extractor(not_in_place(network), names)(batch)
    taken = capture(network, batch, names, keep)
    for name in names:
        torch.testing.assert_close(taken[name], extracted[name])


def test_capture_restores_modes_statistics_and_random_state() -> None:
    network = nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.Dropout(0.5), nn.Flatten())
    network.train()
    network[1].eval()  # a frozen norm stays frozen
    before = copy.deepcopy(network.state_dict())
    random_before = torch.get_rng_state()
    capture(network, torch.rand(1, 1, 5, 5, generator=torch.Generator()), ["1", "2"], keep)
    assert [module.training for module in network] == [True, False, True, True]
    assert torch.equal(torch.get_rng_state(), random_before)
    for name, value in network.state_dict().items():
        assert torch.equal(value, before[name])
    assert not any(module._forward_hooks for module in network.modules())


def test_hooks_are_gone_after_an_error(network: nn.Sequential) -> None:
    def fail(_name: str, _output: torch.Tensor) -> None:
        raise RuntimeError("no room")

    network.train()
    with pytest.raises(RuntimeError, match="no room"):
        capture(network, torch.rand(1, *SHAPE), ["conv1"], fail)
    assert not any(module._forward_hooks for module in network.modules())
    assert all(module.training for module in network.modules())


def test_a_tap_that_is_not_there_is_named_with_those_that_are(network: nn.Sequential) -> None:
    with pytest.raises(NetworkError, match=r"no tap 'conv9'.*conv1"):
        capture(network, torch.rand(1, *SHAPE), ["conv9"], keep)


def test_a_tap_that_never_runs_is_an_error() -> None:
    class Idle(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.used = nn.Conv2d(1, 1, 3)
            self.unused = nn.Conv2d(1, 1, 3)

        def forward(self, batch: torch.Tensor) -> torch.Tensor:
            return self.used(batch)

    with pytest.raises(NetworkError, match="unused doesn't run"):
        capture(Idle(), torch.rand(1, 1, 5, 5), ["unused"], keep)


def test_a_tap_that_gives_no_tensor_is_an_error() -> None:
    class Pair(nn.Module):
        def forward(self, batch: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
            return batch, batch

    with pytest.raises(NetworkError, match="not a tensor"):
        capture(nn.Sequential(Pair()), torch.rand(1, 1, 5, 5), ["0"], keep)


def test_of_a_module_that_runs_twice_the_first_output_counts() -> None:
    relu = nn.ReLU()
    batch = torch.tensor([[[[-1.0, 2.0]]]])
    taken = capture(nn.Sequential(relu, nn.Hardtanh(0, 1), relu), batch, ["0"], keep)
    assert taken["0"].tolist() == [[[[0.0, 2.0]]]]


def test_modes_come_back_where_a_module_is_a_property_or_is_used_twice() -> None:
    class Guarded(nn.Module):
        mode = True

        @property
        def training(self) -> bool:
            return self.mode

        @training.setter
        def training(self, mode: bool) -> None:
            self.mode = mode

    shared = Guarded()
    network = nn.Sequential(shared, nn.Sequential(shared, nn.Dropout().eval()))
    with undisturbed(network, torch.device("cpu")):
        assert not any(module.training for module in network.modules())
        assert not torch.is_grad_enabled()
    assert [module.training for module in network.modules()] == [True, True, True, False]
