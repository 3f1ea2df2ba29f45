"""From what is wanted to frames: one pass of the probe, everything reduced where it is.

On the host that is numpy, and a frame is there at once; on a device it is torch, and what was
reduced travels to the host in one piece.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from types import ModuleType
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from engine.messages.frames import (
    DetailDemand,
    DetailFrame,
    Frame,
    KernelsDemand,
    MapsDemand,
    MosaicFrame,
    Wanted,
)
from engine.networks.taps import module_named, run_visited
from engine.telemetry import host_mosaics, mosaics
from engine.telemetry.plans import Plan, plan
from engine.telemetry.transfer import Transfer

Array = Any
"""A Tensor on a device, a numpy array on the host."""
_REAL = frozenset(
    (
        *(torch.float32, torch.float16, torch.bfloat16, torch.float64),
        *(torch.bool, torch.uint8, torch.int8, torch.int16, torch.int32, torch.int64),
    )
)
"""What can be shown as a map: complex and quantised values can't."""


class Scene(NamedTuple):
    """What is looked at: the network as it stands at `step`, and the pictures shown to it.

    `pictures_NCHW` are float32 on the device; the maps are those of the first, the picture of the
    probe of number `probe`. `convs` names the conv layer whose
    filters made the maps of a tap, where it isn't the tap itself or the only one in it.
    """

    network: nn.Module
    step: int
    probe: int
    pictures_NCHW: Tensor
    convs: Mapping[str, str]


class _Parcel(NamedTuple):
    """What makes one frame: arrays that are reduced already, and how to read them on the host."""

    parts: Sequence[Array]
    frame: Callable[[Sequence[np.ndarray]], Frame]


class _Maps(NamedTuple):
    """What is shown of one tap's maps or one layer's kernels, and the figures of all of them."""

    demand: MapsDemand | KernelsDemand
    plan: Plan
    shape_CHW: tuple[int, int, int]
    figures: Any
    shown_NHW: Array


def take(
    scene: Scene,
    wanted: Iterable[Wanted],
    transfer: Transfer,
    publish: Callable[[Frame], None],
    predict: bool = False,
) -> Tensor | None:
    """Capture the maps, kernels and details that are wanted, and publish each frame once its
    values have arrived. What isn't there, or can't be shown, is left out.

    Gives the scores (N, K) of the pictures where a pass was made, as it is for maps and where
    `predict` asks for it, and where they are a tensor. Leaves
    modes, statistics and random state as they were. Runs on the engine thread.
    """
    shot = _Shot(scene)
    # What isn't finite is no reason to warn: it is what such a network looks like.
    with np.errstate(all="ignore"):
        scores = shot.take(wanted, predict)
    if shot.on_host:
        for parcel in shot.parcels:
            publish(parcel.frame([_read_only(array) for array in parcel.parts]))
    elif shot.parcels:
        parcels = shot.parcels

        def receive(arrays: list[np.ndarray]) -> None:
            rest = iter(arrays)
            for parcel in parcels:
                publish(parcel.frame([next(rest) for _ in parcel.parts]))

        transfer.send([part for parcel in parcels for part in parcel.parts], receive)
    return scores


def _read_only(array: np.ndarray) -> np.ndarray:
    array.setflags(write=False)
    return array


