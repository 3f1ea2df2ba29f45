"""The browser: sieves, keys, what it asks thumbnails for, and how it looks."""

from itertools import pairwise

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, QRect, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QApplication

from engine.messages.views import Thumbnail
from gui.pages.data.picture_browser import SIDE, PictureBrowser
from gui.pages.data.picture_tile import wrapped
from tests.gui.made_sources import source_view, survey_view, thumbnail

COUNT = 100_000


@pytest.fixture
def browser(qtbot):
    browser = PictureBrowser()
    qtbot.addWidget(browser)
    browser.resize(520, 640)
    browser.show()
    browser.wanted, browser.chosen = [], []
    browser.thumbnails_wanted.connect(lambda *wanted: browser.wanted.append(wanted))
    browser.picture_chosen.connect(browser.chosen.append)
    return browser


@pytest.fixture
def large(browser):
    browser.show_source(source_view(COUNT, tuple(f"class {n}" for n in range(1000))))
    return browser


def key(qtbot, browser, *keys):
    for each in keys:
        qtbot.keyClick(browser.grid, each)
    return browser.chosen[-1]


def test_it_says_what_is_shown(browser):
    browser.show_source(source_view())
    assert browser.count.text() == "60 pictures · 2 classes"
    browser.subsets.setCurrentIndex(browser.subsets.findText("Validation"))
    assert browser.count.text() == "12 of 60 pictures"
    browser.classes.setCurrentIndex(1)
    assert browser.count.text() == "6 of 60 pictures"
    assert browser.model.picture_N.tolist() == [6, 16, 26, 36, 46, 56]


def test_one_is_no_plural(browser):
    browser.show_source(source_view(1, ("cat",)))
    assert browser.count.text() == "1 picture · 1 class"


def test_the_first_picture_is_chosen_at_first(browser):
    browser.show_source(source_view())
    assert browser.chosen == [0]
    assert browser.picture == 0
    assert browser.caption.text == "0.jpg · cat · train"


def test_a_sieve_that_leaves_nothing_offers_all(browser, qtbot):
    browser.show_source(source_view())
    browser.problems.setChecked(True)
    assert browser.show_all.isVisible()
    qtbot.mouseClick(browser.show_all, Qt.MouseButton.LeftButton)
    assert browser.model.rowCount() == 60
    assert not browser.problems.isChecked()
    assert browser.grid.isVisible()


def test_problems_are_found_by_the_survey(browser):
    view = source_view()
    browser.show_source(view)
    browser.show_survey(survey_view(view, unreadable={4: "4.jpg ends early."}))
    browser.problems.setChecked(True)
    assert browser.model.picture_N.tolist() == [4]


def test_a_part_of_a_name_finds_one_of_a_thousand_classes(large, qtbot):
    finder = large.classes.completer()
    finder.setCompletionPrefix("ASS 99")
    assert finder.completionCount() == 11
    large.classes.lineEdit().setText("class 417")
    qtbot.keyClick(large.classes, Qt.Key.Key_Return)
    assert large.count.text() == "100 of 100,000 pictures"
    assert set(large.model.picture_N % 1000) == {417}


def test_what_is_no_class_changes_nothing(browser, qtbot):
    browser.show_source(source_view())
    browser.classes.setCurrentIndex(2)
    browser.classes.lineEdit().setText("horse")
    qtbot.keyClick(browser.classes, Qt.Key.Key_Return)
    assert browser.classes.currentText() == "dog"
    assert browser.count.text() == "30 of 60 pictures"


def test_only_what_is_seen_and_a_screen_further_is_asked_for(large):
    source, pictures, side = large.wanted[-1]
    seen = len(large.grid.visible_rows())
    assert (source, side) == (1, SIDE)
    assert pictures[:seen] == tuple(range(seen))
    assert seen < len(pictures) <= 3 * seen < 200


