"""One part of the window that fails is nobody else's trouble."""

import sys
from collections.abc import Callable
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


def guarded(deed: Callable[P, T], *arguments: P.args, **named: P.kwargs) -> T | None:
    """What `deed` returns, or None where it raises: the error then goes where those of slots go,
    to `sys.excepthook`, and the caller goes on. For what is asked of panels and pages in turn."""
    try:
        return deed(*arguments, **named)
    except Exception as error:
        sys.excepthook(type(error), error, error.__traceback__)
        return None