class _Shot:
    """One look: gathers parcels."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        self.parcels: list[_Parcel] = []
        self.on_host = scene.pictures_NCHW.device.type == "cpu"
        self._with: ModuleType = host_mosaics if self.on_host else mosaics
        self._copied: list[tuple[Callable[[Array], None], Array]] = []
        self._waiting: list[_Maps] = []
        self._figures: dict[bool, list[Any]] = {False: [], True: []}

    def take(self, wanted: Iterable[Wanted], predict: bool) -> Tensor | None:
        takers: dict[str, list[Callable[[Array], None]]] = {}
        for demand in wanted:
            match demand:
                case KernelsDemand():
                    with torch.no_grad():
                        self._take_kernels(demand)
                case MapsDemand():
                    takers.setdefault(demand.tap, []).append(partial(self._take_maps, demand))
                case DetailDemand():
                    takers.setdefault(demand.tap, []).append(partial(self._take_detail, demand))
        if not takers and not predict:
            return None
        visits = {tap: partial(self._visit, tuple(each)) for tap, each in takers.items()}
        scores, _ = run_visited(self.scene.network, self.scene.pictures_NCHW, visits)
        for taker, array_CHW in self._copied:
            taker(array_CHW)
        self._take_waiting()
        return scores if isinstance(scores, Tensor) and scores.dim() == 2 else None

    def _visit(self, takers: Sequence[Callable[[Array], None]], output: object) -> None:
        """Take the maps of an output. On the host they are copied now, before an in-place module
        can overwrite them, and reduced after the pass: small steps of one kind in a row are faster
        than in turns with those of the network. On a device both only wait in its queue."""
        maps_CHW = maps_in(output)
        if maps_CHW is None or maps_CHW.device != self.scene.pictures_NCHW.device:
            return
        array_CHW = self._with.array_of(maps_CHW)
        if self.on_host:
            array_CHW = self._with.own(array_CHW)
            self._copied += [(taker, array_CHW) for taker in takers]
        else:
            for taker in takers:
                taker(array_CHW)

    def _take_maps(self, demand: MapsDemand, array_CHW: Array) -> None:
        shape_CHW = array_CHW.shape[0], array_CHW.shape[1], array_CHW.shape[2]
        shows = plan(shape_CHW, demand.channels, demand.columns, demand.tile, demand.region)
        if shows is None:
            return
        figures = self._with.figures_of(array_CHW)
        shown_NHW = self._with.shown(array_CHW, shows)
        self._figures[demand.signed].append(figures)
        if demand.scale == "network":
            shown_NHW = self._with.own(shown_NHW)
            self._waiting.append(_Maps(demand, shows, shape_CHW, figures, shown_NHW))
            return
        self._mosaic(_Maps(demand, shows, shape_CHW, figures, shown_NHW), [figures])

    def _take_waiting(self) -> None:
        """On a scale of the network: signed maps on one, the others on another."""
        for maps in self._waiting:
            self._mosaic(maps, self._figures[_is_signed(maps.demand)])

    def _take_kernels(self, demand: KernelsDemand) -> None:
        conv = conv_behind(self.scene.network, demand.layer, self.scene.convs)
        if conv is None:
            return
        weight_OIHW = conv.weight.detach()
        channel = demand.input_channel
        if channel is None:
            kernels_OHW = weight_OIHW.float().mean(1)
        elif 0 <= channel < weight_OIHW.shape[1]:
            kernels_OHW = weight_OIHW[:, channel].float()
        else:
            return
        shape_CHW = kernels_OHW.shape[0], kernels_OHW.shape[1], kernels_OHW.shape[2]
        shows = plan(shape_CHW, demand.channels, demand.columns)
        if shows is None:
            return
        array_CHW = self._with.array_of(kernels_OHW)
        figures = self._with.figures_of(array_CHW)
        shown_NHW = self._with.shown(array_CHW, shows)
        self._mosaic(_Maps(demand, shows, shape_CHW, figures, shown_NHW), [figures])

    def _mosaic(self, maps: _Maps, together: list[Any]) -> None:
        """Add a mosaic. A scale that isn't of each map is of all those whose figures are given."""
        demand, shows, shape_CHW, figures, shown_NHW = maps
        if demand.scale == "map":
            low_N = self._with.picked(figures.low_C, shows)
            high_N = self._with.picked(figures.high_C, shows)
        else:
            low_N, high_N = self._with.shared(
                [each.low_C for each in together],
                [each.high_C for each in together],
                len(shows.channels),
            )
        if _is_signed(demand):
            low_N, high_N = self._with.about_zero(low_N, high_N)
        bytes_NHW = self._with.to_bytes(shown_NHW, low_N, high_N)
        mosaic_HW = self._with.tiled(bytes_NHW, shows.columns)
        scene, finished = self.scene, self._with.std_and_zeros
        pixels = shape_CHW[1] * shape_CHW[2]

        def frame(arrays: Sequence[np.ndarray]) -> MosaicFrame:
            mosaic_HW, low_N, high_N, high_C, mean_C, *rest = arrays
            std_C, zeros_C = finished(*rest, pixels)
            return MosaicFrame(
                key=demand.key,
                step=scene.step,
                probe=scene.probe,
                mosaic_HW=mosaic_HW,
                tile_HW=shows.tile_HW,
                columns=shows.columns,
                channels=shows.channels,
                shape_CHW=shape_CHW,
                low_N=low_N,
                high_N=high_N,
                mean_C=mean_C,
                std_C=std_C,
                max_C=high_C,
                zeros_C=zeros_C,
                demand=demand,
            )

        self.parcels.append(_Parcel((mosaic_HW, low_N, high_N, *figures[1:]), frame))

    def _take_detail(self, demand: DetailDemand, layer_CHW: Array) -> None:
        if not 0 <= demand.channel < layer_CHW.shape[0]:
            return
        map_1HW = self._with.own(layer_CHW[demand.channel : demand.channel + 1])
        low_1, high_1 = self._with.range_of_one(map_1HW, layer_CHW)
        parts = [map_1HW[0], self._with.to_bytes(map_1HW, low_1, high_1)[0], low_1, high_1]
        parts += self._with.mean_and_zeros(map_1HW)
        conv = conv_behind(self.scene.network, demand.tap, self.scene.convs)
        if conv is not None and demand.channel < conv.out_channels:
            filter_IHW = conv.weight.detach()[demand.channel].float()
            filter_IHW = self._with.own(self._with.array_of(filter_IHW))
            low_I, high_I = self._with.about_zero(*self._with.range_of_all(filter_IHW))
            parts += [filter_IHW, self._with.to_bytes(filter_IHW, low_I, high_I), high_I]
            if conv.bias is not None:
                bias_111 = conv.bias.detach()[demand.channel].float()[None, None, None]
                parts.append(self._with.own(self._with.array_of(bias_111)))
        scene = self.scene

        def frame(arrays: Sequence[np.ndarray]) -> DetailFrame:
            values_HW, bytes_HW, low_1, high_1, mean_1, zeros_1, *of_filter = arrays
            return DetailFrame(
                key=demand.key,
                step=scene.step,
                probe=scene.probe,
                tap=demand.tap,
                channel=demand.channel,
                values_HW=values_HW,
                bytes_HW=bytes_HW,
                low=float(low_1[0]),
                high=float(high_1[0]),
                mean=float(mean_1[0]),
                zeros=float(zeros_1[0]),
                filter_IHW=of_filter[0] if of_filter else None,
                filter_bytes_IHW=of_filter[1] if of_filter else None,
                filter_high=float(of_filter[2][0]) if of_filter else 0.0,
                bias=float(of_filter[3].flat[0]) if len(of_filter) > 3 else None,
            )

        self.parcels.append(_Parcel(parts, frame))


def _is_signed(demand: MapsDemand | KernelsDemand) -> bool:
    return isinstance(demand, KernelsDemand) or demand.signed


def maps_in(output: object) -> Tensor | None:
    """The maps of the first picture in what a module gave: float32 (C, H, W); a vector counts as
    maps of one value each. None where there are none. May be a view of the output."""
    if not isinstance(output, Tensor) or output.dtype not in _REAL:
        return None
    dimensions = output.dim()
    if dimensions not in (2, 4) or not output.numel() or output.layout is not torch.strided:
        return None
    first = output.detach()[0]
    if dimensions == 2:
        first = first[:, None, None]
    return first if first.dtype is torch.float32 else first.float()


def conv_behind(network: nn.Module, tap: str, convs: Mapping[str, str]) -> nn.Conv2d | None:
    """The conv layer whose filters made the maps of a tap: the one that `convs` names, the tap
    itself, or the only one in it; None where there is none."""
    module = module_named(network, convs.get(tap, tap))
    if isinstance(module, nn.Conv2d) or module is None:
        return module
    inside = [each for each in module.modules() if isinstance(each, nn.Conv2d)]
    return inside[0] if len(inside) == 1 else None
