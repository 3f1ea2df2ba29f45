"""Where pages ask, and handlers answer in threads beside the training, which never waits for them.

    ask() -> a lane's threads: quick answers, in order  -> views and what is told -> take(), told()
                  \\-> the task thread: what takes long

It knows nothing of what is asked, and imports without torch.
"""

import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from itertools import count

from msgspec import Struct, to_builtins
from msgspec.structs import replace

from engine.asking.handler import Handler, Task
from engine.asking.lane import Lane, Turn
from engine.config import from_builtins
from engine.errors import EngineError
from engine.funnel import attempt
from engine.messages.views import ProgressView, Told, View
from engine.telemetry.outlet import Inboxes

_TASKS = "task"


class Asked:
    """A question under its number, as its handler sees it. Any thread; no method waits."""

    def __init__(
        self, service: "Service", handler: Handler, question: Struct, number: int, subject: int
    ) -> None:
        """`subject` is the number of the last question that could open another one."""
        self.handler = handler
        self.question = question
        self.number = number
        self.subject = subject
        self.cancelled = False
        """Nobody wants the answer any more: it shall end soon."""
        self.is_dead = False
        """Another subject is open: what is still found of this one is not shown."""
        self.goes_on = False
        """It has become a task."""
        self.done = self.total = 0
        self._service = service

    def is_cancelled(self) -> bool:
        return self.cancelled

    def put(self, view: View) -> None:
        """Show a view, instead of the one of its key that was not taken yet."""
        self._service._put(self, view)

    def tell(self, sentence: str, wrong: bool = False) -> None:
        """Say something once; `wrong` where what was asked could not be done."""
        self._service._tell(self, Told(sentence, wrong, self.number))

    def progress(self, done: int, total: int) -> None:
        """Show how far it is, in its handler's unit; `total` 0: not known yet."""
        self.done, self.total = done, total
        self.put(progress_of(self, finished=False))

    def then(self, question: Struct) -> None:
        """Ask something in turn, about the same subject."""
        self._service._ask(question, of=self)

    def then_if_newest(self, question: Struct) -> bool:
        """Ask something in turn, unless such a question was asked after this one; whether it was
        not."""
        return self._service._ask(question, of=self, if_newest=True) > 0

    def open_subject(self) -> None:
        """What it opens is the subject from now on, and what was asked of others ends."""
        self._service._open_subject(self)


def progress_of(asked: Asked, finished: bool) -> ProgressView:
    handler = asked.handler
    return ProgressView(handler.progress, asked.done, asked.total, finished, handler.unit)


