"""An epoch's four figures, and the predictions after it, against a computation of their own."""

import math

import msgspec
import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torchvision.models import GoogLeNet, Inception3

from engine.config import DataConfig, RunConfig, SubsetCounts, TrainingConfig
from engine.data.batches.seeds import epoch_order
from engine.data.sources.open import open_source
from engine.messages import commands, events
from engine.messages.frames import Demand, PredictionsDemand, PredictionsFrame
from engine.networks.build import build
from engine.networks.presets import find_network
from engine.networks.scores import outputs_of
from engine.state import Phase
from engine.training.run import Run
from tests.engine.test_worker import Engine

CONFIG = RunConfig(
    # 600 to learn from, in batches of 256, 256 and 88; 300 to validate with.
    data=DataConfig(subsets=SubsetCounts(60, 30, 0)),
    network=find_network("digits-small"),
    training=TrainingConfig(
        epochs=2, batch_size=256, learning_rate=0.05, optimizer="sgd", schedule="constant",
        device="cpu",
    ),
)  # fmt: skip
CPU = torch.device("cpu")


def log_shares(scores_NK: Tensor) -> np.ndarray:
    """Log probabilities in float64, without torch's own softmax."""
    scores = scores_NK.detach().numpy().astype(np.float64)
    scores -= scores.max(1, keepdims=True)
    return scores - np.log(np.exp(scores).sum(1, keepdims=True))


def judged(network: nn.Module, pictures_NCHW: Tensor, labels_N: Tensor) -> tuple[list, list]:
    """Of each picture by itself: its loss, and whether it is right."""
    shares_NK = log_shares(network(pictures_NCHW))
    losses = [-shares[label] for shares, label in zip(shares_NK, labels_N.tolist(), strict=True)]
    right = [
        int(np.argmax(shares)) == label
        for shares, label in zip(shares_NK, labels_N.tolist(), strict=True)
    ]
    return losses, right


def test_an_epoch_s_figures_are_means_over_its_pictures() -> None:
    engine = Engine(CONFIG)
    engine.apply(commands.Start())
    engine.finish()
    told = engine.events(events.EpochEnded)
    run = engine.worker._loaded.run
    source = open_source("digits")

    def subset(name: str) -> tuple[Tensor, Tensor]:
        chosen_N = run.subsets.indices(name)
        pictures_NCHW = torch.from_numpy(source.pictures_NCHW[chosen_N]).float() / 255
        return pictures_NCHW, torch.from_numpy(source.labels_N[chosen_N])

    (train_NCHW, train_N), (val_NCHW, val_N) = subset("train"), subset("validation")
    torch.manual_seed(0)
    network = build(CONFIG.network, (1, 28, 28), 10)
    optimizer = torch.optim.SGD(network.parameters(), lr=0.05, momentum=0.9)
    for epoch, ended in enumerate(told):
        losses, right = [], []
        for chosen_N in epoch_order(600, 0, epoch).split(256):
            found = judged(network, train_NCHW[chosen_N], train_N[chosen_N])
            losses += found[0]
            right += found[1]
            optimizer.zero_grad()
            F.cross_entropy(network(train_NCHW[chosen_N]), train_N[chosen_N]).backward()
            optimizer.step()
        val_losses, val_right = judged(network, val_NCHW, val_N)
        assert (len(losses), len(val_losses)) == (600, 300)
        assert ended.train_loss == pytest.approx(math.fsum(losses) / 600, rel=1e-4)
        assert ended.train_accuracy == sum(right) / 600
        assert ended.val_loss == pytest.approx(math.fsum(val_losses) / 300, rel=1e-4)
        assert ended.val_accuracy == pytest.approx(sum(val_right) / 300, abs=1e-6)
    assert [ended.epoch for ended in told] == [1, 2]
    assert 0.15 < told[0].val_accuracy < 0.85, "a turned comparison would be noticed"

    engine.worker.looking.demand = Demand((PredictionsDemand(),))
    engine.worker.rest()
    frame = engine.inbox.frames()["predictions", ""]
    assert isinstance(frame, PredictionsFrame)
    shown = {event.probe: event for event in engine.events(events.ProbeShown)}
    seen_NCHW = np.stack([shown[probe].seen_CHW for probe in frame.probes])
    expected_NC = np.exp(log_shares(network(torch.from_numpy(seen_NCHW).float() / 255)))
    np.testing.assert_allclose(frame.probabilities_NC, expected_NC, rtol=1e-3, atol=1e-5)
    engine.worker.close()


