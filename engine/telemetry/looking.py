"""Looking at a network while it trains and while it stands still, never more than is wanted."""

import logging
import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from engine.data.batches.scaling import Scaling
from engine.memory import is_out_of_memory
from engine.messages.frames import Demand, PredictionsDemand, Wanted
from engine.networks.scores import class_scores
from engine.probes import Probe, Probes
from engine.telemetry.captures import Scene, take
from engine.telemetry.outlet import Outlet
from engine.telemetry.pace import Pace
from engine.telemetry.predictions import Predictions
from engine.telemetry.transfer import Transfer

log = logging.getLogger(__name__)

CORES = len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1
"""Cores that this process may compute on."""
SLICE_SECONDS = 0.002
"""What predictions may take beside a capture of maps that takes less itself."""
NEW_SECONDS = 0.02
"""What the predictions of new probes may take at one step boundary."""
STILL_SECONDS = 0.1
"""What predictions may take, while nothing trains, until commands are looked for."""
SMALL_PICTURE = 3 * 64 * 64
"""How many values a picture has at most for one thread to be faster than several."""


class Subject(NamedTuple):
    """The network that is looked at, as it stands at `step`, and the way to the host.

    `convs` names the conv layer behind a tap, as `engine.networks.stages.convs_of` gives it.
    """

    network: nn.Module
    step: int
    device: torch.device
    transfer: Transfer
    scaling: Scaling
    convs: Mapping[str, str]


