"""The evaluation: what it says, whose it is, which pictures a cell has, and what it asks for."""

import msgspec
import numpy as np
import pytest
from PySide6.QtCore import QPoint, QRectF, Qt
from PySide6.QtGui import QColor, QHelpEvent, QPalette
from PySide6.QtWidgets import QApplication, QToolTip

from engine.messages.evaluation import NO_VERDICT, Evaluated
from engine.messages.events import DataFacts, EngineLost, Refused, TaskEnded
from engine.messages.frames import PictureFrame, TaskFrame
from engine.state import Status
from gui.pages.train.evaluation.class_shares import IN_ORDER, ClassShares
from gui.pages.train.evaluation.confusion_matrix import ConfusionMatrix
from gui.pages.train.evaluation.panel import NOTHING_YET, EvaluationPanel
from gui.view_state import ViewState
from gui.widgets.theme import palette_of
from tests.gui.fake_session import READY
from tests.gui.made_frames import loaded

CLASSES = ("cat", "dog", "frog")
LABELS = np.array([0, 0, 0, 1, 1, 1, 2, 2], np.int32)
TAKEN = np.array([0, 1, 1, 1, 1, 0, 2, NO_VERDICT], np.int32)
SHARES = np.array([0.9, 0.6, 0.8, 0.9, 0.7, 0.95, 1.0, np.nan], np.float32)
LOSSES = np.array([0.1, 1.0, 2.0, 0.1, 0.3, 3.0, 0.0, np.nan], np.float32)


def evaluated(**changes) -> Evaluated:
    made = Evaluated(
        task=7,
        run=1,
        step=1204,
        last_step=1204,
        subset="test",
        source="pets.zip",
        fingerprint="aa",
        classes=CLASSES,
        unread=0,
        index_N=np.arange(100, 108, dtype=np.int32),
        labels_N=LABELS,
        predicted_N=TAKEN,
        probability_N=SHARES,
        loss_N=LOSSES,
    )
    return msgspec.structs.replace(made, **changes)


def facts(test: int = 8, fingerprint: str = "aa") -> DataFacts:
    return DataFacts("pets.zip", 80, 10, test, 2, (), 0, fingerprint)


def at(step: int, run: int = 1) -> Status:
    return msgspec.structs.replace(READY, step=step, run=run)


@pytest.fixture
def panel(qtbot) -> EvaluationPanel:
    panel = EvaluationPanel(ViewState())
    qtbot.addWidget(panel)
    panel.resize(900, 680)
    panel.show()
    panel.asked, panel.pictures, panel.probes, panel.cancelled = [], [], [], []
    panel.evaluate_requested.connect(panel.asked.append)
    panel.pictures_requested.connect(lambda *asked: panel.pictures.append(asked))
    panel.probe_requested.connect(lambda *asked: panel.probes.append(asked))
    panel.cancel_requested.connect(panel.cancelled.append)
    panel.show_event(msgspec.structs.replace(loaded(), data=facts()))
    panel.show_status(at(1204))
    return panel


def picture(index: int, fingerprint: str = "aa") -> PictureFrame:
    rgb_HWC = np.full((20, 30, 3), 99, np.uint8)
    return PictureFrame(("picture", str(index)), fingerprint, index, f"{index}.jpg", rgb_HWC)


def shown_answers(panel) -> list[int]:
    answers = panel.shelf.answers
    return [answers.answer(row).index for row in range(answers.rowCount())]


def test_before_anything_was_measured_it_says_so(panel):
    assert panel.heading.text() == NOTHING_YET
    assert not panel.matrix.isVisible()
    assert panel.button.isEnabled()


def test_the_test_pictures_are_offered_first_and_counted(panel):
    assert panel.parts.currentData() == "test"
    words = [panel.parts.itemText(place) for place in range(panel.parts.count())]
    assert words == ["Test (8)", "Validation (10)", "Training (80)", "All pictures (100)"]


def test_without_test_pictures_it_is_the_validation(qtbot):
    panel = EvaluationPanel(ViewState())
    qtbot.addWidget(panel)
    assert not panel.button.isEnabled()
    panel.show_event(msgspec.structs.replace(loaded(), data=facts(test=0)))
    panel.show_status(at(5))
    assert panel.parts.currentData() == "validation"
    assert panel.parts.itemText(0) == "Test"
    assert not panel.parts.model().item(0).isEnabled()


