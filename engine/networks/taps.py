"""Taking the outputs of named modules in one pass, without a trace left in the network."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TypeVar

import torch
from torch import Tensor, nn

from engine.errors import NetworkError

Reduced = TypeVar("Reduced")


@contextmanager
def undisturbed(network: nn.Module, device: torch.device) -> Iterator[None]:
    """Eval mode without gradients; each module's own mode and the random state come back."""
    training = [module for module in network.modules() if module.training]
    devices = [device] if device.type in ("cuda", "mps") else []
    kind = device.type if devices else "cuda"
    try:
        for module in training:
            module.training = False
        with torch.random.fork_rng(devices, device_type=kind), torch.no_grad():
            yield
    finally:
        for module in training:
            module.training = True


def capture(
    network: nn.Module,
    batch_NCHW: Tensor,
    names: Iterable[str],
    reduce: Callable[[str, Tensor], Reduced],
) -> dict[str, Reduced]:
    """`reduce(name, output)` of each named module, from one pass of the batch in eval mode.

    `reduce` is called inside the module's forward hook, before an in-place module after it can
    overwrite the output, and must copy what it keeps. The name "" is the network itself. Of a
    module that runs several times the first output counts. NetworkError when a name isn't there,
    doesn't run, or gives something else than a tensor. Runs on the thread that trains.
    """
    taken: dict[str, Reduced] = {}
    handles = []
    wanted = list(dict.fromkeys(names))

    def hook_for(name: str) -> Callable[[nn.Module, object, object], None]:
        def hook(module: nn.Module, inputs: object, output: object) -> None:
            if name not in taken:
                if not isinstance(output, Tensor):
                    raise NetworkError(f"{name} gives {type(output).__name__}, not a tensor.")
                taken[name] = reduce(name, output)

        return hook

    try:
        # One by one, so that those that stand are removed where a later name isn't there.
        for name in wanted:
            handles.append(_module(network, name).register_forward_hook(hook_for(name)))  # noqa: PERF401
        with undisturbed(network, batch_NCHW.device):
            network(batch_NCHW)
    finally:
        for handle in handles:
            handle.remove()
    for name in wanted:
        if name not in taken:
            raise NetworkError(f"{name} doesn't run when the network sees a picture.")
    return taken


def _module(network: nn.Module, name: str) -> nn.Module:
    try:
        return network.get_submodule(name)
    except AttributeError:
        there = ", ".join(known for known, _ in network.named_modules() if known)
        raise NetworkError(f"The network has no tap {name!r}.", f"It has: {there}.") from None
