"""Which device computes, and how much memory it takes."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache

import psutil
import torch
from torch.backends.mps import is_available as mps_is_available
from torch.cuda import is_available as cuda_is_available
from torch.nn import functional as F

from engine.config import DeviceName
from engine.errors import DeviceError, NetworkError

# cuBLAS computes the same each time only with workspaces of a fixed size, and reads this only once.
os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")

_CUDA = torch.device("cuda", 0)
_PROCESS = psutil.Process()


def find_device(name: DeviceName) -> torch.device:
    """The device that a config names; DeviceError when it isn't there or can't compute.

    "auto" takes the first that computes of cuda, mps and cpu.
    """
    if name == "auto":
        if cuda_is_available() and not _why_cuda_fails():
            return _CUDA
        return torch.device("mps") if mps_is_available() else torch.device("cpu")
    if name == "cuda":
        if not cuda_is_available():
            raise DeviceError(
                "CUDA was asked for, but torch finds no CUDA device here.",
                "Choose the device auto or cpu, or install a driver and a torch that fit the GPU.",
            )
        reason = _why_cuda_fails()
        if reason:
            raise DeviceError(
                f"CUDA was asked for, but this torch can't compute on the GPU: {reason}.",
                "Choose the device auto or cpu, or install a torch that fits the GPU.",
            )
        return _CUDA
    if name == "mps" and not mps_is_available():
        raise DeviceError(
            "MPS was asked for, but this machine has none.", "Choose the device auto or cpu."
        )
    return torch.device(name)


def device_notes(asked: DeviceName, taken: torch.device) -> tuple[str, ...]:
    """What a person should know of the device that was taken: that there is a GPU which isn't."""
    if asked != "auto" or taken.type == "cuda" or not cuda_is_available():
        return ()
    name = taken.type.upper()
    reason = f"this torch can't compute on it: {_why_cuda_fails()}"
    return (f"{name} is used instead of the GPU, as {reason}.",)


def _why_cuda_fails() -> str:
    """Why the first CUDA device can't compute, or nothing: torch finds also those that it has no
    kernels for, that are too old or too new for it, and those whose memory others have taken."""
    try:
        _try(_CUDA)
    except RuntimeError as error:
        # torch adds lines about how to debug CUDA.
        lines = str(error).strip().splitlines() or [type(error).__name__]
        return lines[0].removeprefix("CUDA error: ").rstrip(".")
    return ""


def _try(device: torch.device) -> None:
    """One step of a tiny network: RuntimeError where a device can't do it."""
    kernel_1111 = torch.ones(1, 1, 1, 1, device=device, requires_grad=True)
    maps_11HW = F.conv2d(torch.ones(1, 1, 2, 2, device=device), kernel_1111).relu()
    (maps_11HW.flatten(1) @ torch.ones(4, 1, device=device)).sum().backward()


@lru_cache
def device_title(device: torch.device) -> str:
    """For people: "cpu, 2 threads" or "cuda:0, NVIDIA H200"."""
    if device.type == "cuda":
        return f"{device}, {torch.cuda.get_device_name(device)}"
    if device.type == "cpu":
        threads = torch.get_num_threads()
        return f"cpu, {threads} thread{'s' if threads > 1 else ''}"
    return str(device)


def memory_mb(device: torch.device) -> float:
    """MiB allocated on a CUDA device, else held by the process. Does not wait for the device."""
    if device.type == "cuda":
        return torch.cuda.memory_allocated(device) / 2**20
    return float(_PROCESS.memory_info().rss) / 2**20


@contextmanager
def deterministic(device: torch.device, wanted: bool) -> Iterator[None]:
    """Within it a CUDA device, where that is wanted, computes the same each time; NetworkError
    where a layer has no such way to be computed. Other devices are left as they are."""
    if not wanted or device.type != "cuda":
        yield
        return
    torch.use_deterministic_algorithms(True)
    try:
        yield
    except RuntimeError as error:
        if "use_deterministic_algorithms" not in str(error):
            raise
        raise NetworkError(
            f"This network can't be trained the same each time on the GPU: {str(error).split()[0]} "
            "always differs a little.",
            "Let the training be not deterministic, or choose the device cpu.",
        ) from error
    finally:
        torch.use_deterministic_algorithms(False)


def seed_device(device: torch.device, seed: int) -> None:
    """Set what a network's own random numbers, as those of dropout, start from on a device.

    `torch.manual_seed` does so too, but on every device that there may be: a step would notice.
    """
    if device.type == "cuda":
        torch.cuda.default_generators[device.index or 0].manual_seed(seed)
    elif device.type == "cpu":
        torch.default_generator.manual_seed(seed)
    else:
        torch.manual_seed(seed)
