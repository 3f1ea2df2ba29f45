"""The same engine on a GPU: it trains, shows and stays the same whether looked at or not."""

import msgspec
import pytest
import torch

from engine.config import TrainingConfig
from engine.messages import commands, events
from engine.messages.frames import Demand
from engine.state import Phase
from tests.engine.test_worker import ALL, SMALL, Engine

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no CUDA device")
ON_CUDA = msgspec.structs.replace(
    SMALL, training=TrainingConfig(epochs=2, batch_size=256, device="cuda")
)

DETERMINISTIC = msgspec.structs.replace(
    ON_CUDA, training=msgspec.structs.replace(ON_CUDA.training, deterministic=True)
)


def test_it_trains_and_shows_on_cuda() -> None:
    engine = Engine(ON_CUDA)
    engine.worker.looking.demand = Demand(ALL)
    engine.worker.rest()
    assert set(engine.inbox.frames()) == {demand.key for demand in ALL}
    engine.apply(commands.Start())
    engine.finish()
    assert engine.worker.phase is Phase.FINISHED
    assert len(engine.events(events.EpochEnded)) == 2
    assert engine.curves.read().step_N.tolist() == list(range(1, 41))
    engine.worker.close()


def test_no_step_waits_for_the_device() -> None:
    engine = Engine(ON_CUDA)
    engine.worker.looking.demand = Demand(ALL)
    engine.worker.looking.pace.budget = 1.0
    engine.apply(commands.Start())
    engine.steps(3)  # the first ones set up what may wait
    torch.cuda.set_sync_debug_mode("error")
    try:
        for _ in range(10):
            engine.now += 10
            engine.inbox.frames()
            engine.steps(1)
    finally:
        torch.cuda.set_sync_debug_mode("default")
    engine.worker.close()


def test_looking_does_not_change_the_weights_on_cuda() -> None:
    def weights(look: bool) -> dict[str, torch.Tensor]:
        engine = Engine(DETERMINISTIC)
        engine.worker.looking.pace.budget = 1.0
        engine.apply(commands.Start())
        while engine.worker.phase is Phase.TRAINING:
            if look:
                engine.worker.looking.demand = Demand(ALL)
                engine.inbox.frames()
                engine.now += 0.1
            engine.worker.advance()
        return engine.network.state_dict()

    unseen, seen = weights(False), weights(True)
    for name, value in unseen.items():
        assert torch.equal(value, seen[name]), name
