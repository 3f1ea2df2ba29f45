"""The engine without its thread: commands, phases, training, looking and what goes wrong."""

from collections.abc import Iterator

import msgspec
import numpy as np
import pytest
import torch

from engine.config import (
    DIGITS,
    BatchNorm,
    Conv,
    Dense,
    Dropout,
    MaxPool,
    NetworkConfig,
    RunConfig,
    SubsetCounts,
    TrainingConfig,
)
from engine.errors import ConfigError, DeviceError, EngineError, PhaseError
from engine.messages import commands, events
from engine.messages.frames import (
    Demand,
    DetailDemand,
    DetailFrame,
    KernelsDemand,
    MapsDemand,
    MosaicFrame,
    PredictionsDemand,
    PredictionsFrame,
    Region,
)
from engine.state import Phase
from engine.telemetry.outlet import Outlet
from engine.worker import Worker

SMALL = RunConfig(
    data=msgspec.structs.replace(DIGITS, subsets=SubsetCounts("rest", 10, 0)),
    network=NetworkConfig(
        "small",
        (
            Conv(4),
            BatchNorm(),
            MaxPool(2),
            Conv(4),
            MaxPool(2),
            Dropout(0.5),
            Dense(0, activation="none"),
        ),
    ),
    training=TrainingConfig(epochs=1, batch_size=256, device="cpu"),
)
ALL = (
    MapsDemand("conv1"),
    MapsDemand("conv2", scale="network"),
    MapsDemand("conv2.conv", signed=True, scale="layer"),
    KernelsDemand("conv2", input_channel=1),
    DetailDemand("conv1", 2),
    PredictionsDemand(),
)


class Engine:
    """A worker with everything it writes to, and a clock that the test moves."""

    def __init__(self, config: RunConfig = SMALL) -> None:
        outlet = Outlet()
        self.inbox, self.curves = outlet.join(), outlet.curves
        self.told: list[events.Event] = []
        self.now = 0.0
        self.worker = Worker(outlet, clock=self.tick)
        self.worker.start()
        self.worker.apply(commands.Load(config))

    def tick(self) -> float:
        self.now += 0.001
        return self.now

    def apply(self, *sent: commands.Command) -> None:
        for command in sent:
            self.worker.apply(command)

    def finish(self) -> None:
        while self.worker.phase is Phase.TRAINING:
            self.worker.advance()

    def steps(self, count: int) -> None:
        for _ in range(count):
            self.worker.advance()

    def events(self, kind: type) -> list:
        self.told += self.inbox.events()
        return [event for event in self.told if isinstance(event, kind)]

    @property
    def network(self) -> torch.nn.Module:
        loaded = self.worker._loaded
        assert loaded is not None
        return loaded.run.network


@pytest.fixture
def engine() -> Iterator[Engine]:
    engine = Engine()
    yield engine
    engine.worker.close()


def test_a_run_goes_from_ready_to_finished_and_its_epoch_is_told(engine: Engine) -> None:
    assert engine.worker.phase is Phase.READY
    engine.apply(commands.Start())
    engine.finish()
    assert engine.worker.phase is Phase.FINISHED
    (epoch,) = engine.events(events.EpochEnded)
    assert (epoch.epoch, epoch.step) == (1, 20)
    figures = engine.curves.read()
    assert figures.step_N.tolist() == list(range(1, 21))
    pictures_N = [256] * 19 + [4900 - 19 * 256]
    mean = np.average(figures.loss_N, weights=pictures_N)
    assert epoch.train_loss == pytest.approx(mean, rel=1e-5)
    assert figures.epochs == (epoch,)
    status = engine.worker.status()
    assert (status.epoch, status.epochs, status.step) == (1, 1, 20)


def test_loaded_describes_the_network_from_picture_to_classes(engine: Engine) -> None:
    (loaded,) = engine.events(events.Loaded)
    assert [stage.name for stage in loaded.network.stages if stage.has_maps][:3] == [
        "conv1",
        "norm1",
        "pool1",
    ]
    assert loaded.network.stages[0].kind == "picture"
    assert loaded.network.stages[-1].kind == "classes"
    assert loaded.data.training_pictures + loaded.data.validation_pictures == 5000
    assert len(engine.events(events.ProbeShown)) == 4
    assert engine.events(events.ProbeSelected)


