"""Actions become commands; events become notices with something to do about them."""

import sys

import msgspec
import numpy as np
import pytest
from PySide6.QtCore import QMimeData, QUrl
from PySide6.QtGui import QGuiApplication, QImage
from PySide6.QtWidgets import QApplication, QFileDialog

from engine.config import DataConfig, RunConfig, SubsetCounts, TrainingConfig
from engine.data import endings
from engine.messages import commands, events
from engine.runs.kept import Kept
from engine.state import Phase, Status
from gui.app import make_window
from gui.controller import Controller
from gui.settings import Settings
from gui.telling import STUCK_SECONDS
from gui.widgets.notices import ListDialog
from tests.gui.fake_session import READY, FakeSession
from tests.gui.made_frames import loaded, probe_shown

TRAINING = msgspec.structs.replace(READY, phase=Phase.TRAINING, step=40)


@pytest.fixture
def session():
    return FakeSession()


@pytest.fixture
def window(qapp, qtbot, session, tmp_path):
    window = make_window(qapp, session, Settings(tmp_path / "config"))
    qtbot.addWidget(window)
    session.sent.clear()
    return window


@pytest.fixture
def controller(window):
    return window.findChild(Controller)


def set_status(session, controller, status):
    session.status = status
    controller.show_status(status, 0.0)


def sentences(window):
    return [notice.sentence for notice in window.parts.notices.standing()]


def press_notice(window, words):
    (notice,) = [n for n in window.parts.notices.standing() if n.button is not None]
    assert notice.button.text() == words
    notice.button.click()


def answering(number):
    """What comes when the command of this number was carried out."""
    return msgspec.structs.replace(loaded(), command=number)


# Actions


@pytest.mark.parametrize(
    ("name", "command"),
    [
        ("start", commands.Start()),
        ("step", commands.Step()),
        ("epoch", commands.Epoch()),
        ("start_over", commands.StartOver()),
    ],
)
def test_actions_send_commands(window, session, name, command):
    getattr(window.parts.actions, name).trigger()
    assert session.sent == [command]


def test_start_pauses_while_training_and_says_so(window, session, controller):
    actions = window.parts.actions
    assert actions.start.text() == "Start"
    set_status(session, controller, TRAINING)
    assert actions.start.text() == "Pause"
    actions.start.trigger()
    actions.stop.trigger()
    assert session.sent == [commands.Pause(), commands.Stop()]
    set_status(session, controller, msgspec.structs.replace(READY, phase=Phase.PAUSED))
    assert actions.start.text() == "Resume"


@pytest.mark.parametrize(
    ("phase", "enabled"),
    [
        (Phase.STARTING, set()),
        (Phase.LOADING, set()),
        (Phase.READY, {"start", "step", "epoch", "start_over"}),
        (Phase.TRAINING, {"start", "stop", "start_over"}),
        (Phase.PAUSED, {"start", "step", "epoch", "stop", "start_over"}),
        (Phase.FAILED, {"start_over"}),
    ],
)
def test_what_makes_no_sense_is_not_enabled(window, session, controller, phase, enabled):
    set_status(session, controller, msgspec.structs.replace(READY, phase=phase))
    actions = window.parts.actions
    names = ("start", "step", "epoch", "stop", "start_over", "undo")
    assert {name for name in names if getattr(actions, name).isEnabled()} == enabled


def test_a_change_of_phase_shows_before_the_next_status(window, controller):
    controller.handle([events.PhaseChanged(Phase.TRAINING)])
    assert window.parts.actions.start.text() == "Pause"


def test_panels_ask_through_it(window, session):
    parts = window.pages["train"]
    parts.probes.select_requested.emit(3)
    parts.probes.remove_requested.emit(4)
    parts.strip.invert_requested.emit(5, True)
    parts.training.changed.emit(commands.SetTraining({"learning_rate": 0.1}))
    window.budget_chosen.emit(0.05)
    parts.probes.stop_reading_requested.emit()
    assert session.sent == [
        commands.SelectProbe(3),
        commands.RemoveProbe(4),
        commands.InvertProbe(5, True),
        commands.SetTraining({"learning_rate": 0.1}),
        commands.SetBudget(0.05),
    ]
    assert session.stopped_reading


# Pictures


def test_dropped_files_are_read_by_the_session(window, session, tmp_path):
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(tmp_path / "a.png")), QUrl.fromLocalFile(str(tmp_path))])
    window.drop_target.dropped.emit(mime)
    assert session.paths == [tmp_path / "a.png", tmp_path]