class Looking:
    """Captures what the demand names, of the probes, at the pace that the budget allows.

    Engine thread only. A change of the probes must be told with `forget`.
    """

    def __init__(self, outlet: Outlet, clock: Callable[[], float]) -> None:
        self.demand = Demand()
        self.pace = Pace(clock)
        self.is_behind = False
        """Whether some predictions are still to be made though nothing trains."""
        self._outlet = outlet
        self._clock = clock
        self._predictions = Predictions()
        self._tensors: dict[int, Tensor] = {}
        self._seen: tuple[object, ...] | None = None
        self._looked_at: Tensor | None = None
        self._maps_seconds = 0.0
        self._trouble_told = False

    def forget(self, probe: Probe | None = None) -> None:
        """What was captured is stale: of one probe, or, without one, of another network."""
        self._seen = None
        self._predictions.forget(probe.number if probe is not None else None)
        if probe is not None:
            self._tensors.pop(probe.number, None)
            return
        self._tensors.clear()
        self._looked_at = None
        self._trouble_told = False

    def note_painting(self, seconds: float) -> None:
        """Processor seconds that the window spent on showing frames since the last call.

        Where torch computes on every core, painting pushes one of its threads off a core, and the
        others wait for that one: then what it takes is lost in full. (Measured on two cores, with
        the panels of one window shown and hidden in turns.) Where cores are left over, the share
        of the cores that torch has says how likely it is.
        """
        self.pace.painted(seconds * min(1.0, torch.get_num_threads() / CORES))

    def while_training(self, subject: Subject, probes: Probes) -> None:
        """Look if it is due: wanted, the last frames taken, and within the budget.

        The maps of another probe than before, and the predictions of new ones, don't wait for any
        of these, as long as no more is owed than may be borrowed.
        """
        wanted = self.demand.wanted
        selected = probes.selected
        if not wanted or selected is None:
            return
        rate = self.demand.frames_per_second
        due = self._outlet.wants_frames and self.pace.is_due(rate)
        numbers = [probe.number for probe in probes] if PredictionsDemand() in wanted else []
        turned = self._tensors.get(selected.number) is not self._looked_at
        new = self._predictions.new(numbers)
        if not due and not ((turned or new) and self.pace.may_borrow):
            return
        began = self._clock()
        chosen = self._predictions.slice_of(new, NEW_SECONDS)
        if due and not new:
            stale = self._predictions.stale(numbers, began)
            chosen = self._predictions.slice_of(stale, max(SLICE_SECONDS, self._maps_seconds))
        self._look(subject, probes, wanted if due or turned else (), chosen)
        self.pace.spent(self._clock() - began, rate)

    def standing_still(self, subject: Subject, probes: Probes) -> None:
        """Look once more if the network, the probes or the demand have changed. May wait. Call it
        again while `is_behind`."""
        wanted, selected = self.demand.wanted, probes.selected
        self.is_behind = False
        if not wanted or selected is None:
            return
        seen = (subject.network, subject.step, wanted, selected.number)
        numbers = [probe.number for probe in probes] if PredictionsDemand() in wanted else []
        behind = self._predictions.behind(numbers, subject.step)
        chosen = self._predictions.slice_of(behind, STILL_SECONDS)
        if seen != self._seen or chosen:
            self._look(subject, probes, wanted if seen != self._seen else (), chosen)
            self._seen = seen
        subject.transfer.drain()
        self.is_behind = len(behind) > len(chosen)

    def _look(
        self, subject: Subject, probes: Probes, wanted: Sequence[Wanted], chosen: Sequence[int]
    ) -> None:
        """Capture what is wanted of the selected probe, and predict the chosen ones."""
        selected = probes.selected
        assert selected is not None
        began = self._clock()
        made = self._predictions.note(chosen, began, subject.step)
        pictures = [probe for probe in probes if probe.number in chosen and probe is not selected]
        if wanted or selected.number in chosen:
            pictures = [selected, *pictures]
            self._looked_at = self._tensor_of(selected, subject)
        try:
            scores_NK = self._take(subject, selected, pictures, wanted, predict=bool(chosen))
            if chosen and scores_NK is not None and len(scores_NK) == len(pictures):
                self._send_predictions(made, subject, probes, pictures, scores_NK)
        except Exception as error:
            if is_out_of_memory(error):
                raise  # which a person can help
            # Modules that aren't ours may raise anything in eval mode: that is no reason to end the
            # training.
            if not self._trouble_told:
                self._trouble_told = True
                log.warning("looking at the network failed", exc_info=True)
        seconds = self._clock() - began
        if not chosen:
            self._maps_seconds = seconds
        elif wanted and len(pictures) > 1 and self._maps_seconds < seconds:
            self._predictions.note_cost(len(pictures) - 1, seconds - self._maps_seconds)
        else:
            self._predictions.note_cost(len(pictures), seconds)

    def _take(
        self,
        subject: Subject,
        selected: Probe,
        pictures: Sequence[Probe],
        wanted: Sequence[Wanted],
        predict: bool,
    ) -> Tensor | None:
        """Show the network these pictures, capture what is wanted of the first; their scores."""
        scene = Scene(
            network=subject.network,
            step=subject.step,
            probe=selected.number,
            pictures_NCHW=torch.cat([self._tensor_of(probe, subject) for probe in pictures]),
            convs=subject.convs,
        )
        with _few_threads(scene.pictures_NCHW[:1]):
            return take(scene, wanted, subject.transfer, self._outlet.put, predict)

    def _send_predictions(
        self,
        made: int,
        subject: Subject,
        probes: Probes,
        pictures: Sequence[Probe],
        scores_NK: Tensor,
    ) -> None:
        numbers = [probe.number for probe in pictures]
        with torch.no_grad():
            rows_NK = class_scores(scores_NK).softmax(1)

        def receive(arrays: list[np.ndarray]) -> None:
            if self._predictions.receive(made, numbers, arrays[0]):
                there = [probe.number for probe in probes]
                self._outlet.put(self._predictions.frame(there, subject.step))

        subject.transfer.send((rows_NK,), receive)

    def _tensor_of(self, probe: Probe, subject: Subject) -> Tensor:
        """(1, C, H, W) float32 on the device, as the network gets it."""
        if probe.number not in self._tensors:
            seen_1CHW = torch.tensor(probe.seen_CHW[None])
            self._tensors[probe.number] = subject.scaling.apply(seen_1CHW.to(subject.device))
        return self._tensors[probe.number]


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
