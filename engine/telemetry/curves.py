"""The loss and accuracy curves: append-only, written by the engine, sliced by the window."""

import threading
from typing import NamedTuple

import numpy as np

from engine.messages.events import EpochEnded
from engine.messages.wire import CurvesPart


class CurveFigures(NamedTuple):
    """A copy of the curves of one run: int64, float32 and float32 (N,), and its epochs."""

    run: int
    step_N: np.ndarray
    loss_N: np.ndarray
    accuracy_N: np.ndarray
    epochs: tuple[EpochEnded, ...]


class CurvesPlace(NamedTuple):
    """How far a reader has come who gets the curves in parts."""

    version: int = -1
    steps: int = 0
    epochs: int = 0


class Curves:
    """Figures of one step and of one epoch, kept for a whole run. Every method is thread-safe.

    `run` counts up when the curves begin anew, so that a reader knows to drop what it has.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._run = 0
        # Counts the times that figures were taken back, so that readers of parts begin anew.
        self._version = 0
        self._length = 0
        self._step_N = np.empty(1024, np.int64)
        self._figures_N2 = np.empty((1024, 2), np.float32)
        self._epochs: list[EpochEnded] = []

    def begin(self, run: int) -> None:
        """Forget everything: a new run, numbered `run`, starts."""
        with self._lock:
            self._run = run
            self._version += 1
            self._length = 0
            self._epochs = []

    def extend(self, step_N: np.ndarray, loss_N: np.ndarray, accuracy_N: np.ndarray) -> None:
        """Append the training loss and accuracy (0 to 1) of some steps, in order."""
        with self._lock:
            end = self._length + len(step_N)
            if end > len(self._step_N):
                room = max(end, 2 * len(self._step_N))
                # New arrays, never a resize in place: readers hold slices of the old ones.
                step_N_new = np.empty(room, np.int64)
                step_N_new[: self._length] = self._step_N[: self._length]
                figures = np.empty((room, 2), np.float32)
                figures[: self._length] = self._figures_N2[: self._length]
                self._step_N, self._figures_N2 = step_N_new, figures
            self._step_N[self._length : end] = step_N
            self._figures_N2[self._length : end, 0] = loss_N
            self._figures_N2[self._length : end, 1] = accuracy_N
            self._length = end

    def add_epoch(self, epoch: EpochEnded) -> None:
        with self._lock:
            self._epochs.append(epoch)

    def truncate(self, step: int) -> None:
        """Drop every figure of a step after `step`: those weights are gone."""
        with self._lock:
            self._length = int(np.searchsorted(self._step_N[: self._length], step, side="right"))
            self._epochs = [epoch for epoch in self._epochs if epoch.step <= step]
            self._version += 1

    def read(self) -> CurveFigures:
        """All of it, copied: safe to keep."""
        with self._lock:
            return CurveFigures(
                self._run,
                self._step_N[: self._length].copy(),
                self._figures_N2[: self._length, 0].copy(),
                self._figures_N2[: self._length, 1].copy(),
                tuple(self._epochs),
            )

    def restore(self, figures: CurveFigures, run: int) -> None:
        """Put back what `read` gave, as run number `run`."""
        self.begin(run)
        self.extend(figures.step_N, figures.loss_N, figures.accuracy_N)
        with self._lock:
            self._epochs = list(figures.epochs)

    def part_after(self, place: CurvesPlace) -> tuple[CurvesPart | None, CurvesPlace]:
        """What has come since a place, None for nothing, and the place after it."""
        with self._lock:
            here = CurvesPlace(self._version, self._length, len(self._epochs))
            if here == place:
                return None, place
            if place.version != here.version:
                place = CurvesPlace(here.version)
            new = slice(place.steps, here.steps)
            part = CurvesPart(
                self._run,
                place.steps,
                self._step_N[new].copy(),
                self._figures_N2[new, 0].copy(),
                self._figures_N2[new, 1].copy(),
                place.epochs,
                tuple(self._epochs[place.epochs :]),
            )
            return part, here

    def take_part(self, part: CurvesPart) -> None:
        """Follow other curves by a part of them; parts must come in their order."""
        if part.run != self._run or part.start < self._length:
            self.begin(part.run)
        self.extend(part.step_N, part.loss_N, part.accuracy_N)
        with self._lock:
            self._epochs = [*self._epochs[: part.first_epoch], *part.epochs]
