"""Which device is taken, also where torch finds a GPU that it can't compute on."""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import torch

import main as command_line
from engine.errors import DeviceError, NetworkError
from engine.runs.saved import load_run
from engine.training import devices, run
from engine.training.devices import deterministic, device_notes, find_device

CUDA, CPU = torch.device("cuda", 0), torch.device("cpu")
NO_KERNELS = RuntimeError(
    "CUDA error: no kernel image is available for execution on the device\n"
    "CUDA kernel errors might be asynchronously reported at some other API call.\n"
    "For debugging consider passing CUDA_LAUNCH_BLOCKING=1\n"
)


@pytest.fixture
def gpu(monkeypatch: pytest.MonkeyPatch) -> list[Exception]:
    """A CUDA device that torch finds; computing on it raises what a test puts in."""
    raised: list[Exception] = []

    def compute(device: torch.device) -> None:
        assert device == CUDA
        if raised:
            raise raised[0]

    monkeypatch.setattr(devices, "cuda_is_available", lambda: True)
    monkeypatch.setattr(devices, "mps_is_available", lambda: False)
    monkeypatch.setattr(devices, "_try", compute)
    return raised


def test_a_gpu_that_computes_is_taken(gpu: list[Exception]) -> None:
    assert find_device("auto") == find_device("cuda") == CUDA
    assert device_notes("auto", CUDA) == ()
    assert find_device("cpu") == CPU
    assert device_notes("cpu", CPU) == ()


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (NO_KERNELS, "no kernel image is available for execution on the device"),
        (torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 MiB."), "CUDA out of mem"),
        (RuntimeError(""), "RuntimeError"),
    ],
)
def test_a_gpu_that_cannot_compute_is_left_with_a_word(
    gpu: list[Exception], error: Exception, reason: str
) -> None:
    gpu.append(error)
    assert find_device("auto") == CPU
    (note,) = device_notes("auto", CPU)
    assert note.startswith("CPU is used instead of the GPU, as this torch can't compute on it: ")
    assert reason in note
    assert "\n" not in note
    with pytest.raises(DeviceError, match=reason) as caught:
        find_device("cuda")
    assert "\n" not in str(caught.value)


def test_before_the_cpu_comes_mps(gpu: list[Exception], monkeypatch: pytest.MonkeyPatch) -> None:
    gpu.append(NO_KERNELS)
    monkeypatch.setattr(devices, "mps_is_available", lambda: True)
    assert find_device("auto").type == "mps"


def test_a_training_goes_on_on_the_cpu_and_says_so(
    gpu: list[Exception], capsys: pytest.CaptureFixture[str]
) -> None:
    gpu.append(NO_KERNELS)
    words = ["train", "--network", "digits-small", "--batch-size", "500", "--epochs", "1"]
    assert command_line.main([*words, "--json"]) == 0
    note, _, finished = map(json.loads, capsys.readouterr().out.splitlines())
    assert note["event"] == "note"
    assert "no kernel image is available" in note["message"]
    assert finished["device"] == "cpu"


def test_a_deterministic_step_computes_so_on_cuda_alone() -> None:
    def computes_so(device: torch.device, wanted: bool) -> bool:
        with deterministic(device, wanted):
            return torch.are_deterministic_algorithms_enabled()

    assert computes_so(CUDA, True)
    assert not torch.are_deterministic_algorithms_enabled()
    assert not computes_so(CUDA, False)
    assert not computes_so(CPU, True)
    assert os.environ["CUBLAS_WORKSPACE_CONFIG"]


def test_what_can_not_be_computed_so_is_one_sentence() -> None:
    words = "cumsum_cuda_kernel does not have a deterministic implementation, but you set"
    differs = "on the GPU: cumsum_cuda_kernel always differs"
    with pytest.raises(NetworkError, match=differs), deterministic(CUDA, True):
        raise RuntimeError(f"{words} 'torch.use_deterministic_algorithms(True)'.")
    with pytest.raises(RuntimeError, match="something else"), deterministic(CUDA, True):
        raise RuntimeError("something else")
    assert not torch.are_deterministic_algorithms_enabled()


def test_the_option_reaches_every_step(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    asked: list[bool] = []

    @contextmanager
    def note(device: torch.device, wanted: bool) -> Iterator[None]:
        asked.append(wanted)
        yield

    monkeypatch.setattr(run, "deterministic", note)
    words = ["train", "--network", "digits-small", "--batch-size", "1000", "--epochs", "1"]
    assert command_line.main([*words, "--out", str(tmp_path), "--deterministic"]) == 0
    assert asked == [True] * 4
    assert load_run(tmp_path).config.training.deterministic


def test_what_is_tried_is_what_a_network_does() -> None:
    devices._try(CPU)
    with pytest.raises(RuntimeError):
        devices._try(torch.device("cuda", 99))