@pytest.mark.parametrize("ending", [*endings.SOURCES, ".TSV"])
def test_a_dropped_file_that_lists_or_holds_pictures_is_opened_as_data(
    window, session, tmp_path, monkeypatch, ending
):
    file = tmp_path / f"pets{ending}"
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(file))])
    brought = []
    data = window.pages["data"]
    monkeypatch.setattr(data, "take_source", lambda where: bool(brought.append(where) or True))
    window.drop_target.dropped.emit(mime)
    assert brought == [str(file)]
    assert session.paths == []
    assert window.page is data


def test_a_pasted_picture_becomes_a_probe(window, session):
    image = QImage(4, 3, QImage.Format.Format_RGB32)
    image.fill(0xFF0A141E)
    QGuiApplication.clipboard().setImage(image)
    window.parts.actions.paste.trigger()
    (command,) = session.sent
    assert isinstance(command, commands.AddProbe)
    assert command.select
    np.testing.assert_array_equal(command.rgb_HWC, np.full((3, 4, 3), [10, 20, 30], np.uint8))


def test_pasting_text_is_explained(window, session):
    QGuiApplication.clipboard().setText("hello")
    window.parts.actions.paste.trigger()
    assert session.sent == []
    assert "no picture" in sentences(window)[0]


def test_chosen_files_and_folders_are_read(window, session, controller, tmp_path, monkeypatch):
    name = str(tmp_path / "a.png")
    monkeypatch.setattr(QFileDialog, "getOpenFileNames", lambda *_: ([name], ""))
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(tmp_path))
    window.parts.actions.open_pictures.trigger()
    window.parts.actions.open_folder.trigger()
    assert session.paths == [tmp_path / "a.png", tmp_path]
    assert window.settings.text("picture folder") == str(tmp_path)


def test_a_dialog_that_is_cancelled_does_nothing(window, session, monkeypatch):
    monkeypatch.setattr(QFileDialog, "getOpenFileNames", lambda *_: ([], ""))
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: "")
    window.parts.actions.open_pictures.trigger()
    window.parts.actions.open_folder.trigger()
    window.parts.actions.save_network.trigger()
    assert session.paths == []
    assert session.sent == []


def test_one_file_that_can_not_be_read_is_explained_at_once(window, controller):
    controller.handle([events.PicturesUnread((("a.txt", "It is no picture."),))])
    assert sentences(window) == ["a.txt: It is no picture."]


def test_many_that_can_not_be_read_are_listed_on_demand(window, controller):
    problems = tuple((f"{n}.txt", "It is no picture.") for n in range(9))
    controller.handle(
        [
            events.PicturesRead(14, 23, finished=False),
            events.PicturesUnread(problems),
            events.PicturesRead(14, 14, finished=True),
        ]
    )
    assert sentences(window) == ["9 of 23 files could not be read."]
    press_notice(window, "Show")
    (dialog,) = window.findChildren(ListDialog)
    assert dialog.table.topLevelItemCount() == 9
    dialog.close()


# Trouble


def test_a_failed_engine_can_be_started_over(window, session, controller):
    controller.handle([events.Failed("The engine stopped.", "Traceback ...")])
    (sentence,) = sentences(window)
    assert sentence.startswith("The engine stopped. A report is in ")
    press_notice(window, "Start over")
    assert session.sent == [commands.StartOver()]


def test_a_failure_leaves_a_report_with_the_details(window, controller):
    controller.handle([events.Failed("The engine stopped.", "Traceback ...")])
    path = sentences(window)[0].partition(" A report is in ")[2].rstrip(".")
    with open(path, encoding="utf-8") as file:  # noqa: PTH123
        assert "Traceback ..." in file.read()


def test_where_nothing_is_loaded_a_failure_offers_nothing(window, session, controller):
    session.status = Status(phase=Phase.FAILED)
    controller.handle([events.Failed("The engine can't start.", "")])
    assert window.parts.notices.standing()[0].button is None


def test_an_engine_that_was_lost_can_be_started_again(window, session, controller):
    controller.handle([events.EngineLost("The engine was ended by SIGKILL.")])
    assert sentences(window) == ["The engine was ended by SIGKILL."]
    press_notice(window, "Start it again")
    assert session.restarts == 1


def test_a_long_silence_is_told_once_and_again_after_a_sign_of_life(window, session, controller):
    session.can_restart = True
    for seconds in (1.0, STUCK_SECONDS + 1, STUCK_SECONDS + 2):
        session.silent_for = seconds
        set_status(session, controller, TRAINING)
    (sentence,) = sentences(window)
    assert "has not answered for 20 s" in sentence
    press_notice(window, "Start it again")
    assert session.restarts == 1
    for seconds in (1.0, STUCK_SECONDS + 1):
        session.silent_for = seconds
        set_status(session, controller, TRAINING)
    assert sentences(window) == [sentence]


