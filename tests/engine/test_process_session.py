"""Whatever becomes of the engine's process costs the window a sentence; a window that doesn't read,
or has gone, costs the engine nothing."""

import multiprocessing
import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import psutil
import pytest

from engine.config import RunConfig
from engine.messages import commands, events
from engine.messages.codec import decode, encode
from engine.messages.frames import Demand, MapsDemand, PredictionsDemand, PredictionsFrame
from engine.messages.wire import Close, CurvesPart, Sent
from engine.runs.saved import load_checkpoint
from engine.sessions import process as module
from engine.sessions.process import ProcessSession
from engine.sessions.server import serve
from engine.state import Phase
from tests.engine.broken_engines import FAULT, serve_with_faults
from tests.engine.test_session import SMALL, Reader

GREY_HWC = np.full((5, 5, 3), 99, np.uint8)


@pytest.fixture
def fault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Write into it what shall go wrong: engines that start from now on obey."""
    monkeypatch.setenv(FAULT, str(tmp_path / "fault"))
    monkeypatch.setattr(module, "serve", serve_with_faults)
    return tmp_path / "fault"


@pytest.fixture
def session() -> Iterator[ProcessSession]:
    session = ProcessSession(torch_threads=1)
    session.open(SMALL)
    yield session
    assert session.close()


def lost(reader: Reader) -> events.EngineLost:
    event = reader.wait_for(lambda event: isinstance(event, events.EngineLost))
    assert isinstance(event, events.EngineLost)
    return event


def engine_of(session: ProcessSession) -> psutil.Process:
    engine = session._engine
    assert engine is not None
    return psutil.Process(engine._process.pid)


def wait_until(condition: Callable[[], bool], seconds: float = 60.0) -> None:
    """For what no event tells."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_an_exception_in_the_engine_is_an_event_and_start_over_leads_out(fault: Path) -> None:
    session = ProcessSession(torch_threads=1)
    session.open(SMALL)
    reader = Reader(session)
    reader.wait_for_phase(Phase.READY)
    fault.write_text("raise")
    session.send(commands.Start())
    failed = reader.wait_for(lambda event: isinstance(event, events.Failed))
    assert isinstance(failed, events.Failed)
    assert "the weights fell off" in failed.sentence
    assert "Traceback" in failed.details
    fault.unlink()
    reader.seen.clear()
    session.send(commands.StartOver())
    session.send(commands.Start())
    reader.wait_for_phase(Phase.FINISHED)
    assert session.close()


@pytest.mark.parametrize(
    ("kind", "words"), [("abort", "SIGABRT"), ("exit", "exit code 3")], ids=["abort", "exit"]
)
def test_an_engine_that_dies_in_a_step_is_told_and_another_goes_on(
    fault: Path, kind: str, words: str
) -> None:
    session = ProcessSession(torch_threads=1)
    session.open(SMALL)
    reader = Reader(session)
    reader.wait_for_phase(Phase.READY)
    session.send(commands.AddProbe("mine", GREY_HWC, select=True))
    reader.wait_for(lambda event: isinstance(event, events.ProbeShown) and event.name == "mine")
    fault.write_text(kind)
    session.send(commands.Start())
    assert words in lost(reader).sentence
    assert session.status.phase is Phase.FAILED
    number = session.send(commands.Start())
    assert reader.wait_for(
        lambda event: isinstance(event, events.Refused) and event.command == number
    ) == events.Refused(module.GONE, number)
    fault.unlink()
    reader.seen.clear()
    session.restart()
    reader.wait_for_phase(Phase.READY)
    reader.wait_for(lambda event: isinstance(event, events.ProbeShown) and event.name == "mine")
    session.send(commands.Start())
    reader.wait_for_phase(Phase.FINISHED)
    assert session.close()


