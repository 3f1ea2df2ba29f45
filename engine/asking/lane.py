"""Questions that wait for the same threads. No method locks: the service does."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from engine.asking.service import Asked


class Turn(NamedTuple):
    """What a thread does next: `work` is a part, or all, of the answer of what was asked."""

    asked: "Asked"
    work: Callable[[], object]


class _Waiting:
    """Something asked whose turns are made when they come: there may be thousands."""

    def __init__(self, asked: "Asked", turns: Iterator[Turn]) -> None:
        self.asked = asked
        self._turns = turns
        self.next = next(turns, None)

    def step(self) -> None:
        self.next = next(self._turns, None)


class Lane:
    def __init__(self) -> None:
        self._waiting: deque[_Waiting] = deque()
        self.running: list[Asked] = []

    def __bool__(self) -> bool:
        """Whether anything waits."""
        return bool(self._waiting)

    def add(self, asked: "Asked", turns: Iterable[Turn]) -> None:
        """Put something behind all that waits."""
        waiting = _Waiting(asked, iter(turns))
        if waiting.next is not None:
            self._waiting.append(waiting)

    def take(self) -> Turn:
        """The turn that comes next, which is running now. Something must wait."""
        first = self._waiting[0]
        turn = first.next
        assert turn is not None
        first.step()
        if first.next is None:
            self._waiting.popleft()
        self.running.append(turn.asked)
        return turn

    def asked(self) -> list["Asked"]:
        """All that is running or waits."""
        return [*self.running, *(waiting.asked for waiting in self._waiting)]

    def drop(self, unwanted: Callable[["Asked"], bool]) -> list["Asked"]:
        """Take out what waits and isn't wanted."""
        dropped = [waiting.asked for waiting in self._waiting if unwanted(waiting.asked)]
        if dropped:
            self._waiting = deque(each for each in self._waiting if not unwanted(each.asked))
        return dropped
