"""Taking the outputs of named modules in one pass, without a trace left in the network."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import TypeVar

import torch
from torch import Tensor, nn

from engine.errors import NetworkError

Reduced = TypeVar("Reduced")
Visit = Callable[[object], None]


@contextmanager
def undisturbed(network: nn.Module, device: torch.device) -> Iterator[None]:
    """Eval mode without gradients; each module's own mode and the random state come back.

    No inference mode: what a network makes in its first pass and keeps, such as a mask, must do
    for its training too.
    """
    switched = _into_eval(network)
    random_state = _random_state(device)
    try:
        with torch.no_grad():
            yield
    finally:
        _set_random_state(device, random_state)
        for module in switched:
            _set_training(module, True)


def _into_eval(network: nn.Module) -> list[nn.Module]:
    """The modules that were in training mode, in eval mode now.

    All are looked at anew each time, as a network may change; `modules()` and setting an attribute
    of a module take several times as long.
    """
    switched = []
    seen: set[nn.Module] = set()
    left: list[nn.Module | None] = [network]
    while left:
        module = left.pop()
        if module is None or module in seen:
            continue
        seen.add(module)
        if module.training:
            _set_training(module, False)
            switched.append(module)
        left.extend(module._modules.values())
    return switched


def _set_training(module: nn.Module, mode: bool) -> None:
    own = module.__dict__
    if "training" in own:
        own["training"] = mode
    else:  # scripted, or a property of its class
        module.training = mode


def _random_state(device: torch.device) -> tuple[Tensor, Tensor | None]:
    """Of the host, and of the one device where there is another."""
    of_host = torch.default_generator.get_state()
    if device.type == "cuda":
        return of_host, torch.cuda.get_rng_state(device)
    return of_host, torch.mps.get_rng_state() if device.type == "mps" else None


def _set_random_state(device: torch.device, state: tuple[Tensor, Tensor | None]) -> None:
    of_host, of_device = state
    torch.default_generator.set_state(of_host)
    if of_device is not None and device.type == "cuda":
        torch.cuda.set_rng_state(of_device, device)
    elif of_device is not None:
        torch.mps.set_rng_state(of_device)


def run_visited(
    network: nn.Module, batch_NCHW: Tensor, visits: Mapping[str, Visit]
) -> tuple[object, set[str]]:
    """What the network gives for the batch, from one pass in eval mode; and the names that ran.

    `visits[name](output)` is called inside the forward hook of the module of that name, at its
    first run, before an in-place module after it can overwrite the output. The name "" is the
    network itself. A name that isn't there, or doesn't run, is not visited.
    """
    ran: set[str] = set()

    def hook_for(name: str, visit: Visit) -> Callable[[nn.Module, object, object], None]:
        def hook(module: nn.Module, inputs: object, output: object) -> None:
            if name not in ran:
                ran.add(name)
                visit(output)

        return hook

    handles = []
    try:
        for name, visit in visits.items():
            module = module_named(network, name)
            if module is not None:
                handles.append(module.register_forward_hook(hook_for(name, visit)))
        with undisturbed(network, batch_NCHW.device):
            return network(batch_NCHW), ran
    finally:
        for handle in handles:
            handle.remove()


def capture(
    network: nn.Module,
    batch_NCHW: Tensor,
    names: Iterable[str],
    reduce: Callable[[str, Tensor], Reduced],
) -> dict[str, Reduced]:
    """`reduce(name, output)` of each named module, from one pass of the batch in eval mode.

    `reduce` is called as a visit of `run_visited` is, and must copy what it keeps. Of a module
    that runs several times the first output counts. NetworkError when a name isn't there, doesn't
    run, or gives something else than a tensor. Runs on the thread that trains.
    """
    taken: dict[str, Reduced] = {}

    def visit_of(name: str) -> Visit:
        def visit(output: object) -> None:
            if not isinstance(output, Tensor):
                raise NetworkError(f"{name} gives {type(output).__name__}, not a tensor.")
            taken[name] = reduce(name, output)

        return visit

    visits = {name: visit_of(name) for name in names}
    for name in visits:
        if module_named(network, name) is None:
            there = ", ".join(known for known, _ in network.named_modules() if known)
            raise NetworkError(f"The network has no tap {name!r}.", f"It has: {there}.")
    _, ran = run_visited(network, batch_NCHW, visits)
    for name in visits:
        if name not in ran:
            raise NetworkError(f"{name} doesn't run when the network sees a picture.")
    return taken


def module_named(network: nn.Module, name: str) -> nn.Module | None:
    """The module of a network that has this name, "" being the network; None where none has."""
    try:
        return network.get_submodule(name)
    except AttributeError:
        return None