def test_scrolling_asks_for_what_is_seen_then_and_not_at_every_pixel(large, qtbot):
    before = len(large.wanted)
    bar = large.grid.verticalScrollBar()
    for _ in range(100):
        bar.setValue(bar.value() + bar.maximum() // 150)
    assert len(large.wanted) <= before + 1
    qtbot.waitUntil(lambda: large.wanted[-1][1][0] == large.grid.visible_rows().start)
    assert large.grid.visible_rows().start > COUNT // 2


def test_what_is_there_is_not_asked_for_again(browser, qtbot):
    browser.show_source(source_view(6))
    for picture in browser.wanted[-1][1]:
        browser.show_thumbnail(thumbnail(picture))
    browser.subsets.setCurrentIndex(1)
    qtbot.waitUntil(lambda: browser.wanted[-1][1] == ())
    assert len(browser.wanted) == 2


def test_hidden_it_asks_for_nothing(qtbot):
    browser = PictureBrowser()
    qtbot.addWidget(browser)
    wanted = []
    browser.thumbnails_wanted.connect(lambda *each: wanted.append(each))
    browser.show_source(source_view())
    assert wanted == []
    browser.show()
    qtbot.waitUntil(lambda: bool(wanted))


def test_keys_move_from_picture_to_picture(browser, qtbot):
    browser.show_source(source_view())
    columns = browser.grid.columns
    assert columns == 4
    assert key(qtbot, browser, Qt.Key.Key_Right) == 1
    assert key(qtbot, browser, Qt.Key.Key_Down) == 1 + columns
    assert key(qtbot, browser, Qt.Key.Key_Up, Qt.Key.Key_Left) == 0
    assert key(qtbot, browser, Qt.Key.Key_End) == 59
    assert browser.grid.viewport().rect().contains(tile_of(browser, 59))
    assert key(qtbot, browser, Qt.Key.Key_Right) == 59
    assert key(qtbot, browser, Qt.Key.Key_Home) == 0
    down = key(qtbot, browser, Qt.Key.Key_PageDown)
    assert down > columns
    assert down % columns == 0
    assert key(qtbot, browser, Qt.Key.Key_PageUp) == 0


def tile_of(browser, picture) -> QRect:
    return browser.grid.visualRect(browser.model.index_of(picture))


def test_a_click_chooses(browser, qtbot):
    browser.show_source(source_view())
    where = tile_of(browser, 5).center()
    qtbot.mouseClick(browser.grid.viewport(), Qt.MouseButton.LeftButton, pos=where)
    assert browser.chosen[-1] == 5


def test_every_tile_is_found_where_it_is(browser):
    browser.show_source(source_view())
    for row in browser.grid.visible_rows():
        index = browser.model.index(row)
        assert browser.grid.indexAt(browser.grid.visualRect(index).center()) == index
    assert not browser.grid.indexAt(QPoint(-5, 3)).isValid()


def test_the_chosen_picture_stays_chosen_where_the_sieve_lets_it(browser):
    browser.show_source(source_view())
    browser.show_picture(40)
    browser.classes.setCurrentIndex(1)
    assert browser.grid.currentIndex() == browser.model.index_of(40)
    browser.classes.setCurrentIndex(2)
    browser.classes.setCurrentIndex(0)
    assert browser.grid.currentIndex() == browser.model.index_of(40)
    assert browser.chosen == [0, 40]


def test_a_picture_that_is_sifted_out_can_be_shown(large):
    large.classes.setCurrentIndex(3)
    large.show_picture(99_999)
    assert large.chosen[-1] == 99_999
    assert large.classes.currentIndex() == 0
    assert large.grid.viewport().rect().contains(tile_of(large, 99_999))


def test_in_another_width_what_was_seen_is_still_seen(large):
    large.show_picture(54_321)
    before = large.grid.columns
    large.resize(900, 640)
    assert large.grid.columns > before
    assert large.grid.viewport().rect().intersects(tile_of(large, 54_321))


def test_the_wheel_with_ctrl_makes_thumbnails_larger(browser, qtbot):
    browser.show_source(source_view())
    before = browser.grid.tile
    where = QPointF(50, 50)
    event = QWheelEvent(
        where,
        where,
        QPoint(),
        QPoint(0, 120),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.ControlModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(browser.grid.viewport(), event)
    assert browser.side.value() == SIDE + 16
    assert browser.grid.tile.width() == before.width() + 16
    qtbot.waitUntil(lambda: browser.wanted[-1][2] == SIDE + 16)


def test_a_source_divided_anew_keeps_the_place(large):
    large.show_picture(54_321)
    view = source_view(COUNT, tuple(f"class {n}" for n in range(1000)))
    large.show_source(source_view(COUNT, view.classes, subset_N=np.zeros(COUNT, np.int8)))
    assert large.picture == 54_321
    assert large.caption.text == "54321.jpg · class 321 · train"
    assert large.grid.viewport().rect().intersects(tile_of(large, 54_321))


def test_thumbnails_problems_and_the_choice_change_what_is_painted(browser):
    browser.show_source(source_view())
    seen = [browser.grid.viewport().grab().toImage()]
    browser.show_thumbnail(thumbnail(1))
    seen.append(browser.grid.viewport().grab().toImage())
    browser.show_thumbnail(Thumbnail(1, 2, 96, None, "2.jpg ends early: half of it is missing."))
    seen.append(browser.grid.viewport().grab().toImage())
    browser.show_picture(3)
    seen.append(browser.grid.viewport().grab().toImage())
    for before, after in pairwise(seen):
        assert before != after


@pytest.mark.parametrize("shape", [(28, 28, 3), (1, 96, 3), (96, 3, 3), (1, 1, 3), (300, 300, 3)])
def test_a_thumbnail_of_any_shape_is_painted_in_its_place(browser, shape):
    browser.show_source(source_view(1))
    browser.show_thumbnail(Thumbnail(1, 0, 96, np.full(shape, 200, np.uint8)))
    assert not browser.grid.viewport().grab().isNull()


def test_a_reason_is_cut_at_whole_words(browser):
    metrics = browser.fontMetrics()
    lines = wrapped("The file ends early, so most of it is missing.", metrics, QRect(0, 0, 90, 44))
    assert 1 < len(lines) <= 44 // metrics.height()
    assert lines[-1].endswith("…")
    assert all(metrics.horizontalAdvance(line) <= 90 for line in lines)