def test_pause_and_step_and_epoch_take_effect_at_boundaries(engine: Engine) -> None:
    engine.apply(commands.Step())
    engine.finish()
    assert (engine.worker.phase, engine.worker.status().step) == (Phase.PAUSED, 1)
    engine.apply(commands.Start())
    engine.steps(3)
    engine.apply(commands.Pause())
    assert (engine.worker.phase, engine.worker.status().step) == (Phase.PAUSED, 4)
    assert engine.curves.read().step_N.tolist() == [1, 2, 3, 4]
    engine.apply(commands.Epoch())
    engine.finish()
    assert (engine.worker.phase, engine.worker.status().epoch) == (Phase.PAUSED, 1)
    assert engine.worker.status().step == 20
    engine.apply(commands.Stop())
    assert engine.worker.phase is Phase.FINISHED


def test_a_second_start_is_refused_in_a_sentence(engine: Engine) -> None:
    engine.apply(commands.Start())
    with pytest.raises(PhaseError, match="already runs"):
        engine.apply(commands.Start())
    assert engine.worker.phase is Phase.TRAINING


def test_the_learning_rate_falls_to_nothing_over_the_run(engine: Engine) -> None:
    loaded = engine.worker._loaded
    assert loaded is not None
    engine.apply(commands.Start())
    rates = []
    while engine.worker.phase is Phase.TRAINING:
        rates.append(loaded.run.learning_rate)
        engine.worker.advance()
    assert 0.99 < rates[0] / SMALL.training.learning_rate < 1
    assert rates == sorted(rates, reverse=True)
    assert rates[-1] == loaded.run.learning_rate == 0


def test_start_after_the_end_trains_as_many_epochs_again(engine: Engine) -> None:
    for epochs in (1, 2):
        engine.apply(commands.Start())
        engine.finish()
        assert engine.worker.status().epoch == epochs


def test_start_over_begins_from_the_same_weights_and_undo_brings_the_others_back(
    engine: Engine,
) -> None:
    first = {name: value.clone() for name, value in engine.network.state_dict().items()}
    engine.apply(commands.Start())
    engine.steps(5)
    engine.apply(commands.Pause())
    trained = {name: value.clone() for name, value in engine.network.state_dict().items()}
    figures = engine.curves.read()
    engine.apply(commands.StartOver())
    assert engine.worker.phase is Phase.READY
    assert engine.worker.status().can_undo
    assert len(engine.curves.read().step_N) == 0
    for name, value in engine.network.state_dict().items():
        assert torch.equal(value, first[name])
    engine.apply(commands.Undo())
    assert engine.worker.phase is Phase.PAUSED
    for name, value in engine.network.state_dict().items():
        assert torch.equal(value, trained[name])
    np.testing.assert_array_equal(engine.curves.read().loss_N, figures.loss_N)
    with pytest.raises(PhaseError, match="nothing to undo"):
        engine.apply(commands.Undo())


def test_settings_change_between_steps(engine: Engine) -> None:
    engine.apply(commands.Start())
    engine.steps(2)
    engine.apply(commands.SetTraining({"learning_rate": 0.5, "batch_size": 1000}))
    engine.apply(commands.SetTraining({"schedule": "constant"}))
    engine.steps(1)
    loaded = engine.worker._loaded
    assert loaded is not None
    assert loaded.run.optimizer.param_groups[0]["lr"] == 0.5
    assert loaded.run.position == 2 * 256 + 1000
    engine.apply(commands.SetTraining({"optimizer": "sgd"}))
    engine.steps(1)
    assert isinstance(loaded.run.optimizer, torch.optim.SGD)
    assert loaded.run.optimizer.param_groups[0]["lr"] == 0.5
    assert len(engine.events(events.TrainingChanged)) == 3


@pytest.mark.parametrize(
    "change",
    [
        commands.SetTraining({"learning_rate": 0.0}),
        commands.SetTraining({"learning_rate": -1.0}),
        commands.SetTraining({"batch_size": 0}),
        commands.SetTraining({"epochs": -3}),
    ],
)
def test_settings_that_cannot_be_are_refused_and_change_nothing(
    engine: Engine, change: commands.SetTraining
) -> None:
    before = engine.worker.status()
    with pytest.raises(ConfigError):
        engine.apply(change)
    assert engine.worker.status() == before


