"""Notices lie over the window: they stack, act, leave, and never move its layout."""

import pytest
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from gui.widgets.notices import MOST, ListDialog, Notices


@pytest.fixture
def window(qtbot: QtBot) -> QWidget:
    window = QWidget()
    window.resize(800, 600)
    QVBoxLayout(window).addWidget(QLabel("content"))
    qtbot.addWidget(window)
    window.show()
    return window


@pytest.fixture
def notices(window: QWidget) -> Notices:
    return Notices(window, margin_below=lambda: 30)


def test_a_warning_stands_inside_the_window_above_the_margin(window, notices):
    before = window.findChild(QLabel).geometry()
    notices.warn("The learning rate is 'abc'. " * 6)
    assert window.rect().contains(notices.geometry())
    assert notices.geometry().bottom() < window.height() - 30
    assert window.findChild(QLabel).geometry() == before
    (notice,) = notices.standing()
    assert notice.height() >= notice.layout().totalHeightForWidth(notice.width())


def test_it_follows_the_window_when_that_is_resized(window, notices, qtbot):
    notices.warn("Something is wrong.")
    window.resize(500, 400)
    qtbot.waitUntil(lambda: window.rect().contains(notices.geometry()))


def test_the_button_acts_and_dismisses(notices, qtbot):
    done = []
    notices.warn("The engine stopped.", ("Start over", lambda: done.append(True)))
    (notice,) = notices.standing()
    assert notice.button is not None
    notice.button.click()
    assert done == [True]
    assert notices.standing() == []
    assert notices.isHidden()


def test_the_cross_dismisses_without_acting(notices):
    done = []
    notices.warn("The engine stopped.", ("Start over", lambda: done.append(True)))
    notices.standing()[0].cross.click()
    assert notices.standing() == []
    assert done == []


def test_the_same_sentence_stands_once(notices):
    notices.warn("Training already runs.")
    notices.warn("Training already runs.")
    assert len(notices.standing()) == 1


def test_the_oldest_gives_way(notices):
    for number in range(MOST + 2):
        notices.warn(f"warning {number}")
    assert [notice.sentence for notice in notices.standing()] == [
        f"warning {number}" for number in range(2, MOST + 2)
    ]


def test_good_news_leaves_by_itself_and_bad_news_stays(notices, qtbot, monkeypatch):
    monkeypatch.setattr("gui.widgets.notices.BRIEF_MS", 1)
    notices.warn("stays")
    notices.tell("leaves")
    qtbot.waitUntil(lambda: [notice.sentence for notice in notices.standing()] == ["stays"])


def test_the_list_shows_each_file_with_its_reason(qtbot):
    rows = [("a.png", "It is empty."), ("b.txt", "It is no picture.")]
    dialog = ListDialog("Files", "These are not shown.", ("File", "Why"), rows)
    qtbot.addWidget(dialog)
    items = [dialog.table.topLevelItem(at) for at in range(dialog.table.topLevelItemCount())]
    assert [(item.text(0), item.text(1)) for item in items] == rows
    assert not dialog.isModal()
