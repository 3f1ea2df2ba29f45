"""Where frames wait for the window: one slot a key, the newest wins."""

import threading

from engine.messages.frames import Frame, FrameKey


class Mailbox:
    """Every method is thread-safe and none blocks for longer than a dict look-up."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._slots: dict[FrameKey, Frame] = {}

    def put(self, frame: Frame) -> None:
        with self._lock:
            self._slots[frame.key] = frame

    def take(self) -> dict[FrameKey, Frame]:
        """Empty all slots; what was in them is the caller's."""
        with self._lock:
            taken, self._slots = self._slots, {}
        return taken

    def is_empty(self) -> bool:
        """Whether the last frames were taken; a stalled window makes captures stop."""
        return not self._slots
