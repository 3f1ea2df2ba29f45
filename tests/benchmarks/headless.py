"""A process of its own: a session without a window, against the bare loop. Prints JSON."""

import json
import sys

from engine.config import RunConfig, TrainingConfig
from engine.sessions.thread import ThreadSession
from engine.state import Phase
from tests.benchmarks.alternate import alternate, wait_until


def main(turns: int, seconds: float) -> None:
    config = RunConfig(training=TrainingConfig(epochs=100_000))
    session = ThreadSession()
    session.open(config)
    wait_until(lambda: session.status.phase is Phase.READY)
    rates = alternate(session, config, turns, seconds)
    session.close()
    print(json.dumps({"rates": rates, "device": session.status.device}))


if __name__ == "__main__":
    main(int(sys.argv[1]), float(sys.argv[2]))
