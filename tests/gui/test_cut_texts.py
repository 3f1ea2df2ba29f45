"""Nothing that is written in the window is cut off or lies over something else, at any usual size;
and the helper that says so notices when it is."""

import math
from itertools import pairwise

import msgspec
import numpy as np
import pytest
from PySide6.QtCore import QEvent
from PySide6.QtWidgets import (
    QApplication,
    QComboBox,
    QLabel,
    QLineEdit,
    QPushButton,
    QSpinBox,
    QToolTip,
    QVBoxLayout,
    QWidget,
)

from engine.networks.stages import Stage
from engine.state import Phase
from gui.app import make_window
from gui.pages.data.page import DataPage
from gui.pages.train.axis import RoundAxis
from gui.pages.train.evaluation.panel import EvaluationPanel
from gui.pages.train.pixel_views import FilterSlices
from gui.pump import SLOW_TICKS, Pump
from gui.settings import Settings
from gui.view_state import ViewState
from gui.widgets.live_label import LiveLabel
from tests.gui.cut_texts import cut_texts
from tests.gui.fake_session import READY, FakeSession
from tests.gui.made_frames import STAGES, answer, loaded, probe_shown
from tests.gui.made_sources import source_view, survey_view
from tests.gui.made_views import augmented_view, steps_view
from tests.gui.test_evaluation_panel import evaluated, facts
from tests.gui.test_map_detail import point

SIZES = [(1280, 720), (1280, 800), (1366, 768), (1920, 1080), (2560, 1440)]
DEEP = (
    STAGES[0],
    Stage("conv1", "conv", "conv 3x3, relu", (32, 148, 148), True, "conv1.conv", (3, 3, 3)),
    Stage("pool1", "pool", "max-pool 2x2", (32, 74, 74), True, pools="conv1"),
    Stage("conv4", "conv", "conv 3x3, relu", (128, 15, 15), True, "conv4.conv", (128, 3, 3)),
    Stage("dense1", "dense", "dense, relu", (512,)),
    STAGES[-1],
)


# The helper


@pytest.fixture
def column(qtbot):
    widget = QWidget()
    widget.resize(120, 300)
    qtbot.addWidget(widget)
    QVBoxLayout(widget)
    return widget


LONG = "a sentence that is much too long for this"


def with_text(kind):
    widget = kind()
    if isinstance(widget, QComboBox):
        widget.addItem(LONG)
    elif isinstance(widget, QSpinBox):
        widget.setPrefix(LONG)
    elif isinstance(widget, LiveLabel):
        widget.set_text(LONG)
    else:
        widget.setText(LONG)
    return widget


@pytest.mark.parametrize("kind", [QLabel, QLineEdit, QPushButton, QComboBox, QSpinBox, LiveLabel])
def test_a_cut_text_is_found(column, kind):
    widget = with_text(kind)
    widget.setFixedWidth(90)
    column.layout().addWidget(widget)
    column.show()
    (found,) = cut_texts(column)
    assert "wide in" in found
    widget.setFixedWidth(600)
    column.resize(640, 300)
    QApplication.processEvents()
    assert cut_texts(column) == []


def test_lines_that_are_not_all_seen_are_found(column):
    label = QLabel(f"{LONG} {LONG}")
    label.setWordWrap(True)
    label.setFixedSize(90, 30)
    column.layout().addWidget(label)
    column.show()
    assert any("high in 30" in found for found in cut_texts(column))


def test_text_over_text_and_beyond_an_edge_is_found(column):
    for words, left in (("one", 10), ("other", 20), ("beyond", 100)):
        label = QLabel(words, column)
        label.move(left, 10)
    column.show()
    found = cut_texts(column)
    assert len(found) == 2
    assert "reaches out of QWidget" in found[0]
    assert "lies over" in found[1]


def test_what_a_live_label_cuts_off_is_in_its_tip(column, qtbot, monkeypatch):
    label = with_text(LiveLabel)
    column.layout().addWidget(label)
    column.show()
    told = []
    monkeypatch.setattr(QToolTip, "showText", lambda place, words, widget: told.append(words))
    ask_for_tip(label)
    column.resize(600, 300)
    QApplication.processEvents()
    ask_for_tip(label)
    assert told == [LONG, ""]


def ask_for_tip(widget):
    from PySide6.QtGui import QHelpEvent

    middle = widget.rect().center()
    QApplication.sendEvent(
        widget, QHelpEvent(QEvent.Type.ToolTip, middle, widget.mapToGlobal(middle))
    )


# The window


@pytest.fixture
def open_window(qapp, qtbot, tmp_path):
    opened = []

    def open_window(stages=STAGES):
        session = FakeSession(msgspec.structs.replace(READY, phase=Phase.TRAINING, step=120))
        window = make_window(qapp, session, Settings(tmp_path))
        opened.append(window)
        window.show()
        qtbot.waitUntil(lambda: hasattr(window.pages["train"], "curves"))
        for event in (probe_shown(), loaded(stages)):
            session.outlet.tell(event)
        show_frames(window, session, stages)
        return window, session

    yield open_window
    for window in opened:
        window.close()
        window.deleteLater()
        QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


def show_frames(window, session, stages):
    pump = window.findChild(Pump)
    for _ in range(SLOW_TICKS):
        pump.tick()
    session.frames = answer(session.demands[-1].wanted, 12_345, stages)
    pump.tick()
    for _ in range(3):  # what is shown or hidden asks for another layout
        QApplication.processEvents()


@pytest.mark.parametrize("stages", [STAGES, DEEP], ids=["digits", "deep"])
def test_on_the_train_page_all_text_is_whole(open_window, stages):
    window, session = open_window(stages)
    train = window.pages["train"]
    for size in SIZES:
        window.resize(*size)
        for tap, channel in ((stages[3].name, 63), ("pool1", 3), ("dense1", 5)):
            train.view.select(tap, channel)
            show_frames(window, session, stages)
            assert cut_texts(window) == []
        assert window.size().toTuple() == size