def test_the_silence_of_an_engine_that_can_not_be_started_again_is_borne(
    window, session, controller
):
    session.silent_for = 10 * STUCK_SECONDS
    set_status(session, controller, TRAINING)
    assert sentences(window) == []


def test_a_loss_that_is_no_number_says_what_helps(window, session, controller):
    controller.handle([events.LossNotFinite(step=1234, kept_step=1200)])
    (sentence,) = sentences(window)
    assert "1,234" in sentence
    assert "1,200" in sentence
    press_notice(window, "Use 0.0001")
    assert session.sent == [commands.SetTraining({"learning_rate": 0.0001})]


def test_a_refusal_is_said(window, controller):
    controller.handle([events.Refused("Training already runs.")])
    assert sentences(window) == ["Training already runs."]
    assert window.parts.notices.standing()[0].button is None


@pytest.mark.parametrize("kind", [events.Halted, events.CacheProblem])
def test_why_training_halts_or_keeps_no_pictures_is_said(window, controller, kind):
    controller.handle([kind("The disk is full.")])
    assert sentences(window) == ["The disk is full."]


def test_when_the_first_load_is_refused_the_digits_are_offered(window, session, controller):
    session.status = Status(phase=Phase.IDLE)
    controller.handle([events.Refused("There is no CUDA device.")])
    press_notice(window, "Load the digits")
    assert session.sent == [commands.Load(RunConfig())]


def test_starting_over_can_be_undone_from_the_notice(window, session, controller):
    set_status(session, controller, TRAINING)
    window.parts.actions.start_over.trigger()
    controller.handle([answering(1)])
    press_notice(window, "Undo")
    assert session.sent == [commands.StartOver(), commands.Undo()]


def test_a_load_that_was_refused_leaves_nothing_to_be_said_later(window, session, controller):
    set_status(session, controller, TRAINING)
    controller.begin_anew(RunConfig())
    controller.handle([events.Refused("There is no such folder.", command=1)])
    window.parts.notices.standing()[0].dismiss()
    window.parts.actions.start_over.trigger()
    controller.handle([answering(2)])
    assert sentences(window) == ["Training starts over, from fresh weights."]


def test_a_start_over_that_was_refused_is_not_told_of_the_next_load(window, session, controller):
    set_status(session, controller, TRAINING)
    window.parts.actions.start_over.trigger()
    controller.begin_anew(RunConfig())
    controller.handle([events.Refused("Not now.", command=1), answering(2)])
    assert sentences(window) == ["Not now.", "digits is loaded, and the network begins anew."]
    assert controller._answers == {}


BACK = events.BroughtBack(
    run=3,
    network="digits convnet",
    step=1066,
    epoch=16,
    val_accuracy=0.971,
    redone=False,
    reversible=True,
)


def test_what_undo_brought_back_is_said_and_can_be_redone(window, session, controller):
    set_status(session, controller, msgspec.structs.replace(TRAINING, can_undo=True))
    window.parts.actions.undo.trigger()
    controller.handle([answering(1), BACK])
    assert sentences(window) == ["Back to step 1,066 of digits convnet, 97.1% right in validation."]
    press_notice(window, "Redo")
    assert session.sent == [commands.Undo(), commands.Redo()]


def test_what_was_redone_can_be_undone(window, session, controller):
    redone = msgspec.structs.replace(BACK, redone=True, val_accuracy=None, step=40)
    controller.handle([redone])
    assert sentences(window) == ["On again at step 40 of digits convnet."]
    press_notice(window, "Undo")
    assert session.sent == [commands.Undo()]


def test_an_offer_that_would_bring_back_something_else_by_now_is_withdrawn(
    window, session, controller
):
    set_status(session, controller, TRAINING)
    window.parts.actions.start_over.trigger()
    controller.handle([answering(1)])
    window.parts.actions.undo.trigger()
    controller.handle([answering(2), BACK])
    assert [sentence[:7] for sentence in sentences(window)] == ["Back to"]


def test_where_nothing_was_left_by_undo_there_is_nothing_to_redo(window, controller):
    controller.handle([msgspec.structs.replace(BACK, reversible=False)])
    assert window.parts.notices.standing()[0].button is None


