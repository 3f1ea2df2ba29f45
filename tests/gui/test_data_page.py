"""The Data page: what a person does is asked for, what comes is shown, in every state."""

from pathlib import Path

import msgspec
import numpy as np
import pytest
from PySide6.QtCore import QByteArray, QMimeData, QPoint, Qt, QUrl
from PySide6.QtWidgets import QFileDialog, QLabel

from engine.config import DIGITS, Augmentation, DataConfig, SubsetCounts
from engine.data import endings
from engine.messages.questions import (
    ChooseSubsets,
    ClearCache,
    Fetch,
    OpenSource,
    ShowAugmented,
    ShowSteps,
    Survey,
    WriteSubsets,
)
from engine.messages.views import CacheView, CatalogueView, ProgressView, Told
from gui.pages.data.page import DRAWS, READING, DataPage
from gui.settings import Settings
from gui.view_state import ViewState
from tests.gui.made_sources import catalogue, source_view, survey_view, thumbnail
from tests.gui.made_views import augmented_view, steps_view

WHERE = "/pictures/cats and dogs"
OPENING = ProgressView("open", 0, 0, finished=False)
OPENED = ProgressView("open", 0, 0, finished=True)


def make_page(qtbot):
    page = DataPage(ViewState())
    qtbot.addWidget(page)
    page.resize(1224, 680)
    page.questions, page.configs = [], []
    page.asked.connect(page.questions.append)
    page.chosen.connect(page.configs.append)
    return page


@pytest.fixture
def empty(qtbot):
    page = make_page(qtbot)
    page.show()
    return page


@pytest.fixture
def page(empty):
    show(empty, source_view())
    return empty


def show(page, *views):
    for view in views:
        page.show_view(view)


def click(qtbot, button):
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)


def last(page, kind):
    return [question for question in page.questions if isinstance(question, kind)][-1]


def test_at_first_it_invites(empty, qtbot, monkeypatch, tmp_path):
    assert empty.welcome.isVisible()
    assert not empty.footer.train.isEnabled()
    assert not empty.preparation.isEnabled()
    assert empty.config is None
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(tmp_path))
    click(qtbot, empty.welcome.open_folder)
    assert empty.questions == [OpenSource(str(tmp_path))]
    assert empty.last_folder == str(tmp_path)


def test_a_file_is_asked_for_and_not_if_none_is_named(page, qtbot, monkeypatch):
    names, asked = iter(["", "/pictures/dogs.zip"]), []
    monkeypatch.setattr(
        QFileDialog, "getOpenFileName", lambda *how: asked.append(how[-1]) or (next(names), "")
    )
    click(qtbot, page.sources.open_file)
    assert page.questions == []
    click(qtbot, page.sources.open_file)
    assert page.questions == [OpenSource("/pictures/dogs.zip")]
    assert page.last_folder == "/pictures"
    assert all(f"*{ending}" in asked[0] for ending in endings.SOURCES)


def test_while_a_source_is_opened_it_says_how_far_and_can_be_cancelled(page, qtbot):
    page.open_source("/pictures/many")
    assert page.questions == [OpenSource("/pictures/many")]
    assert page.welcome.isVisible()
    assert not page.footer.train.isEnabled()
    show(page, ProgressView("open", 500, 2000, finished=False))
    assert page.welcome.progress.words.text == "500 of 2,000 pictures"
    with qtbot.waitSignal(page.cancelled):
        click(qtbot, page.welcome.progress.cancel)
    show(page, OPENED)
    assert page.browser.isVisible()
    assert page.footer.train.isEnabled()


def test_when_nothing_could_be_opened_it_invites_again(empty):
    empty.open_source("/nowhere")
    empty.show_told(Told("There is nothing.", wrong=True), OpenSource)
    show(empty, OPENED)
    assert empty.welcome.open_folder.isVisible()
    assert not empty.footer.train.isEnabled()


def test_another_source_is_shown_when_it_is_there(page):
    page.open_source("/pictures/others")
    show(page, OPENING, OPENED, source_view(20, source=2, where="/pictures/others"))
    assert page.browser.isVisible()
    assert page.browser.model.rowCount() == 20
    assert page.config.source == "/pictures/others"


def test_views_of_an_older_source_are_left(page):
    show(page, source_view(20, source=2))
    show(page, source_view(60, source=1), survey_view(source_view(), unreadable={3: "Old."}))
    show(page, thumbnail(3), steps_view(source=1))
    assert page.browser.model.rowCount() == 20
    assert page.browser.model.tile(3).pixmap is None
    assert page.overview.problems.rowCount() == 0


