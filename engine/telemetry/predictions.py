"""What the network makes of each probe, brought up to date some probes at a time."""

import math
from collections.abc import Iterable, Sequence

import numpy as np

from engine.messages.frames import PredictionsDemand, PredictionsFrame

FOLLOW_SECONDS = 0.25
"""How often a prediction follows the training, at most."""
FIRST_SLICE = 4
"""How many are predicted at once while it isn't known how long one takes."""


class Predictions:
    """Rows of probabilities by the number of their probe, each of the step at which it was made.

    Engine thread only.
    """

    def __init__(self) -> None:
        self._made: dict[int, tuple[float, int]] = {}
        self._rows: dict[int, np.ndarray] = {}
        self._network = 0
        self._seconds_each = 0.0

    def forget(self, probe: int | None = None) -> None:
        """A probe is seen otherwise, or is gone; without one: another network predicts."""
        if probe is not None:
            self._made.pop(probe, None)
            self._rows.pop(probe, None)
            return
        self._made.clear()
        self._rows.clear()
        self._network += 1
        self._seconds_each = 0.0

    def new(self, probes: Iterable[int]) -> list[int]:
        """Those that were never predicted, what has come last first."""
        return sorted((probe for probe in probes if probe not in self._made), reverse=True)

    def stale(self, probes: Iterable[int], now: float) -> list[int]:
        """Those that may follow the training again: the new ones, then the oldest first."""
        made = self._made
        due = [p for p in probes if p not in made or now - made[p][0] >= FOLLOW_SECONDS]
        return sorted(due, key=lambda probe: made[probe][0] if probe in made else -math.inf)

    def behind(self, probes: Iterable[int], step: int) -> list[int]:
        """Those of another step than the network stands at."""
        return [p for p in probes if p not in self._made or self._made[p][1] != step]

    def slice_of(self, probes: list[int], seconds: float) -> list[int]:
        """As many of them as take about so long, and one at least."""
        if not self._seconds_each:
            return probes[:FIRST_SLICE]
        return probes[: max(1, int(seconds / self._seconds_each))]

    def note(self, probes: Sequence[int], now: float, step: int) -> int:
        """These are predicted now, at `step`. What comes of it is told to `receive`, with the
        number that this gives."""
        for probe in probes:
            self._made[probe] = now, step
        return self._network

    def note_cost(self, pictures: int, seconds: float) -> None:
        """So long took the pass of so many pictures."""
        each = seconds / pictures
        self._seconds_each = 0.7 * self._seconds_each + 0.3 * each if self._seconds_each else each

    def receive(self, network: int, probes: Sequence[int], rows_NC: np.ndarray) -> bool:
        """Keep rows that have come; False where they are of a network that is gone."""
        if network != self._network:
            return False
        for probe, row_C in zip(probes, rows_NC, strict=True):
            if probe in self._made:
                self._rows[probe] = row_C
        return bool(self._rows)

    def frame(self, probes: Iterable[int], step: int) -> PredictionsFrame:
        """The newest row of each probe that has one. At least one has."""
        there = tuple(probe for probe in probes if probe in self._rows)
        rows_NC = np.stack([self._rows[probe] for probe in there])
        rows_NC.flags.writeable = False
        return PredictionsFrame(PredictionsDemand().key, step, there, rows_NC)
