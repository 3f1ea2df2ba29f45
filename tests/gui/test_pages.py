"""A page is a class and an entry in a list: the window takes all else from these."""

import signal
import sys

import pytest
from PySide6.QtCore import QEvent, QMimeData, QPointF, Qt, QTimer, QUrl
from PySide6.QtGui import QAction, QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QApplication, QFileDialog, QLineEdit, QToolButton

from engine.messages.events import Halted
from gui.app import make_window
from gui.guide import Guide
from gui.page import Page
from gui.pages.listing import PAGES
from gui.panel import Panel
from gui.pump import Pump
from gui.settings import Settings
from gui.tour import lead
from tests.gui.fake_session import FakeSession
from tests.gui.test_main_window import action


class NotesPage(Page):
    name, title, icon, tip = "notes", "Notes", "data", "Write down what you see"

    def __init__(self, view):
        super().__init__(view)
        self.text = QLineEdit(self)
        self.panels = [NotesPanel(view)]
        self.setCentralWidget(self.panels[0])

    def restore(self, settings):
        self.text.setText(settings.text("notes"))

    def remember(self, settings):
        settings.put("notes", self.text.text())

    def drop_words(self, mime):
        return "Drop words to note them" if mime.hasText() else ""

    def take_drop(self, mime):
        self.text.setText(mime.text())

    def tour_steps(self):
        return [lambda guide: guide.save("notes")]


class NotesPanel(Panel):
    title = "My notes"

    def __init__(self, view):
        super().__init__(view)
        self.heard = []

    def show_event(self, event):
        self.heard.append(event)


@pytest.fixture
def open_window(qapp, qtbot, tmp_path):
    """A window with one page more; called again, the next start."""
    opened = []

    def close():
        window = opened.pop()
        window.close()
        window.deleteLater()
        QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)

    def open_window(pages=(*PAGES, NotesPage)):
        if opened:
            close()
        window = make_window(qapp, FakeSession(), Settings(tmp_path / "config"), pages=pages)
        opened.append(window)
        with qtbot.waitSignal(window.complete):
            window.show()
        return window

    yield open_window
    close()


def drag(window, mime):
    """Drag something over the window; whether it is welcome."""
    event = QDragEnterEvent(window.rect().center(), *dragged(mime))
    QApplication.sendEvent(window, event)
    return event.isAccepted()


def drop(window, mime):
    assert drag(window, mime)
    event = QDropEvent(QPointF(window.rect().center()), *dragged(mime))
    QApplication.sendEvent(window, event)
    assert event.isAccepted()


def dragged(mime):
    buttons = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    return Qt.DropAction.CopyAction, mime, *buttons


def words(text):
    mime = QMimeData()
    mime.setText(text)
    return mime


def test_it_stands_on_the_rail_and_in_the_view_menu(open_window, qtbot):
    window = open_window()
    notes = window.pages["notes"]
    button = next(b for b in window.findChildren(QToolButton) if b.text() == "Notes")
    assert button.toolTip() == "Write down what you see (Ctrl+3)"
    assert not notes.isVisible()
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    assert notes.isVisible()
    window.show_page("train")
    entry = action(window, "View", "Notes page")
    assert entry.shortcut().toString() == "Ctrl+3"
    qtbot.keyClick(window.windowHandle(), Qt.Key.Key_3, Qt.KeyboardModifier.ControlModifier)
    assert window.page is notes
    assert button.isChecked()


def test_the_training_s_single_keys_rest_on_it(open_window):
    window = open_window()
    window.show_page("notes")
    assert window.parts.actions.start.shortcut().isEmpty()
    window.parts.actions.start.trigger()
    assert window.page.trains


def test_its_panel_gets_events_and_is_exported(open_window, tmp_path, monkeypatch):
    window = open_window()
    (panel,) = window.pages["notes"].panels
    window.findChild(Pump)._session.outlet.tell(Halted("The disk is full."))
    window.findChild(Pump).tick()
    assert panel.heard == [Halted("The disk is full.")]
    path = tmp_path / "notes.png"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(path), ""))
    action(window, "File", "Export panel", "My notes", "PNG…").trigger()
    assert path.read_bytes().startswith(b"\x89PNG")


