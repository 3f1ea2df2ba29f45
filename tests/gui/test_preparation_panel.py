"""How a source is divided and its pictures prepared: what is shown, told and refused."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QScrollArea
from pytestqt.qtbot import QtBot

from engine.config import (
    COLOURS,
    FITS,
    NORMALISATIONS,
    Augmentation,
    DataConfig,
    SubsetCounts,
    checked,
)
from gui.pages.data.preparation import USUAL_SIZE, PreparationPanel
from gui.pages.data.subset_fields import LARGEST_SEED
from gui.widgets.scroll_column import whole_number
from tests.gui.made_views import source_view

COUNTS = st.builds(
    SubsetCounts,
    train=st.one_of(st.just("rest"), st.integers(1, 10_000_000)),
    validation=st.integers(1, 10_000_000),
    test=st.integers(0, 10_000_000),
)
CONFIGS = st.builds(
    DataConfig,
    source=st.just("pets.zip"),
    subsets=st.one_of(st.none(), COUNTS),
    size=st.integers(0, 4096),
    colour=st.sampled_from(COLOURS),
    fit=st.sampled_from(FITS),
    normalisation=st.sampled_from(NORMALISATIONS),
)


class Emitted:
    """Counts what the panel tells."""

    def __init__(self, panel: PreparationPanel) -> None:
        self.changes = self.subsets = 0
        panel.changed.connect(self._change)
        panel.subsets_changed.connect(self._subset)

    def _change(self) -> None:
        self.changes += 1

    def _subset(self) -> None:
        self.subsets += 1

    @property
    def both(self) -> tuple[int, int]:
        return self.changes, self.subsets


@pytest.fixture
def panel(qtbot: QtBot) -> PreparationPanel:
    panel = PreparationPanel()
    qtbot.addWidget(panel)
    panel.resize(420, 520)
    panel.show()
    QApplication.processEvents()
    return panel


@pytest.fixture
def emitted(panel: PreparationPanel) -> Emitted:
    return Emitted(panel)


def config_of(panel: PreparationPanel) -> DataConfig:
    return panel.data_config("pets.zip", Augmentation())


def type_size(panel: PreparationPanel, qtbot: QtBot, text: str) -> None:
    panel.size_field.lineEdit().selectAll()
    qtbot.keyClick(panel.size_field.lineEdit(), Qt.Key.Key_Delete)
    panel.size_field.lineEdit().insert(text)
    qtbot.keyClick(panel.size_field.lineEdit(), Qt.Key.Key_Return)


def type_seed(panel: PreparationPanel, qtbot: QtBot, text: str) -> None:
    panel.subsets.seed_field.selectAll()
    qtbot.keyClick(panel.subsets.seed_field, Qt.Key.Key_Delete)
    panel.subsets.seed_field.insert(text)
    qtbot.keyClick(panel.subsets.seed_field, Qt.Key.Key_Return)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(config=CONFIGS, comes=st.booleans())
def test_any_config_comes_back_as_it_was_shown(
    panel: PreparationPanel, config: DataConfig, comes: bool
) -> None:
    told = Emitted(panel)
    panel.show_source(source_view(comes_with_subsets=comes, own_size_HW=(28, 28)))
    panel.show_config(config)
    assert config_of(panel) == config
    assert panel.counts == config.subsets
    assert told.both == (0, 0)


def test_a_fresh_panel_gives_the_default_config(panel: PreparationPanel) -> None:
    assert panel.data_config("digits", Augmentation()) == DataConfig()
    assert panel.seed == 0


def test_totals_and_notes_of_the_source_are_read(panel: PreparationPanel) -> None:
    panel.show_source(source_view(notes=("cat has 500 pictures: fewer than asked for.",)))
    assert panel.subsets.totals.text() == "1,500 train, 250 validation, 240 test, 10 left out"
    assert panel.subsets.notes.text() == "cat has 500 pictures: fewer than asked for."
    assert panel.subsets.notes.isVisible()
    panel.show_source(source_view())
    assert panel.subsets.notes.isHidden()


def test_the_usual_counts_of_a_source_are_shown_until_others_are_set(
    panel: PreparationPanel, emitted: Emitted
) -> None:
    panel.show_source(source_view(usual=SubsetCounts("rest", 40, 0)))
    numbers = panel.subsets.numbers
    assert panel.subsets.rest.isChecked()
    assert not numbers["train"].isEnabled()
    assert (numbers["validation"].value(), numbers["test"].value()) == (40, 0)
    assert panel.counts is None
    numbers["test"].setValue(7)
    assert panel.counts == SubsetCounts("rest", 40, 7)
    assert emitted.both == (0, 1)


def test_shares_of_each_class_are_shown_until_counts_are_set(
    panel: PreparationPanel, emitted: Emitted
) -> None:
    panel.show_source(source_view(usual=None))
    assert panel.subsets.as_it_comes.isVisible()
    assert panel.subsets.as_it_comes.isChecked()
    assert panel.subsets.as_it_comes.text() == "80, 10 and 10 % of each class"
    assert not any(field.isEnabled() for field in panel.subsets.numbers.values())
    assert panel.counts is None
    panel.subsets.as_it_comes.click()
    assert panel.counts == SubsetCounts()
    panel.subsets.as_it_comes.click()
    assert panel.counts is None
    assert emitted.both == (0, 2)


def test_counts_are_told_once_they_are_typed(
    panel: PreparationPanel, emitted: Emitted, qtbot: QtBot
) -> None:
    panel.show_source(source_view())
    field = panel.subsets.numbers["train"]
    field.selectAll()
    qtbot.keyClicks(field, "200")
    assert emitted.subsets == 0
    qtbot.keyClick(field, Qt.Key.Key_Return)
    assert panel.counts == SubsetCounts(200, 500, 500)
    panel.subsets.rest.click()
    assert panel.counts == SubsetCounts("rest", 500, 500)
    panel.subsets.rest.click()
    assert panel.counts == SubsetCounts(200, 500, 500)
    assert emitted.both == (0, 3)


def test_a_source_with_subsets_of_its_own_is_taken_as_it_comes(
    panel: PreparationPanel, emitted: Emitted
) -> None:
    panel.show_source(source_view())
    assert panel.subsets.as_it_comes.isHidden()
    panel.show_source(source_view(source=2, comes_with_subsets=True))
    assert panel.subsets.as_it_comes.isVisible()
    assert panel.subsets.as_it_comes.isChecked()
    assert not any(field.isEnabled() for field in panel.subsets.numbers.values())
    panel.subsets.as_it_comes.click()
    assert panel.counts == SubsetCounts()
    assert all(field.isEnabled() for field in panel.subsets.numbers.values())
    panel.subsets.as_it_comes.click()
    assert panel.counts is None
    assert emitted.both == (0, 2)


def test_the_seed_is_typed_or_shuffled(
    panel: PreparationPanel, emitted: Emitted, qtbot: QtBot
) -> None:
    type_seed(panel, qtbot, "41")
    assert panel.seed == 41
    qtbot.mouseClick(panel.subsets.shuffle, Qt.MouseButton.LeftButton)
    assert panel.seed == 42
    assert panel.subsets.seed_field.text() == "42"
    assert emitted.both == (0, 2)
    panel.seed = LARGEST_SEED
    assert emitted.subsets == 2
    qtbot.mouseClick(panel.subsets.shuffle, Qt.MouseButton.LeftButton)
    assert panel.seed == 0


@pytest.mark.parametrize("text", ["-3", "abc", "", "1.5", "9" * 19, "9" * 5000, "٣", "²"])
def test_a_bad_seed_is_explained_and_changes_nothing(
    panel: PreparationPanel, emitted: Emitted, qtbot: QtBot, text: str
) -> None:
    type_seed(panel, qtbot, text)
    assert panel.subsets.complaint.isVisible()
    assert "whole number" in panel.subsets.complaint.text()
    assert (panel.seed, emitted.both) == (0, (0, 0))
    type_seed(panel, qtbot, "5")
    assert panel.subsets.complaint.isHidden()
    assert (panel.seed, emitted.both) == (5, (0, 1))


def test_escape_gives_up_what_was_typed(
    panel: PreparationPanel, emitted: Emitted, qtbot: QtBot
) -> None:
    panel.seed = 3
    type_seed(panel, qtbot, "x")
    panel.subsets.seed_field.setFocus()
    qtbot.waitUntil(panel.subsets.seed_field.hasFocus)
    qtbot.keyClick(panel.subsets.seed_field, Qt.Key.Key_Escape)
    assert panel.subsets.seed_field.text() == "3"
    assert panel.subsets.complaint.isHidden()
    type_size(panel, qtbot, "big")
    panel.size_field.setFocus()
    qtbot.waitUntil(panel.size_field.hasFocus)
    qtbot.keyClick(panel.size_field, Qt.Key.Key_Escape)
    assert panel.size_field.currentText() == "own"
    assert panel.size_complaint.isHidden()
    assert emitted.both == (0, 0)


def test_a_size_is_chosen_or_typed(panel: PreparationPanel, emitted: Emitted, qtbot: QtBot) -> None:
    panel.show_source(source_view(own_size_HW=(28, 28)))
    assert panel.size_field.currentText() == "own (28x28)"
    type_size(panel, qtbot, "100")
    assert config_of(panel).size == 100
    panel.size_field.lineEdit().clearFocus()
    assert emitted.both == (1, 0)
    at = panel.size_field.findText("224")
    panel.size_field.setCurrentIndex(at)
    panel.size_field.activated.emit(at)
    assert config_of(panel).size == 224
    type_size(panel, qtbot, "own")
    assert config_of(panel).size == 0
    assert panel.size_field.currentText() == "own (28x28)"
    assert emitted.both == (3, 0)


@pytest.mark.parametrize("text", ["big", "0", "-5", "", "4097", "9" * 5000, "1e2"])
def test_a_bad_size_is_explained_and_changes_nothing(
    panel: PreparationPanel, emitted: Emitted, qtbot: QtBot, text: str
) -> None:
    before = config_of(panel)
    type_size(panel, qtbot, text)
    assert panel.size_complaint.isVisible()
    assert "from 1 to 4,096" in panel.size_complaint.text()
    assert (config_of(panel), emitted.both) == (before, (0, 0))
    type_size(panel, qtbot, "64")
    assert panel.size_complaint.isHidden()
    assert emitted.both == (1, 0)


def test_pictures_that_differ_in_size_need_one(
    panel: PreparationPanel, emitted: Emitted, qtbot: QtBot
) -> None:
    panel.show_source(source_view(own_size_HW=None))
    assert panel.size_field.currentText() == str(USUAL_SIZE)
    assert config_of(panel).size == USUAL_SIZE
    assert panel.size_field.findText("own", Qt.MatchFlag.MatchStartsWith) == -1
    type_size(panel, qtbot, "own")
    assert "These pictures differ in size" in panel.size_complaint.text()
    assert emitted.both == (0, 0)
    panel.show_source(source_view(source=2, own_size_HW=(32, 32)))
    assert config_of(panel).size == 0
    assert panel.size_complaint.isHidden()


def test_what_is_typed_stays_while_the_same_source_is_divided_anew(
    panel: PreparationPanel, qtbot: QtBot
) -> None:
    panel.show_source(source_view())
    panel.size_field.lineEdit().selectAll()
    qtbot.keyClicks(panel.size_field.lineEdit(), "9")
    panel.show_source(source_view())
    assert panel.size_field.currentText() == "9"


def test_fit_colour_and_values_are_told(
    panel: PreparationPanel, emitted: Emitted, qtbot: QtBot
) -> None:
    for field in (panel.fit, panel.colour, panel.normalisation):
        field.setFocus()
        qtbot.keyClick(field, Qt.Key.Key_Down)
    config = config_of(panel)
    assert (config.fit, config.colour, config.normalisation) == ("crop", "grey", "measured")
    assert emitted.both == (3, 0)
    assert "cut away" in panel.fit_note.text()
    assert checked(config) == config


@pytest.mark.parametrize("width", [380, 420, 480])
def test_nothing_is_cut_at_the_widths_it_stands_in(panel: PreparationPanel, width: int) -> None:
    panel.show_source(source_view(notes=("A long note. " * 20,), comes_with_subsets=True))
    panel.resize(width, 500)
    QApplication.processEvents()
    scroll = panel.findChild(QScrollArea)
    assert scroll.widget().minimumSizeHint().width() <= scroll.viewport().width()
    assert panel.minimumSizeHint().width() <= width


@given(text=st.text(max_size=30), most=st.integers(0, 2**64))
def test_whatever_is_typed_is_a_number_in_range_or_none(text: str, most: int) -> None:
    number = whole_number(text, most)
    assert number is None or 0 <= number <= most


@given(number=st.integers(0, 10**12))
def test_numbers_are_read_with_and_without_commas(number: int) -> None:
    assert whole_number(f" {number:,} ", 10**12) == number == whole_number(str(number), 10**12)
