"""Sliders for every amount of an augmentation, and the draws that show what they do."""

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PySide6.QtCore import QPointF, Qt
from PySide6.QtWidgets import QApplication, QDoubleSpinBox, QScrollArea, QSlider, QToolButton
from pytestqt.qtbot import QtBot

from engine.config import FILLS, Augmentation, checked
from gui.pages.data.amount_slider import AmountSlider
from gui.pages.data.augmentation import EMPTY, PRESETS, AugmentationPanel
from tests.gui.made_views import augmented_view
from tests.gui.test_picture_view import NO_KEY, wheel_event

SHARES = st.floats(0, 1, exclude_max=True)
AUGMENTATIONS = st.builds(
    Augmentation,
    rotation=st.floats(0, 180),
    shift=SHARES,
    shear=st.floats(0, 60),
    zoom=SHARES,
    flip_horizontal=st.booleans(),
    flip_vertical=st.booleans(),
    brightness=SHARES,
    contrast=SHARES,
    colour=st.floats(0, 1),
    fill=st.sampled_from(FILLS),
    erasing=st.floats(0, 1),
    mixup=st.floats(0, 10),
    cutmix=st.floats(0, 10),
)


class Emitted:
    """Counts what a panel tells."""

    def __init__(self, panel: AugmentationPanel) -> None:
        self.changes: list[Augmentation] = []
        self.draws = 0
        panel.changed.connect(lambda: self.changes.append(panel.augmentation))
        panel.drawn_again.connect(self._count)

    def _count(self) -> None:
        self.draws += 1


@pytest.fixture
def panel(qtbot: QtBot) -> AugmentationPanel:
    panel = AugmentationPanel()
    qtbot.addWidget(panel)
    panel.resize(420, 520)
    panel.show()
    QApplication.processEvents()
    return panel


@pytest.fixture
def emitted(panel: AugmentationPanel) -> Emitted:
    return Emitted(panel)


def slider(panel: AugmentationPanel, name: str) -> QSlider:
    return panel.amounts[name].findChild(QSlider)


def number(panel: AugmentationPanel, name: str) -> QDoubleSpinBox:
    return panel.amounts[name].findChild(QDoubleSpinBox)


def reset(panel: AugmentationPanel, name: str) -> QToolButton:
    return panel.amounts[name].findChild(QToolButton)


def choose(panel: AugmentationPanel, name: str) -> None:
    actions = {action.text(): action for action in panel.presets.menu().actions()}
    actions[name].trigger()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(augmentation=AUGMENTATIONS)
def test_any_augmentation_comes_back_as_it_was_set(
    panel: AugmentationPanel, augmentation: Augmentation
) -> None:
    told = Emitted(panel)
    panel.augmentation = augmentation
    assert panel.augmentation == augmentation
    assert told.changes == []
    for name, amount in panel.amounts.items():
        assert amount.value == getattr(augmentation, name)
    assert number(panel, "rotation").value() == pytest.approx(augmentation.rotation, abs=0.51)
    assert slider(panel, "shift").value() == pytest.approx(100 * augmentation.shift, abs=1)


def test_every_field_can_be_set(panel: AugmentationPanel) -> None:
    fields = {*panel.amounts, *panel.flips, "fill"}
    assert fields == set(Augmentation.__struct_fields__)


def test_every_move_of_a_slider_is_told(panel: AugmentationPanel, emitted: Emitted) -> None:
    for at in (10, 20, 30):
        slider(panel, "rotation").setValue(at)
    slider(panel, "shift").setValue(25)
    slider(panel, "mixup").setValue(40)
    assert [change.rotation for change in emitted.changes] == [10, 20, 30, 30, 30]
    assert panel.augmentation == Augmentation(rotation=30.0, shift=0.25, mixup=0.4)
    assert number(panel, "rotation").value() == 30
    assert number(panel, "shift").text() == "25 %"
    assert number(panel, "mixup").value() == 0.4


def test_sliders_and_numbers_go_as_far_as_makes_sense(panel: AugmentationPanel) -> None:
    for name in panel.amounts:
        slider(panel, name).setValue(10**6)
    assert checked(panel.augmentation) == panel.augmentation
    for name in panel.amounts:
        number(panel, name).setValue(10**6)
    assert checked(panel.augmentation) == panel.augmentation
    assert panel.augmentation.rotation == 180
    assert panel.augmentation.shift == 0.99
    assert panel.augmentation.colour == 1
    assert panel.augmentation.cutmix == 10


def test_keys_move_a_slider_and_a_number_can_be_typed(
    panel: AugmentationPanel, emitted: Emitted, qtbot: QtBot
) -> None:
    slider(panel, "zoom").setFocus()
    qtbot.keyClick(slider(panel, "zoom"), Qt.Key.Key_Right)
    assert panel.augmentation.zoom == 0.01
    field = number(panel, "brightness")
    field.selectAll()
    qtbot.keyClicks(field, "35")
    assert len(emitted.changes) == 1, "not before Enter"
    qtbot.keyClick(field, Qt.Key.Key_Return)
    assert panel.augmentation == Augmentation(zoom=0.01, brightness=0.35)
    assert slider(panel, "brightness").value() == 35