def test_the_menu_says_what_the_keys_would_bring_back(window, session, controller):
    actions = window.parts.actions
    left = msgspec.structs.replace(
        READY,
        can_undo=True,
        can_redo=True,
        undo_words="digits convnet at step 1,066",
        redo_words="digits convnet at step 40",
    )
    set_status(session, controller, left)
    assert actions.undo.text() == "Undo: back to digits convnet at step 1,066"
    assert actions.redo.text() == "Redo: on to digits convnet at step 40"
    actions.redo.trigger()
    assert session.sent == [commands.Redo()]
    set_status(session, controller, READY)
    assert (actions.undo.text(), actions.redo.text()) == ("Undo", "Redo")
    assert not actions.redo.isEnabled()


def test_a_first_load_says_nothing(window, controller):
    controller.handle([loaded()])
    assert sentences(window) == []


def test_saving_asks_for_a_folder_and_says_when_it_is_done(
    window, session, controller, tmp_path, monkeypatch
):
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(tmp_path))
    window.parts.actions.save_network.trigger()
    assert session.sent == [commands.Save(str(tmp_path))]
    controller.handle([events.Saved(str(tmp_path))])
    assert str(tmp_path) in sentences(window)[0]


def of_source(where):
    config = RunConfig(data=DataConfig(source=where))
    return msgspec.structs.replace(loaded(), config=config)


def left_out(name, source="/cats"):
    return events.PicturesLeftOut(3, ((name, "It is cut off."),), source)


def test_unreadable_pictures_are_announced_once_for_each_source(window, controller):
    controller.handle([of_source("/cats"), left_out("a.png"), left_out("b.png")])
    assert len(sentences(window)) == 1
    window.parts.notices.standing()[0].dismiss()
    controller.handle([of_source("/dogs"), left_out("c.png", "/dogs")])
    assert "dogs" in sentences(window)[0]
    press_notice(window, "Show")
    (dialog,) = window.findChildren(ListDialog)
    assert [dialog.table.topLevelItem(0).text(0)] == ["c.png"]
    assert dialog.table.topLevelItemCount() == 1
    dialog.close()


def test_those_of_a_source_are_one_list_that_grows(window, controller):
    controller.handle([of_source("/cats"), left_out("a.png"), of_source("/cats")])
    controller.handle([left_out("b.png"), left_out("a.png")])
    press_notice(window, "Show")
    (dialog,) = window.findChildren(ListDialog)
    assert dialog.table.topLevelItemCount() == 2
    dialog.close()


@pytest.mark.qt_no_exception_capture
def test_a_panel_that_fails_costs_the_others_nothing(window, controller, monkeypatch):
    told, got = [], []
    monkeypatch.setattr(sys, "excepthook", lambda kind, error, trace: told.append(error))
    first, *others = window.parts.panels
    monkeypatch.setattr(first, "show_event", lambda event: 1 / 0)
    for panel in others:
        monkeypatch.setattr(panel, "show_event", got.append)
    controller.handle([events.Halted("The disk is full."), events.Halted("Still full.")])
    assert len(got) == 2 * len(others)
    assert sentences(window) == ["The disk is full.", "Still full."]
    assert len(told) == 2


# State


def test_a_network_that_is_loaded_shows_its_first_map(window, controller):
    view = window.parts.view
    controller.handle([loaded()])
    assert view.selected == ("conv1", 0)
    view.select("conv2", 5)
    controller.handle([loaded()])
    assert view.selected == ("conv2", 5), "starting over keeps what is looked at"


def test_another_network_is_looked_at_afresh(window, controller):
    controller.handle([loaded()])
    window.parts.view.select("conv2", 5)
    controller.handle([loaded(stages=loaded().network.stages[:2])])
    assert window.parts.view.selected == ("conv1", 0)


def test_every_panel_gets_every_event(window, controller, monkeypatch):
    got = []
    for panel in window.parts.panels:
        monkeypatch.setattr(panel, "show_event", got.append)
    event = probe_shown(1)
    controller.handle([event])
    assert got == [event] * len(window.parts.panels)


def test_another_device_is_loaded_at_once_where_nothing_is_lost(window, session):
    window.parts.run_bar.device_requested.emit("cpu")
    (load,) = session.sent
    assert load.config.training.device == "cpu"


def test_another_device_asks_first_where_training_would_be_lost(window, session, controller):
    set_status(session, controller, TRAINING)
    window.parts.run_bar.device_requested.emit("cuda")
    assert session.sent == []
    press_notice(window, "Begin anew")
    (load,) = session.sent
    assert load.config.training.device == "cuda"


