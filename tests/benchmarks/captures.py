"""A process of its own: what a capture of all panels costs, in passes of the probe. Prints JSON.

Captures and passes take turns, so that both meet the same machine; medians are compared.
"""

import json
import statistics
import sys
import time
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from engine.config import DIGITS_CONVNET, Conv, Dense, NetworkConfig
from engine.messages.frames import (
    DetailDemand,
    Frame,
    KernelsDemand,
    MapsDemand,
    PredictionsDemand,
    Wanted,
)
from engine.networks.build import build
from engine.networks.scores import class_scores
from engine.telemetry.captures import Scene, take
from engine.telemetry.transfer import Transfer

PROBES = 4
"""That are predicted, one of them selected, as when the window opens."""


def wanted_of_digits() -> tuple[Wanted, ...]:
    """What the Train page asks for at 1280x800 with a map of conv2 selected."""
    first_64 = tuple(range(64))
    return (
        MapsDemand("conv1", tuple(range(32)), tile=26, columns=4),
        MapsDemand("pool1", tuple(range(32)), tile=26, columns=4),
        MapsDemand("conv2", first_64, tile=22, columns=8),
        MapsDemand("pool2", first_64, tile=20, columns=8),
        MapsDemand("conv3", first_64, tile=24, columns=7),
        MapsDemand("dense1", first_64, tile=15, columns=4, scale="layer"),
        KernelsDemand("conv2", first_64, columns=8),
        MapsDemand("conv2.conv", first_64, tile=11, columns=8, signed=True),
        DetailDemand("conv2", 3),
        PredictionsDemand(),
    )


LARGE = NetworkConfig(
    "one large conv layer", (Conv(64, padding="same"), Dense(0, activation="none"))
)


def turns(deeds: dict[str, Callable[[], Any]], times: int) -> dict[str, float]:
    """Median milliseconds of the processor that each takes, taking turns. One thread computes, and
    the time that passes would be that of others too."""
    took: dict[str, list[float]] = {name: [] for name in deeds}
    for turn in range(times + 5):
        for name, deed in deeds.items():
            began = time.thread_time()
            deed()
            if turn >= 5:
                took[name].append((time.thread_time() - began) * 1000)
    return {name: statistics.median(each) for name, each in took.items()}


def digits(times: int) -> dict[str, float]:
    """Of the digits convnet: a pass of one probe, a capture of everything, and one without the
    predictions, which are wanted in every fourth only."""
    torch.set_num_threads(1)
    torch.manual_seed(0)
    network = build(DIGITS_CONVNET, (1, 28, 28), 10).to(memory_format=torch.channels_last)
    network.train()
    pictures_NCHW = torch.rand(PROBES, 1, 28, 28)
    convs = {"conv2": "conv2.conv"}
    transfer, frames = Transfer(torch.device("cpu")), []
    wanted = wanted_of_digits()

    def plain_pass() -> None:
        with torch.no_grad():
            network(pictures_NCHW[:1])

    def maps(pictures: int = 1) -> Tensor:
        frames.clear()
        scene = Scene(network, 1, 1, pictures_NCHW[:pictures], convs)
        scores_NK = take(scene, wanted, transfer, frames.append)
        assert scores_NK is not None
        return scores_NK

    def everything() -> None:
        with torch.no_grad():
            class_scores(maps(PROBES)).softmax(1)

    found = turns({"pass": plain_pass, "maps": maps, "everything": everything}, times)
    assert len(frames) == len(wanted) - 1
    return found


def large(side: int, tile: int, times: int) -> float:
    """Milliseconds that a capture of 64 maps of side x side takes beyond the pass."""
    network = build(LARGE, (1, side, side), 2).to(memory_format=torch.channels_last).eval()
    picture_1CHW = torch.rand(1, 1, side, side)
    transfer, frames = Transfer(torch.device("cpu")), list[Frame]()
    scene = Scene(network, 1, 1, picture_1CHW, {})

    def plain_pass() -> None:
        with torch.no_grad():
            network(picture_1CHW)

    def maps() -> None:
        take(scene, (MapsDemand("conv1", tile=tile),), transfer, frames.append)

    found = turns({"pass": plain_pass, "maps": maps}, times)
    return found["maps"] - found["pass"]


def main(times: int) -> None:
    found = digits(times)
    print(
        json.dumps(
            {
                **found,
                # Predictions follow four times a second, maps fifteen times.
                "passes": (3 * found["maps"] + found["everything"]) / 4 / found["pass"],
                "passes at most": found["everything"] / found["pass"],
                "passes of maps": found["maps"] / found["pass"],
                "64x26x26": large(26, 26, times // 4),
                "64x112x112": large(112, 64, times // 10),
            }
        )
    )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 400)
