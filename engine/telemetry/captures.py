"""From what is wanted to frames: one pass of the probe, everything reduced on the device."""

import math
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from engine.errors import NetworkError
from engine.messages.frames import (
    DetailDemand,
    DetailFrame,
    Frame,
    KernelsDemand,
    MapsDemand,
    MosaicFrame,
    PredictionsDemand,
    PredictionsFrame,
    Wanted,
)
from engine.networks.scores import class_scores
from engine.networks.taps import capture
from engine.telemetry.mosaics import (
    Figures,
    at_most,
    figures_of,
    part_of,
    range_of_one,
    ranges,
    tiled,
    to_bytes,
)
from engine.telemetry.transfer import Transfer


class Scene(NamedTuple):
    """What is looked at: the network as it stands at `step`, and the pictures shown to it.

    `probe_1CHW` and `probes_NCHW` are float32 on the device; `probe` is the number of the first
    and `probes` are those of the second.
    """

    network: nn.Module
    step: int
    probe: int
    probe_1CHW: Tensor
    probes: tuple[int, ...]
    probes_NCHW: Tensor


class _Taken(NamedTuple):
    """One tap's maps: those chosen, cut and shrunk, and the figures of them all."""

    maps_NHW: Tensor
    channels: tuple[int, ...]
    index_N: Tensor | None
    figures: Figures
    shape_CHW: tuple[int, int, int]


@torch.inference_mode()
def take(
    scene: Scene, wanted: Sequence[Wanted], transfer: Transfer, publish: Callable[[Frame], None]
) -> None:
    """Capture all that is wanted and publish each frame once its values have arrived.

    Leaves modes, statistics and random state as they were. NetworkError when a tap isn't there.
    Runs on the engine thread.
    """
    maps = {demand.tap: demand for demand in wanted if isinstance(demand, MapsDemand)}
    detail = next((demand for demand in wanted if isinstance(demand, DetailDemand)), None)
    details: list[tuple[Tensor, Tensor, Tensor]] = []

    def reduce(name: str, output: Tensor) -> _Taken | None:
        maps_CHW = _maps_of(name, output)
        if detail is not None and name == detail.tap and detail.channel < len(maps_CHW):
            map_1HW = maps_CHW[detail.channel, None].clone()
            details.append((map_1HW, *range_of_one(map_1HW, maps_CHW)))
        return _taken(maps_CHW, maps[name]) if name in maps else None

    names = [*maps, detail.tap] if detail is not None else list(maps)
    if names:
        taken = capture(scene.network, scene.probe_1CHW, names, reduce)
        _send_maps(scene, maps, taken, transfer, publish)
    if detail is not None and details:
        _send_detail(scene, detail, *details[0], transfer, publish)
    for demand in wanted:
        if isinstance(demand, KernelsDemand):
            _send_kernels(scene, demand, transfer, publish)
        elif isinstance(demand, PredictionsDemand) and scene.probes:
            _send_predictions(scene, demand, transfer, publish)


def _maps_of(name: str, output: Tensor) -> Tensor:
    """The maps of one picture, (C, H, W); a vector counts as maps of one value each."""
    first = output[0]
    if first.dim() == 1:
        return first[:, None, None].float()
    if first.dim() != 3:
        raise NetworkError(f"{name} gives no maps: the shape of its output is {output.shape}.")
    return first.float()


@lru_cache(maxsize=256)
def _index(channels: tuple[int, ...] | None, count: int, device: torch.device) -> Tensor | None:
    """The channels that are there, int64 on the device; kept, since the same ones come again."""
    if channels is None:
        return None
    return torch.tensor([c for c in channels if c < count], dtype=torch.long, device=device)


def _taken(maps_CHW: Tensor, demand: MapsDemand) -> _Taken:
    count, height, width = maps_CHW.shape
    index_N = _index(demand.channels, count, maps_CHW.device)
    chosen = maps_CHW if index_N is None else maps_CHW[index_N]
    shown = at_most(part_of(chosen, demand.region), demand.tile)
    if shown.data_ptr() == maps_CHW.data_ptr():
        shown = shown.clone()
    channels = tuple(range(count)) if demand.channels is None else demand.channels
    return _Taken(
        shown,
        tuple(c for c in channels if c < count),
        index_N,
        figures_of(maps_CHW),
        (count, height, width),
    )


def _send_maps(
    scene: Scene,
    demands: dict[str, MapsDemand],
    taken: dict[str, _Taken | None],
    transfer: Transfer,
    publish: Callable[[Frame], None],
) -> None:
    shown = {tap: maps for tap, maps in taken.items() if maps is not None}
    unsigned = [maps.figures for tap, maps in shown.items() if not demands[tap].signed]
    signed = [maps.figures for tap, maps in shown.items() if demands[tap].signed]
    for tap, maps in shown.items():
        demand = demands[tap]
        low_C, high_C = maps.figures.low_C, maps.figures.high_C
        if demand.scale == "network":
            together = signed if demand.signed else unsigned
            low_C = torch.stack([each.low_C.amin() for each in together]).amin().expand_as(low_C)
            high_C = torch.stack([each.high_C.amax() for each in together]).amax()
            high_C = high_C.expand_as(low_C)
        low_N = low_C if maps.index_N is None else low_C[maps.index_N]
        high_N = high_C if maps.index_N is None else high_C[maps.index_N]
        if demand.scale == "layer":  # of every map of the layer, shown or not
            low_N = low_C.amin().expand_as(low_N)
            high_N = high_C.amax().expand_as(high_N)
        low_N, high_N = ranges(low_N, high_N, demand.scale, demand.signed)
        _send_mosaic(scene, demand, maps, low_N, high_N, transfer, publish)


