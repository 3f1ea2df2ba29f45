"""One training: a network, its optimiser and its data, advanced step by step. No thread in here.

Nothing in here waits for the device: losses come back as device tensors.
"""

import math
from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from engine.config import Optimizer, RunConfig, TrainingConfig
from engine.data.augment import augment
from engine.data.batches import epoch_order, generator_for
from engine.data.sources import Source, split
from engine.networks.build import build
from engine.training.schedules import share_of_learning_rate

VALIDATION_BATCH = 256
# One pass over each weight instead of one for every term of the formula.
_OPTIMIZERS: dict[Optimizer, Callable[..., torch.optim.Optimizer]] = {
    "adam": partial(torch.optim.Adam, fused=True),
    "adamw": partial(torch.optim.AdamW, fused=True),
    "rmsprop": torch.optim.RMSprop,  # which torch can't fuse
    "sgd": partial(torch.optim.SGD, momentum=0.9, fused=True),
}


class Pictures(NamedTuple):
    """Pictures on the device: uint8 (N, C, H, W) and their labels, int64 (N,)."""

    pictures_NCHW: Tensor
    labels_N: Tensor

    @classmethod
    def on(cls, device: torch.device, source: Source, chosen_N: np.ndarray) -> "Pictures":
        return cls(
            torch.from_numpy(source.pictures_NCHW[chosen_N]).to(device),
            torch.from_numpy(source.labels_N[chosen_N]).to(device),
        )


class Run:
    """A training from its seeded start. `settings` may change between two steps.

    Position: `epoch` epochs are complete, and `position` pictures of the one after it were used.
    The schedule of the learning rate runs to the end of epoch `goal_epochs`.
    """

    def __init__(self, config: RunConfig, source: Source, device: torch.device) -> None:
        """Seeds torch's random state, splits the data and builds the network; NetworkError and
        DataError as `build` and `split` raise them."""
        self.config = config
        self.source = source
        self.device = device
        self.settings = config.training
        self.shape_CHW: tuple[int, int, int] = source.pictures_NCHW.shape[1:]
        train_N, self.validation_N = split(
            source.labels_N, config.data.validation, config.training.seed
        )
        self.training = Pictures.on(device, source, train_N)
        self.validation = Pictures.on(device, source, self.validation_N)
        torch.manual_seed(config.training.seed)
        self.network = build(config.network, self.shape_CHW, len(source.classes)).to(device)
        if device.type == "cpu":
            # The digits convnet trains a third faster so; on a GPU it was not measured.
            self.network.to(memory_format=torch.channels_last)
        self.network.train()
        self._optimizer: torch.optim.Optimizer | None = None
        self.goal_epochs = config.training.epochs
        self.step_number = 0
        self.epoch = 0
        self.position = 0
        self._order_N: Tensor | None = None
        self._generator: torch.Generator | None = None
        self._validated = 0
        self._validation_sums: Tensor | None = None

    @property
    def optimizer(self) -> torch.optim.Optimizer:
        """Made when first needed: its first import costs torch more than a second."""
        if self._optimizer is None:
            make = _OPTIMIZERS[self.settings.optimizer]
            self._optimizer = make(self.network.parameters(), lr=self.settings.learning_rate)
        return self._optimizer

    def prepare(self) -> None:
        """Make what the first step would have to make."""
        _ = self.optimizer

    def renew_optimizer(self) -> None:
        """The next step begins with an optimiser without memory."""
        self._optimizer = None

    @property
    def progress(self) -> float:
        """The share of the epochs up to the goal that is done, 0 to 1."""
        epochs = self.epoch + self.position / len(self.training.labels_N)
        return min(epochs / self.goal_epochs, 1.0)

    @property
    def learning_rate(self) -> float:
        """What the next step uses: the setting and its schedule."""
        settings = self.settings
        return settings.learning_rate * share_of_learning_rate(settings.schedule, self.progress)

    @property
    def steps_per_epoch(self) -> int:
        """With the present batch size, counted from where the epoch stands."""
        rest = len(self.training.labels_N) - self.position
        return self.steps_in_epoch + math.ceil(rest / self.settings.batch_size)

    @property
    def steps_in_epoch(self) -> int:
        return math.ceil(self.position / self.settings.batch_size)

    @property
    def is_epoch_trained(self) -> bool:
        """All pictures of the epoch were used; what is left of it is its validation."""
        return self.position >= len(self.training.labels_N)

    def set(self, settings: TrainingConfig) -> None:
        """Use other settings from the next step on; a new optimiser starts without memory."""
        if settings.optimizer != self.settings.optimizer:
            self.renew_optimizer()
        self.settings = settings

    def step(self) -> Tensor:
        """One optimiser update; float32 (2,) on the device: its batch's loss and share of right
        answers."""
        if self._order_N is None:
            seed = self.config.training.seed
            count = len(self.training.labels_N)
            self._order_N = epoch_order(count, seed, self.epoch).to(self.device, non_blocking=True)
            self._generator = generator_for(seed, self.epoch, self.device)
        chosen_N = self._order_N[self.position : self._batch_end()]
        pictures_NCHW = self.training.pictures_NCHW[chosen_N].float().div_(255.0)
        assert self._generator is not None
        pictures_NCHW = augment(pictures_NCHW, self.config.data.augmentation, self._generator)
        labels_N = self.training.labels_N[chosen_N]
        optimizer = self.optimizer
        for group in optimizer.param_groups:
            group["lr"] = self.learning_rate
        optimizer.zero_grad(set_to_none=True)
        scores_NK = self.network(pictures_NCHW)
        loss = F.cross_entropy(scores_NK, labels_N)
        loss.backward()
        optimizer.step()
        self.position += len(chosen_N)
        self.step_number += 1
        with torch.no_grad():
            right = (scores_NK.argmax(1) == labels_N).float().mean()
            return torch.stack((loss.detach(), right))

    def _batch_end(self) -> int:
        """A last batch of one picture would have no variance to normalise: it joins the others."""
        end = self.position + self.settings.batch_size
        count = len(self.training.labels_N)
        return count if end == count - 1 else end

    def validate(self) -> Tensor | None:
        """One batch of the validation after an epoch; None while some are left.

        After the last batch: the sum of the losses and the number of right answers over all
        validation pictures, float32 (2,) on the device, and the next epoch begins.
        """
        if self._validation_sums is None:
            self._validation_sums = torch.zeros(2, device=self.device)
        batch = slice(self._validated, self._validated + VALIDATION_BATCH)
        pictures_NCHW = self.validation.pictures_NCHW[batch].float().div_(255.0)
        labels_N = self.validation.labels_N[batch]
        self.network.eval()
        with torch.no_grad():
            scores_NK = self.network(pictures_NCHW)
            loss = F.cross_entropy(scores_NK, labels_N, reduction="sum")
            right = (scores_NK.argmax(1) == labels_N).sum()
            self._validation_sums += torch.stack((loss, right))
        self.network.train()
        self._validated += len(labels_N)
        if self._validated < len(self.validation.labels_N):
            return None
        sums = self._validation_sums
        self.epoch += 1
        self._begin_epoch(0)
        return sums

    def stand_at(self, step_number: int, epoch: int, position: int) -> None:
        """Go on from another position of the run, at a step boundary."""
        self.step_number = step_number
        self.epoch = epoch
        self._begin_epoch(position)

    def _begin_epoch(self, position: int) -> None:
        self.position = position
        self._order_N = None
        self._generator = None
        self._validated = 0
        self._validation_sums = None
