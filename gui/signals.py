"""Signals that end a process, answered while Qt runs: an exception of Python's is lost in there."""

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def answered(answer: Callable[[int], None]) -> Iterator[None]:
    """Within it Ctrl+C in the terminal, SIGTERM and the end of the terminal call `answer` with the
    signal's number. What was ignored before, as nohup does, stays so."""

    def call(number: int, frame: object) -> None:
        answer(number)

    before = {
        number: handler
        for name in ("SIGINT", "SIGTERM", "SIGHUP")
        if (number := getattr(signal, name, None)) is not None  # Windows has no SIGHUP
        if (handler := signal.getsignal(number)) is not signal.SIG_IGN
    }
    for number in before:
        signal.signal(number, call)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