def test_the_button_asks_once_and_progress_can_be_cancelled(panel, qtbot):
    qtbot.mouseClick(panel.button, Qt.MouseButton.LeftButton)
    assert panel.asked == ["test"]
    panel.begin(7)
    panel.evaluate()
    assert panel.asked == ["test"]
    assert not panel.button.isEnabled()
    other = TaskFrame(("task", "6"), 6, "evaluate", 1, 90, 100, "pictures")
    mine = TaskFrame(("task", "7"), 7, "evaluate", 1, 2, 8, "pictures")
    panel.show_frames({other.key: other, mine.key: mine})
    assert panel.progress.words.text == "2 of 8 pictures"
    qtbot.mouseClick(panel.progress.cancel, Qt.MouseButton.LeftButton)
    assert panel.cancelled == [7]
    panel.show_event(TaskEnded(6, "evaluate", "done"))
    assert panel.progress.isVisible()
    panel.show_event(TaskEnded(7, "evaluate", "cancelled"))
    assert not panel.progress.isVisible()
    assert panel.button.isEnabled()


@pytest.mark.parametrize("end", [Refused("No.", 7), EngineLost("The engine is gone.")])
def test_what_was_refused_or_lost_can_be_asked_for_again(panel, end):
    panel.begin(7)
    panel.show_event(end)
    assert panel.button.isEnabled()
    assert not panel.progress.isVisible()


def test_why_an_evaluation_failed_is_said(panel):
    panel.show_event(evaluated())
    panel.begin(8)
    panel.show_event(TaskEnded(8, "evaluate", "failed", "It stopped: no memory."))
    assert panel.origin.text == "It stopped: no memory."
    panel.show_status(at(1300))
    assert panel.origin.text == "It stopped: no memory."
    panel.begin(9)
    panel.show_event(evaluated(task=9, step=1300, last_step=1300))
    assert panel.origin.text.startswith("Weights of step 1,300")


def test_its_coming_and_going_moves_nothing(panel):
    panel.show_event(evaluated())
    QApplication.processEvents()
    before = panel.matrix.mapTo(panel, QPoint())
    panel.begin(8)
    QApplication.processEvents()
    assert panel.matrix.mapTo(panel, QPoint()) == before


def test_figures_are_told_in_a_sentence(panel):
    panel.show_event(evaluated(unread=2))
    assert panel.heading.text() == (
        "50.0% of 8 test pictures right, the loss is no number; no answer for 1;"
        " 2 could not be read"
    )
    fine = evaluated(
        subset="all", loss_N=np.full(8, 0.5, np.float32), predicted_N=LABELS, probability_N=LOSSES
    )
    panel.show_event(fine)
    assert panel.heading.text() == "100.0% of 8 pictures right, loss 0.5000"
    assert panel.shelf_title.text == "There are no mistakes."


def test_where_no_picture_could_be_read_there_is_nothing_else_to_see(panel):
    none_N = np.empty(0, np.int32)
    names = ("index_N", "labels_N", "predicted_N", "probability_N", "loss_N")
    nothing = dict.fromkeys(names, none_N)
    panel.show_event(evaluated(unread=8, **nothing))
    assert panel.heading.text() == "None of the test pictures could be read."
    assert not panel.matrix.isVisible()


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (at(1204), "Weights of step 1,204 · pets.zip"),
        (at(1205), "Weights of step 1,204 · pets.zip · the network has learned for 1 step since"),
        (
            at(1100),
            "Weights of step 1,204 · pets.zip · the network has gone back to an earlier step since",
        ),
        (
            at(1204, run=2),
            "Weights of step 1,204 · pets.zip · of another run than the one that is loaded now",
        ),
    ],
)
def test_it_says_whose_figures_they_are_and_whether_they_hold(panel, status, words):
    panel.show_event(evaluated())
    panel.show_status(status)
    assert panel.origin.text == words
    assert panel.is_up_to_date == (status == at(1204))


