"""How the questions of one type are answered, and what may take whose place."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from msgspec import Struct

if TYPE_CHECKING:
    from engine.asking.service import Asked

Task = Callable[[], object]


@dataclass(frozen=True)
class Handler:
    """Answers one type of question; an error that it raises is told."""

    question: type[Struct]
    answer: Callable[[Any, "Asked"], Task | None]
    """Gets the question, and what to answer it with. A task that it returns goes on in a thread
    of its own, and the lane answers the next question meanwhile."""
    lane: str
    """A lane answers its questions in the order in which they were asked, one at a time unless
    the service gives it more threads. Lanes don't wait for each other."""
    newest_only: bool = False
    """Of several that wait only the last is answered: they come with every move of a slider."""
    once: bool = False
    """While one is being answered, an equal one is not answered again."""
    opens_subject: bool = False
    """It may call `open_subject`. Once it is asked, nobody wants to know what its lane was asked
    before of the present subject."""
    of_subject: bool = False
    """It is about the subject that is open, and ends with it."""
    split: Callable[[Any], Iterable[Struct]] | None = None
    """Into questions of the same type, each of which is answered in its turn. Where only the newest
    counts, what is found of an earlier one that isn't among them is not shown."""
    what: str = "What was asked last"
    """Begins the sentence about an error that nobody expected."""
    busy: str = ""
    """Of a task: the sentence that refuses another one while it goes on. There is one at a time."""
    progress: str = ""
    """Its name in a ProgressView, where it shows how far it is and a person can cancel it."""
    unit: Literal["pictures", "bytes"] = "pictures"
