"""The digits network as plain stages, and frames such as the engine would answer demands with."""

from collections.abc import Iterable

import numpy as np

from engine.config import RunConfig
from engine.messages.events import DataFacts, Loaded, NetworkFacts, ProbeShown
from engine.messages.frames import (
    DetailDemand,
    DetailFrame,
    Frame,
    FrameKey,
    KernelsDemand,
    MapsDemand,
    MosaicFrame,
    PredictionsDemand,
    PredictionsFrame,
    Wanted,
)
from engine.networks.stages import Stage

STAGES = (
    Stage("picture", "picture", "28x28 grey", (1, 28, 28)),
    Stage(
        "conv1",
        "conv",
        "conv 3x3, relu",
        (32, 26, 26),
        True,
        "conv1.response",
        (1, 3, 3),
        None,
        320,
    ),
    Stage("pool1", "pool", "max-pool 2x2", (32, 13, 13), True, pools="conv1"),
    Stage(
        "conv2", "conv", "conv 3x3, relu", (64, 11, 11), True, "conv2.response", (32, 3, 3), None, 9
    ),
    Stage("pool2", "pool", "max-pool 2x2", (64, 5, 5), True, pools="conv2"),
    Stage(
        "conv3", "conv", "conv 3x3, relu", (64, 3, 3), True, "conv3.response", (64, 3, 3), None, 9
    ),
    Stage("dense1", "dense", "dense, relu", (64,)),
    Stage("classes", "classes", "dense", (10,)),
)
DIGITS = tuple("0123456789")
MAP_TAPS = ("conv1", "pool1", "conv2", "pool2", "conv3", "dense1")


def loaded(stages: tuple[Stage, ...] = STAGES, classes: tuple[str, ...] = DIGITS) -> Loaded:
    network = NetworkFacts("digits convnet", stages, classes, 93_322, "cpu")
    data = DataFacts("digits", 4000, 1000, 0, 0, (), 0)
    return Loaded(1, network, data, RunConfig())


def probe_shown(probe: int = 0, light: bool = False, inverted: bool = False) -> ProbeShown:
    seen_CHW = np.full((1, 28, 28), 40 * probe, np.uint8)
    picture_HWC = np.zeros((28, 28, 3), np.uint8)
    return ProbeShown(probe, f"{probe}.png", picture_HWC, (28, 28), seen_CHW, light, inverted)


def maps_of(stage: Stage, step: int = 0) -> np.ndarray:
    """Maps (C, H, W) float32, others for each step, of which some values are exact zeros."""
    maps_CHW = np.random.default_rng([step, *stage.shape]).normal(size=stage.maps_CHW)
    return np.maximum(maps_CHW, 0).astype(np.float32)


