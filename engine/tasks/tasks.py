"""The tasks that run beside the training, and whose turn it is. Engine thread only."""

import logging
from collections import deque
from collections.abc import Callable

from engine.errors import EngineError
from engine.messages.events import Outcome, TaskEnded
from engine.messages.frames import TaskFrame
from engine.tasks.task import Task
from engine.telemetry.outlet import Outlet
from engine.telemetry.pace import Pace

log = logging.getLogger(__name__)

TELL_SECONDS = 0.1
"""How often it is told, at most, how far a task is."""


class Tasks:
    """Slices of several tasks take turns. A task that fails ends with a sentence, and nothing else
    does."""

    def __init__(self, outlet: Outlet, clock: Callable[[], float]) -> None:
        """`clock` gives seconds."""
        self._outlet = outlet
        self._clock = clock
        self._running: deque[Task] = deque()
        self._told_at: dict[int, float] = {}
        self._goes_first = False

    def __len__(self) -> int:
        return len(self._running)

    def begin(self, task: Task) -> None:
        """Take a task up: its first slice is done when it is its turn."""
        if task.newest_only:
            self._cancel(lambda other: other.kind == task.kind)
        self._running.append(task)
        self._tell_progress(task)

    def between_steps(self, look: Callable[[], None], pace: Pace) -> None:
        """Look or do one slice, as the budget has room: in turns, where both want to."""
        if self._goes_first and self._slice(pace):
            self._goes_first = False
            return
        had_room = pace.has_room
        look()
        if not self._slice(pace) and had_room:
            self._goes_first = True  # the capture took all of it

    def _slice(self, pace: Pace) -> bool:
        """One slice of a task, where there is one and the budget has room; whether it was done."""
        if not self._running or not pace.has_room:
            return False
        began = self._clock()
        self.advance(alone=False)
        pace.spent_on_task(self._clock() - began)
        return True

    def advance(self, alone: bool) -> None:
        """One slice of the task whose turn it is, if there is any; `alone`: nothing trains."""
        if not self._running:
            return
        task = self._running[0]
        self._running.rotate(-1)
        try:
            is_last = task.advance(alone)
        except EngineError as error:
            self._end(task, "failed", str(error))
        except Exception as error:
            # Whatever a network of anyone's raises, the training has nothing to do with it.
            log.exception("the task %s failed", task.kind)
            reason = (str(error) or type(error).__name__).splitlines()[0]
            self._end(task, "failed", f"It stopped: {reason}.")
        else:
            if is_last:
                self._finish(task)
            elif self._clock() - self._told_at[id(task)] >= TELL_SECONDS:
                self._tell_progress(task)

    def cancel(self, number: int) -> None:
        """End the task of this number; nothing happens where it is over already."""
        self._cancel(lambda task: task.number == number)

    def cancel_live(self) -> None:
        """End those that work on weights which are replaced now. The others go on: what they work
        on stays as it is, and their results say of which run it was."""
        self._cancel(lambda task: task.live)

    def close(self) -> None:
        """End all."""
        self._cancel(lambda task: True)

    def _cancel(self, which: Callable[[Task], bool]) -> None:
        for task in [task for task in self._running if which(task)]:
            self._end(task, "cancelled")

    def _finish(self, task: Task) -> None:
        self._tell_progress(task)
        result = task.result()
        if result is not None:
            self._outlet.tell(result)
        self._end(task, "done")

    def _end(self, task: Task, outcome: Outcome, sentence: str = "") -> None:
        self._running.remove(task)
        del self._told_at[id(task)]
        task.close()
        self._outlet.tell(TaskEnded(task.number, task.kind, outcome, sentence))

    def _tell_progress(self, task: Task) -> None:
        self._told_at[id(task)] = self._clock()
        key = ("task", str(task.number))
        self._outlet.put(
            TaskFrame(key, task.number, task.kind, task.step, task.done, task.total, task.unit)
        )