def test_the_settings_to_remember_are_those_that_hold(window, session, controller):
    controller.handle([loaded()])
    settings = TrainingConfig(learning_rate=0.02, batch_size=32, optimizer="sgd", epochs=5)
    set_status(session, controller, msgspec.structs.replace(READY, settings=settings))
    assert controller.run().training == settings


def test_before_anything_is_loaded_the_remembered_settings_hold(qapp, qtbot, tmp_path):
    settings = Settings(tmp_path)
    settings.put_run(RunConfig(training=TrainingConfig(learning_rate=0.5)))
    session = FakeSession(Status())
    window = make_window(qapp, session, settings)
    qtbot.addWidget(window)
    assert window.findChild(Controller).run().training == TrainingConfig(learning_rate=0.5)


def test_the_status_is_in_the_last_line(window, session, controller):
    set_status(
        session,
        controller,
        msgspec.structs.replace(
            TRAINING,
            epoch=2,
            step_in_epoch=10,
            images_per_second=3412.0,
            seconds_left=21.4,
            memory_mb=1500.0,
            looking_share=0.04,
        ),
    )
    controller.show_status(session.status, 15.7)
    line = window.parts.status_line
    texts = [label.text() for label in line.findChildren(type(line._phase))]
    assert texts == [
        "Training",
        "epoch 3/20 · step 10/63",
        "3,412 pictures/s",
        "0:21 left",
        "cpu · 1.5 GB",
        "16 frames/s",
        "looking costs 4% of at most 20%",
    ]


def test_the_line_never_changes_its_width(window, session, controller, qapp):
    line = window.parts.status_line
    before = line.minimumSizeHint().width()
    set_status(
        session, controller, msgspec.structs.replace(TRAINING, epoch=998, epochs=999, step=10**7)
    )
    assert line.minimumSizeHint().width() == before


def test_closing_waits_for_the_engine_without_blocking(window, session, controller):
    session.closes_after = 3
    assert not controller.close()
    assert not controller.close()
    assert controller.close()
    QApplication.processEvents()


def test_a_preset_without_pictures_keeps_those_of_now_and_how_they_are_divided(
    window, session, controller
):
    now = DataConfig(source="/cats.zip", subsets=SubsetCounts(20, 10, 0), seed=7)
    event = msgspec.structs.replace(loaded(), config=RunConfig(data=now))
    controller.handle([event])
    controller.begin_with("cats-dogs")
    (load,) = [sent for sent in session.sent if isinstance(sent, commands.Load)]
    data = load.config.data
    assert (data.source, data.subsets, data.seed, data.size) == (
        now.source,
        now.subsets,
        now.seed,
        150,
    )


def test_evaluate_opens_its_panel_and_asks_once_for_figures_of_now(window, session, controller):
    page = window.pages["train"]
    window.show()
    controller.handle([loaded()])
    set_status(session, controller, msgspec.structs.replace(READY, step=40))
    assert page.docks["evaluation"].isHidden()
    window.parts.actions.evaluate.trigger()
    assert page.docks["evaluation"].isVisible()
    assert page.docks["evaluation"].isFloating()
    assert session.sent == [commands.Evaluate("validation")]
    window.parts.actions.evaluate.trigger()
    assert len(session.sent) == 1
    page.evaluation.cancel_requested.emit(1)
    page.evaluation.pictures_requested.emit("aa", (1, 2), 80)
    page.evaluation.probe_requested.emit("aa", 2)
    assert session.sent[1:] == [
        commands.CancelTask(1),
        commands.ShowPictures("aa", (1, 2), 80),
        commands.ProbePicture("aa", 2),
    ]


def test_without_a_network_nothing_can_be_evaluated(window, session, controller):
    set_status(session, controller, Status(phase=Phase.IDLE))
    assert not window.parts.actions.evaluate.isEnabled()


@pytest.fixture
def left(monkeypatch, tmp_path):
    kept = Kept(tmp_path, "digits convnet", "/pictures/cats", 1066, 16, 0.0)
    monkeypatch.setattr("gui.controller.left_behind", lambda: kept)
    return kept


def test_the_run_of_the_last_window_is_offered_and_goes_on(window, session, controller, left):
    controller.open()
    (sentence,) = sentences(window)
    assert "digits convnet on cats" in sentence
    assert "step 1,066" in sentence
    press_notice(window, "Continue where you stopped")
    assert session.sent == [commands.Resume(str(left.folder))]
    controller.handle([answering(len(session.sent))])
    assert any("is back" in sentence for sentence in sentences(window))


def test_where_the_last_window_left_nothing_nothing_is_offered(window, controller):
    controller.open()
    assert sentences(window) == []
