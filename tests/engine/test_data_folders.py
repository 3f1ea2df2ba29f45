"""Folders as sources: nothing lost, nothing silent, whatever lies in them."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from engine.data.source import Source
from engine.data.sources.folders import FolderFiles, open_folder
from engine.errors import DataError, PictureError
from engine.files import name_as_text


def make(folder: Path, *names: str, content: bytes = b"x") -> None:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def opened(folder: Path) -> Source:
    return open_folder(folder, lambda: False)


def link(path: Path, target: Path) -> None:
    try:
        path.symlink_to(target, target_is_directory=target.is_dir())
    except OSError:
        pytest.skip("Links can't be made here.")


def told(source: Source) -> dict[str, str]:
    return {problem.name: problem.sentence for problem in source.problems}


def test_a_folder_a_class(tmp_path):
    make(tmp_path, "dogs/2.jpg", "dogs/10.jpg", "dogs/old/1.PNG", "cats/3.webp", content=b"abc")
    source = opened(tmp_path)
    assert source.name == tmp_path.name
    assert source.where == str(tmp_path)
    assert source.classes == ("cats", "dogs")
    assert source.names == ("cats/3.webp", "dogs/2.jpg", "dogs/10.jpg", "dogs/old/1.PNG")
    assert source.labels_N.tolist() == [0, 1, 1, 1]
    assert source.labels_N.dtype == np.int64
    assert source.problems == ()
    assert source.pictures_NCHW is None
    assert source.subset_N is None
    assert len(source) == 4
    assert source.files.read(2) == b"abc"
    assert source.files.size(2) == 3
    assert Path(source.files.place(2)) == tmp_path / "dogs" / "10.jpg"


def test_what_systems_leave_behind_is_no_picture(tmp_path):
    make(tmp_path, "cats/1.jpg", "dogs/1.jpg", "dogs/Thumbs.db", "cats/.DS_Store", "README.md")
    make(tmp_path, "cats/._1.jpg", ".git/x.jpg", "__MACOSX/cats/._1.jpg", "LICENSE", "labels.csv")
    assert opened(tmp_path).problems == ()
    assert opened(tmp_path).names == ("cats/1.jpg", "dogs/1.jpg")


def test_what_may_be_a_picture_under_another_name_is_told_once(tmp_path):
    make(tmp_path, "cats/1.jpg", "dogs/1.jpg")
    make(tmp_path, "cats/0001")
    assert "isn't a picture by its name. If" in told(opened(tmp_path))["cats/0001"]
    make(tmp_path, "dogs/a.xcf", "dogs/b.xcf")
    assert list(told(opened(tmp_path))) == ["cats/0001"]
    assert "nor are 2 others" in told(opened(tmp_path))["cats/0001"]


def test_a_folder_for_a_class_that_is_empty_is_told(tmp_path):
    make(tmp_path, "cats/1.jpg", "dogs/1.jpg", "birds/notes.txt")
    (tmp_path / "dogs" / "deep" / "deeper").mkdir(parents=True)
    sentence = "There are no pictures in this folder."
    assert told(opened(tmp_path)) == {"birds": sentence, "dogs/deep": sentence}


def test_pictures_without_a_class_are_told(tmp_path):
    make(tmp_path, "cover.jpg", "cats/1.jpg", "dogs/1.jpg")
    assert told(opened(tmp_path)) == {
        "cover.jpg": "Neither a folder nor its name says of which class it is."
    }
    assert opened(tmp_path).names == ("cats/1.jpg", "dogs/1.jpg")


def test_names_as_in_dogs_vs_cats_and_subsets(tmp_path):
    make(
        tmp_path,
        *(
            f"{part}/{kind}.{n}.jpg"
            for part in ("train", "val")
            for kind in ("cat", "dog")
            for n in (2, 10)
        ),
    )
    source = opened(tmp_path)
    assert source.classes == ("cat", "dog")
    assert source.names[:2] == ("train/cat.2.jpg", "train/cat.10.jpg")
    assert source.subset_N.tolist() == [0] * 4 + [1] * 4


def test_an_empty_folder_is_said(tmp_path):
    with pytest.raises(DataError, match=r"There are no pictures in .*\. Choose a folder or zip"):
        opened(tmp_path)
    make(tmp_path, "notes.txt", "cats/a.txt")
    with pytest.raises(DataError, match="There are no pictures in"):
        opened(tmp_path)


def test_a_folder_of_archives_says_which_to_choose(tmp_path):
    make(tmp_path, "train.zip", "test1.zip", "sampleSubmission.csv")
    with pytest.raises(DataError, match=r"no pictures but an archive, test1\.zip|train\.zip"):
        opened(tmp_path)


def test_links_that_lead_back_end(tmp_path):
    make(tmp_path, "cats/1.jpg", "dogs/2.jpg")
    link(tmp_path / "dogs" / "back", tmp_path)
    link(tmp_path / "dogs" / "self.jpg", tmp_path / "dogs" / "self.jpg")
    link(tmp_path / "dogs" / "gone.jpg", tmp_path / "nowhere.jpg")
    link(tmp_path / "dogs" / "other.jpg", tmp_path / "cats" / "1.jpg")
    source = opened(tmp_path)
    assert source.names == ("cats/1.jpg", "dogs/2.jpg", "dogs/other.jpg")
    assert set(told(source)) == {"dogs/self.jpg", "dogs/gone.jpg"}


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="There are no pipes with names here.")
def test_a_pipe_with_the_name_of_a_picture_is_told(tmp_path):
    make(tmp_path, "cats/1.jpg", "dogs/2.jpg")
    os.mkfifo(tmp_path / "cats" / "pipe.jpg")
    assert told(opened(tmp_path)) == {"cats/pipe.jpg": "It isn't a file."}


def test_a_folder_that_cannot_be_listed_is_told(tmp_path, monkeypatch):
    make(tmp_path, "cats/1.jpg", "dogs/2.jpg", "birds/3.jpg")
    scandir = os.scandir

    def guarded(folder):
        if Path(folder).name in closed:
            raise PermissionError(13, "Permission denied")
        return scandir(folder)

    monkeypatch.setattr(os, "scandir", guarded)
    closed = ["birds"]
    source = opened(tmp_path)
    assert source.classes == ("cats", "dogs")
    assert told(source) == {"birds": "This folder can't be listed: Permission denied."}
    closed = [tmp_path.name]
    with pytest.raises(DataError, match=r"can't be listed: Permission denied\."):
        opened(tmp_path)


def test_a_thousand_classes(tmp_path):
    make(tmp_path, *(f"class{number}/{number}.jpg" for number in range(1000)))
    source = opened(tmp_path)
    assert source.classes == tuple(f"class{number}" for number in range(1000))
    assert source.labels_N.tolist() == list(range(1000))


@pytest.mark.skipif(sys.platform != "linux", reason="Only there may names be any bytes.")
def test_names_that_are_no_unicode(tmp_path):
    make(tmp_path, "猫/猫 1.jpg", "dogs/2.jpg")
    name = os.fsdecode(b"caf\xe9.jpg")
    make(tmp_path / "dogs", name, content=b"abc")
    source = opened(tmp_path)
    assert source.classes == ("dogs", "猫")
    assert source.files.read(source.names.index(f"dogs/{name_as_text(name)}")) == b"abc"
    (tmp_path / "dogs" / name).unlink()
    with pytest.raises(PictureError, match=r"^dogs/caf\?\.jpg isn't there any more\."):
        source.files.read(source.names.index(f"dogs/{name_as_text(name)}"))


def test_a_file_that_vanishes_or_closes_is_said(tmp_path, monkeypatch):
    make(tmp_path, "cats/1.jpg", "dogs/2.jpg")
    source = opened(tmp_path)
    (tmp_path / "cats" / "1.jpg").unlink()
    with pytest.raises(PictureError, match=r"cats/1\.jpg isn't there any more\."):
        source.files.read(0)
    (tmp_path / "cats" / "1.jpg").mkdir()
    with pytest.raises(PictureError, match=r"cats/1\.jpg can't be read"):
        source.files.read(0)

    def denied(*_, **__):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "open", denied)
    with pytest.raises(PictureError, match="permission denied"):
        source.files.read(1)


def test_a_file_beyond_all_sense_is_not_read(tmp_path, monkeypatch):
    make(tmp_path, "a.jpg", content=b"12345")
    files = FolderFiles(str(tmp_path), ("a.jpg",), np.array([5]))
    monkeypatch.setattr("engine.data.sources.folders.MOST_BYTES", 4)
    with pytest.raises(PictureError, match="more than 4 bytes"):
        files.read(0)


def test_the_fingerprint_is_another_whenever_a_picture_is(tmp_path):
    make(tmp_path, "cats/1.jpg", "dogs/2.jpg")
    seen = {opened(tmp_path).fingerprint}
    assert seen == {opened(tmp_path).fingerprint}
    make(tmp_path, "dogs/2.jpg", content=b"other")
    seen.add(opened(tmp_path).fingerprint)
    os.utime(tmp_path / "dogs" / "2.jpg", ns=(1, 1))
    seen.add(opened(tmp_path).fingerprint)
    (tmp_path / "dogs" / "2.jpg").rename(tmp_path / "dogs" / "3.jpg")
    seen.add(opened(tmp_path).fingerprint)
    (tmp_path / "dogs").rename(tmp_path / "wolves")
    seen.add(opened(tmp_path).fingerprint)
    make(tmp_path, "wolves/4.jpg")
    seen.add(opened(tmp_path).fingerprint)
    assert len(seen) == 6


def test_opening_can_be_cancelled(tmp_path):
    make(tmp_path, "cats/1.jpg", "dogs/2.jpg")
    with pytest.raises(DataError, match="cancelled"):
        open_folder(tmp_path, lambda: True)


def test_opening_loads_no_torch():
    code = "import sys, engine.data.sources.folders; print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