def _send_kernels(
    scene: Scene, demand: KernelsDemand, transfer: Transfer, publish: Callable[[Frame], None]
) -> None:
    weight_OIHW = filters_of(scene.network, demand.layer)
    if demand.input_channel is None:
        kernels_OHW = weight_OIHW.mean(1)
    else:
        kernels_OHW = weight_OIHW[:, min(demand.input_channel, weight_OIHW.shape[1] - 1)]
    count, height, width = kernels_OHW.shape
    index_N = _index(demand.channels, count, weight_OIHW.device)
    shown = kernels_OHW if index_N is None else kernels_OHW[index_N]
    figures = figures_of(kernels_OHW)
    low_N = figures.low_C if index_N is None else figures.low_C[index_N]
    high_N = figures.high_C if index_N is None else figures.high_C[index_N]
    low_N, high_N = ranges(low_N, high_N, demand.scale, signed=True)
    channels = tuple(range(count)) if demand.channels is None else demand.channels
    maps = _Taken(
        shown, tuple(c for c in channels if c < count), index_N, figures, (count, height, width)
    )
    _send_mosaic(scene, demand, maps, low_N, high_N, transfer, publish)


def _send_mosaic(
    scene: Scene,
    demand: MapsDemand | KernelsDemand,
    maps: _Taken,
    low_N: Tensor,
    high_N: Tensor,
    transfer: Transfer,
    publish: Callable[[Frame], None],
) -> None:
    if not maps.channels:
        return
    mosaic_HW = tiled(to_bytes(maps.maps_NHW, low_N, high_N), demand.columns)
    height, width = maps.maps_NHW.shape[1:]
    numbers = torch.cat((*maps.figures[1:], low_N, high_N))
    count, shown = maps.shape_CHW[0], len(maps.channels)
    pixels = maps.shape_CHW[1] * maps.shape_CHW[2]

    def receive(arrays: list[np.ndarray]) -> None:
        mosaic, figures = arrays
        high_C, mean_C, spread_C, others_C = figures[: 4 * count].reshape(4, count)
        publish(
            MosaicFrame(
                key=demand.key,
                step=scene.step,
                probe=scene.probe,
                mosaic_HW=mosaic,
                tile_HW=(height, width),
                columns=max(1, min(demand.columns, shown)),
                channels=maps.channels,
                shape_CHW=maps.shape_CHW,
                low_N=figures[4 * count : 4 * count + shown],
                high_N=figures[4 * count + shown :],
                mean_C=mean_C,
                std_C=spread_C / math.sqrt(pixels),
                max_C=high_C,
                zeros_C=1.0 - others_C / pixels,
                demand=demand,
            )
        )

    transfer.send((mosaic_HW, numbers), receive)


def _send_detail(
    scene: Scene,
    demand: DetailDemand,
    map_1HW: Tensor,
    low_1: Tensor,
    high_1: Tensor,
    transfer: Transfer,
    publish: Callable[[Frame], None],
) -> None:
    figures = figures_of(map_1HW)
    numbers = [low_1, high_1, figures.mean_C, figures.others_C]
    tensors = [map_1HW[0], to_bytes(map_1HW, low_1, high_1)[0]]
    conv = _conv_behind(scene.network, demand.tap)
    if conv is not None and demand.channel < conv.out_channels:
        filter_IHW = conv.weight[demand.channel].clone()
        low_I, high_I = ranges(filter_IHW.amin()[None], filter_IHW.amax()[None], "map", signed=True)
        tensors += [filter_IHW, to_bytes(filter_IHW, low_I, high_I)]
        numbers.append(high_I)
        if conv.bias is not None:
            numbers.append(conv.bias[demand.channel, None])

    def receive(arrays: list[np.ndarray]) -> None:
        figures, values_HW, bytes_HW, *of_filter = arrays
        low, high, mean, others, *rest = figures.tolist()
        publish(
            DetailFrame(
                key=demand.key,
                step=scene.step,
                probe=scene.probe,
                tap=demand.tap,
                channel=demand.channel,
                values_HW=values_HW,
                bytes_HW=bytes_HW,
                low=low,
                high=high,
                mean=mean,
                zeros=1.0 - others / values_HW.size,
                filter_IHW=of_filter[0] if of_filter else None,
                filter_bytes_IHW=of_filter[1] if of_filter else None,
                filter_high=rest[0] if rest else 0.0,
                bias=rest[1] if len(rest) > 1 else None,
            )
        )

    transfer.send((torch.cat(numbers), *tensors), receive)


def _send_predictions(
    scene: Scene, demand: PredictionsDemand, transfer: Transfer, publish: Callable[[Frame], None]
) -> None:
    probabilities_NK = capture(
        scene.network,
        scene.probes_NCHW,
        [""],
        lambda _, output_NK: class_scores(output_NK).softmax(1),
    )[""]

    def receive(arrays: list[np.ndarray]) -> None:
        publish(
            PredictionsFrame(
                key=demand.key,
                step=scene.step,
                probes=scene.probes,
                probabilities_NC=arrays[0],
            )
        )

    transfer.send((probabilities_NK,), receive)


def _conv_behind(network: nn.Module, tap: str) -> nn.Conv2d | None:
    """The conv layer whose filters made the maps of a tap: itself or the only one in it."""
    convs = [m for m in network.get_submodule(tap).modules() if isinstance(m, nn.Conv2d)]
    return convs[0] if len(convs) == 1 else None


def filters_of(network: nn.Module, layer: str) -> Tensor:
    """The weights (O, I, H, W) of a conv layer; NetworkError when the layer has no filters."""
    try:
        conv = _conv_behind(network, layer)
    except AttributeError:
        conv = None
    if conv is None:
        raise NetworkError(f"The network has no conv layer {layer!r}.")
    return conv.weight
