"""The controller of the Data page, with a desk that only notes what it is asked."""

import inspect

import pytest
from PySide6.QtCore import QObject
from PySide6.QtWidgets import QLabel, QWidget

from engine.asking.service import Service
from engine.config import DataConfig
from engine.messages.questions import ClearCache, OpenSource, Question, ShowSteps, ShowThumbnails
from engine.messages.views import CatalogueView, ProgressView, Told, View
from gui.pages.data.controller import MOST_RECENT, DataController
from gui.pages.data.page import DataPage
from gui.settings import Settings
from gui.view_state import ViewState
from gui.widgets.notices import Notices
from tests.gui.made_sources import catalogue, source_view
from tests.gui.made_views import steps_view


class FakeDesk:
    def __init__(self) -> None:
        self.views: list[View] = []
        self.new_told: list[Told] = []
        self.questions: list[Question] = []
        self.wanted: list[ShowThumbnails] = []
        self.cancelled: list[int | None] = []
        self.opens = self.closings = 0
        self.closes_after = 1

    def open(self) -> None:
        self.opens += 1

    def close(self, timeout: float = 20.0) -> bool:
        self.closings += 1
        return self.closings >= self.closes_after

    def ask(self, question: Question) -> int:
        if isinstance(question, ShowThumbnails):
            self.wanted.append(question)
        else:
            self.questions.append(question)
        return len(self.wanted) + len(self.questions)

    def cancel(self, number: int | None = None) -> None:
        self.cancelled.append(number)

    def take(self) -> list[View]:
        taken, self.views = self.views, []
        return taken

    def told(self) -> list[Told]:
        told, self.new_told = self.new_told, []
        return told


class House:
    """A window with a page, its controller, its desk and its settings."""

    def __init__(self, qtbot, folder) -> None:
        self.window = QWidget()
        self.window.resize(1224, 680)
        qtbot.addWidget(self.window)
        self.page = DataPage(ViewState())
        self.page.setParent(self.window)
        self.page.resize(1224, 680)
        self.notices = Notices(self.window)
        self.settings = Settings(folder)
        self.desk = FakeDesk()
        self.controller = DataController(
            self.desk, self.page, self.notices, self.settings, self.window
        )
        self.window.show()

    def show(self, view) -> None:
        self.desk.views.append(view)
        self.controller.tick()

    def recent(self) -> list[str]:
        model = self.page.sources.model
        entries = [model.entry(model.index(row)) for row in range(model.rowCount())]
        return [entry.where for entry in entries if entry.is_recent]


@pytest.fixture
def house(qtbot, tmp_path):
    return House(qtbot, tmp_path / "settings")


def test_the_fake_desk_is_like_the_service():
    for name, method in vars(FakeDesk).items():
        if not name.startswith("_"):
            own, theirs = (inspect.signature(each) for each in (method, getattr(Service, name)))
            assert list(own.parameters) == list(theirs.parameters)


def test_the_desk_is_started_once_and_only_when_the_page_is_shown(house):
    house.controller.tick()
    assert house.desk.opens == 0
    house.controller.open()
    house.controller.open()
    assert house.desk.opens == 1
    assert house.desk.questions == [OpenSource("digits")]


def test_a_source_brought_from_elsewhere_is_opened_instead(house):
    house.controller.open_source("/pictures/cats")
    house.controller.open()
    assert house.desk.opens == 1
    assert house.desk.questions == [OpenSource("/pictures/cats")]


def test_views_reach_the_page_and_its_wishes_the_desk(house):
    house.controller.open()
    house.show(source_view())
    assert house.page.browser.model.rowCount() == 60
    assert house.desk.wanted[-1].source == 1
    house.page.footer.clear_requested.emit()
    assert house.desk.questions[-1] == ClearCache()
    house.page.overview.cancelled.emit(0)
    house.desk.views = [ProgressView("survey", 3, 60, finished=False, question=7)]
    house.controller.tick()
    house.page.overview.progress.cancel.click()
    assert house.desk.cancelled == [None, 7]


def test_what_came_with_its_source_is_shown_whatever_came_first(house):
    house.controller.open()
    house.show(source_view(source=1))
    house.page.tabs.setCurrentWidget(house.page.steps)
    house.desk.views = [steps_view(source=2), source_view(source=2, where="/pictures/b")]
    house.controller.tick()
    assert house.page.steps.values.isVisibleTo(house.page.steps)