def test_the_value_of_a_weight_is_whole(open_window):
    window, session = open_window(DEEP)
    train = window.pages["train"]
    train.view.select("conv4", 100)
    window.resize(*SIZES[0])
    show_frames(window, session, DEEP)
    beside = train.map_detail.findChild(FilterSlices)
    point(beside, beside.channel_rect(63).center())
    texts = [label.text for label in train.map_detail.findChildren(LiveLabel)]
    assert any(text.startswith("weight [63, 1, 1]: ") for text in texts)
    assert cut_texts(window) == []


def test_on_the_data_page_all_text_is_whole(qtbot):
    page = DataPage(ViewState())
    qtbot.addWidget(page)
    page.show()
    for size in SIZES:
        page.resize(size[0] - 56, size[1] - 100)
        page.show_view(source_view())
        page.show_view(survey_view(source_view()))
        for view, tab in (
            (None, page.overview),
            (steps_view(index=0), page.steps),
            (augmented_view(), page.augmentation),
        ):
            page.tabs.setCurrentWidget(tab)
            if view is not None:
                page.show_view(view)
            QApplication.processEvents()
            assert cut_texts(page) == []


@pytest.mark.parametrize("size", [(700, 500), (900, 680), (1300, 900)])
@pytest.mark.parametrize("classes", [2, 3, 10, 1000])
def test_in_the_evaluation_all_text_is_whole(qtbot, size, classes):
    panel = EvaluationPanel(ViewState())
    qtbot.addWidget(panel)
    panel.resize(*size)
    panel.show()
    panel.show_event(msgspec.structs.replace(loaded(), data=facts()))
    chance = np.random.default_rng(classes)
    labels_N, taken_N = chance.integers(0, classes, (2, 3000)).astype(np.int32)
    result = evaluated(
        classes=tuple(f"a class called {n}" for n in range(classes)),
        index_N=np.arange(3000, dtype=np.int32),
        labels_N=labels_N,
        predicted_N=taken_N,
        probability_N=chance.random(3000, np.float32),
        loss_N=chance.random(3000, np.float32),
    )
    panel.show_event(result)
    for _ in range(3):
        QApplication.processEvents()
    assert cut_texts(panel) == []


def test_what_a_schedule_makes_of_a_rate_never_lies_over_it(open_window, qtbot):
    window, _ = open_window()
    panel = window.pages["train"].training
    (field,) = [f for f in panel.findChildren(QLineEdit) if f.accessibleName() == "Learning rate"]
    field.show_value(0.00125)
    panel.setParent(None)
    panel.show()
    for width in (224, 400, 230):
        panel.resize(width, 500)
        QApplication.processEvents()
        assert cut_texts(panel) == []
        field.show_now(0.00123456)
    panel.resize(400, 500)
    QApplication.processEvents()
    field.setFocus()
    field.setText("")
    qtbot.keyClicks(field, "0.000000000000000000000000001234")
    assert not [found for found in cut_texts(panel) if "lies over" in found]
    panel.deleteLater()


# The curves


@pytest.fixture
def curves(open_window):
    window, _ = open_window()
    return window.pages["train"].curves


def labels_of(axis: RoundAxis) -> list[tuple[float, float, str]]:
    """(start, end, text) of each label along an axis, in pixels, as it is drawn."""
    from PySide6.QtGui import QImage, QPainter

    image = QImage(8, 8, QImage.Format.Format_RGB32)
    painter = QPainter(image)
    painter.setFont(axis.style["tickFont"] or axis.font())
    specs = axis.generateDrawSpecs(painter)
    painter.end()
    upright = axis.orientation == "left"
    return sorted(
        (rect.top(), rect.bottom(), text) if upright else (rect.left(), rect.right(), text)
        for rect, _, text in specs[2]
    )


@pytest.mark.parametrize("height", [110, 160, 240, 400, 900])
@pytest.mark.parametrize("log", [False, True])
def test_labels_of_an_axis_never_overlap(curves, height, log):
    curves.log_loss = log
    curves._step_N = np.arange(1, 4001, dtype=float)
    falling = 2.3 * np.exp(-curves._step_N / 500) + 1e-4
    curves._raw = falling, 100 - 40 * falling
    curves._smooth = curves._raw
    curves.setParent(None)
    curves.resize(300 + height, height)
    curves.show()
    curves._show()
    QApplication.processEvents()
    for plot in (curves._loss, curves._accuracy):
        for name in ("left", "bottom"):
            axis = plot.item.getAxis(name)
            labels = labels_of(axis)
            assert all(one[1] <= other[0] for one, other in pairwise(labels)), labels
            title = axis.label.boundingRect().width() if axis.label.isVisible() else 0
            room = axis.size().height() if name == "left" else axis.size().width()
            assert title <= room + 8, "the frame of a title is a little wider than its words"
    curves.deleteLater()


def test_before_the_first_step_the_words_stand_beside_the_axis(curves):
    assert curves._empty.isVisible()
    inside = curves._empty.contentsRect().translated(curves._empty.pos())
    axis = curves._loss.item.getAxis("left")
    right = curves._graphics.pos().x() + axis.sceneBoundingRect().right()
    assert inside.left() >= right - 1
    assert curves._empty.wordWrap()


def test_steps_are_whole_numbers(curves):
    axis = curves._accuracy.item.getAxis("bottom")
    assert axis.tickSpacing(0.0, 2.0, 400.0) == [(1.0, 0.0)]
    assert math.isclose(axis.tickSpacing(0.0, 100.0, 100.0)[0][0], 50.0)
