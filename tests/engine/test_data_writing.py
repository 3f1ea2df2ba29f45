"""Subsets written out as folders."""

import errno
import io
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from engine.config import SubsetCounts
from engine.data.source import Source, Subsets
from engine.data.sources.digits import open_digits
from engine.data.sources.open import open_source
from engine.data.subsets.choose import choose_subsets
from engine.data.subsets.writing import write_folders
from engine.errors import DataError


def pets(folder: Path, names: dict[str, str]) -> tuple[Source, Subsets]:
    for name, text in names.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    source = open_source(str(folder))
    return source, choose_subsets(source, SubsetCounts("rest", 1, 1), 0)


NAMES = {f"{kind}/{n}.jpg": f"{kind} {n}" for kind in ("cats", "dogs") for n in range(5)}


def written(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_the_files_are_copied_as_they_are(tmp_path):
    source, subsets = pets(tmp_path / "pets", NAMES)
    told = []
    problems = write_folders(
        tmp_path / "out" / "deep", source, subsets, lambda *far: told.append(far)
    )
    assert problems == ()
    assert told == [(done, 10) for done in range(1, 11)]
    expected = {
        f"{subset}/{name}": NAMES[name].encode()
        for subset in ("train", "validation", "test")
        for name in (source.names[index] for index in subsets.indices(subset))
    }
    assert written(tmp_path / "out" / "deep") == expected
    again = open_source(str(tmp_path / "out" / "deep"))
    assert again.classes == source.classes
    assert np.bincount(again.subset_N).tolist() == [6, 2, 2]


def test_files_of_one_name_in_a_class_get_numbers(tmp_path):
    names = {f"cats/{place}/Tom.jpg": place for place in "abc"}
    names |= {"cats/d/tom.JPG": "d", "cats/e/Tom (2).jpg": "e", "dogs/Tom.jpg": "f"}
    source, _ = pets(tmp_path / "pets", names)
    write_folders(tmp_path / "out", source, Subsets(np.zeros(6, np.int8)))
    found = written(tmp_path / "out")
    assert sorted(found.values()) == [b"a", b"b", b"c", b"d", b"e", b"f"]
    assert len({name.casefold() for name in found}) == 6


def test_a_name_of_an_extension_alone_is_still_a_picture_s(tmp_path):
    names = {"cat/ .png": "a", "cat/a.png": "b", "dog/b.png": "c"}
    source, _ = pets(tmp_path / "pets", names)
    assert set(source.names) == set(names)
    write_folders(tmp_path / "out", source, Subsets(np.zeros(3, np.int8)))
    written_again = open_source(str(tmp_path / "out"))
    assert len(written_again) == 3
    assert written_again.problems == ()


def test_classes_get_names_that_any_system_takes(tmp_path):
    for number in range(8):
        (tmp_path / f"{number}.jpg").touch()
    labels = ["../up", "a/b", "a_b", "con", "Cat", "cat", "what?", "x" * 300]
    rows = "\n".join(f"{number}.jpg,{label}" for number, label in enumerate(labels))
    (tmp_path / "pets.csv").write_text(f"path,label\n{rows}\n")
    source = open_source(str(tmp_path / "pets.csv"))
    write_folders(tmp_path / "out", source, Subsets(np.zeros(8, np.int8)))
    names = {path.name for path in (tmp_path / "out" / "train").iterdir()}
    assert names == {"_.._up", "a_b", "a_b (2)", "_con", "Cat", "cat (2)", "what_", "x" * 150}
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"train"}


def test_arrays_become_png_files(tmp_path):
    digits = open_digits()
    subset_N = np.full(5000, -1, np.int8)
    subset_N[:3] = 0
    subset_N[3] = 1
    write_folders(tmp_path / "out", digits, Subsets(subset_N))
    found = written(tmp_path / "out")
    assert len(found) == 4
    label = digits.classes[digits.labels_N[3]]
    with Image.open(io.BytesIO(found[f"validation/{label}/{digits.names[3]}.png"])) as image:
        np.testing.assert_array_equal(np.asarray(image), digits.pictures_NCHW[3, 0])


