"""One training: a network, its optimiser and its data, advanced step by step. No thread in here.

Nothing in here waits for the device: losses come back as device tensors.
"""

import math
from math import prod
from typing import NamedTuple

import msgspec
import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F
from torch.nn.utils import clip_grad_norm_

from engine.config import RunConfig, TrainingConfig
from engine.data.batches.augment import augment
from engine.data.batches.feed import Feed
from engine.data.batches.scaling import Scaling, measured_scaling, scaling_of
from engine.data.batches.seeds import augmentation_seed, epoch_order, network_seed
from engine.data.cache.cache import Cache
from engine.data.reading.shape import shape_for
from engine.data.source import Problem, Source
from engine.data.subsets.choose import subsets_of
from engine.errors import DataError, NetworkError
from engine.networks.build import build
from engine.networks.scores import class_scores, outputs_of
from engine.presets import fitting
from engine.training.devices import deterministic, seed_device
from engine.training.optimizers import make_optimizer, retune
from engine.training.schedules import share_of_learning_rate, warmth
from engine.training.supply import MOST_HELD, Batch, Fed, Held, Supply, batch_count, batch_end

VALIDATION_BATCH = 256
VALIDATION_VALUES = 2**22
"""The most values that the pictures of a batch of the validation have: 62 of 150x150."""


class Learned(NamedTuple):
    """A step: float32 (2,) on the device, the mean loss of its batch, which is what was minimised,
    and the share of right answers; and of how many pictures."""

    figures_2: Tensor
    pictures: int