def test_a_loss_that_is_no_number_pauses_and_keeps_the_last_good_weights(engine: Engine) -> None:
    engine.apply(commands.Start())
    engine.steps(5)
    with torch.no_grad():
        next(engine.network.parameters()).fill_(float("nan"))
    engine.finish()
    assert engine.worker.phase is Phase.PAUSED
    (broken,) = engine.events(events.LossNotFinite)
    assert broken.step == 6
    assert broken.kept_step < 6
    assert all(torch.isfinite(weight).all() for weight in engine.network.parameters())
    assert engine.worker.status().step == broken.kept_step
    figures = engine.curves.read()
    assert np.isfinite(figures.loss_N).all()
    assert figures.step_N.tolist() == list(range(1, broken.kept_step + 1))
    engine.apply(commands.Start())
    engine.finish()
    assert engine.worker.phase is Phase.FINISHED


def test_a_learning_rate_that_is_far_too_high_ends_in_the_same_way() -> None:
    training = TrainingConfig(epochs=3, batch_size=64, learning_rate=1e6, optimizer="sgd")
    engine = Engine(msgspec.structs.replace(SMALL, training=training))
    engine.apply(commands.Start())
    engine.finish()
    assert engine.worker.phase is Phase.PAUSED
    assert engine.events(events.LossNotFinite)
    assert all(torch.isfinite(weight).all() for weight in engine.network.parameters())


def test_copies_of_weights_that_have_come_apart_are_no_good(engine: Engine) -> None:
    engine.apply(commands.Start())
    engine.steps(4)
    with torch.no_grad():
        for weight in engine.network.parameters():
            weight.mul_(1e4)  # finite, and ruined
    for _ in range(4):
        engine.now += 10  # every step is copied
        engine.worker.advance()
    with torch.no_grad():
        next(engine.network.parameters()).fill_(float("nan"))
    engine.finish()
    (broken,) = engine.events(events.LossNotFinite)
    assert broken.kept_step <= 4
    assert (engine.curves.read().loss_N < 10).all()


def test_after_a_change_of_optimiser_the_one_from_before_the_break_is_forgotten(
    engine: Engine,
) -> None:
    engine.apply(commands.Start())
    engine.steps(3)
    engine.apply(commands.SetTraining({"optimizer": "sgd"}))
    engine.steps(1)
    with torch.no_grad():
        next(engine.network.parameters()).fill_(float("nan"))
    engine.finish()
    engine.apply(commands.SetTraining({"learning_rate": 1e-4}), commands.Start())
    engine.finish()
    assert engine.worker.phase is Phase.FINISHED


def test_cuda_where_there_is_none_is_a_sentence_and_what_was_loaded_stays(
    engine: Engine,
) -> None:
    if torch.cuda.is_available():
        pytest.skip("there is a CUDA device here")
    training = TrainingConfig(device="cuda")
    with pytest.raises(DeviceError, match="finds no CUDA device"):
        engine.apply(commands.Load(msgspec.structs.replace(SMALL, training=training)))
    assert engine.worker.phase is Phase.READY
    engine.apply(commands.Step())
    engine.finish()
    assert engine.worker.status().step == 1


