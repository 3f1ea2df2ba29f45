"""Which modules run when a network sees a picture, in what order, and what each takes."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from engine.errors import EngineError, NetworkError
from engine.networks.taps import undisturbed

Pool = nn.MaxPool2d | nn.AvgPool2d | nn.AdaptiveMaxPool2d | nn.AdaptiveAvgPool2d
Enter = Callable[[nn.Module, tuple[object, ...]], None]
Leave = Callable[[nn.Module, tuple[object, ...], object], None]


@dataclass(frozen=True, eq=False)
class Call:
    """One run of a module that gave a tensor of `shape`, the batch of one included.

    `before` is the call whose output it took as it was; None where something else came between
    (an addition, a function, a view), and for modules that only hold others or change nothing.
    """

    name: str
    module: nn.Module
    shape: tuple[int, ...]
    before: "Call | None"

    @property
    def gives_maps(self) -> bool:
        """Whether it can be tapped for the maps of one picture."""
        return len(self.shape) == 4 and self.shape[0] == 1


class _Recorder:
    """Hooks that write down the calls of one pass."""

    def __init__(self) -> None:
        self.calls: list[Call] = []
        # By id of the tensor. The tensors are kept, so that no id is given away twice, with their
        # versions: an addition in place leaves the tensor the same, but not its version.
        self._made: dict[int, tuple[Tensor, int, Call]] = {}
        self._running: list[tuple[Call | None, int]] = []

    def maker(self, tensor: object) -> Call | None:
        """The call that gave this tensor, if nothing has changed it since."""
        if isinstance(tensor, Tensor):
            made = self._made.get(id(tensor))
            if made is not None and made[1] == tensor._version:
                return made[2]
        return None

    def hooks_for(self, name: str, module: nn.Module) -> tuple[Enter, Leave]:
        works = isinstance(module, nn.Conv2d | Pool) or not any(True for _ in module.children())

        def enter(module: nn.Module, inputs: tuple[object, ...]) -> None:
            taken = inputs[0] if inputs else None
            version = taken._version if isinstance(taken, Tensor) else -1
            self._running.append((self.maker(taken) if works else None, version))

        def leave(module: nn.Module, inputs: tuple[object, ...], output: object) -> None:
            before, version = self._running.pop()
            if not isinstance(output, Tensor):
                return
            passed_on = inputs and output is inputs[0] and output._version == version
            call = Call(name, module, tuple(output.shape), None if passed_on else before)
            self.calls.append(call)
            if works and not passed_on:
                self._made[id(output)] = (output, output._version, call)

        return enter, leave


def run_once(
    network: nn.Module, shape_CHW: tuple[int, int, int]
) -> tuple[list[Call], Tensor, Call | None]:
    """The calls of one pass of a black picture, in the order in which they ended; the scores; and
    the call that gave them.

    One pass in eval mode without gradients; modes and the random state come back. NetworkError
    when the network can't be fed such a picture or gives something else than a tensor.
    """
    like = next(network.parameters(), torch.empty(0))
    recorder = _Recorder()
    handles = []
    try:
        for name, module in network.named_modules():
            enter, leave = recorder.hooks_for(name, module)
            handles.append(module.register_forward_pre_hook(enter))
            handles.append(module.register_forward_hook(leave))
        with undisturbed(network, like.device):
            scores = network(torch.zeros(1, *shape_CHW, device=like.device, dtype=like.dtype))
    except EngineError:
        raise
    except Exception as error:  # the module may be anyone's: whatever it raises says the same
        size = "x".join(str(side) for side in shape_CHW)
        first_line = (str(error) or type(error).__name__).splitlines()[0]
        raise NetworkError(
            f"The network can't be fed pictures of {size}: {first_line}.",
            "Choose a network and data that fit each other.",
        ) from error
    finally:
        for handle in handles:
            handle.remove()
    if not isinstance(scores, Tensor):
        raise NetworkError(
            f"The network gives {type(scores).__name__} and not one tensor of scores.",
            "Choose a network that classifies.",
        )
    return recorder.calls, scores, recorder.maker(scores)
