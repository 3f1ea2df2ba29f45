"""Being ended from outside: SIGTERM and a closed terminal end a command as Ctrl-C does."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

SIGNALS = tuple(
    number for name in ("SIGTERM", "SIGHUP") if (number := getattr(signal, name, None)) is not None
)
"""What ends a process and may be answered; Windows has no SIGHUP."""


class Terminated(KeyboardInterrupt):
    """The process was told to end. Whatever cleans up after Ctrl-C does so after this too."""


@contextmanager
def ended_by_signals() -> Iterator[None]:
    """Within it SIGNALS raise Terminated; but what was ignored before, as nohup does, stays so."""

    def end(number: int, frame: object) -> None:
        raise Terminated

    if threading.current_thread() is not threading.main_thread():
        yield  # signals are the main thread's
        return
    before = {n: signal.getsignal(n) for n in SIGNALS if signal.getsignal(n) is signal.SIG_DFL}
    for number in before:
        signal.signal(number, end)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
