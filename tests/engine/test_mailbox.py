"""One slot a key: the newest frame is there, older ones never come back."""

import threading

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from engine.messages.frames import FrameKey, PredictionsFrame
from engine.telemetry.mailbox import Mailbox

KEYS: list[FrameKey] = [("maps", "conv1"), ("maps", "conv2"), ("kernels", "conv1")]


def frame(key: FrameKey, step: int) -> PredictionsFrame:
    return PredictionsFrame(key, step, (), np.empty((0, 10), np.float32))


@given(st.lists(st.one_of(st.sampled_from(KEYS), st.just("take"))))
def test_what_is_taken_is_the_newest_of_each_key(actions: list[FrameKey | str]) -> None:
    mailbox = Mailbox()
    waiting: dict[FrameKey, int] = {}
    for step, action in enumerate(actions):
        if isinstance(action, tuple):
            mailbox.put(frame(action, step))
            waiting[action] = step
        else:
            taken = {key: frame.step for key, frame in mailbox.take().items()}
            assert taken == waiting
            waiting = {}
        assert mailbox.is_empty() == (not waiting)


def test_a_reader_beside_a_writer_sees_steps_rise_and_the_last_of_each() -> None:
    mailbox = Mailbox()
    last = 3000
    seen: dict[FrameKey, list[int]] = {key: [] for key in KEYS}

    def write() -> None:
        for step in range(last + 1):
            for key in KEYS:
                mailbox.put(frame(key, step))

    writer = threading.Thread(target=write)
    writer.start()
    while writer.is_alive() or not mailbox.is_empty():
        for key, taken in mailbox.take().items():
            seen[key].append(taken.step)
    for steps in seen.values():
        assert steps == sorted(set(steps))
        assert steps[-1] == last
