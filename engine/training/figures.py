"""Losses on their way from the device to the curves, and how fast the training goes."""

import math
from array import array
from collections.abc import Callable

import numpy as np
import torch
from msgspec import Struct
from torch import Tensor

from engine.messages.events import EpochEnded
from engine.telemetry.curves import CurveFigures, Curves
from engine.telemetry.transfer import Transfer
from engine.training.devices import memory_mb
from engine.training.run import Learned, Run

FLUSH_SECONDS = 0.1
"""How often losses leave the device."""
RUINED = 10.0
"""A loss this many times that of the first step is one of a network that has come apart."""
RATE_SECONDS = 4.0
"""The time over which the rate is averaged, at most."""


class RunFigures(Struct, frozen=True, eq=False):
    """The figures of every step of a run from the first on: float32, float32 and int64 (N,), and of
    every epoch; `seconds` were spent on the epoch that isn't complete yet."""

    loss_N: np.ndarray
    accuracy_N: np.ndarray
    pictures_N: np.ndarray
    epochs: tuple[EpochEnded, ...]
    seconds: float

    @property
    def nbytes(self) -> int:
        return self.loss_N.nbytes + self.accuracy_N.nbytes + self.pictures_N.nbytes


class Figures:
    """Gathers the figures of one run. Lives where the run is trained; never waits for the device.

    `bad_step` is the first step whose loss was found not to be finite, until it is dealt with.
    """

    def __init__(
        self,
        run: Run,
        curves: Curves,
        transfer: Transfer,
        clock: Callable[[], float],
        on_epoch: Callable[[EpochEnded], None],
    ) -> None:
        self.bad_step: int | None = None
        self.images_per_second = 0.0
        self.memory_mb = memory_mb(run.device)
        self._run = run
        self._curves = curves
        self._transfer = transfer
        self._clock = clock
        self._on_epoch = on_epoch
        self._first_loss: float | None = None
        self._last_loss: float | None = None
        self._waiting: list[Tensor] = []
        self._flushed_at = 0.0
        self._pictures = 0
        self._rate_from: tuple[float, float] | None = None
        self._epoch_seconds = 0.0
        self._learned_from = array("q")  # the pictures of each step from the first on

    def begin_pace(self) -> None:
        """Training goes on after standing still: the rate is measured from now."""
        self._rate_from = (self._clock(), self._pictures)

    def note_step(self, learned: Learned | None, pictures: int, seconds: float) -> None:
        """One step was taken, over so many `pictures` of the epoch. None where too few of them
        could be read, and so nothing was learned."""
        if learned is not None:
            self._waiting.append(learned.figures_2)
            self._learned_from.append(learned.pictures)
        self._pictures += pictures
        self._epoch_seconds += seconds
        if self._clock() - self._flushed_at >= FLUSH_SECONDS or self._run.is_epoch_trained:
            self.flush()

    def note_validation(self, seconds: float) -> None:
        self._epoch_seconds += seconds

    def note_epoch(self, sums: Tensor) -> None:
        """An epoch is complete; the sum of the losses, the number of right answers and that of
        the pictures of its validation are on the device."""
        epoch, step, seconds = self._run.epoch, self._run.step_number, self._epoch_seconds
        pictures = len(self._run.training)
        self._epoch_seconds = 0.0

        def receive(arrays: list[np.ndarray]) -> None:
            train_loss, train_accuracy = self._epoch_means(step)
            val_loss_sum, val_right, validated = (float(figure) for figure in arrays[0])
            ended = EpochEnded(
                epoch=epoch,
                step=step,
                train_loss=train_loss,
                train_accuracy=train_accuracy,
                val_loss=val_loss_sum / max(validated, 1),
                val_accuracy=val_right / max(validated, 1),
                images_per_second=pictures / seconds if seconds > 0 else 0.0,
                seconds=seconds,
            )
            self._curves.add_epoch(ended)
            self._on_epoch(ended)

        self._transfer.send((sums,), receive)

    def _epoch_means(self, step: int) -> tuple[float, float]:
        """Loss and share of right answers of the epoch that ends with a step: means over all its
        pictures, each as the network was when it learned from it. They are worked out at once from
        the figures of the steps, so that they don't depend on when these came."""
        figures = self._curves.read()
        first = figures.epochs[-1].step if figures.epochs else 0
        pictures_N = np.array(self._learned_from[first:step], np.int64)
        total = max(int(pictures_N.sum()), 1)
        loss = math.fsum(figures.loss_N[first:step].astype(np.float64) * pictures_N)
        right_N = np.rint(figures.accuracy_N[first:step] * pictures_N)
        return loss / total, float(right_N.sum()) / total

    def flush(self) -> None:
        """Send the losses that have gathered on their way to the curves."""
        now = self._flushed_at = self._clock()
        if not self._waiting:
            return
        last = self._run.step_number
        step_N = np.arange(last - len(self._waiting), last) + 1
        stacked_N2 = torch.stack(self._waiting)
        self._waiting = []
        self._transfer.send((stacked_N2,), lambda arrays: self._receive(step_N, arrays[0]))
        self.memory_mb = memory_mb(self._run.device)
        if self._rate_from is not None and now > self._rate_from[0]:
            since, pictures = self._rate_from
            self.images_per_second = (self._pictures - pictures) / (now - since)
            if now - since > RATE_SECONDS:
                self._rate_from = ((since + now) / 2, (pictures + self._pictures) / 2)

    @property
    def epoch_seconds(self) -> float:
        """Spent on the epoch that isn't complete yet."""
        return self._epoch_seconds

    def record(self, epoch_seconds: float) -> RunFigures:
        """All that has come to the curves, copied; safe to keep."""
        read = self._curves.read()
        steps = len(read.step_N)
        pictures_N = np.array(self._learned_from[:steps], np.int64)
        return RunFigures(read.loss_N, read.accuracy_N, pictures_N, read.epochs, epoch_seconds)

    def bring_back(self, record: RunFigures, number: int) -> None:
        """Begin where `record` was made, as run `number`."""
        step_N = np.arange(len(record.loss_N)) + 1
        self._curves.restore(
            CurveFigures(number, step_N, record.loss_N, record.accuracy_N, record.epochs), number
        )
        self._learned_from = array("q", record.pictures_N.tolist())
        self._epoch_seconds = record.seconds
        if len(step_N):
            self._first_loss, self._last_loss = float(record.loss_N[0]), float(record.loss_N[-1])

    def is_sound(self, step: int) -> bool:
        """Whether the loss of a step has come and is one of a network that still learns."""
        figures = self._curves.read()
        index = int(np.searchsorted(figures.step_N, step))
        there = index < len(figures.step_N) and figures.step_N[index] == step
        return bool(there) and self._sound(float(figures.loss_N[index]))

    @property
    def looks_sound(self) -> bool:
        """Whether the newest loss that has come is one of a network that still learns."""
        return self._last_loss is None or self._sound(self._last_loss)

    def _sound(self, loss: float) -> bool:
        return loss <= RUINED * max(self._first_loss or 0.0, 1.0)

    def return_to(self, step: int) -> None:
        """The steps after `step` are undone: their figures are dropped."""
        self.bad_step = None
        self._last_loss = None
        self._waiting = []
        del self._learned_from[step:]
        self._curves.truncate(step)

    def _receive(self, step_N: np.ndarray, figures_N2: np.ndarray) -> None:
        bad_N = np.flatnonzero(~np.isfinite(figures_N2[:, 0]))
        if len(bad_N) and self.bad_step is None:
            self.bad_step = int(step_N[bad_N[0]])
        if self._first_loss is None:
            self._first_loss = float(figures_N2[0, 0])
        self._last_loss = float(figures_N2[-1, 0])
        self._curves.extend(step_N, figures_N2[:, 0], figures_N2[:, 1])