def test_the_chosen_picture_is_looked_at_in_the_tab_that_is_seen(page, qtbot):
    assert page.questions == []  # the overview needs no picture
    page.tabs.setCurrentWidget(page.steps)
    assert page.questions == [ShowSteps(0, page.config)]
    page.browser.show_picture(7)
    assert page.questions[1:] == [ShowSteps(7, page.config)]
    page.tabs.setCurrentWidget(page.augmentation)
    assert page.questions[2:] == [ShowAugmented(7, page.config, DRAWS, 0)]
    page.tabs.setCurrentWidget(page.steps)
    page.tabs.setCurrentWidget(page.augmentation)
    assert len(page.questions) == 3
    show(page, steps_view(index=7), augmented_view())
    assert not page.grab().isNull()


def test_hidden_it_asks_for_nothing_until_it_is_shown(qtbot):
    page = make_page(qtbot)
    page.tabs.setCurrentWidget(page.steps)
    show(page, source_view())
    assert page.questions == []
    page.show()
    assert page.questions == [ShowSteps(0, page.config)]


def test_a_change_of_the_preparation_is_seen_at_once(page):
    page.tabs.setCurrentWidget(page.steps)
    page.preparation.normalisation.setCurrentIndex(2)
    assert page.questions[-1].data.normalisation == "imagenet"
    assert len(page.questions) == 2


def test_a_change_of_the_augmentation_is_seen_at_once(page, qtbot):
    page.tabs.setCurrentWidget(page.augmentation)
    page.augmentation.flips["flip_horizontal"].click()
    assert page.questions[-1].data.augmentation == Augmentation(flip_horizontal=True)
    click(qtbot, page.augmentation.again)
    assert page.questions[-1].seed == page.questions[-2].seed + 1
    assert page.config.augmentation.flip_horizontal


def test_other_counts_divide_anew_and_what_is_seen_is_asked_anew(page, qtbot):
    page.tabs.setCurrentWidget(page.steps)
    page.preparation.subsets.numbers["train"].setValue(10)
    assert last(page, ChooseSubsets) == ChooseSubsets(SubsetCounts(10, 500, 500), 0)
    click(qtbot, page.preparation.subsets.shuffle)
    assert last(page, ChooseSubsets).seed == 1
    before = len(page.questions)
    show(page, source_view(subset_N=np.zeros(60, np.int8)))
    assert [type(question) for question in page.questions[before:]] == [ShowSteps]
    assert page.overview.legend.accessibleDescription().startswith("train 60")


def test_a_new_source_begins_with_what_is_usual_for_it(page):
    page.preparation.fit.setCurrentIndex(1)
    show(page, source_view(source=2, where="digits", own_size_HW=(28, 28)))
    assert page.config == DIGITS
    show(page, source_view(source=3, where="/pictures/others"))
    assert page.config == DataConfig(source="/pictures/others", size=150)


def test_what_a_survey_could_not_read_goes_along_to_the_training(page):
    view = msgspec.structs.replace(source_view(), unreadable=("dogs/4.png",))
    show(page, view)
    assert page.config.unreadable == ("dogs/4.png",)


def test_the_same_source_opened_again_stays_prepared(page):
    page.preparation.fit.setCurrentIndex(1)
    prepared = page.config
    show(page, source_view(source=2))
    assert page.config == prepared
    assert prepared.fit == "crop"


def test_what_was_remembered_is_taken_for_its_source(empty):
    remembered = DataConfig(
        WHERE, SubsetCounts(7, 2, 0), seed=5, size=64, colour="grey", fit="crop"
    )
    empty.recall(remembered)
    show(empty, source_view())
    assert empty.config == remembered
    assert empty.questions == [ChooseSubsets(SubsetCounts(7, 2, 0), 5)]


def test_training_begins_with_what_is_prepared(page, qtbot):
    page.augmentation.flips["flip_horizontal"].click()
    click(qtbot, page.footer.train)
    assert page.configs == [page.config]
    assert page.config == msgspec.structs.replace(
        DataConfig(WHERE, size=150), augmentation=Augmentation(flip_horizontal=True)
    )


def test_subsets_are_written_where_a_person_says(page, monkeypatch):
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: ("/tmp/pets", ""))
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: "/tmp/pets")
    manifest, folders = page.footer.write.menu().actions()
    manifest.trigger()
    folders.trigger()
    assert page.questions == [
        WriteSubsets("/tmp/pets.json", "manifest"),
        WriteSubsets("/tmp/pets", "folders"),
    ]
    show(page, ProgressView("write", 10, 60, finished=False))
    assert page.footer.progress.isVisible()