def test_it_and_its_state_are_there_at_the_next_start(open_window):
    window = open_window()
    window.pages["notes"].text.setText("conv1 sees edges")
    window.show_page("notes")
    window = open_window()
    assert window.page.name == "notes"
    assert window.pages["notes"].text.text() == "conv1 sees edges"


def test_a_page_that_was_taken_out_is_missed_by_nobody(open_window):
    open_window().show_page("notes")
    assert open_window(PAGES).page.name == "train"


def test_it_takes_drops_while_it_is_shown_and_what_nobody_else_takes(open_window):
    window = open_window()
    window.show_page("notes")
    assert drag(window, words("edges"))
    assert window.drop_target.isVisible()
    drop(window, words("edges"))
    assert not window.drop_target.isVisible()
    assert window.pages["notes"].text.text() == "edges"
    window.show_page("train")
    drop(window, words("corners"))
    assert window.pages["notes"].text.text() == "corners"


def test_the_page_that_is_shown_takes_a_drop_first(open_window, tmp_path, monkeypatch):
    window = open_window()
    taken = []
    for name, page in window.pages.items():
        monkeypatch.setattr(page, "take_drop", lambda mime, name=name: taken.append(name))
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(tmp_path))])
    for name in ("train", "data"):
        window.show_page(name)
        drop(window, mime)
    assert taken == ["train", "data"]
    assert not drag(window, QMimeData())


def test_the_tour_shows_it(qapp, tmp_path, capsys):
    session = FakeSession()
    window = make_window(qapp, session, Settings(tmp_path / "config"), pages=(NotesPage,))
    lead(window, Guide(window, session, window.parts.status_line, tmp_path))
    names = [path.name for path in sorted(tmp_path.glob("*.png"))]
    assert names == ["1-notes.png", "2-light.png", "3-dark.png"]


def test_a_signal_ends_the_tour_at_once(qapp, tmp_path, monkeypatch):
    def end(number, frame):  # as the command line answers outside of the window
        raise KeyboardInterrupt

    monkeypatch.setattr(NotesPage, "tour_steps", lambda page: [wait_in_vain])
    before = signal.signal(signal.SIGINT, end)
    try:
        session = FakeSession()
        window = make_window(qapp, session, Settings(tmp_path / "config"), pages=(NotesPage,))
        with pytest.raises(KeyboardInterrupt):
            lead(window, Guide(window, session, window.parts.status_line, tmp_path))
        assert session.closings == 1
    finally:
        signal.signal(signal.SIGINT, before)


def wait_in_vain(guide):
    QTimer.singleShot(0, lambda: signal.raise_signal(signal.SIGINT))
    guide.until("What never comes", lambda: False)


def test_names_and_keys_of_the_pages_are_their_own(open_window):
    window = open_window(PAGES)
    assert len(window.pages) == len(PAGES)
    layout_keys = [page._layout_key for page in window.pages.values()]
    assert len(set(layout_keys)) == len(layout_keys)
    titles = [panel.title for panel in window.parts.panels]
    assert len(set(titles)) == len(titles)
    texts = [a.text() for a in window.menuBar().findChildren(QAction) if a.text()]
    assert "Train page" in texts


def test_a_page_that_fails_at_a_beat_costs_the_others_nothing(open_window, monkeypatch):
    window = open_window()
    told = []
    monkeypatch.setattr(sys, "excepthook", lambda kind, error, trace: told.append(error))
    beaten = []
    monkeypatch.setattr(window.pages["train"], "beat", lambda: 1 / 0)
    monkeypatch.setattr(window.pages["notes"], "beat", lambda: beaten.append(True))
    window.findChild(Pump).tick()
    assert beaten
    assert isinstance(told[0], ZeroDivisionError)
