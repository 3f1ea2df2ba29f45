"""Engines that break when a test says so: targets for a process of its own. No pytest in here."""

import os
import time
from multiprocessing.connection import Connection
from pathlib import Path

from engine.sessions.server import serve

FAULT = "CONVSCOPE_TEST_FAULT"
"""The variable with the path of a file: while that is there, each step goes wrong as it says."""


def serve_with_faults(
    connection: Connection, torch_threads: int | None, keep_in: Path | None
) -> None:
    """Like `serve`, with a network whose steps fail, hang in C, or take the process with them."""
    from engine.training.run import Run

    step = Run.step
    fault = Path(os.environ[FAULT])

    def faulty(run: Run) -> object:
        kind = fault.read_text() if fault.exists() else ""
        if kind == "raise":
            raise RuntimeError("the weights fell off")
        if kind == "hang":
            time.sleep(1000)
        if kind == "abort":
            os.abort()
        if kind == "exit":
            os._exit(3)
        return step(run)

    Run.step = faulty  # type: ignore[method-assign,assignment]
    serve(connection, torch_threads, keep_in)
