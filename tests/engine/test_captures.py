"""Whatever is asked of whatever network: what is there is shown, and nothing fails."""

import math
from collections.abc import Iterable
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torchvision import models

from engine.config import DIGITS_CONVNET
from engine.messages.frames import (
    DetailDemand,
    DetailFrame,
    Frame,
    FrameKey,
    KernelsDemand,
    MapsDemand,
    MosaicFrame,
    Region,
    Wanted,
)
from engine.networks.build import build
from engine.networks.describe import describe
from engine.networks.stages import convs_of
from engine.telemetry import captures
from engine.telemetry.captures import Scene, take
from engine.telemetry.transfer import Transfer, pack, unpack


def frames_of(
    network: nn.Module,
    picture: Tensor,
    wanted: Iterable[Wanted],
    convs: dict[str, str] | None = None,
) -> dict[FrameKey, Any]:
    found: dict[FrameKey, Frame] = {}

    def publish(frame: Frame) -> None:
        found[frame.key] = frame

    scene = Scene(network, 1, 1, picture, convs or {})
    take(scene, wanted, Transfer(torch.device("cpu")), publish)
    return found


class Alone(nn.Module):
    """Does something to its input, as a module with a name."""

    def __init__(self, does: Any) -> None:
        super().__init__()
        self.does = does

    def forward(self, batch: Tensor) -> Any:
        return self.does(batch)