class Service:
    """Every method may be called from any thread, and none but `close` waits."""

    def __init__(
        self, handlers: Iterable[Handler], threads: Mapping[str, int] | None = None
    ) -> None:
        """`threads`: how many a lane has, where it is more than one."""
        self.outlet: Inboxes[Told, View] = Inboxes()
        self._inbox = self.outlet.join()
        self._handlers = {handler.question: handler for handler in handlers}
        self._changed = threading.Condition()
        lanes = dict.fromkeys(handler.lane for handler in self._handlers.values())
        self._lanes = {name: Lane() for name in (*lanes, _TASKS)}
        self._threads = [
            threading.Thread(target=self._serve, args=(lane,), name=name, daemon=True)
            for name, lane in self._lanes.items()
            for _ in range((threads or {}).get(name, 1))
        ]
        self._numbers = count(1)
        self._newest: dict[type[Struct], int] = {}
        self._subject = 0
        self._closing = False

    def open(self) -> None:
        """Start the threads. What was asked before is answered now."""
        for thread in self._threads:
            thread.start()

    def close(self, timeout: float = 20.0) -> bool:
        """End all answers and the threads; False if one outlived the timeout (s): ask again."""
        with self._changed:
            self._closing = True
            for lane in self._lanes.values():
                for asked in lane.asked():
                    asked.cancelled = True
                lane.drop(lambda asked: True)
            self._changed.notify_all()
        end = time.monotonic() + timeout
        for thread in self._threads:
            if thread.is_alive():
                thread.join(max(end - time.monotonic(), 0))
        return not any(thread.is_alive() for thread in self._threads)

    def ask(self, question: Struct) -> int:
        """Queue a question; its number. What answers it repeats that."""
        return self._ask(question)

    def cancel(self, number: int | None = None) -> None:
        """End a question, or, without its number, all that show how far they are."""

        def meant(asked: Asked) -> bool:
            return bool(asked.handler.progress) if number is None else asked.number == number

        with self._changed:
            for lane in self._lanes.values():
                self._drop(lane, meant)
                for asked in lane.running:
                    asked.cancelled = asked.cancelled or meant(asked)

    def take(self) -> list[View]:
        """The newest view of each key since the last time."""
        return list(self._inbox.frames().values())

    def told(self) -> list[Told]:
        """What was told since the last time, in order."""
        return self._inbox.events()

    @property
    def rests(self) -> bool:
        """Whether all that was asked has been answered."""
        with self._changed:
            return not any(lane.asked() for lane in self._lanes.values())

    # For those who have asked, and with the lock held

    def _ask(self, question: Struct, of: Asked | None = None, if_newest: bool = False) -> int:
        """Its number; 0 where something newer stands in its place."""
        kind = type(question)
        handler = self._handlers[kind]
        with self._changed:
            if of is not None and (
                of.is_dead or (if_newest and self._newest.get(kind, 0) > of.number)
            ):
                return 0
            number = self._newest[kind] = next(self._numbers)
            if handler.opens_subject:
                self._subject = number
            subject = of.subject if of is not None else self._subject
            if not self._closing:
                self._queue(handler, question, number, subject)
                self._changed.notify_all()
        return number

    def _queue(self, handler: Handler, question: Struct, number: int, subject: int) -> None:
        lane = self._lanes[handler.lane]

        def replaced(asked: Asked) -> bool:
            other = asked.handler
            before = other.of_subject or other.opens_subject
            return (handler.newest_only and other is handler) or (handler.opens_subject and before)

        unwanted = lane.drop(replaced)
        if handler.opens_subject:
            for running in lane.running:
                running.cancelled = running.cancelled or replaced(running)
        asked = Asked(self, handler, question, number, subject)
        same = [running for running in lane.running if running.handler is handler]
        if handler.split and handler.newest_only:
            for running in same:
                wanted = any(part == running.question for part in handler.split(question))
                running.is_dead = running.is_dead or not wanted
        lane.add(asked, self._turns(asked, [running for running in same if not running.cancelled]))
        self._end(unwanted)

    def _turns(self, whole: Asked, running: list[Asked]) -> Iterator[Turn]:
        """One for each part of a question; `running` are others of its type."""
        handler = whole.handler
        parts = handler.split(whole.question) if handler.split else (whole.question,)
        for part in parts:
            if not (handler.once and any(is_answered_by(other, part) for other in running)):
                asked = Asked(self, handler, part, whole.number, whole.subject)
                yield Turn(asked, partial(self._begin, asked))

    def _open_subject(self, opener: Asked) -> None:
        def outdated(asked: Asked) -> bool:
            return asked.handler.of_subject and asked.subject < opener.number

        with self._changed:
            for lane in self._lanes.values():
                self._drop(lane, outdated)
                for asked in lane.running:
                    if outdated(asked):
                        asked.cancelled = asked.is_dead = True

    def _put(self, asked: Asked, view: View) -> None:
        numbered = replace(view, question=asked.number)
        with self._changed:
            if not asked.is_dead:
                self.outlet.put(numbered)

    def _tell(self, asked: Asked, told: Told) -> None:
        with self._changed:
            if not asked.is_dead:
                self.outlet.tell(told)

    def _drop(self, lane: Lane, unwanted: Callable[[Asked], bool]) -> None:
        self._end(lane.drop(unwanted))

    def _end(self, ended: Iterable[Asked]) -> None:
        """Show that they have ended, unless another one goes by the same name."""
        for asked in ended:
            name = asked.handler.progress
            if name and not any(
                other.handler.progress == name
                for lane in self._lanes.values()
                for other in lane.asked()
            ):
                view = progress_of(asked, finished=True)
                self.outlet.put(replace(view, question=asked.number))

    # The threads

    def _serve(self, lane: Lane) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: lane or self._closing)
                if self._closing:
                    return
                asked, work = lane.take()
            attempt(asked.handler.what, work, partial(self._tell_trouble, asked))
            with self._changed:
                lane.running.remove(asked)
                if lane is self._lanes[_TASKS] or not asked.goes_on:
                    # Before anybody knows that it has ended, and asks for more.
                    self._end([asked])

    def _tell_trouble(self, asked: Asked, sentence: str, details: str) -> None:
        """Nobody cares why an answer that was cancelled can't be given."""
        if details or not asked.cancelled:
            asked.tell(sentence, wrong=True)

    def _begin(self, asked: Asked) -> None:
        """Answer a question whose values are what its type says; ConfigError names the others."""
        handler = asked.handler
        if handler.progress and not handler.busy:
            asked.progress(0, 0)
        question = from_builtins(to_builtins(asked.question), type(asked.question), "a question")
        task = handler.answer(question, asked)
        if task is not None:
            self._go_on(asked, task)

    def _go_on(self, asked: Asked, task: Task) -> None:
        """As soon as a task that is cancelled has ended; EngineError where another goes on."""
        tasks = self._lanes[_TASKS]
        with self._changed:
            if asked.cancelled:
                return
            for other in tasks.asked():
                if other.cancelled:
                    continue
                if asked.handler.once and is_answered_by(other, asked.question):
                    return
                raise EngineError(other.handler.busy, "Wait until that has ended, or cancel it.")
            asked.goes_on = True
            tasks.add(asked, [Turn(asked, partial(self._do, asked, task))])
            self._changed.notify_all()

    def _do(self, asked: Asked, task: Task) -> None:
        asked.progress(0, 0)
        task()


def is_answered_by(other: Asked, question: Struct) -> bool:
    return not (other.cancelled or other.is_dead) and other.question == question
