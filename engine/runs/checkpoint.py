"""All that a run is between two steps: copied, to go back to, to bring back, or to keep on disk.

Random numbers are a function of (seed, epoch, position), so none are in it.
"""

from collections.abc import Callable

import msgspec
import torch
from msgspec import Struct
from torch import Tensor

from engine.config import RunConfig
from engine.data.batches.scaling import Scaling
from engine.telemetry.transfer import Transfer, on_host
from engine.training.figures import RunFigures
from engine.training.run import Run


class Origin(Struct, frozen=True):
    """What a run is about, which no step changes: what goes into its network and what comes out,
    and of which pictures it learns. `fingerprint` is that of its source."""

    shape_CHW: tuple[int, int, int]
    classes: tuple[str, ...]
    scaling: Scaling
    measured_on: int
    fingerprint: str
    training_pictures: int
    validation_pictures: int
    parameters: int


class Checkpoint(Struct, frozen=True, eq=False):
    """A run after `step` updates, with the settings that hold then in its config.

    `epoch` epochs are complete, `position` pictures of the next were used, and `learned` of them
    could be read. `weights` are the network's parameters and buffers by their names, `memory` the
    optimiser's by the numbers of the parameters; nobody writes into them. `figures` is None where
    the curves hold them: in a copy that is only for the run itself to go back to.
    """

    config: RunConfig
    origin: Origin
    goal_epochs: int
    step: int
    epoch: int
    position: int
    learned: int
    weights: dict[str, Tensor]
    memory: dict[int, dict[str, Tensor]]
    figures: RunFigures | None = None

    @property
    def nbytes(self) -> int:
        """What it holds in memory."""
        tensors = [*self.weights.values()]
        for state in self.memory.values():
            tensors += state.values()
        return sum(tensor.nbytes for tensor in tensors) + (
            self.figures.nbytes if self.figures else 0
        )

    @property
    def val_accuracy(self) -> float | None:
        """That of the last whole epoch, if there is one."""
        epochs = self.figures.epochs if self.figures is not None else ()
        return epochs[-1].val_accuracy if epochs else None

    @property
    def is_finite(self) -> bool:
        """Whether all weights are numbers. Waits for the device that they are on."""
        return all(bool(torch.isfinite(tensor).all()) for tensor in self.weights.values())

    def put_back(self, run: Run) -> None:
        """Have a run, made from the same config and source, stand where this one stood. Its device
        may be another."""
        run.network.load_state_dict(self.weights)
        run.settings = self.config.training
        run.goal_epochs = self.goal_epochs
        run.renew_optimizer()
        if self.memory:
            groups = run.optimizer.state_dict()["param_groups"]
            parameters = [p for group in run.optimizer.param_groups for p in group["params"]]
            state = {
                number: {name: _laid_out(value, parameters[number]) for name, value in own.items()}
                for number, own in self.memory.items()
            }
            run.optimizer.load_state_dict({"state": state, "param_groups": groups})
        run.stand_at(self.step, self.epoch, self.position, self.learned)

    def fetch(self, transfer: Transfer, receive: Callable[["Checkpoint"], None]) -> None:
        """Call `receive` with this in the memory of the host, as soon as it has come there."""
        places = [(number, name) for number, own in self.memory.items() for name in own]
        tensors = [*self.weights.values(), *(self.memory[number][name] for number, name in places)]

        def put_together(hosts: list[Tensor]) -> None:
            weights = dict(zip(self.weights, hosts, strict=False))
            memory: dict[int, dict[str, Tensor]] = {number: {} for number in self.memory}
            for (number, name), host in zip(places, hosts[len(weights) :], strict=True):
                memory[number][name] = host
            receive(msgspec.structs.replace(self, weights=weights, memory=memory))

        transfer.fetch(tensors, put_together)


def checkpoint_of(run: Run, copied: Callable[[Tensor], Tensor] = Tensor.clone) -> Checkpoint:
    """A run as it stands, without its figures. The copies are where `copied` makes them: on the
    device, without waiting for it, or `on_host`, where training stands still."""
    memory = run.optimizer.state_dict()["state"] if run.has_optimizer else {}
    return Checkpoint(
        config=msgspec.structs.replace(run.config, training=run.settings),
        origin=Origin(
            shape_CHW=run.shape_CHW,
            classes=run.source.classes,
            scaling=run.scaling,
            measured_on=run.measured_on,
            fingerprint=run.source.fingerprint,
            training_pictures=len(run.training),
            validation_pictures=len(run.validation),
            parameters=sum(parameter.numel() for parameter in run.network.parameters()),
        ),
        goal_epochs=run.goal_epochs,
        step=run.step_number,
        epoch=run.epoch,
        position=run.position,
        learned=run.used_in_epoch,
        weights={name: copied(value.detach()) for name, value in run.network.state_dict().items()},
        memory={
            number: {name: copied(value) for name, value in own.items() if value is not None}
            for number, own in memory.items()
        },
    )


def host_checkpoint_of(run: Run, figures: RunFigures) -> Checkpoint:
    """A run as it stands, on the host, with its figures. Waits for the device."""
    return msgspec.structs.replace(checkpoint_of(run, on_host), figures=figures)


def _laid_out(value: Tensor, parameter: Tensor) -> Tensor:
    """A copy of what an optimiser remembers, in memory as its parameter is: fused optimisers go
    over both side by side."""
    if value.shape != parameter.shape:
        return value.clone()  # the number of steps
    return torch.empty_like(parameter, requires_grad=False).copy_(value)