def test_an_amount_goes_back_to_nothing_with_one_click(
    panel: AugmentationPanel, emitted: Emitted, qtbot: QtBot
) -> None:
    assert reset(panel, "shear").isHidden()
    slider(panel, "shear").setValue(20)
    assert not reset(panel, "shear").isHidden()
    qtbot.mouseClick(reset(panel, "shear"), Qt.MouseButton.LeftButton)
    assert panel.augmentation == Augmentation()
    assert reset(panel, "shear").isHidden()
    assert len(emitted.changes) == 2


def test_flips_and_fill_are_told(panel: AugmentationPanel, emitted: Emitted, qtbot: QtBot) -> None:
    panel.flips["flip_vertical"].click()
    panel.fill.setFocus()
    qtbot.keyClick(panel.fill, Qt.Key.Key_Down)
    assert emitted.changes == [
        Augmentation(flip_vertical=True),
        Augmentation(flip_vertical=True, fill="nearest"),
    ]


def test_presets_are_taken_and_can_be_taken_back(
    panel: AugmentationPanel, emitted: Emitted, qtbot: QtBot
) -> None:
    own = Augmentation(rotation=7.0)
    slider(panel, "rotation").setValue(7)
    choose(panel, "As in the chapter")
    assert panel.augmentation == PRESETS["As in the chapter"]
    assert panel.augmentation.rotation == 40
    assert panel.augmentation.flip_horizontal
    choose(panel, "Take back the last change")
    assert panel.augmentation == own
    choose(panel, "None")
    qtbot.keyClick(panel, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert panel.augmentation == own
    assert emitted.changes[1:] == [PRESETS["As in the chapter"], own, Augmentation(), own]


def test_the_moves_of_one_slider_are_taken_back_as_one(panel: AugmentationPanel) -> None:
    assert not panel.back.isEnabled()
    for at in range(1, 30):
        slider(panel, "rotation").setValue(at)
    slider(panel, "zoom").setValue(9)
    panel.take_back()
    assert panel.augmentation == Augmentation(rotation=29.0)
    panel.take_back()
    assert panel.augmentation == Augmentation()
    assert not panel.back.isEnabled()
    panel.take_back()
    assert panel.augmentation == Augmentation()


def test_what_is_set_from_outside_is_no_change_to_take_back(panel: AugmentationPanel) -> None:
    slider(panel, "rotation").setValue(9)
    panel.augmentation = PRESETS["Digits"]
    assert not panel.back.isEnabled()


def test_drawing_again_is_asked_for(
    panel: AugmentationPanel, emitted: Emitted, qtbot: QtBot
) -> None:
    qtbot.mouseClick(panel.again, Qt.MouseButton.LeftButton)
    assert (emitted.draws, emitted.changes) == (1, [])


def test_draws_are_shown_and_labelled_only_where_they_differ(panel: AugmentationPanel) -> None:
    assert EMPTY == "Choose a picture to see how it is varied"
    view = augmented_view()
    panel.show_augmented(view)
    assert panel.caption.text() == "12 draws, each cat"
    cells = panel.grid.cells()
    assert len(cells) == 12
    image = panel.grid.grab().toImage()
    for cell, picture_HWC in zip(cells, view.pictures_NHWC, strict=True):
        seen = image.pixelColor(cell.topLeft()).getRgb()[:3]
        assert seen == tuple(picture_HWC[0, 0].tolist())
    mixed = ("cat 70 %, dog 30 %", *("cat",) * 11)
    panel.show_augmented(msgspec.structs.replace(view, labels=mixed))
    assert panel.caption.text() == "12 draws"
    assert panel.grid.cells()[0].height() <= cells[0].height()
    panel.clear("No picture is chosen.")
    assert panel.grid.cells() == []
    assert panel.caption.text() == ""


def test_the_wheel_scrolls_past_fields_that_have_no_focus(panel: AugmentationPanel) -> None:
    for field in (slider(panel, "rotation"), number(panel, "rotation"), panel.fill):
        field.clearFocus()
        QApplication.sendEvent(field, wheel_event(field, QPointF(5, 5), 1, NO_KEY))
    assert panel.augmentation == Augmentation()


@pytest.mark.parametrize("width", [380, 420, 480])
def test_nothing_is_cut_at_the_widths_it_stands_in(panel: AugmentationPanel, width: int) -> None:
    panel.resize(width, 500)
    QApplication.processEvents()
    scroll = panel.findChild(QScrollArea)
    assert scroll.widget().minimumSizeHint().width() <= scroll.viewport().width()
    assert panel.minimumSizeHint().width() <= width


def test_an_amount_that_a_slider_shows_coarsely_stays_exact(qtbot: QtBot) -> None:
    amount = AmountSlider("Shift", 0.99, unit=" %", times=100)
    qtbot.addWidget(amount)
    told: list[float] = []
    amount.changed.connect(told.append)
    amount.value = 0.12345
    assert (amount.value, told) == (0.12345, [])
    amount.findChild(QSlider).setValue(13)
    assert told == [0.13]
