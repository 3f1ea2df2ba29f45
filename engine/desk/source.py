"""The source that is open on the desk, and what is shown of single pictures of it.

Imports without torch, which opening a source has no need of.
"""

from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from engine.config import DataConfig, Fit, SubsetCounts
from engine.data.reading.grid import decoded
from engine.data.reading.shape import own_size, shape_for
from engine.data.reading.unread import UNREADABLE
from engine.data.source import NO_SUBSET, Source, Subsets
from engine.data.subsets.choose import choose_subsets
from engine.errors import DataError
from engine.messages.questions import ShowAugmented, ShowSteps
from engine.messages.views import AugmentedView, SourceView, StepsView
from engine.percent import percent

if TYPE_CHECKING:
    from engine.data.batches.scaling import Scaling

PARTNERS = 4
"""With so many other pictures the one that is shown is mixed, in turn."""
MOST_DRAWS = 100
_LEAST_SHARE = 0.005

Shape = tuple[int, int, int]


class OpenedSource:
    """A source under its number, and its present subsets. On the data thread."""

    def __init__(self, number: int, source: Source) -> None:
        """Divided as the source comes; where that can't be, no picture is in any subset and the
        reason is a note."""
        self.number = number
        self.source = source
        self.unreadable: dict[int, str] = {}
        self.counts: SubsetCounts | None = None
        self.seed = 0
        try:
            self.subsets = choose_subsets(source, None, 0)
        except DataError as error:
            none_N = np.full(len(source), NO_SUBSET, np.int8)
            self.subsets = Subsets(none_N, (str(error),))
        self._shape_for = lru_cache(maxsize=16)(self._read_shape)
        self._scalings: dict[tuple[Shape, Fit], tuple[Scaling, int]] = {}
        self._seen = lru_cache(maxsize=2 * PARTNERS)(self._read_seen)

    def choose(self, counts: SubsetCounts | None, seed: int) -> None:
        """Divide it anew; DataError, and nothing changes, where that can't be."""
        self.subsets = choose_subsets(self.source, counts, seed, self.unreadable)
        self.counts, self.seed = counts, seed
        self._scalings.clear()

    def leave_out(self, unreadable: dict[int, str]) -> None:
        """Divide it anew without those pictures, given why they can't be read; DataError as
        `choose`."""
        others = unreadable.keys() != self.unreadable.keys()
        self.unreadable = unreadable
        if others:
            self.choose(self.counts, self.seed)

    def view(self) -> SourceView:
        source = self.source
        return SourceView(
            source=self.number,
            name=source.name,
            where=source.where,
            classes=source.classes,
            names=source.names,
            labels_N=source.labels_N,
            subset_N=self.subsets.subset_N,
            problems=source.problems,
            notes=self.subsets.notes,
            usual=source.usual,
            comes_with_subsets=source.subset_N is not None,
            own_size_HW=own_size(source),
            unreadable=tuple(source.names[index] for index in sorted(self.unreadable)),
        )

    def steps(self, asked: ShowSteps, cancelled: Callable[[], bool]) -> StepsView:
        """The four steps of a picture as training takes them. Raises UNREADABLE."""
        from engine.desk.steps import steps_of

        shape_CHW = self._shape(asked.data)
        scaling, measured_on = self._scaling(asked.data, shape_CHW, cancelled)
        return steps_of(
            self.source, asked.index, asked.data, shape_CHW, scaling, measured_on, self.number
        )

    def augmented(self, asked: ShowAugmented) -> AugmentedView:
        """Draws of a picture as training makes them: each in a batch with a picture to be mixed
        with, so that a change of one amount leaves the rest of a draw as it was. Raises UNREADABLE.
        """
        import torch

        from engine.data.batches.augment import augment
        from engine.data.batches.seeds import augmentation_seed

        how, fit = asked.data.augmentation, asked.data.fit
        shape_CHW = self._shape(asked.data)
        own_CHW = self._seen(asked.index, shape_CHW, fit)
        others = [(asked.index, own_CHW)]
        if how.mixup or how.cutmix:
            others = self._partners(asked.index, asked.seed, shape_CHW, fit) or others
        generator = torch.Generator()
        pictures: list[np.ndarray] = []
        labels: list[str] = []
        for draw in range(min(asked.count, MOST_DRAWS)):
            other, other_CHW = others[draw % len(others)]
            pair_NCHW = torch.from_numpy(np.stack((own_CHW, other_CHW))).float().div_(255.0)
            labels_N = torch.from_numpy(self.source.labels_N[[asked.index, other]])
            generator.manual_seed(augmentation_seed(asked.seed, 0, draw))
            varied_NCHW, targets = augment(
                pair_NCHW, labels_N, len(self.source.classes), how, generator
            )
            picture_HWC = varied_NCHW[0].mul(255).round().byte().permute(1, 2, 0)
            pictures.append(picture_HWC.expand(-1, -1, 3).numpy())
            labels.append(self._label(targets[0].numpy()))
        return AugmentedView(self.number, asked.index, np.stack(pictures), tuple(labels))

    def _label(self, target: np.ndarray) -> str:
        """What a picture counts as: a class, or shares of some."""
        classes = self.source.classes
        if target.ndim == 0:
            return classes[int(target)]
        largest_first = np.argsort(-target, kind="stable")[:2].tolist()
        shares = [(classes[k], float(target[k])) for k in largest_first if target[k] > _LEAST_SHARE]
        if len(shares) == 1:
            return shares[0][0]
        return ", ".join(f"{percent(share)} {name}" for name, share in shares)

    def _partners(
        self, index: int, seed: int, shape_CHW: Shape, fit: Fit
    ) -> list[tuple[int, np.ndarray]]:
        """Some other pictures that can be read; the same for a seed."""
        chosen = np.random.default_rng(seed).integers(len(self.source), size=4 * PARTNERS)
        partners: list[tuple[int, np.ndarray]] = []
        for other in dict.fromkeys(chosen.tolist()):
            if len(partners) == PARTNERS:
                break
            if other == index:
                continue
            try:
                partners.append((other, self._seen(other, shape_CHW, fit)))
            except UNREADABLE:
                continue  # whoever looks at that one is told
        return partners

    def _shape(self, data: DataConfig) -> Shape:
        return self._shape_for(DataConfig(size=data.size, colour=data.colour))

    def _read_shape(self, data: DataConfig) -> Shape:
        return shape_for(self.source, data)

    def _read_seen(self, index: int, shape_CHW: Shape, fit: Fit) -> np.ndarray:
        from engine.data.reading.seen import as_seen

        return as_seen(decoded(self.source, index), shape_CHW, fit=fit)

    def _scaling(
        self, data: DataConfig, shape_CHW: Shape, cancelled: Callable[[], bool]
    ) -> tuple["Scaling", int]:
        from engine.data.batches.scaling import scaling_of

        if data.normalisation == "measured":
            key = (shape_CHW, data.fit)
            if key not in self._scalings:
                self._scalings[key] = self._measured(shape_CHW, data.fit, cancelled)
            return self._scalings[key]
        nothing_NCHW = np.empty((0, *shape_CHW), np.uint8)
        return scaling_of(data.normalisation, shape_CHW[0], nothing_NCHW), 0

    def _measured(
        self, shape_CHW: Shape, fit: Fit, cancelled: Callable[[], bool]
    ) -> tuple["Scaling", int]:
        """Of the pictures that training measures it on."""
        from engine.data.batches.feed import Feed
        from engine.data.batches.scaling import measured_scaling

        feed = Feed(self.source, shape_CHW, fit, cache=None)
        try:
            train_N = self.subsets.indices("train")
            measured = measured_scaling(feed.take, train_N, shape_CHW[0], cancelled)
        finally:
            feed.close()
        if cancelled():
            raise DataError("Measuring the pictures was stopped.")
        return measured
