"""The window: its start, keys, menus, exports, what it remembers, and closing at any moment."""

import contextlib

import msgspec
import pytest
from PySide6.QtCore import QEvent, Qt, QTimer
from PySide6.QtGui import QAction
from PySide6.QtWidgets import (
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QFileDialog,
    QLineEdit,
    QMenu,
    QToolButton,
    QWidget,
)

from engine.config import RunConfig, TrainingConfig
from engine.messages import commands
from engine.messages.events import Loaded
from engine.sessions.process import ProcessSession
from engine.sessions.thread import ThreadSession
from engine.state import Phase, Status
from gui.app import make_window
from gui.engines import make_session, remembered_engine
from gui.main_window import USUAL_BUDGET
from gui.pages.train.pixel_views import LargeMap
from gui.pages.train.training import TrainingPanel
from gui.pump import SLOW_TICKS, Pump
from gui.settings import Settings
from gui.widgets.notices import ListDialog
from tests.gui.fake_session import READY, FakeSession
from tests.gui.made_frames import answer, loaded


class Opened:
    def __init__(self, qapp, qtbot, settings, session=None):
        self.session = session or FakeSession()
        self.window = make_window(qapp, self.session, settings)
        self.window.show()
        qtbot.waitUntil(lambda: hasattr(self.window.pages["train"], "curves"))

    def close(self):
        self.window.close()
        self.window.deleteLater()
        QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


@pytest.fixture
def open_window(qapp, qtbot, tmp_path):
    opened = []

    def open_window(session=None, folder=tmp_path / "config"):
        opened.append(Opened(qapp, qtbot, Settings(folder), session))
        return opened[-1]

    yield open_window
    for each in opened:
        with contextlib.suppress(RuntimeError):  # the test closed it
            each.close()


def action(window, *path):
    actions = window.menuBar().actions()
    for words in path[:-1]:
        (menu,) = [a.menu() for a in actions if a.text().replace("&", "") == words]
        assert isinstance(menu, QMenu)
        actions = menu.actions()
    (found,) = [a for a in actions if a.text().replace("&", "") == path[-1]]
    return found


def activate(window, qtbot):
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)


def show_network(window, session):
    """Bring up the network with maps in every panel."""
    session.outlet.tell(loaded())
    pump = window.findChild(Pump)
    for _ in range(SLOW_TICKS):  # it may have been at any beat
        pump.tick()
    session.frames = answer(session.demands[-1].wanted)
    pump.tick()


# Start


def test_the_session_opens_once_the_window_stands(qapp, qtbot, tmp_path):
    session = FakeSession(Status())
    window = make_window(qapp, session, Settings(tmp_path))
    qtbot.addWidget(window)
    assert session.opened_with is None
    assert "Loading torch" in window.parts.status_line._phase.text()
    stands = []
    train = window.pages["train"]
    window.painted.connect(lambda: stands.append((session.opened_with, hasattr(train, "curves"))))
    with qtbot.waitSignal(window.complete):
        window.show()
    assert stands == [(None, False)], "painted before anything heavy began"
    assert session.opened_with is not None


def test_it_begins_with_the_remembered_training_settings(open_window, tmp_path):
    Settings(tmp_path / "config").put_run(
        RunConfig(training=TrainingConfig(learning_rate=0.5, epochs=3))
    )
    session = open_window().session
    assert session.opened_with.training == TrainingConfig(learning_rate=0.5, epochs=3)
    assert commands.SetBudget(USUAL_BUDGET) in session.sent


def test_a_damaged_settings_file_is_explained_and_replaced(open_window, tmp_path):
    folder = tmp_path / "config"
    folder.mkdir()
    (folder / "run.toml").write_text("[training]\nlearning_rate = -1\n")
    (folder / "window.ini").write_bytes(b"\xff\xfe[[[layout=@Invalid(\ntheme=purple\nbudget=x\n")
    opened = open_window()
    assert opened.session.opened_with.training == TrainingConfig()
    (notice,) = opened.window.parts.notices.standing()
    assert "default settings" in notice.sentence


def test_a_folder_that_can_not_be_written_is_one_notice_and_breaks_nothing(open_window, tmp_path):
    (tmp_path / "file").write_text("in the way")
    opened = open_window(folder=tmp_path / "file" / "config")
    (notice,) = opened.window.parts.notices.standing()
    assert "can't be kept" in notice.sentence
    opened.window.close()
    assert opened.window.isHidden()


# Keys


def test_single_keys_train(open_window, qtbot):
    opened = open_window()
    opened.session.sent.clear()
    activate(opened.window, qtbot)
    for key in (Qt.Key.Key_Space, Qt.Key.Key_S, Qt.Key.Key_E):
        qtbot.keyClick(opened.window.windowHandle(), key)
    assert opened.session.sent == [commands.Start(), commands.Step(), commands.Epoch()]


