"""Looking at a network while it trains and while it stands still, never more than is wanted."""

import math
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import NamedTuple

import torch
from torch import Tensor, nn

from engine.data.batches.scaling import Scaling
from engine.messages.frames import Demand, KernelsDemand, PredictionsDemand, Wanted
from engine.probes import Probe, Probes
from engine.telemetry.captures import Scene, take
from engine.telemetry.outlet import Outlet
from engine.telemetry.pace import Pace
from engine.telemetry.transfer import Transfer

PREDICTIONS_SECONDS = 0.25
"""How often the predictions of all probes follow the training."""


SMALL_PICTURE = 3 * 64 * 64
"""How many values a picture has at most for one thread to be faster than several."""


class Subject(NamedTuple):
    """The network that is looked at, as it stands at `step`, and the way to the host."""

    network: nn.Module
    step: int
    device: torch.device
    transfer: Transfer
    scaling: Scaling


class Looking:
    """Captures what the demand names, of the probes, at the pace that the budget allows.

    Engine thread only. A change of the probes must be told with `forget`.
    """

    def __init__(self, outlet: Outlet, clock: Callable[[], float]) -> None:
        self.demand = Demand()
        self.pace = Pace(clock)
        self._outlet = outlet
        self._clock = clock
        self._painting = 0.0
        self._predicted_at = -math.inf
        self._tensors: dict[int, Tensor] = {}
        self._batch_NCHW: Tensor | None = None
        self._seen: tuple[object, ...] | None = None
        self._network: nn.Module | None = None
        self._taps: frozenset[str] = frozenset()

    def forget(self, probe: Probe | None = None) -> None:
        """What was captured is stale: of one probe, or, without one, of another network."""
        if probe is None:
            self._tensors.clear()
        else:
            self._tensors.pop(probe.number, None)
        self._batch_NCHW = None
        self._predicted_at = -math.inf
        self._seen = None

    def note_painting(self, seconds: float) -> None:
        """Processor seconds that the window spent on showing frames since the last call.

        They are spent beside the training, on one of the cores: that share counts as a cost.
        """
        self._painting += seconds / (os.cpu_count() or 1)

    def while_training(self, subject: Subject, probes: Probes) -> None:
        """Look if it is due: wanted, the last frames taken, and within the budget.

        A new probe's prediction doesn't wait for any of these.
        """
        wanted = self.demand.wanted
        rate = self.demand.frames_per_second
        new_probe = self._predicted_at == -math.inf
        due = self._outlet.wants_frames and self.pace.is_due(rate)
        if not wanted or not (due or new_probe):
            return
        began = self._clock()
        if began - self._predicted_at >= PREDICTIONS_SECONDS:
            self._predicted_at = began
        else:
            wanted = tuple(each for each in wanted if not isinstance(each, PredictionsDemand))
        self._look(subject, probes, wanted)
        painting, self._painting = self._painting, 0.0
        self.pace.spent(self._clock() - began, painting, rate)

    def standing_still(self, subject: Subject, probes: Probes) -> None:
        """Look once more if the network, the probes or the demand have changed. May wait."""
        seen = (subject.network, subject.step, self.demand.wanted)
        if self.demand.wanted and seen != self._seen:
            self._seen = seen
            self._look(subject, probes, self.demand.wanted)
        subject.transfer.drain()

    def _look(self, subject: Subject, probes: Probes, wanted: tuple[Wanted, ...]) -> None:
        wanted = self._there(subject.network, wanted)
        if probes.selected is None or not wanted:
            return
        selected_1CHW = self._tensor_of(probes.selected, subject)
        if self._batch_NCHW is None:
            self._batch_NCHW = torch.cat([self._tensor_of(probe, subject) for probe in probes])
        scene = Scene(
            network=subject.network,
            step=subject.step,
            probe=probes.selected.number,
            probe_1CHW=selected_1CHW,
            probes=tuple(probe.number for probe in probes),
            probes_NCHW=self._batch_NCHW,
        )
        with _few_threads(selected_1CHW):
            take(scene, wanted, subject.transfer, self._outlet.put)

    def _there(self, network: nn.Module, wanted: tuple[Wanted, ...]) -> tuple[Wanted, ...]:
        """What this network has: the window may still ask for taps of the one before."""
        if self._network is not network:
            self._network = network
            self._taps = frozenset(name for name, _ in network.named_modules())
        return tuple(each for each in wanted if tap_of(each) in self._taps)

    def _tensor_of(self, probe: Probe, subject: Subject) -> Tensor:
        """(1, C, H, W) float32 on the device, as the network gets it."""
        if probe.number not in self._tensors:
            seen_1CHW = torch.tensor(probe.seen_CHW[None])
            self._tensors[probe.number] = subject.scaling.apply(seen_1CHW.to(subject.device))
        return self._tensors[probe.number]


def tap_of(wanted: Wanted) -> str:
    """The module that something wanted is taken from; "" is the network itself."""
    if isinstance(wanted, PredictionsDemand):
        return ""
    return wanted.layer if isinstance(wanted, KernelsDemand) else wanted.tap


@contextmanager
def _few_threads(picture_1CHW: Tensor) -> Iterator[None]:
    """One thread for a small picture on the CPU.

    Its many tiny operations gain nothing from more, and each would wait for a thread that the
    window may have just pushed off its core. Switching costs torch less than a microsecond.
    """
    threads = torch.get_num_threads()
    if picture_1CHW.device.type != "cpu" or picture_1CHW.numel() > SMALL_PICTURE:
        yield
        return
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)
