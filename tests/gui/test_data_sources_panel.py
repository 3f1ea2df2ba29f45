"""The list of sources: what is said of each, opening, forgetting, downloading."""

import pytest
from PySide6.QtCore import Qt

from engine.messages.views import ProgressView
from gui.pages.data.source_list import ENTRY, GONE
from gui.pages.data.sources import HINT, DataSources
from tests.gui.made_sources import catalogue

ZIP = "/pictures/dogs_vs_cats.zip"


@pytest.fixture
def sources(qtbot):
    sources = DataSources()
    qtbot.addWidget(sources)
    sources.resize(320, 500)
    sources.show_recent((ZIP, "/old/flowers"), frozenset(["/old/flowers"]))
    sources.show_catalogue(catalogue())
    sources.show()
    sources.asked = []
    for signal in (sources.open_requested, sources.fetch_requested, sources.forget_requested):
        signal.connect(sources.asked.append)
    return sources


def entries(sources):
    return [
        sources.model.entry(sources.model.index(row)) for row in range(sources.model.rowCount())
    ]


def choose(sources, title):
    row = [entry.title for entry in entries(sources)].index(title)
    sources.list.setCurrentIndex(sources.model.index(row))
    return sources.model.index(row)


def click(qtbot, button):
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)


def test_the_list_is_in_groups(sources):
    assert [entry.title for entry in entries(sources)] == [
        "Built in",
        "Handwritten digits",
        "Recent",
        "dogs_vs_cats.zip",
        "flowers",
        "To download",
        "Fashion-MNIST",
        "STL-10",
    ]
    assert [entry.title for entry in entries(sources) if not entry.where] == [
        "Built in",
        "Recent",
        "To download",
    ]
    assert not sources.grab().isNull()


def test_what_has_gone_says_so_and_can_only_be_removed(sources, qtbot):
    item = choose(sources, "flowers")
    assert item.data(ENTRY).facts == GONE
    assert not sources.use.isEnabled()
    sources.list.activated.emit(item)
    click(qtbot, sources.forget)
    assert sources.asked == ["/old/flowers"]


def test_a_source_is_opened_by_its_button_and_by_a_double_click(sources, qtbot):
    assert sources.details.text() == HINT
    choose(sources, "Handwritten digits")
    assert sources.use.text() == "Open"
    click(qtbot, sources.use)
    sources.list.activated.emit(choose(sources, "dogs_vs_cats.zip"))
    assert sources.asked == ["digits", ZIP]


@pytest.mark.parametrize("key", [Qt.Key.Key_Delete, Qt.Key.Key_Backspace])
def test_delete_forgets_only_what_was_opened_once(sources, qtbot, key):
    sources.list.setFocus()
    for title in ("Handwritten digits", "STL-10", "dogs_vs_cats.zip"):
        choose(sources, title)
        qtbot.keyClick(sources.list, key)
    assert sources.asked == [ZIP]


def test_size_and_licence_are_read_before_a_download(sources, qtbot):
    choose(sources, "Fashion-MNIST")
    words = sources.details.text()
    for part in ("70,000 pictures", "28 x 28", "30 MB", "Licence: MIT"):
        assert part in words
    assert 'href="page"' in sources.home_page.text()
    assert sources.use.text() == "Download 30 MB"
    choose(sources, "STL-10")
    assert sources.use.text() == "Download 2.6 GB"
    with qtbot.waitSignal(sources.fetch_requested) as asked:
        click(qtbot, sources.use)
    assert asked.args == ["stl10"]


def test_a_download_shows_how_far_it_is_and_can_be_cancelled(sources, qtbot):
    choose(sources, "STL-10")
    click(qtbot, sources.use)
    assert sources.progress.isVisible()
    sources.show_progress(ProgressView("fetch", 660_000_000, 2_640_000_000, False, "bytes"))
    assert sources.progress.words.text == "660 MB of 2.6 GB"
    assert sources.progress.bar.value() == 250
    assert not sources.use.isEnabled()
    with qtbot.waitSignal(sources.cancelled):
        click(qtbot, sources.progress.cancel)
    sources.show_progress(ProgressView("fetch", 660_000_000, 2_640_000_000, True, "bytes"))
    assert not sources.progress.isVisible()
    assert sources.use.isEnabled()


def test_one_download_at_a_time_but_others_can_be_opened(sources, qtbot):
    choose(sources, "STL-10")
    click(qtbot, sources.use)
    choose(sources, "Fashion-MNIST")
    assert not sources.use.isEnabled()
    choose(sources, "Handwritten digits")
    assert sources.use.isEnabled()


def test_a_download_that_fails_can_be_begun_again(sources, qtbot):
    choose(sources, "STL-10")
    click(qtbot, sources.use)
    sources.show_progress(ProgressView("fetch", 0, 0, True, "bytes"))
    assert not sources.progress.isVisible()
    assert sources.use.isEnabled()


def test_what_is_here_is_opened_and_stays_chosen(sources, qtbot):
    choose(sources, "Fashion-MNIST")
    sources.show_catalogue(catalogue(is_here=True))
    assert "Downloaded" in [entry.title for entry in entries(sources)]
    assert sources.use.text() == "Open"
    with qtbot.waitSignal(sources.open_requested) as asked:
        click(qtbot, sources.use)
    assert asked.args == ["fashion-mnist"]


def test_what_is_open_is_marked_and_not_opened_again(sources):
    choose(sources, "dogs_vs_cats.zip")
    before = sources.list.viewport().grab().toImage()
    sources.mark_open(ZIP)
    assert not sources.use.isEnabled()
    assert sources.list.viewport().grab().toImage() != before


def test_the_card_takes_the_same_room_whatever_is_chosen(sources):
    places = set()
    for title in ("Handwritten digits", "flowers", "STL-10"):
        choose(sources, title)
        sources.layout().activate()
        places.add(sources.list.geometry().getCoords())
    assert len(places) == 1


def test_files_and_folders_are_asked_for(sources, qtbot):
    with qtbot.waitSignal(sources.folder_requested):
        click(qtbot, sources.open_folder)
    with qtbot.waitSignal(sources.file_requested):
        click(qtbot, sources.open_file)