def test_live_weights_are_those_of_several_steps(panel):
    panel.show_event(evaluated(step=1200))
    assert panel.origin.text.startswith("Weights of steps 1,200 to 1,204, as they changed")


def test_the_worst_mistakes_come_first_and_their_pictures_are_asked_for(panel, qtbot):
    panel.show_event(evaluated())
    assert shown_answers(panel) == [107, 105, 102, 101]
    assert panel.shelf_title.text == "4 mistakes, the worst first"
    qtbot.waitUntil(lambda: bool(panel.pictures))
    fingerprint, indices, side = panel.pictures[0]
    assert (fingerprint, indices) == ("aa", (107, 105, 102, 101))
    assert side == 80
    panel.show_frames({("picture", "105"): picture(105), ("picture", "9"): picture(105, "other")})
    answers = panel.shelf.answers
    assert answers.answer(1).pixmap is not None
    assert answers.answer(1).words == "105.jpg · dog, taken for cat 95%"
    assert answers.answer(0).words == "frog, taken for nothing"
    assert answers.missing(range(4)) == (107, 102, 101)


def test_what_was_asked_for_and_lost_is_asked_for_again(panel, qtbot):
    panel.show_event(evaluated())
    qtbot.waitUntil(lambda: len(panel.pictures) == 1)
    panel.show_frames({("picture", "107"): picture(107)})
    panel.show_event(TaskEnded(11, "show", "done"))
    qtbot.waitUntil(lambda: len(panel.pictures) == 2)
    assert panel.pictures[1][1] == (105, 102, 101)


def test_pictures_of_a_source_that_has_gone_are_not_asked_for(panel, qtbot):
    panel.show_event(msgspec.structs.replace(loaded(), data=facts(fingerprint="bb")))
    panel.show_event(evaluated())
    panel.shelf.grab()
    panel.shelf._ask()
    assert panel.pictures == []
    qtbot.mouseClick(panel.shelf.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(50, 50))
    assert panel.probes == []


def test_a_picture_that_can_not_be_read_says_so(panel):
    panel.show_event(evaluated())
    bad = PictureFrame(("picture", "105"), "aa", 105, "105.jpg", None, "105.jpg has gone.")
    panel.show_frames({bad.key: bad})
    assert "105.jpg has gone." in panel.shelf.answers.answer(1).words
    panel.shelf.grab()


def test_a_cell_lists_its_pictures_and_esc_leads_back(panel, qtbot):
    panel.show_event(evaluated())
    place = panel.matrix.rect_of((0, 1)).center().toPoint()
    qtbot.mouseClick(panel.matrix, Qt.MouseButton.LeftButton, pos=place)
    assert shown_answers(panel) == [102, 101]
    assert panel.shelf_title.text == "cat: 2 of 3 pictures (67%) taken for dog"
    qtbot.keyClick(panel.matrix, Qt.Key.Key_Left)
    assert shown_answers(panel) == [100]
    assert panel.shelf_title.text == "cat: 1 of 3 pictures (33%) taken for what they are"
    qtbot.keyClick(panel.matrix, Qt.Key.Key_Left)
    assert panel.matrix.cell == (0, 0)
    qtbot.keyClick(panel.matrix, Qt.Key.Key_Escape)
    assert panel.matrix.cell is None
    assert shown_answers(panel) == [107, 105, 102, 101]
    qtbot.keyClick(panel.matrix, Qt.Key.Key_Down)
    assert panel.matrix.cell == (0, 0)
    qtbot.mouseClick(panel.worst, Qt.MouseButton.LeftButton)
    assert panel.matrix.cell is None
    assert not panel.worst.isEnabled()