def test_a_survey_and_a_download_are_asked_for_and_shown(page, qtbot):
    click(qtbot, page.overview.survey)
    show(page, CatalogueView(catalogue()), ProgressView("survey", 10, 60, finished=False))
    show(page, survey_view(source_view(), unreadable={4: "4.jpg ends early."}))
    page.sources.fetch_requested.emit("stl10")
    assert page.questions == [Survey(), Fetch("stl10")]
    page.overview.picture_requested.emit(4)
    assert page.browser.caption.text.endswith("4.jpg ends early.")


def test_a_survey_that_could_not_begin_can_be_asked_for_again(page, qtbot):
    click(qtbot, page.overview.survey)
    assert not page.overview.survey.isVisible()
    show(page, ProgressView("survey", 0, 0, finished=True))
    assert page.overview.survey.isVisible()


def test_the_decoded_pictures_on_the_disk_can_be_cleared(page, qtbot):
    show(page, CacheView(str(Path.home() / ".cache/convscope"), 1_234_000_000, 8_000_000_000))
    assert page.footer.kept.text == f"Decoded: 1.2 GB in {Path('~/.cache/convscope')}"
    click(qtbot, page.footer.clear)
    assert page.questions == [ClearCache()]
    show(page, CacheView("/cache", 0, 8_000_000_000))
    assert not page.footer.clear.isEnabled()


def dragged(*paths: str) -> QMimeData:
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(path) for path in paths])
    mime.setText("\n".join(paths))
    return mime


def test_the_first_of_what_is_dropped_is_opened(page, tmp_path):
    mime = dragged(str(tmp_path), "/elsewhere")
    assert "Drop a folder" in page.drop_words(mime)
    page.take_drop(mime)
    assert page.questions == [OpenSource(str(tmp_path))]


def test_text_is_no_source(page):
    mime = QMimeData()
    mime.setText("not a file")
    assert page.drop_words(mime) == ""


def test_no_field_takes_a_drop_for_itself(page):
    fields = [page.browser.classes.lineEdit(), page.preparation.size_field.lineEdit()]
    assert not any(field.acceptDrops() for field in fields)


def test_its_layout_is_remembered(qtbot, page, tmp_path):
    page.browser.side.setValue(128)
    page.tabs.setCurrentWidget(page.steps)
    page._columns.setSizes([400, 400, 424])
    other = make_page(qtbot)
    settings = Settings(tmp_path)
    page.remember(settings)
    other.restore(settings)
    other.show()
    assert other._columns.sizes() == page._columns.sizes()
    assert other.browser.side.value() == 128
    assert other.tabs.currentWidget() is other.steps


@pytest.mark.parametrize("state", [b"", b"nonsense", b"\0\0\0\1", b"\0\0\0\1\0\0\0\4abcd"])
def test_a_damaged_layout_changes_nothing(page, state, tmp_path):
    before = page._columns.sizes(), page.browser.side.value()
    settings = Settings(tmp_path)
    settings.put("data layout", QByteArray(state))
    page.restore(settings)
    assert (page._columns.sizes(), page.browser.side.value()) == before


@pytest.mark.parametrize("size", [(944, 540), (1224, 680), (2400, 1300)])
def test_it_fits_windows_of_any_usual_size(page, size):
    page.resize(*size)
    assert (page.width(), page.height()) == size
    for part in (page.sources.use, page.footer.train, page.browser.grid, page.tabs):
        place = part.mapTo(page, QPoint(0, 0))
        assert page.rect().contains(place)


def test_a_look_that_takes_long_says_so(qtbot, page):
    page.tabs.setCurrentWidget(page.steps)
    assert READING in [label.text() for label in page.steps.findChildren(QLabel)]
    qtbot.waitUntil(lambda: page.tabs.tabText(1) == "Steps …")
    show(page, steps_view())
    assert page.tabs.tabText(1) == "Steps"


def test_a_picture_that_can_t_be_looked_at_says_why_in_its_place(page):
    page.tabs.setCurrentWidget(page.steps)
    show(page, steps_view())
    page.browser.show_picture(7)
    page.show_told(Told("Nothing to do with it.", wrong=True), WriteSubsets)
    words = [label.text() for label in page.steps.findChildren(QLabel)]
    assert "Nothing to do with it." not in words
    page.show_told(Told("7.jpg is damaged.", wrong=True), ShowSteps)
    assert "7.jpg is damaged." in [label.text() for label in page.steps.findChildren(QLabel)]
    page.show_told(Told("Nobody waits for it any more.", wrong=True), ShowSteps)
    assert "7.jpg is damaged." in [label.text() for label in page.steps.findChildren(QLabel)]
