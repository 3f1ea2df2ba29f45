"""What every task is."""

from typing import Protocol

from engine.messages.events import Event


class Task(Protocol):
    """Something long beside the training. All of it runs in the thread that trains.

    It changes nothing of what it looks at: not weights, modes or statistics, nor the random state.
    """

    kind: str
    """One word for what it does: "evaluate"."""
    number: int
    """That of the command that asked for it."""
    unit: str
    """What `done` and `total` count."""
    step: int
    """Of the weights that it works on, or began with where they go on changing."""
    live: bool
    """Whether it works on the weights that are trained: it ends when others take their place."""
    newest_only: bool
    """Whether another of its kind takes its place."""
    done: int
    total: int

    def advance(self, alone: bool) -> bool:
        """Do one slice, a few hundredths of a second where the network allows it; whether that was
        the last. `alone`: nothing trains, so that threads may work ahead for it. EngineError where
        it can't go on."""

    def result(self) -> Event | None:
        """What came of it, to be told once the last slice is done."""

    def close(self) -> None:
        """Give back what it holds: when it is done, or is not to go on."""
