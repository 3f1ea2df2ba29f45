"""What goes wrong with stdout and stderr themselves: a reader that has gone, a full disk.

Python tells of it with an OSError from wherever something was printed, or only at its end, as a
traceback. Here it is one EngineError, told apart from those of the files that a command writes.
"""

import errno
import io
import os
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any, TextIO, cast

from engine.errors import EngineError


class OutputError(EngineError):
    """What a command prints can't be written."""


class ReaderGoneError(OutputError):
    """Who reads along has gone, as `head` does: nothing is wrong, and nothing more is read."""


@contextmanager
def checked_output() -> Iterator[None]:
    """Within it printing on stdout raises OutputError and nothing else, once: what is printed
    afterwards goes nowhere. On stderr, where nobody could be told, all goes nowhere then.

    File names may hold what a terminal can't show: it is printed with backslashes. A stream that
    was closed before the start, as by `>&-`, counts as one that nobody wants to read.
    """
    before = sys.stdin, sys.stdout, sys.stderr
    with ExitStack() as opened:

        def there(stream: TextIO | None, mode: str) -> TextIO:
            if stream is not None:
                return stream
            # Left closed, its number would be that of the next file that is opened.
            return cast(TextIO, opened.enter_context(Path(os.devnull).open(mode)))

        sys.stdin = there(sys.stdin, "r")
        sys.stdout = cast(TextIO, _Stream(there(sys.stdout, "w"), raises=True))
        sys.stderr = cast(TextIO, _Stream(there(sys.stderr, "w"), raises=False))
        try:
            yield
        finally:
            sys.stdin, sys.stdout, sys.stderr = before


class _Stream:
    """A text stream whose failures are told once, or never."""

    def __init__(self, stream: TextIO, raises: bool) -> None:
        self._stream = stream
        self._raises = raises
        self._failed = False
        if isinstance(self._stream, io.TextIOWrapper):
            self._stream.reconfigure(errors="backslashreplace")

    def write(self, text: str) -> int:
        if not self._failed:
            try:
                self._stream.write(text)
            except OSError as error:
                self._fail(error)
        return len(text)

    def flush(self) -> None:
        if not self._failed:
            try:
                self._stream.flush()
            except OSError as error:
                self._fail(error)

    def _fail(self, error: OSError) -> None:
        self._failed = True
        # What is left in the buffer goes nowhere: else Python complains when it flushes at the end.
        with suppress(OSError, ValueError):
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, self._stream.fileno())
            os.close(nowhere)
        if self._raises:
            raise _told(error) from error

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


def _told(error: OSError) -> OutputError:
    # Windows says EINVAL of a pipe whose other end is closed.
    if error.errno == errno.EPIPE or (sys.platform == "win32" and error.errno == errno.EINVAL):
        return ReaderGoneError("What is printed is no longer read.")
    reason = (error.strerror or str(error)).lower()
    return OutputError(f"What is printed can't be written: {reason}.", "Free some space.")