def test_a_picture_that_has_gone_is_told(tmp_path):
    source, subsets = pets(tmp_path / "pets", NAMES)
    (tmp_path / "pets" / "cats" / "2.jpg").unlink()
    (problem,) = write_folders(tmp_path / "out", source, subsets)
    assert problem.name == "cats/2.jpg"
    assert "isn't there any more" in problem.sentence
    assert len(written(tmp_path / "out")) == 9


def test_places_that_do_not_do_are_said(tmp_path):
    source, subsets = pets(tmp_path / "pets", NAMES)
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine.txt").write_text("mine")
    (tmp_path / "file").touch()
    for place, sentence in (
        ("full", "isn't empty"),
        ("file", "is a file, where a folder must be"),
        ("pets/split", "lies in the source itself"),
        ("file/inner", "is a file, where a folder must be"),
    ):
        with pytest.raises(DataError, match=sentence):
            write_folders(tmp_path / place, source, subsets)
    assert written(tmp_path / "full") == {"mine.txt": b"mine"}
    (tmp_path / "empty").mkdir()
    write_folders(tmp_path / "empty", source, subsets)
    assert len(written(tmp_path / "empty")) == 10


def test_a_place_without_permission_is_said_before_anything_is_read(tmp_path, monkeypatch):
    source, subsets = pets(tmp_path / "pets", NAMES)

    def refused(self: Path, content: bytes) -> None:
        # As an access list or a server does, of which os.access knows nothing.
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr("os.access", lambda path, mode: True)
    monkeypatch.setattr(Path, "write_bytes", refused)
    with pytest.raises(DataError, match="can't be written: permission denied"):
        write_folders(tmp_path / "out" / "deep", source, subsets)
    assert not (tmp_path / "out").exists()


def full_disk(monkeypatch: pytest.MonkeyPatch, after: int, number: int = errno.ENOSPC) -> None:
    """From the file of that number on, nothing can be written any more."""
    original = Path.open
    count = 0

    def guarded(self: Path, mode: str = "r", *arguments, **more):
        nonlocal count
        if mode == "xb":
            count += 1
            if count > after:
                raise OSError(number, "No space left on device", str(self))
        return original(self, mode, *arguments, **more)

    monkeypatch.setattr(Path, "open", guarded)


@pytest.mark.parametrize("was_there", [False, True])
def test_a_full_disk_leaves_nothing(tmp_path, monkeypatch, was_there):
    source, subsets = pets(tmp_path / "pets", NAMES)
    if was_there:
        (tmp_path / "out").mkdir()
    full_disk(monkeypatch, after=4)
    with pytest.raises(DataError, match=r"out can't be written: the disk is full\. Free some"):
        write_folders(tmp_path / "out", source, subsets)
    assert (tmp_path / "out").exists() == was_there
    assert not was_there or not any((tmp_path / "out").iterdir())


def test_what_cannot_be_removed_is_said(tmp_path, monkeypatch):
    source, subsets = pets(tmp_path / "pets", NAMES)
    full_disk(monkeypatch, after=4, number=errno.EACCES)

    def stuck(path):
        raise OSError(errno.EACCES, "stuck")

    monkeypatch.setattr("shutil.rmtree", stuck)
    with pytest.raises(DataError, match="What was begun is still there"):
        write_folders(tmp_path / "out", source, subsets)


@pytest.mark.parametrize("error", [KeyboardInterrupt, DataError])
def test_what_was_begun_goes_when_it_is_broken_off(tmp_path, error):
    source, subsets = pets(tmp_path / "pets", NAMES)

    def stop(done, total):
        if done == 3:
            if error is KeyboardInterrupt:
                raise error
            cancel.append(True)

    cancel = []
    with pytest.raises(error):
        write_folders(tmp_path / "out", source, subsets, stop, lambda: bool(cancel))
    assert not (tmp_path / "out").exists()


@pytest.mark.skipif(sys.platform != "linux", reason="Only there may names be any bytes.")
def test_names_that_are_no_unicode(tmp_path):
    source, subsets = pets(tmp_path / "pets", {**NAMES, "cats/caf\udce9.jpg": "x"})
    write_folders(tmp_path / "out", source, subsets)
    names = {Path(name).name for name in written(tmp_path / "out")}
    assert "caf_.jpg" in names
