"""The list of pictures: sieves without a loop over all rows, and thumbnails that are bounded."""

import numpy as np
import pytest

from engine.data.source import NO_SUBSET
from engine.messages.views import Thumbnail
from gui.pages.data import picture_list
from gui.pages.data.picture_list import TILE, PictureList, Sieve
from tests.gui.made_sources import source_view, survey_view, thumbnail


@pytest.fixture
def pictures(qtbot) -> PictureList:
    pictures = PictureList()
    pictures.ask_for(96)
    pictures.show_source(source_view())
    return pictures


def shown(pictures: PictureList) -> list[int]:
    return pictures.picture_N.tolist()


def test_a_row_says_name_class_and_subset(pictures):
    tile = pictures.data(pictures.index(9), TILE)
    assert (tile.picture, tile.name, tile.label, tile.subset) == (9, "9.jpg", "dog", NO_SUBSET)
    assert tile.pixmap is None
    assert pictures.data(pictures.index(9)) == "9.jpg"
    assert pictures.words(9) == "9.jpg · dog · left out"
    assert pictures.data(pictures.index(60)) is None


@pytest.mark.parametrize("label", [None, 0, 1])
@pytest.mark.parametrize("subset", [None, 0, 1, 2, NO_SUBSET])
def test_a_sieve_lets_through_what_it_says(pictures, label, subset):
    view = source_view()
    pictures.sift(Sieve(label, subset))
    assert shown(pictures) == [
        picture
        for picture in range(60)
        if label in (None, view.labels_N[picture]) and subset in (None, view.subset_N[picture])
    ]
    for row, picture in enumerate(shown(pictures)):
        assert pictures.index_of(picture).row() == row


def test_what_is_left_out_by_the_sieve_has_no_row(pictures):
    pictures.sift(Sieve(label=0))
    assert pictures.index_of(2).row() == 1
    assert not pictures.index_of(1).isValid()
    assert not pictures.index_of(1000).isValid()


def test_problems_come_from_the_survey_and_from_thumbnails(pictures):
    pictures.show_survey(survey_view(source_view(), unreadable={4: "4.jpg ends early."}))
    pictures.put(Thumbnail(1, 7, 96, None, "7.jpg is empty."))
    pictures.sift(Sieve(problems_only=True))
    assert shown(pictures) == [4, 7]
    assert pictures.data(pictures.index(1), TILE).sentence == "7.jpg is empty."
    assert pictures.words(4).endswith("4.jpg ends early.")
    pictures.show_survey(survey_view(source_view(), unreadable={4: "again", 30: "It is text."}))
    assert shown(pictures) == [4, 7, 30]
    assert pictures.tile(4).sentence == "4.jpg ends early."


def test_a_source_divided_anew_keeps_thumbnails_and_sieve(pictures):
    pictures.put(thumbnail(3))
    pictures.sift(Sieve(subset=2))
    assert shown(pictures) == []
    pictures.show_source(source_view(subset_N=np.full(60, 2, np.int8)))
    assert len(shown(pictures)) == 60
    assert pictures.tile(3).pixmap is not None


def test_another_source_keeps_nothing(pictures):
    pictures.put(thumbnail(3))
    pictures.put(Thumbnail(1, 4, 96, None, "4.jpg is empty."))
    pictures.sift(Sieve(label=1))
    pictures.show_source(source_view(10, source=2))
    assert shown(pictures) == list(range(10))
    assert pictures.tile(3).pixmap is None
    assert pictures.tile(4).sentence == ""


def test_a_hundred_thousand_pictures_are_sifted_at_once(qtbot, monkeypatch):
    view = source_view(100_000, tuple(f"class {number}" for number in range(1000)))
    pictures = PictureList()
    pictures.ask_for(96)
    pictures.show_source(view)
    assert pictures.rowCount() == 100_000
    touched = []
    monkeypatch.setattr(PictureList, "tile", lambda self, picture: touched.append(picture))
    pictures.sift(Sieve(label=17, subset=0))
    assert pictures.rowCount() == 60
    assert pictures.missing(range(3)) == (17, 1017, 2017)
    assert touched == []


def test_an_old_thumbnail_gives_way_to_a_new_one(pictures, monkeypatch):
    monkeypatch.setattr(picture_list, "MOST_THUMBNAILS", 5)
    pictures.ask_for(96)
    for picture in range(5):
        pictures.put(thumbnail(picture))
    pictures.tile(0)  # as when it is painted
    pictures.put(thumbnail(5))
    there = [picture for picture in range(7) if pictures.tile(picture).pixmap is not None]
    assert there == [0, 2, 3, 4, 5]


def test_large_thumbnails_are_fewer(pictures):
    pictures.ask_for(96)
    assert pictures.most == 2000
    pictures.ask_for(384)
    assert pictures.most * 384 * 384 <= picture_list.MOST_PIXELS


def test_missing_is_what_is_not_there_in_this_size(pictures):
    pictures.put(thumbnail(1))
    pictures.put(Thumbnail(1, 2, 96, None, "2.jpg is empty."))
    assert pictures.missing(range(5)) == (0, 3, 4)
    pictures.ask_for(128)
    assert pictures.missing(range(5)) == (0, 1, 3, 4)
    assert pictures.tile(1).pixmap is not None


def test_a_thumbnail_that_comes_late_is_of_the_side_it_was_made_for(pictures):
    pictures.ask_for(192)
    pictures.put(thumbnail(1, side=96))
    assert pictures.tile(1).pixmap.width() == 96, "better than nothing"
    assert pictures.missing(range(2)) == (0, 1), "but blurred, so it is still to come"
    pictures.put(thumbnail(1, side=192))
    pictures.put(thumbnail(1, side=96))
    assert pictures.tile(1).pixmap.width() == 192
    assert pictures.missing(range(2)) == (0,)


def test_only_the_row_of_a_thumbnail_is_painted_anew(pictures):
    pictures.sift(Sieve(label=1))
    changed = []
    pictures.dataChanged.connect(lambda first, last: changed.append((first.row(), last.row())))
    pictures.put(thumbnail(5))
    pictures.put(thumbnail(6))  # a cat
    assert changed == [(2, 2)]


def test_without_a_source_there_is_nothing(pictures):
    pictures.show_source(None)
    assert pictures.rowCount() == 0