def mosaic(maps_CHW: np.ndarray, demand: MapsDemand | KernelsDemand, step: int = 0) -> MosaicFrame:
    """The frame of whole maps at their own size, each on its own scale."""
    count, height, width = maps_CHW.shape
    channels = demand.channels if demand.channels is not None else tuple(range(count))
    shown_NHW = maps_CHW[list(channels)]
    high_N = np.abs(shown_NHW).max(axis=(1, 2))
    signed = isinstance(demand, KernelsDemand) or demand.signed
    low_N = -high_N if signed else shown_NHW.min(axis=(1, 2))
    span_N = np.maximum(high_N - low_N, 1e-6)
    scaled_NHW = (shown_NHW - low_N[:, None, None]) / span_N[:, None, None] * 255
    rows = -(-len(channels) // demand.columns)
    tiles_NHW = np.zeros((rows * demand.columns, height, width), np.uint8)
    tiles_NHW[: len(channels)] = scaled_NHW
    mosaic_HW = np.ascontiguousarray(
        tiles_NHW.reshape(rows, demand.columns, height, width).transpose(0, 2, 1, 3)
    ).reshape(rows * height, demand.columns * width)
    mosaic_HW.setflags(write=False)
    return MosaicFrame(
        key=demand.key,
        step=step,
        probe=0,
        mosaic_HW=mosaic_HW,
        tile_HW=(height, width),
        columns=demand.columns,
        channels=tuple(channels),
        shape_CHW=maps_CHW.shape,
        low_N=low_N,
        high_N=high_N,
        mean_C=maps_CHW.mean(axis=(1, 2)),
        std_C=maps_CHW.std(axis=(1, 2)),
        max_C=maps_CHW.max(axis=(1, 2)),
        zeros_C=(maps_CHW == 0).mean(axis=(1, 2)),
        demand=demand,
    )


def answer(
    wanted: Iterable[Wanted], step: int = 0, stages: tuple[Stage, ...] = STAGES
) -> dict[FrameKey, Frame]:
    """What the engine would give for these demands."""
    taps = {stage.name: stage for stage in stages}
    taps |= {stage.response_tap: stage for stage in stages if stage.response_tap}
    frames: dict[FrameKey, Frame] = {}
    for demand in wanted:
        match demand:
            case MapsDemand():
                frames[demand.key] = mosaic(maps_of(taps[demand.tap], step), demand, step)
            case KernelsDemand():
                frames[demand.key] = mosaic(kernels_of(taps[demand.layer], step), demand, step)
            case DetailDemand():
                frames[demand.key] = detail(taps[demand.tap], demand, step)
            case PredictionsDemand():
                probability_NC = np.full((2, 10), 0.02, np.float32)
                probability_NC[0, 7] = probability_NC[1, 3] = 0.82
                frames[demand.key] = PredictionsFrame(demand.key, step, (0, 1), probability_NC)
    return frames


def kernels_of(stage: Stage, step: int = 0) -> np.ndarray:
    assert stage.kernel_IHW is not None
    shape = (stage.shape[0], *stage.kernel_IHW[1:])
    return np.random.default_rng(step).normal(size=shape).astype(np.float32)


def detail(stage: Stage, demand: DetailDemand, step: int = 0) -> DetailFrame:
    values_HW = maps_of(stage, step)[demand.channel]
    filter_IHW = None
    if stage.kernel_IHW is not None:
        filter_IHW = np.random.default_rng(step).normal(size=stage.kernel_IHW).astype(np.float32)
    return detail_of(values_HW, demand, step, filter_IHW=filter_IHW)


def detail_of(
    values_HW: np.ndarray,
    demand: DetailDemand,
    step: int = 0,
    span: tuple[float, float] | None = None,
    filter_IHW: np.ndarray | None = None,
) -> DetailFrame:
    """A map by itself, painted from the low to the high end of `span`, or of its own range."""
    low, high = span or (float(values_HW.min()), float(values_HW.max()))
    most = float(np.abs(filter_IHW).max()) if filter_IHW is not None else 0.0
    return DetailFrame(
        key=demand.key,
        step=step,
        probe=0,
        tap=demand.tap,
        channel=demand.channel,
        values_HW=values_HW,
        bytes_HW=as_bytes(values_HW, low, high),
        low=low,
        high=high,
        mean=float(values_HW.mean()),
        zeros=float((values_HW == 0).mean()),
        filter_IHW=filter_IHW,
        filter_bytes_IHW=as_bytes(filter_IHW, -most, most) if filter_IHW is not None else None,
        filter_high=most,
        bias=0.25 if filter_IHW is not None else None,
    )


def as_bytes(values: np.ndarray, low: float, high: float) -> np.ndarray:
    """uint8 as the engine makes them: rounded to the nearest, and no number becomes 0 or 255."""
    with np.errstate(invalid="ignore", over="ignore"):
        scaled = np.floor((values - low) * (255 / max(high - low, 1e-30)) + 0.5)
    return np.nan_to_num(scaled, nan=0.0).clip(0, 255).astype(np.uint8)