def test_frames_are_right_and_read_only(engine: Engine) -> None:
    engine.worker.looking.demand = Demand(ALL)
    engine.worker.rest()
    frames = engine.inbox.frames()
    assert set(frames) == {demand.key for demand in ALL}
    maps = frames["maps", "conv1"]
    assert isinstance(maps, MosaicFrame)
    assert maps.shape_CHW == (4, 26, 26)
    assert maps.mosaic_HW.shape == (26, 4 * 26)
    assert maps.mosaic_HW.dtype == np.uint8
    assert not maps.mosaic_HW.flags.writeable
    detail = frames["detail", ""]
    assert isinstance(detail, DetailFrame)
    assert detail.values_HW.min() == maps.low_N[2]
    assert detail.values_HW.max() == maps.high_N[2] == maps.max_C[2]
    assert detail.values_HW.mean() == pytest.approx(maps.mean_C[2], rel=1e-5)
    assert detail.mean == pytest.approx(maps.mean_C[2], rel=1e-5)
    assert detail.zeros == pytest.approx(maps.zeros_C[2])
    assert (detail.low, detail.high) == (maps.low_N[2], maps.high_N[2])
    assert np.array_equal(detail.bytes_HW, maps.mosaic_HW[:, 2 * 26 : 3 * 26])
    assert not detail.bytes_HW.flags.writeable
    assert detail.filter_IHW is not None
    assert detail.filter_IHW.shape == (1, 3, 3)
    assert detail.filter_high == np.abs(detail.filter_IHW).max()
    scaled_IHW = detail.filter_IHW / detail.filter_high * 127.5 + 127.5
    assert detail.filter_bytes_IHW is not None
    assert np.abs(detail.filter_bytes_IHW - scaled_IHW).max() <= 0.51
    bias_O = engine.network.get_submodule("conv1.conv").bias
    assert isinstance(bias_O, torch.Tensor)
    assert detail.bias == bias_O[2].item()
    kernels = frames["kernels", "conv2"]
    assert isinstance(kernels, MosaicFrame)
    assert (kernels.low_N == -kernels.high_N).all()
    weights_O33 = engine.network.get_submodule("conv2.conv").weight.detach().numpy()[:, 1]
    np.testing.assert_allclose(kernels.high_N, np.abs(weights_O33).max((1, 2)))
    responses = frames["maps", "conv2.conv"]
    assert isinstance(responses, MosaicFrame)
    assert len(set(responses.high_N.tolist())) == 1
    predictions = frames["predictions", ""]
    assert isinstance(predictions, PredictionsFrame)
    assert predictions.probabilities_NC.shape == (4, 10)
    np.testing.assert_allclose(predictions.probabilities_NC.sum(1), 1, rtol=1e-5)


ODD = (
    MapsDemand("conv1", channels=(99, -1, 2, 2)),
    MapsDemand("conv2", channels=()),
    MapsDemand("conv2.conv", tile=0, columns=-1, region=Region(float("nan"), -1, 9, 0)),
    MapsDemand("nowhere"),
    MapsDemand(""),
    KernelsDemand("pool1"),
    KernelsDemand("conv1", channels=(77,)),
    KernelsDemand("conv2", input_channel=77),
    DetailDemand("conv1", 99),
)


@pytest.mark.parametrize("rate", [0.0, -1.0, float("nan"), float("inf"), 15.0])
def test_demands_that_cannot_be_met_end_nothing(rate: float, engine: Engine) -> None:
    engine.worker.looking.demand = Demand(ODD, rate)
    engine.worker.rest()
    shown = {("maps", "conv1"), ("maps", "conv2.conv"), ("maps", "")}
    frames = engine.inbox.frames()
    assert set(frames) == shown
    assert frames["maps", "conv1"].channels == (2,)
    engine.apply(commands.Start())
    engine.finish()
    assert engine.worker.phase is Phase.FINISHED
    engine.apply(commands.StartOver())
    assert engine.worker.phase is Phase.READY


@pytest.mark.parametrize("share", [0.0, -0.5, float("inf"), 1.0])
def test_any_budget_lets_the_training_go_on(share: float, engine: Engine) -> None:
    engine.worker.looking.demand = Demand(ALL)
    engine.apply(commands.SetBudget(share), commands.Start())
    engine.apply(commands.AddProbe("new", np.zeros((5, 5, 3), np.uint8), select=True))
    engine.finish()
    assert engine.worker.phase is Phase.FINISHED
    assert bool(engine.inbox.frames()) == (share > 0)


def test_a_budget_that_is_no_number_is_refused(engine: Engine) -> None:
    with pytest.raises(ConfigError, match="not nan"):
        engine.apply(commands.SetBudget(float("nan")))
    assert engine.worker.looking.pace.budget > 0


def test_taps_of_another_network_are_ignored(engine: Engine) -> None:
    engine.worker.looking.demand = Demand((MapsDemand("layer4.conv9"), KernelsDemand("conv9")))
    engine.worker.rest()
    assert not engine.inbox.frames()
    engine.worker.looking.demand = Demand((MapsDemand("layer4.conv9"), *ALL))
    engine.worker.rest()
    assert set(engine.inbox.frames()) == {demand.key for demand in ALL}


def test_a_last_batch_of_one_picture_joins_the_one_before() -> None:
    training = TrainingConfig(epochs=1, batch_size=4899, device="cpu")
    engine = Engine(msgspec.structs.replace(SMALL, training=training))
    engine.apply(commands.Start())
    engine.finish()
    assert engine.worker.status().step == 1


