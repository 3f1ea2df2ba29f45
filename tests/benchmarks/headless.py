"""A process of its own: a session without a window, against the bare loop. Prints JSON."""

import json
import sys

import torch

from engine.config import RunConfig, TrainingConfig
from engine.session import Session
from engine.state import Phase
from tests.benchmarks.alternate import alternate, engine_rate, wait_until
from tests.benchmarks.bare import BareLoop


def main(turns: int, seconds: float) -> None:
    config = RunConfig(training=TrainingConfig(epochs=100_000))
    session = Session()
    session.open(config)
    wait_until(lambda: session.status.phase is Phase.READY)
    device = torch.device("cuda", 0) if torch.cuda.is_available() else torch.device("cpu")
    bare = BareLoop(config, device)
    ratio = alternate(bare.rate, lambda s: engine_rate(session, s), turns, seconds)
    session.close()
    print(json.dumps({**ratio._asdict(), "device": session.status.device}))


if __name__ == "__main__":
    main(int(sys.argv[1]), float(sys.argv[2]))