def test_single_keys_do_not_train_while_typing(open_window, qtbot):
    opened = open_window()
    window, session = opened.window, opened.session
    show_network(window, session)
    session.sent.clear()
    activate(window, qtbot)
    field = window.pages["train"].training.fields["learning_rate"]
    field.setFocus()
    field.selectAll()
    for key in (Qt.Key.Key_S, Qt.Key.Key_Space, Qt.Key.Key_E):
        qtbot.keyClick(window.windowHandle(), key)
    assert field.text() == "s e"
    assert session.sent == []


def test_single_keys_train_again_after_a_value_was_typed(open_window, qtbot):
    opened = open_window()
    window, session = opened.window, opened.session
    show_network(window, session)
    activate(window, qtbot)
    kinds = QLineEdit, QAbstractSpinBox, QComboBox
    fields = [
        widget
        for widget in window.findChild(TrainingPanel).findChildren(QWidget)
        if isinstance(widget, kinds) and not isinstance(widget.parent(), kinds)
    ]
    assert len(fields) >= 5
    for field in fields:
        session.sent.clear()
        field.setFocus()
        qtbot.keyClick(window.windowHandle(), Qt.Key.Key_Return)
        qtbot.keyClick(window.windowHandle(), Qt.Key.Key_Space)
        assert session.sent == [commands.Start()], field


def test_a_button_with_the_focus_keeps_the_space_key(open_window, qtbot):
    opened = open_window()
    opened.session.sent.clear()
    activate(opened.window, qtbot)
    box = opened.window.pages["train"].curves._log
    box.setFocus()
    qtbot.keyClick(opened.window.windowHandle(), Qt.Key.Key_Space)
    assert box.isChecked()
    assert opened.session.sent == []


def test_every_key_is_used_once(open_window):
    window = open_window().window
    keys = [
        action.shortcut().toString()
        for action in window.findChildren(QAction)
        if not action.shortcut().isEmpty()
        and action.shortcutContext() == Qt.ShortcutContext.WindowShortcut
    ]
    assert len(keys) == len(set(keys))
    assert {"Space", "S", "E", "Ctrl+O", "Ctrl+V", "Ctrl+Z", "F1"} <= set(keys)


def test_the_rail_shows_pages_and_the_training_s_keys_stay_on_its_own(open_window, qtbot):
    window = open_window().window
    start = window.parts.actions.start
    assert window.page is window.pages["train"]
    assert window.pages["train"].isVisible()
    qtbot.keyClick(window.windowHandle(), Qt.Key.Key_2, Qt.KeyboardModifier.ControlModifier)
    assert window.pages["data"].isVisible()
    assert not window.pages["train"].isVisible()
    assert start.shortcut().isEmpty()
    train_button = next(b for b in window.findChildren(QToolButton) if b.text() == "Train")
    qtbot.mouseClick(train_button, Qt.MouseButton.LeftButton)
    assert window.pages["train"].isVisible()
    assert start.shortcut().toString() == "Space"


def test_the_page_shown_last_is_shown_first(open_window):
    opened = open_window()
    opened.window.show_page("data")
    opened.close()
    assert open_window().window.pages["data"].isVisible()


def test_the_help_lists_the_keys(open_window):
    window = open_window().window
    action(window, "Help", "Keyboard shortcuts").trigger()
    (dialog,) = window.findChildren(ListDialog)
    rows = [dialog.table.topLevelItem(at) for at in range(dialog.table.topLevelItemCount())]
    assert ("S", "Train one step, then pause") in [(row.text(0), row.text(1)) for row in rows]
    dialog.close()


# Menus


def test_how_maps_are_looked_at_is_chosen_in_the_view_menu(open_window):
    opened = open_window()
    window, session = opened.window, opened.session
    show_network(window, session)
    view = window.parts.view
    action(window, "View", "Palette of maps", "magma").trigger()
    action(window, "View", "Scale maps", "over the whole network").trigger()
    action(window, "View", "Sort maps by", "maximum").trigger()
    assert (view.palette, view.scale, view.sort) == ("magma", "network", "max")
    figures = window.pages["train"].strip.frames["conv1"].max_C
    order = view.channels("conv1", len(figures))
    assert list(figures[list(order)]) == sorted(figures, reverse=True)


def test_the_mark_of_the_order_follows_the_network(open_window):
    opened = open_window()
    show_network(opened.window, opened.session)
    action(opened.window, "View", "Sort maps by", "mean").trigger()
    opened.window.parts.view.forget_network()
    assert action(opened.window, "View", "Sort maps by", "channel").isChecked()


