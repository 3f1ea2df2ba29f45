"""Finding picture files: in natural order, once each, whatever the folders are like."""

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.data.reading.pictures import find_pictures
from engine.data.sources.open import open_source


def make(folder: Path, *names: str) -> None:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()


def found(folder: Path, **how) -> list[str]:
    return [path.relative_to(folder).as_posix() for path in find_pictures([folder], **how)]


def test_a_folder_gives_its_pictures_then_those_of_its_folders_in_natural_order(tmp_path):
    make(tmp_path, "b10.png", "b9.JPG", "a.webp", "2/x.png", "10/x.png", "10/y/z.gif", "1/x.tif")
    assert found(tmp_path) == [
        *("a.webp", "b9.JPG", "b10.png"),
        *("1/x.tif", "2/x.png", "10/x.png", "10/y/z.gif"),
    ]


def test_only_pictures_that_show_themselves_are_found_in_a_folder(tmp_path):
    make(tmp_path, "a.png", "a.txt", "png", "a.png.zip", ".hidden.png", ".cache/a.png", "b.heic")
    assert found(tmp_path) == ["a.png", "b.heic"]


def test_files_are_given_back_whatever_their_names(tmp_path):
    make(tmp_path, "a.txt", ".b", "folder/c.png")
    given_paths = [tmp_path / "a.txt", tmp_path / ".b", tmp_path / "folder", tmp_path / "gone"]
    assert list(find_pictures(given_paths)) == [
        *(tmp_path / "a.txt", tmp_path / ".b"),
        *(tmp_path / "folder" / "c.png", tmp_path / "gone"),
    ]


def test_links_that_lead_back_end(tmp_path):
    make(tmp_path, "a.png", "inner/b.png")
    try:
        (tmp_path / "inner" / "back").symlink_to(tmp_path, target_is_directory=True)
        (tmp_path / "twice").symlink_to(tmp_path / "inner", target_is_directory=True)
        (tmp_path / "self.png").symlink_to(tmp_path / "self.png")
    except OSError:
        pytest.skip("links can't be made here")
    assert found(tmp_path) == ["a.png", "self.png", "inner/b.png"]


def test_a_folder_that_cannot_be_listed_is_told_and_the_others_are_read(tmp_path, monkeypatch):
    make(tmp_path, "a.png", "closed/b.png", "open/c.png")
    scandir = os.scandir

    def guarded(folder):
        if Path(folder).name == "closed":
            raise PermissionError(13, "Permission denied")
        return scandir(folder)

    monkeypatch.setattr(os, "scandir", guarded)
    problems = []
    pictures = found(tmp_path, on_problem=lambda *problem: problems.append(problem))
    assert pictures == ["a.png", "open/c.png"]
    assert problems == [("closed", "This folder can't be listed: Permission denied.")]
    assert found(tmp_path) == pictures


def test_a_folder_without_pictures_is_told(tmp_path):
    make(tmp_path, "notes.txt", "inner/more.txt")
    problems = []
    assert not found(tmp_path, on_problem=lambda *problem: problems.append(problem))
    assert problems == [(tmp_path.name, "There are no pictures in this folder.")]


def test_folders_are_listed_only_when_their_turn_comes(tmp_path, monkeypatch):
    make(tmp_path, "a.png", "later/b.png")
    listed = []
    scandir = os.scandir

    def counted(folder):
        listed.append(Path(folder).name)
        return scandir(folder)

    monkeypatch.setattr(os, "scandir", counted)
    pictures = find_pictures([tmp_path])
    assert listed == []
    assert next(pictures).name == "a.png"
    assert listed == [tmp_path.name]
    assert next(pictures).name == "b.png"


@pytest.fixture(scope="module")
def counter(tmp_path_factory):
    return iter(lambda: tmp_path_factory.mktemp("names"), None)


@given(st.lists(st.integers(0, 10**9), min_size=1, max_size=8, unique=True))
def test_numbered_pictures_come_in_the_order_of_their_numbers(counter, numbers):
    folder = next(counter)
    make(folder, *(f"cat.{number}.jpg" for number in numbers))
    assert found(folder) == [f"cat.{number}.jpg" for number in sorted(numbers)]


def test_folders_that_have_no_numbers_are_told_apart(tmp_path, monkeypatch):
    """As on some network drives: every st_ino is 0."""
    for name in ("cats/1.jpg", "dogs/2.jpg", "dogs/old/3.jpg"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    try:
        (tmp_path / "dogs" / "back").symlink_to(tmp_path)
    except OSError:
        pytest.skip("No links can be made here.")
    stat = os.stat

    def without_number(path, *arguments, **more):
        status = list(stat(path, *arguments, **more))
        status[1] = 0
        return os.stat_result(status)

    monkeypatch.setattr(os, "stat", without_number)
    monkeypatch.setattr(Path, "stat", lambda self, **more: without_number(self, **more))
    found = [str(path.relative_to(tmp_path)) for path in find_pictures([tmp_path])]
    assert found == ["cats/1.jpg", "dogs/2.jpg", "dogs/old/3.jpg"]
    assert open_source(str(tmp_path)).classes == ("cats", "dogs")