def test_a_click_or_enter_on_a_picture_brings_it_to_the_probes(panel, qtbot):
    panel.show_event(evaluated())
    index = panel.shelf.answers.index(1)
    place = panel.shelf.visualRect(index).center()
    qtbot.mouseClick(panel.shelf.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert panel.probes == [("aa", 105)]
    panel.shelf.setFocus()
    qtbot.keyClick(panel.shelf, Qt.Key.Key_Right)
    assert panel.probes == [("aa", 105)]
    qtbot.keyClick(panel.shelf, Qt.Key.Key_Return)
    assert panel.probes[1:] == [("aa", 102)]


# The matrix


@pytest.fixture
def matrix(qtbot) -> ConfusionMatrix:
    matrix = ConfusionMatrix()
    qtbot.addWidget(matrix)
    matrix.resize(400, 400)
    matrix.show()
    return matrix


def colour_in(matrix: ConfusionMatrix, cell: tuple[int, int]) -> QColor:
    place = matrix.rect_of(cell).toRect().topLeft() + QPoint(3, 3)
    return matrix.grab().toImage().pixelColor(place)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_right_cells_are_blue_wrong_ones_red_and_empty_ones_neither(matrix, theme):
    matrix.setPalette(palette_of(theme))
    count_KK = np.array([[40, 10, 0], [0, 50, 0], [1, 1, 48]])
    matrix.show_counts(CLASSES, count_KK)
    base = matrix.palette().color(QPalette.ColorRole.Base)
    right, wrong, none = (colour_in(matrix, cell) for cell in ((0, 0), (0, 1), (0, 2)))
    assert none == base
    assert right.blue() - right.red() > 60
    assert wrong.red() - wrong.blue() > 10
    # More of a class's pictures, more colour.
    rare = colour_in(matrix, (2, 0))
    assert abs(rare.red() - base.red()) + abs(rare.blue() - base.blue()) > 0
    assert wrong.red() - wrong.blue() > rare.red() - rare.blue() > 0


@pytest.mark.parametrize("count", [2, 3, 10, 37, 100, 400])
@pytest.mark.parametrize("size", [(240, 200), (700, 400), (1600, 1200)])
def test_every_cell_is_inside_and_can_be_pointed_at(matrix, count, size):
    matrix.resize(*size)
    classes = tuple(f"a rather long name {number}" for number in range(count))
    matrix.show_counts(classes, np.ones((count, count), np.int64))
    for cell in ((0, 0), (count - 1, 0), (0, count - 1), (count - 1, count - 1), (1, count // 2)):
        place = matrix.rect_of(cell)
        assert QRectF(matrix.rect()).adjusted(-0.01, -0.01, 0.01, 0.01).contains(place)
        assert matrix.cell_at(place.center()) == cell
    matrix.grab()


def test_a_cell_says_what_it_is_to_the_pointer_and_to_a_reader(matrix):
    matrix.show_counts(CLASSES, np.array([[40, 10, 0], [0, 50, 0], [0, 0, 0]]))
    point = matrix.rect_of((0, 1)).center().toPoint()
    event = QHelpEvent(QHelpEvent.Type.ToolTip, point, matrix.mapToGlobal(point))
    QApplication.sendEvent(matrix, event)
    assert QToolTip.text() == "cat: 10 of 50 pictures (20%) taken for dog"
    QToolTip.hideText()
    matrix.choose((0, 1))
    assert matrix.accessibleDescription() == "cat: 10 of 50 pictures (20%) taken for dog"
    assert matrix.words((2, 1)) == "frog: no pictures"


def test_a_matrix_without_pictures_shows_nothing_and_survives(matrix, qtbot):
    matrix.grab()
    qtbot.keyClick(matrix, Qt.Key.Key_Down)
    qtbot.mouseClick(matrix, Qt.MouseButton.LeftButton, pos=QPoint(5, 5))
    assert matrix.cell is None


# By class


def test_few_classes_stand_in_their_order_and_many_worst_first(qtbot):
    shares = ClassShares()
    qtbot.addWidget(shares)
    shares.show_counts(("b", "a", "c"), np.array([10, 10, 0]), np.array([9, 1, 0]))
    assert shares.names == ["b", "a", "c"]
    assert shares.accessibleDescription().startswith("b: 9 of 10 pictures right. a: 1 of 10")
    shares.show()
    shares.grab()
    names = tuple(f"{number}" for number in range(IN_ORDER + 1))
    right_K = np.arange(len(names))[::-1]
    shares.show_counts(names, np.full(len(names), 100), right_K)
    assert shares.names == list(reversed(names))
    assert shares.is_worst_first