def test_nothing_is_captured_twice_while_nothing_changes(engine: Engine) -> None:
    engine.worker.looking.demand = Demand(ALL)
    engine.worker.rest()
    engine.inbox.frames()
    engine.worker.rest()
    assert not engine.inbox.frames()
    zoomed = MapsDemand("conv1", channels=(3, 1), region=Region(0, 0, 0.5, 0.5))
    engine.worker.looking.demand = Demand((zoomed,))
    engine.worker.rest()
    frame = engine.inbox.frames()["maps", "conv1"]
    assert isinstance(frame, MosaicFrame)
    assert frame.channels == (3, 1)
    assert frame.tile_HW == (13, 13)


def test_a_stalled_window_stops_captures(engine: Engine) -> None:
    engine.worker.looking.demand = Demand((MapsDemand("conv1"),))
    engine.worker.looking.pace.budget = 1.0
    engine.apply(commands.Start())
    engine.now += 10
    engine.steps(1)
    first = engine.inbox.frames()["maps", "conv1"]
    assert first.step == 0
    engine.now += 10
    engine.steps(1)
    engine.now += 10
    engine.steps(1)
    assert engine.inbox.frames()["maps", "conv1"].step == 1, "not taken, so not captured again"


def test_a_probe_is_seen_predicted_inverted_and_removed(engine: Engine) -> None:
    paper_HWC = np.full((90, 60, 3), 255, np.uint8)
    paper_HWC[20:70, 28:34] = 0
    engine.worker.looking.demand = Demand((PredictionsDemand(),))
    engine.apply(commands.Start(), commands.AddProbe("one.png", paper_HWC, select=True))
    engine.steps(1)
    shown = engine.events(events.ProbeShown)[-1]
    assert shown.light
    assert shown.seen_CHW.shape == (1, 28, 28)
    frame = engine.inbox.frames()["predictions", ""]
    assert isinstance(frame, PredictionsFrame)
    assert frame.probes[-1] == shown.probe, "predicted before the next step"
    engine.apply(commands.InvertProbe(shown.probe, True))
    inverted = engine.events(events.ProbeShown)[-1]
    np.testing.assert_array_equal(inverted.seen_CHW, 255 - shown.seen_CHW)
    assert inverted.inverted
    engine.apply(commands.RemoveProbe(shown.probe))
    assert engine.events(events.ProbeSelected)[-1].probe != shown.probe
    with pytest.raises(EngineError, match="not there any more"):
        engine.apply(commands.SelectProbe(shown.probe))


def test_after_a_failure_one_can_start_over(engine: Engine) -> None:
    engine.apply(commands.Start())
    engine.steps(2)
    engine.worker.fail("The engine stopped: out of paper.", "traceback")
    assert engine.worker.phase is Phase.FAILED
    with pytest.raises(PhaseError):
        engine.apply(commands.Start())
    engine.apply(commands.StartOver(), commands.Start())
    engine.finish()
    assert engine.worker.phase is Phase.FINISHED


def weights_after(steps: int, look: bool) -> tuple[dict[str, torch.Tensor], torch.Tensor]:
    """Weights, statistics and random state after some steps, looked at or not."""
    training = TrainingConfig(epochs=50, batch_size=64, device="cpu", seed=5)
    engine = Engine(msgspec.structs.replace(SMALL, training=training))
    engine.worker.looking.pace.budget = 1.0
    engine.apply(commands.Start())
    chance = np.random.default_rng(0)
    while engine.worker.status().step < steps:
        if look:
            wanted = tuple(demand for demand in ALL if chance.random() < 0.7)
            engine.worker.looking.demand = Demand(wanted)
            engine.inbox.frames()
            engine.now += 0.1
        engine.worker.advance()
    engine.apply(commands.Pause())
    if look:
        engine.worker.looking.demand = Demand(ALL)
        engine.worker.rest()
        assert engine.inbox.frames()
    return engine.network.state_dict(), torch.get_rng_state()


def test_looking_does_not_change_what_is_looked_at() -> None:
    unseen, random_unseen = weights_after(200, look=False)
    seen, random_seen = weights_after(200, look=True)
    assert any("running_mean" in name for name in seen)
    for name, value in unseen.items():
        assert torch.equal(value, seen[name]), name
    assert torch.equal(random_unseen, random_seen)
