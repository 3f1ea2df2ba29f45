"""The training form: a value goes out once it is committed, and only when it makes sense."""

import subprocess
import sys

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
from tests.one_more_field import ROOT, WITH_ONE_MORE_FIELD


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
    panel.fields["learning_rate"].selectAll()
    qtbot.keyClicks(panel.fields["learning_rate"], text)
    qtbot.keyClick(panel.fields["learning_rate"], Qt.Key.Key_Return)


def test_nothing_can_be_set_before_a_network_is_loaded(qtbot):
    panel = TrainingPanel(ViewState())
    qtbot.addWidget(panel)
    assert not panel.fields["learning_rate"].isEnabled()
    panel.show_event(loaded())
    assert panel.fields["learning_rate"].isEnabled()


def test_it_shows_what_is_loaded_and_asks_for_nothing(panel):
    usual = TrainingConfig()
    assert float(panel.fields["learning_rate"].text()) == usual.learning_rate
    assert panel.fields["batch_size"].value() == usual.batch_size
    assert panel.fields["optimizer"].currentText() == usual.optimizer
    assert panel.fields["epochs"].value() == usual.epochs
    assert panel.changes == []


def test_a_learning_rate_goes_out_on_enter_and_not_before(panel, qtbot):
    panel.fields["learning_rate"].selectAll()
    qtbot.keyClicks(panel.fields["learning_rate"], "0.05")
    assert panel.changes == []
    qtbot.keyClick(panel.fields["learning_rate"], Qt.Key.Key_Return)
    assert panel.changes == [SetTraining({"learning_rate": 0.05})]
    panel.fields["learning_rate"].clearFocus()
    assert len(panel.changes) == 1


@pytest.mark.parametrize("text", ["abc", "0", "-1", "nan", "inf", "", "1e999"])
def test_a_bad_learning_rate_is_explained_and_changes_nothing(panel, qtbot, text):
    panel.fields["learning_rate"].selectAll()
    qtbot.keyClick(panel.fields["learning_rate"], Qt.Key.Key_Delete)
    type_rate(qtbot, panel, text)
    assert panel.changes == []
    assert panel.complaints["learning_rate"].isVisible()
    assert "must be a number above 0" in panel.complaints["learning_rate"].text()
    qtbot.keyClick(panel.fields["learning_rate"], Qt.Key.Key_Escape)
    assert panel.complaints["learning_rate"].isHidden()
    assert float(panel.fields["learning_rate"].text()) == TrainingConfig().learning_rate


def test_batch_size_optimiser_schedule_and_epochs_go_out(panel, qtbot):
    panel.fields["batch_size"].setValue(128)
    panel.fields["optimizer"].setFocus()
    qtbot.keyClick(panel.fields["optimizer"], Qt.Key.Key_Down)
    panel.fields["schedule"].setFocus()
    qtbot.keyClick(panel.fields["schedule"], Qt.Key.Key_Up)
    panel.fields["epochs"].setValue(7)
    assert panel.changes == [
        SetTraining({"batch_size": 128}),
        SetTraining({"optimizer": "adamw"}),
        SetTraining({"schedule": "constant"}),
        SetTraining({"epochs": 7}),
    ]


def test_what_the_engine_changed_is_shown_without_asking_again(panel):
    panel.show_status(
        msgspec.structs.replace(
            READY, settings=TrainingConfig(learning_rate=0.2, batch_size=32, optimizer="sgd")
        )
    )
    assert panel.fields["learning_rate"].text() == "0.2"
    assert panel.fields["batch_size"].value() == 32
    assert panel.fields["optimizer"].currentText() == "sgd"
    assert panel.changes == []


def test_the_rate_that_the_schedule_makes_of_it_is_shown(panel):
    assert panel.fields["learning_rate"].now == "→ 0.002"
    panel.show_status(msgspec.structs.replace(READY, scheduled_rate=0.00123))
    assert panel.fields["learning_rate"].now == "→ 0.0012"


def test_what_is_being_typed_is_left_alone(panel, qtbot):
    panel.fields["learning_rate"].selectAll()
    qtbot.keyClicks(panel.fields["learning_rate"], "0.0")
    panel.show_status(msgspec.structs.replace(READY, settings=TrainingConfig(learning_rate=0.2)))
    assert panel.fields["learning_rate"].text() == "0.0"


def test_a_change_is_confirmed_until_another_run_is_loaded(panel):
    panel.show_event(TrainingChanged(12, "From the next step on: batch size 32."))
    assert panel._news.text() == "From the next step on: batch size 32."
    panel.show_event(loaded())
    assert panel._news.text() == ""


def test_a_field_is_there_where_the_optimiser_uses_it(panel):
    def show(**settings):
        panel.show_status(msgspec.structs.replace(READY, settings=TrainingConfig(**settings)))
        field = panel.fields["momentum"]
        return field.isVisibleTo(panel), field.value()

    assert not show(optimizer="adam")[0]
    assert show(optimizer="sgd") == (True, 0.9)
    assert show(optimizer="rmsprop") == (True, 0.0)
    assert show(optimizer="sgd", momentum=0.5) == (True, 0.5)
    assert panel.changes == []


def test_numbers_that_are_stepped_through_go_out(panel):
    panel.fields["label_smoothing"].stepBy(2)
    panel.fields["warm_up"].stepBy(3)
    assert panel.changes == [
        SetTraining({"label_smoothing": 0.1}),
        SetTraining({"warm_up": 1.5}),
    ]
    assert panel.fields["label_smoothing"].text() == "0.1"


def test_one_more_hyperparameter_is_one_more_field():
    program = f"""{WITH_ONE_MORE_FIELD}
from PySide6.QtWidgets import QApplication
app = QApplication([])
from engine.messages.commands import SetTraining
from gui.pages.train.training import TrainingPanel
from gui.view_state import ViewState
from tests.gui.made_frames import loaded
panel = TrainingPanel(ViewState())
changes = []
panel.changed.connect(changes.append)
panel.show_event(loaded())
field = panel.fields["nesterov"]
assert (field.toolTip(), field.accessibleName()) == ("Look ahead", "Nesterov")
field.click()
assert changes == [SetTraining({{"nesterov": True}})], changes
"""
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