def test_the_theme_is_chosen_by_hand(open_window, qapp):
    window = open_window().window
    action(window, "View", "Theme", "Dark").trigger()
    dark = qapp.palette().window().color().lightness()
    action(window, "View", "Theme", "Light").trigger()
    assert dark < 100 < qapp.palette().window().color().lightness()


def test_the_cap_on_looking_is_chosen_and_told(open_window):
    opened = open_window()
    action(opened.window, "View", "Looking may cost", "at most 5%").trigger()
    assert opened.session.sent[-1] == commands.SetBudget(0.05)


def test_zoom_is_reset_for_every_layer(open_window):
    from engine.messages.frames import WHOLE, Region

    opened = open_window()
    window, session = opened.window, opened.session
    show_network(window, session)
    taps = "conv1", "conv1.response", "a layer out of sight"
    for tap in taps:
        window.parts.view.zoom(tap, Region(0.2, 0.2, 0.6, 0.6))
    large = window.findChild(LargeMap)
    large.region = Region(0.2, 0.2, 0.6, 0.6)
    action(window, "View", "Reset zoom").trigger()
    assert {window.parts.view.region(tap) for tap in taps} == {WHOLE}
    assert large.region == WHOLE


@pytest.mark.qt_log_ignore("does not support")
def test_hidden_docks_come_back_with_the_layout(open_window):
    window = open_window().window
    window.pages["train"].docks["curves"].hide()
    window.pages["train"].docks["map"].setFloating(True)
    action(window, "View", "Reset layout").trigger()
    assert window.pages["train"].docks["curves"].isVisible()
    assert not window.pages["train"].docks["map"].isFloating()


def test_hidden_panels_ask_for_nothing(open_window):
    opened = open_window()
    window, session = opened.window, opened.session
    show_network(window, session)
    assert session.demands[-1].wanted
    for dock in window.pages["train"].docks.values():
        dock.hide()
    window.centralWidget().hide()
    for _ in range(SLOW_TICKS):
        window.findChild(Pump).tick()
    assert session.demands[-1].wanted == ()


# Exports


def test_every_panel_is_written_as_png_and_svg(open_window, tmp_path, monkeypatch):
    opened = open_window()
    window, session = opened.window, opened.session
    show_network(window, session)
    for panel in window.parts.panels:
        for kind, begins in (("PNG", b"\x89PNG"), ("SVG", b"<?xml")):
            path = tmp_path / f"{panel.title}.{kind.lower()}"
            monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_, p=path: (str(p), ""))
            action(window, "File", "Export panel", panel.title, f"{kind}…").trigger()
            assert path.read_bytes().startswith(begins), path
    assert len(window.parts.notices.standing()) > 0


def test_the_name_offered_says_what_it_is(open_window, tmp_path, monkeypatch):
    opened = open_window()
    opened.session.status = msgspec.structs.replace(READY, step=120)
    show_network(opened.window, opened.session)
    for _ in range(SLOW_TICKS):
        opened.window.findChild(Pump).tick()
    offered = []
    monkeypatch.setattr(
        QFileDialog, "getSaveFileName", lambda *words: (offered.append(words[2]), ("", ""))[1]
    )
    action(opened.window, "File", "Export curve as CSV…").trigger()
    action(opened.window, "File", "Export map as NPY…").trigger()
    assert offered[0].endswith("digits-convnet-curves-step-120.csv")
    assert offered[1].endswith("digits-convnet-conv1-map-0-step-120.npy")


def test_a_missing_ending_is_added(open_window, tmp_path, monkeypatch):
    window = open_window().window
    path = tmp_path / "curve"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(path), ""))
    action(window, "File", "Export curve as CSV…").trigger()
    assert (tmp_path / "curve.csv").is_file()


def test_a_file_that_can_not_be_written_is_one_sentence(open_window, tmp_path, monkeypatch):
    window = open_window().window
    for kind in ("csv", "png", "svg"):
        path = tmp_path / "absent" / f"x.{kind}"
        monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_, p=path: (str(p), ""))
        if kind == "csv":
            action(window, "File", "Export curve as CSV…").trigger()
        else:
            action(window, "File", "Export panel", "Curves", f"{kind.upper()}…").trigger()
        notice = window.parts.notices.standing()[-1]
        assert str(path) in notice.sentence
        assert "can't be written" in notice.sentence


def test_without_a_selected_map_there_is_none_to_export(open_window):
    window = open_window().window
    action(window, "File", "Export map as NPY…").trigger()
    assert "Click a map" in window.parts.notices.standing()[0].sentence


# What is remembered


