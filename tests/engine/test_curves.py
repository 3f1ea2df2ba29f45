"""Curves against the plainest thing that could be them: lists."""

import threading

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from engine.messages.events import EpochEnded
from engine.telemetry.curves import CurveFigures, Curves


def ended(epoch: int, step: int) -> EpochEnded:
    return EpochEnded(epoch, step, 0.5, 0.9, 0.6, 0.8, 1000.0, 1.0)


class CurvesBesideLists(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.curves = Curves()
        self.kept: CurveFigures = self.curves.read()
        self.forget(0)

    def forget(self, run: int) -> None:
        self.run = run
        self.step = 0
        self.steps: list[int] = []
        self.losses: list[float] = []
        self.epochs: list[EpochEnded] = []

    # More than the 1,024 that there is room for at first, in two or three goes.
    @rule(count=st.integers(0, 700), first_loss=st.floats(0, 10, width=32))
    def extend(self, count: int, first_loss: float) -> None:
        step_N = np.arange(self.step + 1, self.step + count + 1)
        loss_N = np.full(count, first_loss, np.float32)
        self.curves.extend(step_N, loss_N, 1 - loss_N / 10)
        self.step += count
        self.steps += step_N.tolist()
        self.losses += loss_N.tolist()

    @rule()
    def end_epoch(self) -> None:
        epoch = ended(len(self.epochs) + 1, self.step)
        self.curves.add_epoch(epoch)
        self.epochs.append(epoch)

    @rule(back=st.integers(-2, 900))
    def truncate(self, back: int) -> None:
        step = self.step - back
        self.curves.truncate(step)
        self.steps = [s for s in self.steps if s <= step]
        self.losses = self.losses[: len(self.steps)]
        self.epochs = [epoch for epoch in self.epochs if epoch.step <= step]
        self.step = min(self.step, max(step, 0))

    @rule()
    def begin(self) -> None:
        self.kept = self.curves.read()
        self.curves.begin(self.run + 1)
        self.forget(self.run + 1)

    @rule()
    def restore(self) -> None:
        self.curves.restore(self.kept, self.run + 1)
        self.run += 1
        self.steps = self.kept.step_N.tolist()
        self.losses = self.kept.loss_N.tolist()
        self.epochs = list(self.kept.epochs)
        self.step = max([0, *self.steps, *(epoch.step for epoch in self.epochs)])

    @invariant()
    def says_what_the_lists_say(self) -> None:
        figures = self.curves.read()
        assert figures.run == self.run
        assert figures.step_N.tolist() == self.steps
        assert figures.loss_N.tolist() == self.losses
        np.testing.assert_array_equal(figures.accuracy_N, 1 - figures.loss_N / 10)
        assert figures.epochs == tuple(self.epochs)
        assert (figures.step_N.dtype, figures.loss_N.dtype) == (np.int64, np.float32)


TestCurvesBesideLists = CurvesBesideLists.TestCase


@given(st.integers(1, 50))
def test_what_was_read_stays_as_it_was(count: int) -> None:
    curves = Curves()
    curves.extend(np.arange(count), np.ones(count), np.ones(count))
    figures = curves.read()
    figures.loss_N[:] = 7
    assert (curves.read().loss_N == 1).all()
    curves.truncate(-1)
    curves.extend(np.arange(count), np.zeros(count), np.zeros(count))
    assert (figures.loss_N == 7).all()
    assert figures.step_N.tolist() == list(range(count))


def test_a_reader_beside_a_writer_sees_whole_steps() -> None:
    curves = Curves()
    last, together = 6000, 3

    def write() -> None:
        for step in range(0, last, together):
            step_N = np.arange(step, step + together)
            curves.extend(step_N, step_N / 2, step_N / last)

    writer = threading.Thread(target=write)
    writer.start()
    length = 0
    while length < last:
        figures = curves.read()
        assert len(figures.step_N) >= length
        length = len(figures.step_N)
        assert length % together == 0
        np.testing.assert_array_equal(figures.step_N, np.arange(length))
        np.testing.assert_array_equal(figures.loss_N, np.arange(length, dtype=np.float32) / 2)
    writer.join()