def test_an_engine_that_was_killed_goes_on_from_what_it_had_kept(tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    session = ProcessSession(torch_threads=1, keep_in=kept)
    session.open(msgspec_replace(SMALL, epochs=10**6))
    reader = Reader(session)
    session.send(commands.Start())
    wait_until(lambda: session.status.epoch >= 2)
    session.send(commands.Pause())
    reader.wait_for_phase(Phase.PAUSED)
    step = session.status.step
    wait_until(lambda: load_checkpoint(kept).step == step)
    engine_of(session).kill()
    lost(reader)
    reader.seen.clear()
    session.restart()
    reader.wait_for_phase(Phase.PAUSED)
    assert session.status.step == step
    assert session.curves.read().step_N[-1] == step
    assert session.close()


def test_an_engine_that_was_killed_is_told(session: ProcessSession) -> None:
    reader = Reader(session)
    reader.wait_for_phase(Phase.READY)
    engine_of(session).kill()
    assert "SIGKILL" in lost(reader).sentence


def test_an_engine_that_is_stuck_is_silent_and_can_be_started_again(fault: Path) -> None:
    session = ProcessSession(torch_threads=1)
    session.open(SMALL)
    reader = Reader(session)
    reader.wait_for_phase(Phase.READY)
    fault.write_text("hang")
    session.send(commands.Start())
    wait_until(lambda: session.silent_for > 3.0)
    fault.unlink()
    reader.seen.clear()
    session.restart()
    reader.wait_for_phase(Phase.READY)
    assert not any(isinstance(event, events.EngineLost) for event in reader.seen)
    assert session.silent_for < 3.0
    assert session.close()


def test_a_stopped_process_is_silent_too(session: ProcessSession) -> None:
    Reader(session).wait_for_phase(Phase.READY)
    engine = engine_of(session)
    engine.send_signal(signal.SIGSTOP)
    wait_until(lambda: session.silent_for > 3.0)
    engine.send_signal(signal.SIGCONT)
    wait_until(lambda: session.silent_for < 2.0)


def test_frames_come_and_go_on_only_while_they_are_taken(session: ProcessSession) -> None:
    Reader(session).wait_for_phase(Phase.READY)
    session.want(Demand((MapsDemand("conv1"), PredictionsDemand())))
    taken: dict = {}
    wait_until(lambda: bool(taken.update(session.take()) or len(taken) == 2))
    frame = taken["predictions", ""]
    assert isinstance(frame, PredictionsFrame)
    assert not frame.probabilities_NC.flags.writeable


def connected(config: RunConfig) -> tuple:
    """A process as a session starts one, and the bare end of its connection."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=serve, args=(theirs, 1), daemon=True)
    process.start()
    theirs.close()
    ours.send_bytes(encode(Sent(1, commands.Load(config))))
    return process, ours


def test_training_goes_on_at_full_length_while_nobody_reads() -> None:
    """The whole run is trained while the window reads nothing, however much waits for it: what it
    reads afterwards has all figures of it, and the process slept for none of them."""
    minute = os.environ.get("CONVSCOPE_TEST_FROZEN_SECONDS", "3")
    process, connection = connected(msgspec_replace(SMALL, epochs=10**6))
    connection.send_bytes(encode(Demand((MapsDemand("conv1"), PredictionsDemand()))))
    connection.send_bytes(encode(Sent(2, commands.Start())))
    while not isinstance(decode(connection.recv_bytes()), CurvesPart):
        pass  # it trains
    times = psutil.Process(process.pid)
    used = sum(times.cpu_times()[:2])
    end = time.monotonic() + float(minute)
    wait_until(lambda: time.monotonic() > end, seconds=float(minute) + 5)
    used = sum(times.cpu_times()[:2]) - used
    steps = 0
    connection.send_bytes(encode(Close()))
    try:
        while True:
            message = decode(connection.recv_bytes())
            if isinstance(message, CurvesPart):
                steps = message.start + len(message.step_N)
    except EOFError:
        pass
    process.join()
    connection.close()
    assert process.exitcode == 0
    assert used > 0
    assert steps > 0
    print(f"{steps} steps; {used:.1f} processor seconds of {minute} without a reader")


def test_a_window_that_has_gone_ends_the_process() -> None:
    process, connection = connected(SMALL)
    connection.send_bytes(encode(Sent(2, commands.Start())))
    decode(connection.recv_bytes())
    connection.close()
    process.join(60)
    assert process.exitcode == 0


def test_bytes_that_are_no_message_end_the_process() -> None:
    process, connection = connected(SMALL)
    connection.send_bytes(b"hello")
    process.join(60)
    connection.close()
    assert process.exitcode == 0


def msgspec_replace(config: RunConfig, epochs: int) -> RunConfig:
    import msgspec

    training = msgspec.structs.replace(config.training, epochs=epochs)
    return msgspec.structs.replace(config, training=training)
