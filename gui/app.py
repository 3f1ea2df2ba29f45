"""The application around the window: its display, its start in the right order, its errors."""

import logging
import os
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from types import TracebackType

import platformdirs
from PySide6.QtCore import (
    QEvent,
    QMessageLogContext,
    QObject,
    Qt,
    QtMsgType,
    Signal,
    qInstallMessageHandler,
)
from PySide6.QtWidgets import QApplication

from engine.config import DataConfig, RunConfig
from engine.program import NAME, TITLE
from engine.sessions.session import Session
from gui import reports
from gui.collector import Collector
from gui.controller import Controller
from gui.display import why_no_window
from gui.engines import Engine, make_session, remembered_engine
from gui.main_window import MainWindow, theme_choice
from gui.page import Around, Page
from gui.pages.listing import PAGES
from gui.pump import Pump
from gui.settings import Settings, run_or_default
from gui.signals import answered
from gui.widgets.icons import window_icon
from gui.widgets.theme import Theme

TIMES = "CONVSCOPE_STARTUP_TIMES"
"""Set this variable to have the seconds from the start of the process printed on stderr."""

BEYOND_THE_DISPLAY = "This plugin does not support"
"""How Qt begins to say that a display, such as offscreen, can't do something: no error of ours."""

log = logging.getLogger(__name__)


def run_window(argv: Sequence[str] = (), engine: Engine | None = None) -> int:
    """Show the window until it is closed; the exit code of the process.

    `argv` are arguments for Qt, such as "-platform offscreen". `engine` says where it runs this
    time, None what was chosen in the menu. Without a display: one sentence on stderr, and 2.
    """
    with why_no_window(argv) as problem:
        if problem:
            print(problem, file=sys.stderr)
            return 2
        app = make_application(argv)
    settings = Settings(platformdirs.user_config_path(NAME, appauthor=False))
    window = make_window(app, make_session(engine or remembered_engine(settings)), settings)
    crash = reports.last_fault()
    if crash is not None:
        window.parts.notices.warn(f"{TITLE} crashed the last time. What is known is in {crash}.")
    reports.watch_for_faults()
    if TIMES in os.environ:
        _print_times(window)
    with errors_told(window.parts.notices.warn), closed_by_signals(window):
        window.show()
        code = app.exec()
    window.deleteLater()
    app.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    return code


class Application(QApplication):
    """Tells when the system's session is about to end."""

    session_ends = Signal()
    """All that is to be kept must be written before this returns."""

    def __init__(self, arguments: Sequence[str]) -> None:
        super().__init__(list(arguments))
        self.commitDataRequest.connect(lambda manager: self.session_ends.emit())

    def event(self, event: QEvent) -> bool:
        # Where sessions aren't managed, a logout asks the application to quit.
        if event.type() == QEvent.Type.Quit:
            self.session_ends.emit()
        return super().event(event)


def make_application(argv: Sequence[str] = ()) -> QApplication:
    """The QApplication, named and with an icon; the one that exists if there is one."""
    app = QApplication.instance()
    if not isinstance(app, QApplication):
        app = Application([NAME, *argv])
    app.setApplicationName(NAME)
    app.setApplicationDisplayName(TITLE)
    app.setOrganizationName(NAME)
    app.setDesktopFileName(NAME)
    app.setWindowIcon(window_icon())
    return app