class Run:
    """A training from its seeded start. `settings` may change between two steps.

    Position: `epoch` epochs are complete, and `position` pictures of the one after it were used.
    The schedule of the learning rate runs to the end of epoch `goal_epochs`.
    """

    def __init__(
        self,
        config: RunConfig,
        source: Source,
        device: torch.device,
        cache: Cache | None = None,
        scaled: tuple[Scaling, int] | None = None,
    ) -> None:
        """Seeds torch's random state, divides the source and builds the network; NetworkError and
        DataError as `build` and `subsets_of` raise them. Decoded pictures are kept in `cache`.
        `scaled` is how values are rescaled, and on how many pictures that was measured, where both
        are known. Its feed is open: call `close_feed` in the end."""
        if len(source.classes) < 2:
            raise DataError(
                f"All pictures of {source.name} are of one class: there is nothing to tell apart.",
                "Put the pictures of each class into a folder of its own, and choose the folder"
                " around them.",
            )
        self.shape_CHW = shape_for(source, config.data)
        network = fitting(config.network, self.shape_CHW, len(source.classes))
        self.config = config = msgspec.structs.replace(config, network=network)
        self.source = source
        self.device = device
        self.settings = config.training
        self.subsets = subsets_of(source, config.data)
        torch.manual_seed(config.training.seed)
        self.network = build(config.network, self.shape_CHW, len(source.classes)).to(device)
        if device.type == "cpu":
            # The digits convnet trains a third faster so; on a GPU it was not measured.
            self.network.to(memory_format=torch.channels_last)
        self.network.train()
        self._cache = cache
        self._feed: Feed | None = None
        self._problems: dict[int, Problem] = {}
        train_N = self.subsets.indices("train")
        self.training = self._supply(train_N)
        self.validation = self._supply(self.subsets.indices("validation"))
        feed = self.open_feed()
        try:
            self.scaling, self.measured_on = scaled or self._scaling(feed, train_N)
        except BaseException:
            self.close_feed()
            raise
        self._optimizer: torch.optim.Optimizer | None = None
        self.goal_epochs = config.training.epochs
        self.step_number = 0
        self.epoch = 0
        self.position = 0
        self._generator = torch.Generator(device)
        self._begun = False
        self.used_in_epoch = 0
        """Of the pictures up to `position`, how many could be read."""
        self._validated = self._validated_read = 0
        self._validation_sums: Tensor | None = None

    def _supply(self, chosen_N: np.ndarray) -> Supply:
        array_NCHW = self.source.pictures_NCHW
        if (
            array_NCHW is not None
            and array_NCHW.shape[1:] == self.shape_CHW
            and array_NCHW.nbytes <= MOST_HELD
        ):
            return Held(self.source, chosen_N, self.device)
        return Fed(self.source, chosen_N, self.device)

    def _scaling(self, feed: Feed, train_N: np.ndarray) -> tuple[Scaling, int]:
        """How values are rescaled, and on how many training pictures that was measured."""
        how, channels = self.config.data.normalisation, self.shape_CHW[0]
        if how != "measured":
            return scaling_of(how, channels, np.empty((0, *self.shape_CHW), np.uint8)), 0
        scaling, count = measured_scaling(feed.take, train_N, channels)
        if not count:
            raise _too_few_read("train")
        return scaling, count

    @property
    def cache_problem(self) -> str:
        """Why decoded pictures are not, or no longer, kept: a sentence, or ""."""
        return self._feed.cache_problem if self._feed is not None else ""

    @property
    def problems(self) -> dict[int, Problem]:
        """The pictures that could not be read so far, by their index in the source."""
        read_now = self._feed.problems() if self._feed is not None else {}
        return {**self._problems, **read_now}

    def open_feed(self) -> Feed:
        """Get ready to read pictures; after `close_feed` as well."""
        self._feed = Feed(self.source, self.shape_CHW, self.config.data.fit, self._cache)
        for supply in (self.training, self.validation):
            if isinstance(supply, Fed):
                supply.feed = self._feed
        return self._feed

    def close_feed(self) -> None:
        """End the threads that read pictures, and leave the cache to others."""
        if self._feed is not None:
            self._problems = self.problems
            self._feed.close()
            self._feed = None

    @property
    def optimizer(self) -> torch.optim.Optimizer:
        """Made when first needed: its first import costs torch more than a second."""
        if self._optimizer is None:
            self._optimizer = make_optimizer(self.network.parameters(), self.settings)
        return self._optimizer

    @property
    def has_optimizer(self) -> bool:
        """Whether there is one that may have a memory."""
        return self._optimizer is not None

    def prepare(self) -> None:
        """Make what the first step would have to make."""
        _ = self.optimizer

    def renew_optimizer(self) -> None:
        """The next step begins with an optimiser without memory."""
        self._optimizer = None

    @property
    def learning_rate(self) -> float:
        """What the next step uses: the setting, its schedule and its warm-up."""
        return self._rate_to(min(self._batch_end, len(self.training)))

    def _rate_to(self, position: int) -> float:
        """That of the step whose batch ends at this position of the epoch."""
        settings, epochs = self.settings, self.epoch + position / len(self.training)
        progress = min(epochs / self.goal_epochs, 1.0)
        rate = settings.learning_rate * share_of_learning_rate(settings.schedule, progress)
        return rate * warmth(settings.warm_up, epochs) if settings.warm_up else rate

    @property
    def _batch_end(self) -> int:
        """Where the next batch of the epoch ends."""
        return batch_end(self.position, self.settings.batch_size, len(self.training))

    @property
    def steps_per_epoch(self) -> int:
        """With the present batch size, counted from where the epoch stands."""
        rest = len(self.training) - self.position
        return self.steps_in_epoch + batch_count(rest, self.settings.batch_size)

    @property
    def steps_in_epoch(self) -> int:
        size = self.settings.batch_size
        if self.is_epoch_trained:
            return batch_count(len(self.training), size)
        return math.ceil(self.position / size)

    @property
    def is_epoch_trained(self) -> bool:
        """All pictures of the epoch were used; what is left of it is its validation."""
        return self.position >= len(self.training)

    def set(self, settings: TrainingConfig) -> None:
        """Use other settings from the next step on; a new optimiser starts without memory."""
        if settings.optimizer != self.settings.optimizer:
            self.renew_optimizer()
        elif self._optimizer is not None:
            retune(self._optimizer, settings)
        self.settings = settings

    def step(self) -> Learned | None:
        """One optimiser update; the figures of its batch.

        None, and no update, where too few pictures of the batch could be read. DataError where
        that is so of a whole epoch, which then begins once more. NetworkError where a batch norm
        has no two values to tell a variance from; the batch is then still to be used.
        """
        with deterministic(self.device, self.settings.deterministic):
            return self._step()

    def _step(self) -> Learned | None:
        seed, data = self.config.training.seed, self.config.data
        if not self._begun:
            self._begun = True
            self.training.begin(epoch_order(len(self.training), seed, self.epoch))
        start, end = self.position, self._batch_end
        batch = self.training.batch(start, end)
        read = len(batch.labels_N)
        # One picture left of several has no variance to normalise.
        if read < min(2, end - start):
            self.position = end
            if self.is_epoch_trained and not self.used_in_epoch:
                self._begin_epoch(0)
                raise _too_few_read("train")
            return None
        self._generator.manual_seed(augmentation_seed(seed, self.epoch, start))
        pictures_NCHW = batch.pictures_NCHW.float().div_(255.0)
        pictures_NCHW, targets = augment(
            pictures_NCHW,
            batch.labels_N,
            len(self.source.classes),
            data.augmentation,
            self._generator,
        )
        optimizer = self.optimizer
        for group in optimizer.param_groups:
            group["lr"] = self._rate_to(end)
        optimizer.zero_grad(set_to_none=True)
        seed_device(self.device, network_seed(seed, self.epoch, start))
        try:
            outputs = outputs_of(self.network(self.scaling.normalise(pictures_NCHW)))
        except ValueError as error:  # of torch's batch normalisation alone
            raise NetworkError(
                "The batch norm of this network can't learn from one picture at a time.",
                "Choose a batch size of 2 or more.",
            ) from error
        scores_NK = class_scores(outputs.output_NK)
        loss = self._loss(scores_NK, targets)
        for auxiliary_NK in outputs.auxiliary:
            loss = loss + outputs.weight * self._loss(class_scores(auxiliary_NK), targets)
        loss.backward()
        if self.settings.gradient_clipping:
            clip_grad_norm_(self.network.parameters(), self.settings.gradient_clipping)
        optimizer.step()
        # Only now: whatever goes wrong before leaves the batch to be learned from.
        self.position = end
        self.used_in_epoch += read
        self.step_number += 1
        with torch.no_grad():
            # Of mixed pictures, the class that has the larger part of it counts.
            labels_N = targets if targets.dim() == 1 else targets.argmax(1)
            right = (scores_NK.argmax(1) == labels_N).float().mean()
            return Learned(torch.stack((loss.detach(), right)), read)

    def _loss(self, scores_NK: Tensor, targets: Tensor) -> Tensor:
        return F.cross_entropy(scores_NK, targets, label_smoothing=self.settings.label_smoothing)

    def validate(self) -> Tensor | None:
        """One batch of the validation after an epoch; None while some are left.

        After the last batch: the sum of the losses, the number of right answers and the number of
        pictures that could be read, float32 (3,) on the device, and the next epoch begins.
        DataError where none could be; the validation then begins once more.
        """
        if self._validation_sums is None:
            self._validation_sums = torch.zeros(3, device=self.device)
            self.validation.begin(torch.arange(len(self.validation)))
        end = batch_end(self._validated, self._validation_batch, len(self.validation))
        batch = self.validation.batch(self._validated, end)
        if len(batch.labels_N):
            self._validation_sums += self._judged(batch)
        self._validated_read += len(batch.labels_N)
        self._validated = end
        if self._validated < len(self.validation):
            return None
        sums = self._validation_sums
        if not self._validated_read:
            self._begin_validation()
            raise _too_few_read("validate")
        self.epoch += 1
        self._begin_epoch(0)
        return sums

    def _judged(self, batch: Batch) -> Tensor:
        """The sum of the losses of a batch, the right answers and the pictures, float32 (3,)."""
        self.network.eval()
        try:
            with torch.no_grad():
                outputs = outputs_of(self.network(self.scaling.apply(batch.pictures_NCHW)))
                scores_NK = class_scores(outputs.output_NK)
                loss = F.cross_entropy(scores_NK, batch.labels_N, reduction="sum")
                right = (scores_NK.argmax(1) == batch.labels_N).sum()
                return torch.stack((loss, right, torch.full_like(loss, len(batch.labels_N))))
        finally:
            self.network.train()

    def stand_at(self, step_number: int, epoch: int, position: int, used: int) -> None:
        """Go on from another position of the run, at a step boundary; `used` of the epoch's
        pictures up to there could be read. A validation begins once more."""
        self.step_number = step_number
        self.epoch = epoch
        self._begin_epoch(position)
        self.used_in_epoch = used

    @property
    def _validation_batch(self) -> int:
        """As many as take no more memory than a common training batch."""
        return min(VALIDATION_BATCH, max(1, VALIDATION_VALUES // prod(self.shape_CHW)))

    def _begin_epoch(self, position: int) -> None:
        self.position = position
        self._begun = False
        self.used_in_epoch = position
        self._begin_validation()

    def _begin_validation(self) -> None:
        self._validated = self._validated_read = 0
        self._validation_sums = None


def _too_few_read(purpose: str) -> DataError:
    return DataError(
        f"Too few of the pictures to {purpose} with could be read.",
        "Check that the source is still there and holds pictures.",
    )
