"""Reading the files that a person drops, each reading in a thread of its own."""

import threading
from collections.abc import Callable, Iterable
from pathlib import Path

from engine.data.reading.pictures import find_pictures, read_picture
from engine.data.reading.walking import shown_name
from engine.errors import PictureError
from engine.funnel import attempt
from engine.messages.commands import AddProbe, Command
from engine.messages.events import Event, PicturesRead, PicturesUnread

MOST_PROBES = 200


class PictureReaders:
    """Pictures become probes: `send` gets them, `tell` how far it is. Any thread."""

    def __init__(self, send: Callable[[Command], object], tell: Callable[[Event], None]) -> None:
        self._send = send
        self._tell = tell
        self._readings: list[tuple[threading.Thread, threading.Event]] = []

    def read(self, paths: Iterable[Path]) -> None:
        """Begin to read files and folders; whatever was stopped before stays stopped."""
        self._readings = [each for each in self._readings if each[0].is_alive()]
        stop = threading.Event()
        thread = threading.Thread(
            target=self._read, args=(list(paths), stop), name="picture reader", daemon=True
        )
        self._readings.append((thread, stop))
        thread.start()

    def stop(self) -> list[threading.Thread]:
        """End every reading that goes on; the threads, which end soon."""
        for _, stop in self._readings:
            stop.set()
        return [thread for thread, _ in self._readings]

    def _read(self, paths: list[Path], stop: threading.Event) -> None:
        problems: list[tuple[str, str]] = []
        done = 0

        def read() -> None:
            nonlocal done
            files: list[Path] = []
            for file in find_pictures(paths, lambda *problem: problems.append(problem)):
                if stop.is_set():
                    return
                if len(files) == MOST_PROBES:
                    problems.append(
                        ("and more", f"Only the first {MOST_PROBES} pictures are shown.")
                    )
                    break
                files.append(file)
            for file in files:
                if stop.is_set():
                    return
                try:
                    picture = read_picture(file)
                    self._send(AddProbe(picture.name, picture.rgb_HWC, done == 0, picture.size_HW))
                    done += 1
                except PictureError as error:
                    problems.append((shown_name(file), str(error)))
                self._tell(PicturesRead(done, len(files), finished=False))
            if not files and not problems:
                problems.append((paths[0].name if paths else "", "There is no picture in it."))

        attempt("Reading pictures", read, lambda sentence, _: problems.append(("", sentence)))
        if problems:
            self._tell(PicturesUnread(tuple(problems)))
        self._tell(PicturesRead(done, done, finished=True))