def make_window(
    app: QApplication,
    session: Session,
    settings: Settings,
    config: RunConfig | None = None,
    pages: Sequence[type[Page]] = PAGES,
) -> MainWindow:
    """The window over a session that is not open yet; `show` it and the rest follows.

    Once it is painted the session opens, with `config` or the remembered one, and the panels that
    load slowly are built while torch loads.
    """
    theme = Theme(app, theme_choice(settings))
    window = MainWindow(settings, theme, pages)
    theme.setParent(window)
    parts = window.parts
    remembered, damage = run_or_default(settings)
    controller = Controller(session, config or remembered, settings, window, parts)
    pump = Pump(
        session, parts.panels, controller.handle, controller.show_status, window.beat, window
    )
    collector = Collector(window)

    def learn_from(data: DataConfig) -> None:
        controller.learn_from(data)
        window.show_training()

    window.join(
        Around(
            session,
            settings,
            parts.notices,
            parts.actions,
            window.exports,
            learn_from,
            window.open_source,
        )
    )
    window.budget_chosen.connect(controller.set_budget)
    window.preset_chosen.connect(controller.begin_with)
    controller.set_budget(window.budget)
    for problem in (settings.problem, damage):
        if problem:
            parts.notices.warn(problem)

    def begin() -> None:
        if not window.isVisible():
            return  # closed before it had begun
        controller.open()
        window.begin()
        pump.start()
        collector.start()
        window.complete.emit()

    def keep() -> None:
        settings.put_run(controller.run())
        settings.write()

    def end() -> bool:
        pump.stop()
        collector.stop()
        return all([*(page.end() for page in parts.pages), controller.close()])

    # Queued: whoever else waits for the window to stand comes first.
    window.painted.connect(begin, Qt.ConnectionType.QueuedConnection)
    window.closing.keep.append(keep)
    window.closing.end = end
    if isinstance(app, Application):
        app.session_ends.connect(window.closing.yield_to_system)
    return window


class Trouble(QObject):
    """Brings unexpected errors of any thread to the window, each kind once."""

    happened = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self._known: set[object] = set()

    def tell(self, error: BaseException, trace: TracebackType | None) -> None:
        """Log an exception, keep a report of it and say so in the window. From any thread."""
        # By its place, not by its words: these may have a step in them, and new ones each time.
        places = [(frame.filename, frame.lineno) for frame in traceback.extract_tb(trace)]
        kind = (type(error), *places) if places else (type(error), str(error))
        if kind in self._known:
            return
        self._known.add(kind)
        details = "".join(traceback.format_exception(type(error), error, trace))
        log.error(details)
        sentence = f"Something went wrong in the window: {type(error).__name__}: {error}."
        report = reports.write(sentence, details)
        self.happened.emit(f"{sentence} A report is in {report}." if report else sentence)


@contextmanager
def errors_told(tell: Callable[[str], object]) -> Iterator[None]:
    """Whatever goes wrong unexpectedly, in Python or in Qt, ends in `tell`, on the GUI thread."""
    trouble = Trouble()
    trouble.happened.connect(tell)

    def in_python(
        kind: type[BaseException], error: BaseException, trace: TracebackType | None
    ) -> None:
        trouble.tell(error, trace)

    def in_thread(arguments: threading.ExceptHookArgs) -> None:
        if arguments.exc_value is not None:
            trouble.tell(arguments.exc_value, arguments.exc_traceback)

    def in_qt(kind: QtMsgType, context: QMessageLogContext, message: str) -> None:
        if kind is QtMsgType.QtCriticalMsg or kind is QtMsgType.QtFatalMsg:
            trouble.tell(RuntimeError(message), None)
        elif kind is QtMsgType.QtWarningMsg and not message.startswith(BEYOND_THE_DISPLAY):
            log.warning("Qt: %s", message)
        else:
            log.debug("Qt: %s", message)

    before = sys.excepthook, threading.excepthook
    sys.excepthook, threading.excepthook = in_python, in_thread
    qt_before = qInstallMessageHandler(in_qt)
    try:
        yield
    finally:
        qInstallMessageHandler(qt_before)
        sys.excepthook, threading.excepthook = before


@contextmanager
def closed_by_signals(window: MainWindow) -> Iterator[None]:
    """Ctrl+C in the terminal, SIGTERM and the end of the terminal close the window as its cross
    does; a second one ends the process at once."""

    def close(number: int) -> None:
        signal.signal(number, signal.SIG_DFL)
        window.close()

    with answered(close):
        yield


def _print_times(window: MainWindow) -> None:
    import psutil

    began = psutil.Process().create_time()

    def note(what: str) -> None:
        print(f"{what}: {time.time() - began:.2f} s", file=sys.stderr, flush=True)

    note("window made")
    window.painted.connect(lambda: note("window stands"))
    window.complete.connect(lambda: note("last panels stand"))
