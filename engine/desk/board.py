"""Where what the desk finds waits for the window."""

import logging
import threading
from collections.abc import Callable

from engine.errors import EngineError
from engine.messages.views import Told, View, ViewKey

log = logging.getLogger(__name__)


class Board:
    """The newest view of each key, and all that is told. Every method is thread-safe, and none but
    `attempt` blocks for longer than a dict look-up."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._views: dict[ViewKey, View] = {}
        self._told: list[Told] = []

    def put(self, key: ViewKey, view: View) -> None:
        """Replaces the view of that key, if it was not taken yet."""
        with self._lock:
            self._views[key] = view

    def take(self) -> dict[ViewKey, View]:
        """The views since the last time, in the order in which their keys came first."""
        with self._lock:
            taken, self._views = self._views, {}
        return taken

    def drop(self, kind: str) -> None:
        """Forget the views of a kind that were not taken."""
        with self._lock:
            self._views = {key: view for key, view in self._views.items() if key[0] != kind}

    def tell(self, sentence: str, wrong: bool = False) -> None:
        self._told.append(Told(sentence, wrong))

    def told(self, place: int) -> list[Told]:
        """What was told from number `place` on; the next place is `place + len(result)`."""
        return self._told[place:]

    def attempt(self, what: str, work: Callable[[], object], cancelled: Callable[[], bool]) -> None:
        """Do something; what goes wrong is told, unless it was cancelled. `what` says it in a
        sentence about an error that nobody expected, which is logged too."""
        try:
            work()
        except EngineError as error:
            if not cancelled():
                self.tell(str(error), wrong=True)
        except Exception as error:
            log.exception("%s failed", what)
            self.tell(f"{what} failed: {type(error).__name__}: {error}.", wrong=True)
