"""The runs that were left for others, to go back to and forward again."""

from msgspec import Struct

from engine.data.source import Source
from engine.networks.stages import Stage
from engine.runs.checkpoint import Checkpoint

MOST_KEPT = 20
"""Runs that are kept, at most, to go back to."""
MOST_BYTES = 2**30
"""Of memory that they may take, with the pictures of their sources, at most: 1 GiB. The last run
that was left is kept whatever it takes."""


class Left(Struct, frozen=True, eq=False):
    """A run that was left, and all that it takes to bring it back."""

    checkpoint: Checkpoint
    source: Source
    stages: tuple[Stage, ...]

    @property
    def words(self) -> str:
        """For people: "digits convnet at step 1,066"."""
        return f"{self.checkpoint.config.network.name} at step {self.checkpoint.step:,}"


class History:
    """Runs in the order in which they were left, and those that were gone back from.

    Going back throws nothing away: what one goes back from can be gone forward to, and when
    another run begins instead, it comes before the run that is left then. Only the bounds end a
    run's stay; the one that was left first goes first.
    """

    def __init__(self) -> None:
        self.before: list[Left] = []
        self.after: list[Left] = []

    def leave(self, left: Left | None) -> None:
        """Another run begins in the place of one; None for one that was never trained."""
        self.before += [*self.after, *([left] if left is not None else [])]
        self.after = []
        self._bound()

    def go_back(self, left: Left | None) -> None:
        """The last of `before` was brought back, instead of a run that may have been trained."""
        self.before.pop()
        self.after += [left] if left is not None else []

    def go_forward(self, left: Left | None) -> None:
        """The last of `after` was brought back."""
        self.after.pop()
        self.before += [left] if left is not None else []

    def _bound(self) -> None:
        while len(self.before) > 1 and (
            len(self.before) > MOST_KEPT or _nbytes(self.before) > MOST_BYTES
        ):
            del self.before[0]


def _nbytes(kept: list[Left]) -> int:
    arrays = {id(left.source): left.source.pictures_NCHW for left in kept}
    pictures = sum(array.nbytes for array in arrays.values() if array is not None)
    return pictures + sum(left.checkpoint.nbytes for left in kept)