def test_the_figures_do_not_depend_on_when_losses_leave_the_device() -> None:
    def epochs_with(tick: float) -> list[tuple[float, float]]:
        engine = Engine(CONFIG)
        engine.apply(commands.Start())
        while engine.worker.phase is Phase.TRAINING:
            engine.now += tick
            engine.worker.advance()
        engine.worker.close()
        ended = engine.events(events.EpochEnded)
        return [(epoch.train_loss, epoch.train_accuracy) for epoch in ended]

    assert epochs_with(0.0) == epochs_with(1.0)


def test_a_step_that_is_asked_for_during_a_validation_is_made() -> None:
    training = msgspec.structs.replace(CONFIG.training, epochs=1)
    # Two batches of validation, so that one can be asked for between them.
    data = DataConfig(subsets=SubsetCounts(60, 40, 0))
    engine = Engine(msgspec.structs.replace(CONFIG, data=data, training=training))
    engine.apply(commands.Start())
    engine.steps(4)
    engine.apply(commands.Pause())
    status = engine.worker.status()
    assert (status.step, status.activity, status.epoch) == (3, "Validating", 0)
    engine.apply(commands.Step())
    engine.finish()
    status = engine.worker.status()
    assert (engine.worker.phase, status.step, status.epoch) == (Phase.PAUSED, 4, 1)
    assert len(engine.events(events.EpochEnded)) == 1
    engine.worker.close()


def test_steps_are_counted_as_they_are_made() -> None:
    training = msgspec.structs.replace(CONFIG.training, batch_size=599)
    engine = Engine(msgspec.structs.replace(CONFIG, training=training))
    assert engine.worker.status().steps_per_epoch == 1
    engine.apply(commands.Start())
    engine.steps(1)
    status = engine.worker.status()
    assert (status.activity, status.step_in_epoch, status.steps_per_epoch) == ("Validating", 1, 1)
    engine.worker.close()


class Coloured(nn.Module):
    """A digit enlarged and in three channels, for a network of torchvision's."""

    def __init__(self, network: nn.Module, side: int) -> None:
        super().__init__()
        self.network = network
        self.side = side

    def forward(self, pictures_NCHW: Tensor) -> object:
        large_NCHW = F.interpolate(pictures_NCHW, (self.side, self.side))
        return self.network(large_NCHW.expand(-1, 3, -1, -1))


@pytest.mark.parametrize(
    ("make", "side", "weight", "count"), [(GoogLeNet, 64, 0.3, 2), (Inception3, 299, 0.4, 1)]
)
def test_networks_with_auxiliary_outputs_learn_from_all_of_them(
    make: type[nn.Module], side: int, weight: float, count: int
) -> None:
    training = msgspec.structs.replace(CONFIG.training, batch_size=2, learning_rate=1e-3)
    config = msgspec.structs.replace(CONFIG, training=training)
    run = Run(config, open_source("digits"), CPU)
    torch.manual_seed(1)
    network = Coloured(make(num_classes=10, init_weights=False, dropout=0.0), side)
    for module in network.modules():
        if isinstance(module, nn.Dropout):
            module.p = 0.0
    run.network = network.train()
    chosen_N = epoch_order(600, 0, 0)[:2]
    train_N = run.subsets.indices("train")[chosen_N]
    pictures_NCHW = torch.from_numpy(run.source.pictures_NCHW[train_N]).float() / 255
    labels_N = torch.from_numpy(run.source.labels_N[train_N])
    # Tuples as torchvision makes them; the statistics of its norms change, not what it gives.
    with torch.no_grad():
        given = network(pictures_NCHW)
    if not isinstance(given, tuple):
        pytest.fail("torchvision gives no tuple any more")
    losses = [float(F.cross_entropy(each, labels_N)) for each in given]
    assert len(losses) == 1 + count
    expected = losses[0] + weight * sum(losses[1:])
    learned = run.step()
    assert learned is not None
    assert float(learned.figures_2[0]) == pytest.approx(expected, rel=1e-4)
    auxiliary = [p for name, p in network.named_parameters() if "aux" in name.lower()]
    assert auxiliary
    assert all(parameter.grad is not None for parameter in auxiliary)
    run.close_feed()


def test_an_output_alone_has_no_others() -> None:
    output_NK = torch.ones(2, 3)
    assert outputs_of(output_NK) == (output_NK, (), 0.0)
    assert outputs_of((output_NK, None)).auxiliary == ()
