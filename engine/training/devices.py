"""Which device computes, and how much memory it takes."""

from functools import lru_cache

import psutil
import torch

from engine.config import DeviceName
from engine.errors import DeviceError

_PROCESS = psutil.Process()


def find_device(name: DeviceName) -> torch.device:
    """The device that a config names; DeviceError when it isn't there."""
    if name == "auto":
        if torch.cuda.is_available():
            return torch.device("cuda", 0)
        return torch.device("mps") if torch.backends.mps.is_available() else torch.device("cpu")
    if name == "cuda" and not torch.cuda.is_available():
        raise DeviceError(
            "CUDA was asked for, but torch finds no CUDA device here.",
            "Choose the device auto or cpu, or install a driver and a torch that fit the GPU.",
        )
    if name == "mps" and not torch.backends.mps.is_available():
        raise DeviceError(
            "MPS was asked for, but this machine has none.", "Choose the device auto or cpu."
        )
    return torch.device("cuda", 0) if name == "cuda" else torch.device(name)


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
