"""The overview: classes and subsets, sizes, colours, problems, and the survey."""

import numpy as np
import pytest
from PySide6.QtCore import Qt

from engine.messages.views import ProgressView
from gui.pages.data.overview import MOST_ROWS, UNKNOWN, DataOverview
from gui.pages.data.stacked_bars import ROW_HEIGHT
from gui.pages.data.survey_facts import MOST_LINES, counts_of, sizes_of, troubles_of
from tests.gui.made_sources import NO_PICTURE, source_view, survey_view


@pytest.fixture
def overview(qtbot):
    overview = DataOverview()
    qtbot.addWidget(overview)
    overview.resize(420, 700)
    overview.show()
    return overview


def lines(overview) -> list[tuple[str, str]]:
    model = overview.problems
    return [
        (model.data(model.index(row, 0)), model.data(model.index(row, 1)))
        for row in range(model.rowCount())
    ]


def test_classes_are_counted_by_subset():
    view = source_view()
    counts_RS = counts_of(view)
    assert counts_RS.tolist() == [[18, 6, 0, 6], [18, 6, 0, 6]]
    assert counts_of(source_view(7, ("a", "b", "empty")))[2].sum() == 2


def test_each_class_is_a_bar_and_each_subset_a_mark(overview):
    overview.show_source(source_view())
    assert overview.classes.words(0) == "cat: 18 train, 6 validation, 6 left out"
    assert overview.legend.accessibleDescription() == (
        "train 36, validation 12, test 0, left out 12"
    )


def test_a_thousand_classes_are_scrolled_to(overview):
    overview.show_source(source_view(5000, tuple(f"class {number}" for number in range(1000))))
    assert overview.classes.height() == 1000 * ROW_HEIGHT
    assert overview.class_area.height() == MOST_ROWS * ROW_HEIGHT
    overview.class_area.verticalScrollBar().setValue(500 * ROW_HEIGHT)
    assert not overview.grab().isNull()


def test_before_a_survey_sizes_and_colours_are_not_known(overview):
    overview.show_source(source_view())
    assert overview.sizes.text() == UNKNOWN
    assert overview.colour.isVisible()
    assert not overview.colours.isVisible()
    assert not overview.table.isVisible()


def test_pictures_of_one_size_need_no_survey_for_that(overview):
    overview.show_source(source_view(where="digits", own_size_HW=(28, 28)))
    assert overview.sizes.text() == "All are 28 x 28."


def test_of_files_no_more_is_said_of_sizes_than_is_known(overview):
    view = source_view(3, own_size_HW=(28, 32))
    overview.show_source(view)
    assert overview.sizes.text() == "Those looked at so far are 32 x 28. A survey looks at all."
    size_N2 = np.array([[28, 32], [28, 32], [0, 0]], np.int32)
    overview.show_survey(survey_view(view, size_N2=size_N2, done=2, finished=False))
    assert overview.sizes.text() == "All so far are 32 x 28."
    assert not overview.frequent.isVisible()
    size_N2[2] = 28, 32
    overview.show_survey(survey_view(view, size_N2=size_N2))
    assert overview.sizes.text() == "All are 32 x 28."
    size_N2[2] = 10, 10
    overview.show_survey(survey_view(view, size_N2=size_N2))
    assert overview.sizes.text().startswith("Smallest 10 x 10")


def test_a_survey_tells_sizes_and_colours(overview):
    view = source_view(5)
    size_N2 = np.array([[10, 20], [0, 0], [30, 40], [30, 40], [5, 5]], np.int32)
    overview.show_source(view)
    overview.show_survey(survey_view(view, size_N2=size_N2))
    assert overview.sizes.text() == "Smallest 5 x 5, median 20 x 10, largest 40 x 30."
    assert overview.frequent.words(0) == "40 x 30: 2 train"
    figures = {place: label.text() for place, label in overview.figures.items()}
    assert figures[1, 0] == "0.488"
    assert figures[2, 2] == "0.258"


def test_rare_sizes_are_summed_up():
    size_N2 = np.stack([np.arange(1, 101), np.full(100, 7)], 1).astype(np.int32)
    size_N2[50:] = 9
    three, frequent = sizes_of(size_N2)
    assert three == [(1, 7), (9, 9), (50, 7)]
    assert frequent[0] == ("9 x 9", 50)
    assert frequent[-1] == ("others", 46)
    assert sum(count for _, count in frequent) == 100
    assert sizes_of(np.zeros((4, 2), np.int32)) == ([], [])


def test_problems_say_which_and_why(overview):
    view = source_view(problems=(NO_PICTURE,))
    overview.show_source(view)
    assert lines(overview) == [("readme.txt", "readme.txt is no picture.")]
    overview.show_survey(
        survey_view(
            view,
            unreadable={4: "4.jpg ends early."},
            # 0 and 2 train, 6 validates, 8 is left out
            alike=((0, 2), (0, 6), (6, 8)),
        )
    )
    assert lines(overview)[1:] == [
        ("4.jpg", "4.jpg ends early."),
        ("0.jpg", "In train, and the same file as 6.jpg (validation)."),
    ]
    assert overview.alike.text() == "3 groups of pictures with the same content."
    assert overview.table.isVisible()


def test_a_clean_source_is_said_to_be_clean(overview):
    view = source_view()
    overview.show_source(view)
    overview.show_survey(survey_view(view))
    assert overview.alike.text().startswith("Every picture can be read.")
    assert not overview.table.isVisible()


def test_very_many_problems_are_summed_up():
    view = source_view(MOST_LINES + 50)
    unreadable = dict.fromkeys(range(MOST_LINES + 10), "It is empty.")
    found, count = troubles_of(view, survey_view(view, unreadable=unreadable))
    assert count == MOST_LINES + 10
    assert len(found) == MOST_LINES + 1
    assert found[-1].name == "10 more"


def test_a_problem_leads_to_its_picture(overview):
    view = source_view(problems=(NO_PICTURE,))
    overview.show_source(view)
    overview.show_survey(survey_view(view, unreadable={4: "4.jpg ends early."}))
    asked = []
    overview.picture_requested.connect(asked.append)
    for row in (0, 1):
        overview.table.activated.emit(overview.problems.index(row, 0))
    assert asked == [4]


def test_the_survey_can_be_begun_and_cancelled(overview, qtbot):
    overview.show_source(source_view())
    with qtbot.waitSignal(overview.survey_requested):
        qtbot.mouseClick(overview.survey, Qt.MouseButton.LeftButton)
    assert not overview.survey.isVisible()
    overview.show_progress(ProgressView("survey", 20, 60, finished=False))
    assert overview.progress.words.text == "20 of 60 pictures"
    with qtbot.waitSignal(overview.cancelled):
        qtbot.mouseClick(overview.progress.cancel, Qt.MouseButton.LeftButton)
    overview.show_progress(ProgressView("survey", 21, 60, finished=True))
    assert overview.survey.isVisible()
    assert not overview.progress.isVisible()


def test_the_progress_of_another_panel_is_none_of_its_own(overview):
    overview.show_source(source_view())
    overview.show_progress(ProgressView("fetch", 1, 2, finished=False))
    assert overview.survey.isVisible()


def test_another_source_begins_without_a_survey(overview):
    view = source_view()
    overview.show_source(view)
    overview.show_survey(survey_view(view))
    assert overview.survey.text().endswith("again")
    overview.show_source(source_view(source=2))
    assert overview.sizes.text() == UNKNOWN
    assert overview.survey.text() == "Survey all pictures"
