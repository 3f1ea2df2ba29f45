"""Each probe is predicted, new ones at once, and no more often than there is time for."""

from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from engine.data.batches.scaling import scaling_of
from engine.messages.frames import Demand, FrameKey, MapsDemand, PredictionsDemand
from engine.probes import Probes
from engine.telemetry.looking import Looking, Subject
from engine.telemetry.outlet import Inbox, Outlet
from engine.telemetry.transfer import Transfer

SHAPE = (1, 6, 6)


class Passes(nn.Module):
    """Counts the pictures that it sees, each of which takes its time."""

    def __init__(self, room: "Room", seconds: float) -> None:
        super().__init__()
        self.room, self.seconds = room, seconds
        self.conv = nn.Conv2d(1, 2, 6)

    def forward(self, batch: Tensor) -> Tensor:
        self.room.now += self.seconds * len(batch)
        self.room.pictures += len(batch)
        return self.conv(batch).flatten(1)


class Room:
    """A network that is looked at, with a clock that only its passes and the test move."""

    def __init__(self, seconds: float = 0.0001) -> None:
        self.now = 100.0
        self.pictures = 0
        self.outlet = Outlet()
        self.inbox: Inbox = self.outlet.join()
        self.looking = Looking(self.outlet, lambda: self.now)
        self.probes = Probes()
        self.network = Passes(self, seconds)
        self.step = 0
        self.frames: dict[FrameKey, Any] = {}

    @property
    def subject(self) -> Subject:
        cpu = torch.device("cpu")
        scaling = scaling_of("none", 1, np.empty((0, *SHAPE), np.uint8))
        return Subject(self.network, self.step, cpu, Transfer(cpu), scaling, {})

    def add(self, count: int) -> list[int]:
        added = []
        for _ in range(count):
            probe = self.probes.add("picture", np.zeros((6, 6, 3), np.uint8))
            probe.see(SHAPE, "stretch")
            self.looking.forget(probe)
            added.append(probe.number)
        return added

    def train(self, seconds: float = 0.0, step: float = 0.01) -> None:
        """One step, or as many as take so long; the window takes its frames after each."""
        end = self.now + seconds
        while True:
            self.looking.while_training(self.subject, self.probes)
            self.take()
            self.step += 1
            self.now += step
            if self.now >= end:
                return

    def stand_still(self) -> int:
        """Nothing trains; how many turns it takes until all is shown."""
        turns, behind = 0, True
        while behind:
            self.looking.standing_still(self.subject, self.probes)
            behind = self.looking.is_behind
            turns += 1
        return turns

    def take(self) -> None:
        self.frames.update(self.inbox.frames())

    def predicted(self) -> tuple[int, ...]:
        self.take()
        frame = self.frames.get(("predictions", ""))
        return () if frame is None else frame.probes


@pytest.fixture
def room() -> Room:
    room = Room()
    room.looking.demand = Demand((PredictionsDemand(),))
    return room


def test_of_two_hundred_probes_only_the_new_ones_are_predicted_when_they_come(room: Room) -> None:
    room.add(150)
    room.train(60)
    room.looking.pace.budget = 0.02
    room.pictures = 0
    for _ in range(50):
        (number,) = room.add(1)
        room.train()
        assert number in room.predicted()
    assert room.pictures < 50 * 5, "not 50 times all of them"


def test_arrivals_count_within_the_budget() -> None:
    room = Room(seconds=0.02)
    room.looking.demand = Demand((PredictionsDemand(), MapsDemand("conv")))
    room.looking.pace.budget = 0.05
    room.add(20)
    began = room.now
    for _ in range(100):
        room.add(1)
        room.train(1.0)
    spent = room.pictures * 0.02
    assert spent <= 0.05 * (room.now - began) + 1.0


def test_many_slow_ones_come_in_slices_so_that_training_goes_on_between() -> None:
    room = Room(seconds=0.1)
    room.looking.demand = Demand((PredictionsDemand(),))
    room.looking.pace.budget = 0.5
    room.add(1)
    room.train()
    numbers = room.add(30)
    longest = 0.0
    while not set(numbers) <= set(room.predicted()):
        began = room.now
        room.train()
        longest = max(longest, room.now - began)
    assert longest <= 0.1 * 4 + 0.02
    assert room.step > 20


def test_every_probe_follows_the_training_though_not_each_at_once(room: Room) -> None:
    room.network.seconds = 0.001
    numbers = room.add(60)
    room.train(5)
    assert set(room.predicted()) == set(numbers)
    with torch.no_grad():
        room.network.conv.weight.zero_()
        room.network.conv.bias.copy_(torch.tensor([0.0, 50.0]))
    room.train(5)
    frame = room.frames["predictions", ""]
    np.testing.assert_allclose(frame.probabilities_NC, [[0.0, 1.0]] * 60, atol=1e-6)


def test_the_selected_probe_is_predicted_by_the_pass_of_its_maps(room: Room) -> None:
    room.looking.demand = Demand((MapsDemand("conv"), PredictionsDemand()))
    room.add(1)
    room.train(1)
    room.pictures = 0
    room.train(2)
    assert room.pictures == pytest.approx(2 * 16, abs=3), "one pass a capture"


def test_standing_still_all_are_predicted_slice_by_slice_and_once() -> None:
    room = Room(seconds=0.05)
    room.looking.demand = Demand((PredictionsDemand(),))
    numbers = room.add(25)
    assert room.stand_still() > 5, "commands are looked for in between"
    assert set(room.predicted()) == set(numbers)
    seen = room.pictures
    assert room.stand_still() == 1
    assert room.pictures == seen
    room.step += 1
    room.stand_still()
    assert room.pictures == 2 * seen


def test_a_probe_that_is_gone_is_not_told_of(room: Room) -> None:
    numbers = room.add(3)
    room.train(1)
    room.looking.forget(room.probes.remove(numbers[1]))
    room.train(1)
    assert set(room.predicted()) == {numbers[0], numbers[2]}


def test_another_probe_is_shown_at_once_within_what_may_be_borrowed(room: Room) -> None:
    room.looking.demand = Demand((MapsDemand("conv"),), frames_per_second=0.001)
    numbers = room.add(8)
    room.train(1)
    for number in numbers[1:]:
        room.probes.selected = room.probes.find(number)
        room.train()
        assert room.frames["maps", "conv"].probe == number
    room.network.seconds = 10.0
    for number in numbers:
        room.probes.selected = room.probes.find(number)
        room.train()
    assert room.pictures < 1 + 7 + 4


@pytest.mark.parametrize("rate", [0.0, -1.0, float("nan"), float("inf")])
@pytest.mark.parametrize("budget", [0.0, 0.1])
def test_no_rate_and_no_budget_end_nothing(rate: float, budget: float, room: Room) -> None:
    room.looking.pace.budget = budget
    room.looking.demand = Demand((MapsDemand("conv"), PredictionsDemand()), rate)
    numbers = room.add(2)
    room.train(1)
    assert bool(room.predicted()) == bool(budget), "a new one is predicted, at any rate"
    room.probes.selected = room.probes.find(numbers[1])
    room.train(1)


def test_a_network_that_fails_in_eval_mode_ends_no_training_and_is_told_once(
    room: Room, expect_log: Any
) -> None:
    expect_log("looking at the network failed")

    class Failing(nn.Module):
        def forward(self, batch: Tensor) -> Tensor:
            raise ValueError("not today")

    room.looking.demand = Demand((MapsDemand("conv"), PredictionsDemand()))
    room.add(2)
    room.network.add_module("conv", Failing())
    room.train(2)
    assert not room.frames
    assert room.stand_still() == 1