def test_layout_and_settings_are_the_same_at_the_next_start(open_window):
    first = open_window()
    window = first.window
    window.resize(780, 620)
    window.pages["train"].docks["filters"].hide()
    action(window, "View", "Palette of maps", "magma").trigger()
    action(window, "View", "Scale maps", "by layer").trigger()
    action(window, "View", "Theme", "Dark").trigger()
    action(window, "View", "Looking may cost", "at most 20%").trigger()
    window.pages["train"].curves.smoothing = 0.25
    window.pages["train"].curves.log_loss = True
    first.close()

    second = open_window()
    window = second.window
    assert window.size().height() == 620
    assert window.pages["train"].docks["filters"].isHidden()
    assert window.pages["train"].docks["map"].isVisible()
    assert window.parts.view.palette == "magma"
    assert window.parts.view.scale == "layer"
    assert action(window, "View", "Theme", "Dark").isChecked()
    assert action(window, "View", "Scale maps", "by layer").isChecked()
    assert commands.SetBudget(0.2) in second.session.sent
    assert window.pages["train"].curves.smoothing == 0.25
    assert window.pages["train"].curves.log_loss
    action(window, "View", "Theme", "Light").trigger()


# Closing


def test_closing_ends_the_engine_and_the_timer(open_window):
    opened = open_window()
    opened.window.close()
    assert opened.session.closings == 1
    assert opened.window.isHidden()
    assert not opened.window.findChild(Pump)._timer.isActive()


def test_closing_while_torch_loads_says_so_and_waits_without_blocking(open_window, qtbot):
    session = FakeSession(Status(phase=Phase.STARTING))
    session.closes_after = 4
    window = open_window(session).window
    window.close()
    assert window.isVisible()
    assert "Closing" in window.parts.status_line._phase.text()
    qtbot.waitUntil(window.isHidden)
    assert session.closings == 4


def test_the_end_of_the_system_s_session_is_not_refused_and_keeps_all(
    open_window, qapp, tmp_path, monkeypatch
):
    monkeypatch.setattr("gui.closing.YIELD_SECONDS", 0.0)
    session = FakeSession(msgspec.structs.replace(READY, phase=Phase.TRAINING))
    session.closes_after = 10**6  # an engine in a long step
    window = open_window(session).window
    action(window, "View", "Palette of maps", "magma").trigger()
    wish = QEvent(QEvent.Type.Quit)
    qapp.setQuitOnLastWindowClosed(False)  # or a second wish would end the next loop

    def end_session():
        QApplication.sendEvent(qapp, wish)
        if not wish.isAccepted():
            qapp.exit(1)

    QTimer.singleShot(0, qapp, end_session)
    assert qapp.exec() == 0
    qapp.setQuitOnLastWindowClosed(True)
    assert wish.isAccepted(), "a logout would be cancelled"
    assert window.isHidden()
    assert Settings(tmp_path / "config").text("palette") == "magma"


def test_where_sessions_are_managed_all_is_kept_before_the_window_is_asked(
    open_window, qapp, tmp_path
):
    opened = open_window()
    action(opened.window, "View", "Palette of maps", "magma").trigger()
    qapp.session_ends.emit()
    assert opened.window.isVisible()
    assert opened.session.closings == 0
    assert Settings(tmp_path / "config").text("palette") == "magma"
    assert Settings(tmp_path / "config").run().training == READY.settings


def test_where_the_engine_runs_is_chosen_for_the_next_start(open_window, tmp_path):
    window = open_window().window
    assert action(window, "Train", "Engine", "in this process").isChecked()
    action(window, "Train", "Engine", "in a process of its own").trigger()
    assert "From the next start on" in window.parts.notices.standing()[0].sentence
    assert remembered_engine(Settings(tmp_path / "config")) == "process"


@pytest.mark.parametrize(
    ("engine", "kind"), [("thread", ThreadSession), ("process", ProcessSession)]
)
def test_either_engine_has_a_session(engine, kind):
    assert type(make_session(engine)) is kind


def test_closing_before_the_window_was_painted(qapp, qtbot, tmp_path):
    session = FakeSession(Status())
    window = make_window(qapp, session, Settings(tmp_path))
    window.show()
    window.close()
    QApplication.processEvents()
    assert session.opened_with is None
    window.deleteLater()
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


def test_a_run_event_reaches_late_panels(open_window):
    opened = open_window()
    show_network(opened.window, opened.session)
    assert any(isinstance(event, Loaded) for event in opened.session.outlet.join().events())
    assert opened.window.parts.view.selected == ("conv1", 0)
    assert len(opened.window.parts.panels) == len(opened.window.pages["train"].docks) + 1
