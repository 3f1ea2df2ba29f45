"""The training form: a value goes out once it is committed, and only when it makes sense."""

import msgspec
import pytest
from PySide6.QtCore import Qt

from engine.config import TrainingConfig
from engine.messages.commands import SetTraining
from engine.messages.events import TrainingChanged
from gui.pages.train.training import TrainingPanel
from gui.view_state import ViewState
from tests.gui.fake_session import READY
from tests.gui.made_frames import loaded


@pytest.fixture
def panel(qtbot):
    panel = TrainingPanel(ViewState())
    qtbot.addWidget(panel)
    panel.show()
    panel.show_event(loaded())
    panel.changes = []
    panel.changed.connect(panel.changes.append)
    return panel


def type_rate(qtbot, panel, text):
    panel.learning_rate.selectAll()
    qtbot.keyClicks(panel.learning_rate, text)
    qtbot.keyClick(panel.learning_rate, Qt.Key.Key_Return)


def test_nothing_can_be_set_before_a_network_is_loaded(qtbot):
    panel = TrainingPanel(ViewState())
    qtbot.addWidget(panel)
    assert not panel.learning_rate.isEnabled()
    panel.show_event(loaded())
    assert panel.learning_rate.isEnabled()


def test_it_shows_what_is_loaded_and_asks_for_nothing(panel):
    usual = TrainingConfig()
    assert float(panel.learning_rate.text()) == usual.learning_rate
    assert panel.batch_size.value() == usual.batch_size
    assert panel.optimizer.currentText() == usual.optimizer
    assert panel.epochs.value() == usual.epochs
    assert panel.changes == []


def test_a_learning_rate_goes_out_on_enter_and_not_before(panel, qtbot):
    panel.learning_rate.selectAll()
    qtbot.keyClicks(panel.learning_rate, "0.05")
    assert panel.changes == []
    qtbot.keyClick(panel.learning_rate, Qt.Key.Key_Return)
    assert panel.changes == [SetTraining(learning_rate=0.05)]
    panel.learning_rate.clearFocus()
    assert len(panel.changes) == 1


@pytest.mark.parametrize("text", ["abc", "0", "-1", "nan", "inf", "", "1e999"])
def test_a_bad_learning_rate_is_explained_and_changes_nothing(panel, qtbot, text):
    panel.learning_rate.selectAll()
    qtbot.keyClick(panel.learning_rate, Qt.Key.Key_Delete)
    type_rate(qtbot, panel, text)
    assert panel.changes == []
    assert panel.complaint.isVisible()
    assert "must be a number above 0" in panel.complaint.text()
    qtbot.keyClick(panel.learning_rate, Qt.Key.Key_Escape)
    assert panel.complaint.isHidden()
    assert float(panel.learning_rate.text()) == TrainingConfig().learning_rate


def test_batch_size_optimiser_schedule_and_epochs_go_out(panel, qtbot):
    panel.batch_size.setValue(128)
    panel.optimizer.setFocus()
    qtbot.keyClick(panel.optimizer, Qt.Key.Key_Down)
    panel.schedule.setFocus()
    qtbot.keyClick(panel.schedule, Qt.Key.Key_Up)
    panel.epochs.setValue(7)
    assert panel.changes == [
        SetTraining(batch_size=128),
        SetTraining(optimizer="adamw"),
        SetTraining(schedule="constant"),
        SetTraining(epochs=7),
    ]


def test_what_the_engine_changed_is_shown_without_asking_again(panel):
    panel.show_status(
        msgspec.structs.replace(READY, learning_rate=0.2, batch_size=32, optimizer="sgd")
    )
    assert panel.learning_rate.text() == "0.2"
    assert panel.batch_size.value() == 32
    assert panel.optimizer.currentText() == "sgd"
    assert panel.changes == []


def test_the_rate_that_the_schedule_makes_of_it_is_shown(panel):
    assert panel.learning_rate.now == "→ 0.002"
    panel.show_status(msgspec.structs.replace(READY, scheduled_rate=0.00123))
    assert panel.learning_rate.now == "→ 0.0012"


def test_what_is_being_typed_is_left_alone(panel, qtbot):
    panel.learning_rate.selectAll()
    qtbot.keyClicks(panel.learning_rate, "0.0")
    panel.show_status(msgspec.structs.replace(READY, learning_rate=0.2))
    assert panel.learning_rate.text() == "0.0"


def test_a_change_is_confirmed_until_another_run_is_loaded(panel):
    panel.show_event(TrainingChanged(12, "From the next step on: batch size 32."))
    assert panel._news.text() == "From the next step on: batch size 32."
    panel.show_event(loaded())
    assert panel._news.text() == ""