def beside(odd: nn.Module) -> nn.Module:
    """A network with an ordinary conv layer "plain" and something "odd" beside it."""

    class Network(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.odd = odd
            self.plain = nn.Conv2d(1, 2, 3)

        def forward(self, batch: Tensor) -> Tensor:
            self.odd(batch)
            return self.plain(batch)

    return Network()


PICTURE = torch.rand(1, 1, 9, 9, generator=torch.Generator().manual_seed(0))
DIGIT = torch.rand(1, 1, 28, 28, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize(
    "does",
    [
        lambda x: (x, x),
        lambda x: {"maps": x},
        lambda x: None,
        lambda x: x.to(torch.complex64),
        lambda x: x.to_sparse(),
        lambda x: torch.quantize_per_tensor(x, 0.1, 0, torch.quint8),
        lambda x: x[:, :, :0],
        lambda x: x[:0],
        lambda x: x.sum(),
        lambda x: x[None, None],
        lambda x: x.to("meta"),
    ],
    ids=[
        *("pair", "dict", "nothing", "complex", "sparse", "quantised", "no height", "no picture"),
        *("scalar", "six dimensions", "meta"),
    ],
)
@pytest.mark.filterwarnings("ignore:.*quantize:UserWarning")
def test_what_cannot_be_shown_is_left_out_and_the_rest_is_served(does: Any) -> None:
    wanted = (MapsDemand("odd"), DetailDemand("odd", 0), MapsDemand("plain"))
    assert set(frames_of(beside(Alone(does)), PICTURE, wanted)) == {("maps", "plain")}


@pytest.mark.parametrize(
    "kind", [torch.int64, torch.uint8, torch.bool, torch.float64, torch.float16, torch.bfloat16]
)
def test_numbers_of_any_other_kind_are_shown(kind: torch.dtype) -> None:
    network = beside(Alone(lambda x: (x * 3).round().to(kind)))
    found = frames_of(network, PICTURE, (MapsDemand("odd"), DetailDemand("odd", 0)))
    expected = (PICTURE[0] * 3).round().to(kind).float()
    assert found["maps", "odd"].max_C == expected.max().item()
    np.testing.assert_array_equal(found["detail", ""].values_HW, expected[0])


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_what_is_not_finite_is_shown_without_a_word(value: float) -> None:
    def spoilt(x: Tensor) -> Tensor:
        x = x.clone()
        x[..., 0, 0] = value
        return x

    wanted = [
        MapsDemand("odd", scale=scale, signed=signed)
        for scale in ("map", "layer", "network")
        for signed in (False, True)
    ]
    for demand in wanted:
        found = frames_of(beside(Alone(spoilt)), PICTURE, (demand, DetailDemand("odd", 0)))
        assert set(found) == {("maps", "odd"), ("detail", "")}
        assert found["maps", "odd"].mosaic_HW.shape == (9, 9)


def test_taps_and_channels_that_are_not_there_are_left_out() -> None:
    network = build(DIGITS_CONVNET, (1, 28, 28), 10)
    wanted = (
        MapsDemand("conv9"),
        MapsDemand("conv1", (0, 31, 32, -1, 0)),
        MapsDemand("pool1", (99,)),
        MapsDemand("pool2", ()),
        MapsDemand("conv2", tile=0, columns=0, region=Region(math.nan, 2.0, -1.0, math.inf)),
        MapsDemand("conv3", tile=-5, columns=-5),
        KernelsDemand("conv9"),
        KernelsDemand("pool1"),
        KernelsDemand("conv1", (99, 5), columns=0),
        KernelsDemand("conv2", input_channel=99),
        KernelsDemand("conv3", input_channel=-1),
        DetailDemand("conv1", -1),
    )
    found = frames_of(network, DIGIT, wanted)
    assert set(found) == {
        ("maps", "conv1"),
        ("maps", "conv2"),
        ("maps", "conv3"),
        ("kernels", "conv1"),
    }
    assert found["maps", "conv1"].channels == (0, 31)
    assert found["kernels", "conv1"].channels == (5,)
    assert found["maps", "conv3"].tile_HW == (1, 1)
    for channel in (-1, 32, 10**9):
        assert not frames_of(network, DIGIT, (DetailDemand("conv1", channel),))
    assert not frames_of(network, DIGIT, (DetailDemand("conv9", 0),))


@pytest.mark.parametrize(
    ("region", "tile"),
    [
        (Region(), 64),
        (Region(0.0, 0.0, 0.5, 1.0), 64),
        (Region(0.25, 0.25, 0.75, 0.75), 64),
        (Region(0.25, 0.25, 0.75, 0.75), 2),
    ],
    ids=["whole", "top half", "middle", "shrunk"],
)
@pytest.mark.parametrize("scale", ["map", "layer", "network"])
@pytest.mark.parametrize("channels_last", [False, True])
def test_a_module_in_place_after_it_overwrites_nothing_that_was_taken(
    region: Region, tile: int, scale: Any, channels_last: bool
) -> None:
    torch.manual_seed(1)
    conv = nn.Conv2d(1, 4, 3)
    network = nn.Sequential(conv, nn.ReLU(inplace=True))
    if channels_last:
        network.to(memory_format=torch.channels_last)
    demand = MapsDemand("0", tile=tile, region=region, scale=scale, signed=True)
    found = frames_of(network, PICTURE, (demand, DetailDemand("0", 1)))
    alone = frames_of(nn.Sequential(conv), PICTURE, (demand, DetailDemand("0", 1)))
    assert (found["detail", ""].values_HW < 0).any()
    np.testing.assert_array_equal(found["detail", ""].values_HW, alone["detail", ""].values_HW)
    np.testing.assert_array_equal(found["maps", "0"].mosaic_HW, alone["maps", "0"].mosaic_HW)
    assert found["maps", "0"].mosaic_HW.min() < 100


def test_frames_are_of_their_moment_and_read_only() -> None:
    """Nothing in them is the memory of the network, of the picture or of what is taken next."""
    network = nn.Sequential(nn.Identity(), nn.Conv2d(1, 2, 3))
    wanted = (
        MapsDemand("0"),
        MapsDemand("1"),
        KernelsDemand("1", input_channel=0),
        DetailDemand("0", 0),
    )
    picture = PICTURE.clone()
    first = frames_of(network, picture, (*wanted, DetailDemand("1", 1)))
    before = {key: arrays_of(frame) for key, frame in first.items()}
    kept = {key: [array.copy() for array in arrays] for key, arrays in before.items()}
    picture.zero_()
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.fill_(7.0)
    frames_of(network, picture, wanted)
    for key, arrays in before.items():
        for array, copy in zip(arrays, kept[key], strict=True):
            np.testing.assert_array_equal(array, copy)
            assert not array.flags.writeable
            assert array.flags.c_contiguous


def arrays_of(frame: Frame) -> list[np.ndarray]:
    values = (getattr(frame, name) for name in frame.__struct_fields__)
    return [value for value in values if isinstance(value, np.ndarray)]


ALL = (
    MapsDemand("conv1", (3, 0, 7), tile=9, columns=2),
    MapsDemand("pool1", scale="layer"),
    MapsDemand("conv2", tile=7, scale="network", region=Region(0.1, 0.2, 0.8, 0.9)),
    MapsDemand("pool2", scale="network"),
    MapsDemand("conv3.conv", signed=True, scale="network"),
    MapsDemand("conv2.conv", signed=True),
    MapsDemand("dense1", scale="layer"),
    KernelsDemand("conv2", scale="layer"),
    KernelsDemand("conv1", (1, 5), input_channel=0),
    DetailDemand("conv2", 3),
)


@pytest.mark.parametrize("channels_last", [False, True])
def test_a_device_gives_the_same_frames_as_the_host(
    channels_last: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The way of a GPU, walked here: reduced by torch, packed, and unpacked at the end."""
    torch.manual_seed(4)
    network = build(DIGITS_CONVNET, (1, 28, 28), 10)
    if channels_last:
        network.to(memory_format=torch.channels_last)
    on_host = frames_of(network, DIGIT, ALL)

    class AsDevice(captures._Shot):
        def __init__(self, scene: Scene) -> None:
            super().__init__(scene)
            self.on_host = False
            self._with = captures.mosaics

    sent = []

    class Packing(Transfer):
        def send(self, tensors: Any, receive: Any) -> None:
            packed = pack(tensors)
            sent.append(len(packed.together))
            receive([tensor.numpy() for tensor in unpack(packed)])

    monkeypatch.setattr(captures, "_Shot", AsDevice)
    found: dict[FrameKey, Any] = {}
    scene = Scene(network, 1, 1, DIGIT, {})
    take(
        scene, ALL, Packing(torch.device("cpu")), lambda frame: found.__setitem__(frame.key, frame)
    )
    assert sent == [2], "one transfer, of one tensor of bytes and one of figures"
    assert set(found) == set(on_host) == {demand.key for demand in ALL}
    for key, frame in found.items():
        other: Any = on_host[key]
        for name in frame.__struct_fields__:
            ours, theirs = getattr(frame, name), getattr(other, name)
            if isinstance(ours, np.ndarray) and ours.dtype == np.uint8:
                assert np.abs(ours.astype(int) - theirs.astype(int)).max() <= 1, (key, name)
                assert (ours == theirs).mean() > 0.99
            elif isinstance(ours, np.ndarray):
                assert ours.dtype == theirs.dtype
                np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-6, err_msg=name)
            elif isinstance(ours, float):
                assert ours == pytest.approx(theirs, rel=1e-4, abs=1e-6), (key, name)
            else:
                assert ours == theirs


@pytest.mark.parametrize(
    "make",
    [
        *(models.resnet18, models.vgg11_bn, models.densenet121, models.mobilenet_v3_small),
        *(models.shufflenet_v2_x0_5, models.squeezenet1_1, models.mnasnet0_5),
        *(models.efficientnet_b0, models.regnet_x_400mf, models.convnext_tiny, models.alexnet),
    ],
    ids=lambda make: make.__name__,
)
def test_every_stage_with_filters_of_anothers_network_gives_them(make: Any) -> None:
    network = make(weights=None).eval()
    stages = describe(network, (3, 64, 64), 1000)
    picture = torch.rand(1, 3, 64, 64)
    convs = convs_of(stages)
    for stage in stages:
        if stage.kernel_IHW is None or not stage.has_maps:
            continue
        assert stage.response_tap is not None
        conv = network.get_submodule(stage.response_tap)
        assert isinstance(conv, nn.Conv2d)
        detail = captures.conv_behind(network, stage.name, convs)
        assert detail is conv
        (kernels,) = frames_of(network, picture, (KernelsDemand(stage.name),), convs).values()
        assert isinstance(kernels, MosaicFrame)
        assert kernels.shape_CHW == (conv.out_channels, *stage.kernel_IHW[1:])
        np.testing.assert_allclose(
            kernels.max_C, conv.weight.detach().mean(1).amax((1, 2)), rtol=1e-4, atol=1e-6
        )
    chosen = [stage for stage in stages if stage.kernel_IHW and stage.has_maps][-1]
    (detail_frame,) = frames_of(network, picture, (DetailDemand(chosen.name, 1),), convs).values()
    assert isinstance(detail_frame, DetailFrame)
    assert detail_frame.filter_IHW is not None
    assert detail_frame.filter_IHW.shape == chosen.kernel_IHW


def test_a_tap_that_does_not_run_or_runs_twice_harms_no_other() -> None:
    class Odd(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.idle, self.twice = nn.Conv2d(1, 2, 3), nn.Conv2d(1, 1, 3)

        def forward(self, batch: Tensor) -> Tensor:
            return self.twice(self.twice(batch))

    wanted = (MapsDemand("idle"), MapsDemand("twice"), KernelsDemand("idle"))
    found = frames_of(Odd(), PICTURE, wanted)
    assert set(found) == {("maps", "twice"), ("kernels", "idle")}
    assert found["maps", "twice"].shape_CHW == (1, 7, 7), "the first output counts"


class Made(nn.Module):
    """Makes what it needs in its first pass and keeps it, as networks keep masks and anchors."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("gain", None)
        self.extra: nn.Module | None = None

    def forward(self, batch: Tensor) -> Tensor:
        if self.gain is None:
            self.gain = torch.full(batch.shape[1:], 2.0)
            self.extra = nn.Dropout(0.5)
        assert self.extra is not None
        return self.extra(batch * self.gain)


def trained(look: bool) -> tuple[dict[str, Tensor], list[bool]]:
    """The state after a training that is looked at before and between its steps, or isn't."""
    torch.manual_seed(11)
    network = nn.Sequential(
        nn.Conv2d(1, 4, 3),
        nn.BatchNorm2d(4),
        Made(),
        nn.Dropout(0.3),
        nn.Flatten(),
        nn.Linear(36, 2),
    )
    network[3].eval()
    optimizer = torch.optim.SGD(network.parameters(), lr=0.01)
    for step in range(20):
        if look:
            wanted = (MapsDemand("0"), MapsDemand("2"), KernelsDemand("0"), DetailDemand("1", 0))
            assert len(frames_of(network, torch.full((1, 1, 5, 5), step / 20), wanted)) == 4
        torch.manual_seed(step)
        optimizer.zero_grad()
        network(torch.rand(8, 1, 5, 5)).square().mean().backward()
        optimizer.step()
    return network.state_dict(), [module.training for module in network.modules()]


def test_looking_changes_no_bit_of_a_network_that_makes_its_state_as_it_goes() -> None:
    unseen, modes_unseen = trained(look=False)
    seen, modes_seen = trained(look=True)
    assert unseen.keys() == seen.keys()
    for name, value in unseen.items():
        assert torch.equal(value, seen[name]), name
    assert modes_seen == modes_unseen