def test_what_is_told_is_said_once(house):
    house.controller.open()
    house.desk.new_told = [Told("All is written."), Told("There is no such folder.", wrong=True)]
    house.controller.tick()
    for notice in house.notices.standing():
        notice.dismiss()
    house.controller.tick()
    assert house.notices.standing() == []
    house.desk.new_told.append(Told("More."))
    house.controller.tick()
    assert [notice.sentence for notice in house.notices.standing()] == ["More."]


def test_what_can_not_be_looked_at_is_said_in_its_place_by_its_number(house):
    house.controller.open()
    house.show(source_view())
    house.page.tabs.setCurrentWidget(house.page.steps)
    assert isinstance(house.desk.questions[-1], ShowSteps)
    number = len(house.desk.questions) + len(house.desk.wanted)

    def words() -> list[str]:
        return [label.text() for label in house.page.steps.findChildren(QLabel)]

    house.desk.new_told = [Told("It is full.", wrong=True, question=number - 1)]
    house.controller.tick()
    assert "It is full." not in words()
    house.desk.new_told = [Told("0.jpg is damaged.", wrong=True, question=number)]
    house.controller.tick()
    assert "0.jpg is damaged." in words()


def test_sources_with_a_path_are_remembered_newest_first(house, tmp_path):
    house.controller.open()
    for number in range(MOST_RECENT + 2):
        house.show(source_view(source=number, where=f"/pictures/{number}"))
    house.show(source_view(source=20, where="/pictures/8"))
    house.show(source_view(source=21, where="digits"))
    assert house.recent()[:3] == ["/pictures/8", "/pictures/11", "/pictures/10"]
    assert len(house.recent()) == MOST_RECENT


def test_a_source_divided_anew_is_opened_no_second_time(house):
    house.controller.open()
    house.show(source_view(where="/pictures/a"))
    house.page.sources.forget_requested.emit("/pictures/a")
    house.show(source_view(where="/pictures/a"))
    assert house.recent() == []


def test_what_has_gone_is_greyed_when_the_page_is_shown_again(house, tmp_path):
    place = tmp_path / "pets, 'cats' and \u732b.zip"
    place.touch()
    house.controller.open()
    house.show(source_view(where=str(place)))
    model = house.page.sources.model
    assert not model.entry(model.index(3)).is_gone
    place.unlink()
    house.controller.open()
    assert model.entry(model.index(3)).is_gone


def test_the_next_start_goes_on_where_this_one_ended(house, qtbot, tmp_path):
    where = "/pictures/pets, 'cats' and \u732b.zip"
    house.controller.open()
    house.show(source_view(where=where))
    house.page.preparation.fit.setCurrentIndex(1)
    house.page.preparation.seed = 7
    house.page.last_folder = "/pictures"
    prepared = house.page.config
    assert house.controller.close()
    again = House(qtbot, tmp_path / "settings")
    again.controller.open()
    assert again.desk.questions == [OpenSource(where)]
    assert again.recent() == [where]
    assert again.page.last_folder == "/pictures"
    again.show(source_view(where=where))
    assert again.page.config == prepared
    assert prepared.seed == 7


def test_damaged_settings_are_as_none(house, qtbot, tmp_path):
    house.settings.put("recent sources", '["a", 3]')
    house.settings.put("data config", '{"size": -4}')
    house.settings.write()
    again = House(qtbot, tmp_path / "settings")
    again.controller.open()
    assert again.desk.questions == [OpenSource("digits")]
    assert again.recent() == []


def test_what_is_chosen_is_handed_on(house):
    house.controller.open()
    house.show(source_view(where="/pictures/a"))
    chosen = []
    house.controller.chosen.connect(chosen.append)
    house.page.footer.train.click()
    assert chosen == [DataConfig("/pictures/a", size=150)]


def test_closing_ends_the_desk_and_asks_again_while_it_runs(house):
    house.controller.open()
    house.desk.closes_after = 3
    assert [house.controller.close() for _ in range(3)] == [False, False, True]


def test_closing_waits_for_no_desk_that_was_never_started(house):
    assert house.controller.close()
    assert house.desk.closings == 0
    house.controller.open()
    assert house.desk.opens == 0


def test_the_catalogue_comes_by_the_tick(house):
    house.controller.open()
    house.desk.views.append(CatalogueView(catalogue()))
    house.controller.tick()
    model = house.page.sources.model
    assert "STL-10" in [model.index(row).data() for row in range(model.rowCount())]


def test_it_belongs_to_the_window(house):
    assert isinstance(house.controller, QObject)
    assert house.controller.parent() is house.window
