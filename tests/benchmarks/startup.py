"""A process of its own: how long until the window stands, and until the engine is ready.

Called with the wall-clock time at which it was started; prints a JSON object.
"""

import json
import sys
import tempfile
import time
from pathlib import Path

from PySide6.QtCore import QTimer

from engine.sessions.thread import ThreadSession
from engine.state import Phase
from gui.app import make_application, make_window
from gui.settings import Settings


def main(started: float) -> None:
    times: dict[str, float] = {}
    app = make_application()
    session = ThreadSession()
    with tempfile.TemporaryDirectory() as folder:
        window = make_window(app, session, Settings(Path(folder)))
        window.painted.connect(lambda: times.setdefault("window", time.time() - started))
        timer = QTimer()

        def look() -> None:
            if session.status.phase is Phase.READY:
                times["ready"] = time.time() - started
                timer.stop()
                window.close()

        timer.timeout.connect(look)
        timer.start(5)
        window.show()
        app.exec()
    print(json.dumps(times))


if __name__ == "__main__":
    main(float(sys.argv[1]))
