"""Too little memory is one sentence, whatever it was too little for, and nothing is lost."""

from collections.abc import Callable, Iterator

import pytest
import torch

from engine.config import Conv, Dense, NetworkConfig
from engine.errors import DeviceError, EngineError, NetworkError
from engine.headless.reports import JsonReport
from engine.headless.train import train
from engine.memory import is_out_of_memory
from engine.messages import commands, events
from engine.messages.frames import Demand, MapsDemand
from engine.networks.build import MOST_VALUES, MOST_WEIGHTS, build
from engine.state import Phase
from engine.telemetry import looking
from engine.training.run import Run
from tests.engine.test_worker import SMALL, Engine

ERRORS = [
    torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB"),
    RuntimeError(
        "[enforce fail at alloc_cpu.cpp:117] data. DefaultCPUAllocator: not enough memory: you"
        " tried to allocate 4000000000000 bytes."
    ),
    RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 4 bytes."),
    RuntimeError("MPS backend out of memory (MPS allocated: 9.00 GB)"),
    MemoryError("Unable to allocate 3.00 TiB for an array"),
]


def failing(error: BaseException) -> Callable[..., object]:
    def fail(*_: object, **__: object) -> object:
        raise error

    return fail


@pytest.fixture
def engine() -> Iterator[Engine]:
    engine = Engine()
    yield engine
    engine.worker.close()


def test_a_real_allocation_that_is_too_large_is_known() -> None:
    with pytest.raises(RuntimeError) as error:
        torch.empty(2**60)
    assert is_out_of_memory(error.value)
    assert not is_out_of_memory(RuntimeError("mat1 and mat2 shapes cannot be multiplied"))
    assert not is_out_of_memory(ValueError("out of memory"))


@pytest.mark.parametrize("error", ERRORS)
def test_a_step_without_memory_pauses_and_goes_on_where_it_was(
    error: BaseException, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine.apply(commands.Start())
    engine.steps(2)
    network = engine.network
    before = [weight.clone() for weight in network.parameters()]
    with monkeypatch.context() as patched:
        patched.setattr(network, "forward", failing(error))
        engine.steps(1)
    assert engine.worker.phase is Phase.PAUSED
    (halted,) = engine.events(events.Halted)
    assert halted.sentence.startswith("There is too little memory for this batch. Choose a smaller")
    assert all(torch.equal(a, b) for a, b in zip(before, network.parameters(), strict=True))
    status = engine.worker.status()
    assert (status.step, status.step_in_epoch) == (2, 2)
    engine.apply(commands.SetTraining({"batch_size": 64}), commands.Step())
    engine.finish()
    assert engine.worker.status().step == 3


def test_a_validation_without_memory_leaves_the_network_training(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine.apply(commands.Start())
    engine.steps(20)
    assert engine.worker.status().activity == "Validating"
    with monkeypatch.context() as patched:
        patched.setattr(engine.network, "forward", failing(ERRORS[-1]))
        engine.steps(1)
    assert engine.worker.phase is Phase.PAUSED
    assert all(module.training for module in engine.network.modules())
    engine.apply(commands.Start())
    engine.finish()
    assert len(engine.events(events.EpochEnded)) == 1


@pytest.mark.parametrize("error", ERRORS)
def test_a_load_without_memory_leaves_what_was_there(
    error: BaseException, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine.apply(commands.Start())
    engine.steps(2)
    with monkeypatch.context() as patched:
        patched.setattr("engine.succession.Run", failing(error))
        for command in (commands.Load(SMALL), commands.StartOver()):
            with pytest.raises(DeviceError, match="too little memory for this run"):
                engine.apply(command)
    assert engine.worker.phase is Phase.PAUSED
    assert engine.worker.status().step == 2
    engine.apply(commands.Start())
    engine.finish()
    assert engine.worker.phase is Phase.FINISHED


@pytest.mark.parametrize("error", ERRORS)
def test_looking_without_memory_pauses_and_says_so(
    error: BaseException, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(looking, "take", failing(error))
    engine.worker.looking.demand = Demand((MapsDemand("conv1"),))
    engine.worker.rest()
    engine.worker.rest()
    engine.apply(commands.Start())
    engine.now += 10
    engine.steps(1)
    assert engine.worker.phase is Phase.PAUSED
    engine.worker.rest()
    told = engine.events(events.Halted)
    assert len(told) == 2
    for halted in told:
        assert halted.sentence.startswith("There is too little memory for looking at the network.")
    engine.worker.looking.demand = Demand()
    engine.apply(commands.Start())
    engine.finish()
    assert engine.worker.phase is Phase.FINISHED


def test_other_errors_of_torch_stay_what_they_are(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine.apply(commands.Start())
    monkeypatch.setattr(engine.network, "forward", failing(RuntimeError("a broken kernel")))
    with pytest.raises(RuntimeError, match="a broken kernel"):
        engine.steps(1)


def test_a_training_without_a_window_ends_in_a_sentence_and_saves(
    tmp_path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, steps = Run.step, []

    def step(self: Run) -> object:
        steps.append(self.step_number)
        if len(steps) > 3:
            raise ERRORS[1]
        return real(self)

    monkeypatch.setattr(Run, "step", step)
    with pytest.raises(EngineError) as error:
        train(SMALL, tmp_path / "run", JsonReport())
    assert str(error.value) == (
        "There is too little memory for this batch. Choose a smaller batch size, and go on."
        f" The network is saved in {tmp_path / 'run'}."
    )


def test_layers_that_are_allowed_one_by_one_but_not_together_are_refused() -> None:
    side = 2000
    wide = NetworkConfig("wide", (*[Conv(20, padding="same")] * 3, Dense(0, activation="none")))
    assert 20 * side**2 < MOST_VALUES < 3 * 20 * side**2
    with pytest.raises(NetworkError, match="160,160,080 with those before it"):
        build(wide, (1, side, side), 2)
    units = 20_000
    deep = NetworkConfig("deep", (Dense(units), Dense(units), Dense(0, activation="none")))
    assert units**2 < MOST_WEIGHTS < 2 * units**2
    with pytest.raises(NetworkError, match="with those before it"), torch.device("meta"):
        build(deep, (1, 100, 200), 2)
