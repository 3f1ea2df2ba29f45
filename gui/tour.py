"""The window shows itself: it drives what a person would, and saves a picture of each part."""

import os
import sys
import tempfile
from pathlib import Path

from PySide6.QtCore import QEvent
from PySide6.QtWidgets import QApplication

from engine.sessions.thread import ThreadSession
from gui.app import errors_told, make_application, make_window
from gui.display import why_no_window
from gui.guide import Guide, TourError
from gui.main_window import MainWindow
from gui.settings import Settings

SIZE = (1280, 800)


def run_tour(out: Path) -> int:
    """Save numbered screenshots, 1280x800, and exported files in `out`; 0, or 1 with a sentence.

    Works on any display, and without one.
    """
    with why_no_window() as problem:
        if problem:
            os.environ["QT_QPA_PLATFORM"] = "offscreen"
        app = make_application()
    try:
        out.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory() as folder:
            session = ThreadSession()
            window = make_window(app, session, Settings(Path(folder) / "config"))
            lead(window, Guide(window, session, window.parts.status_line, out))
    except TourError as error:
        return _failed(str(error))
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        return _failed(f"{error.filename or out} can't be written: {reason}.")
    return 0


def _failed(sentence: str) -> int:
    print(f"The tour ended early: {sentence}", file=sys.stderr)
    return 1


def lead(window: MainWindow, guide: Guide) -> None:
    """Show a window, go through what every page has to show, and close it."""
    troubles: list[str] = []
    with errors_told(troubles.append):
        try:
            guide.choose("Dark")
            window.resize(*SIZE)
            window.show()
            for name, page in window.pages.items():
                window.show_page(name)
                for step in page.tour_steps():
                    step(guide)
            window.show_page(next(iter(window.pages)))
            for theme in ("Light", "Dark"):
                guide.choose(theme)
                guide.save(theme.lower())
        finally:
            window.close()
            guide.until("The end of the engine", window.isHidden)
            window.deleteLater()
            QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    if troubles:
        raise TourError(troubles[0])
