"""Opening a source by a name or a path."""

import json
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from engine.config import SubsetCounts
from engine.data import endings
from engine.data.catalogue import catalogue
from engine.data.sources.manifests import write_manifest
from engine.data.sources.open import open_source
from engine.data.subsets.choose import choose_subsets
from engine.errors import DataError


def make(folder: Path, *names: str) -> Path:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")
    return folder


PAIR = ("cats/1.jpg", "dogs/2.jpg")


def test_the_digits():
    assert open_source("digits").where == "digits"


def test_a_name_of_the_catalogue(monkeypatch):
    monkeypatch.setattr(catalogue, "open_entry", lambda name, cancelled: f"opened {name}")
    name = catalogue.names()[0]
    assert open_source(name) == f"opened {name}"


def test_a_source_opens_again_by_what_it_says(tmp_path, monkeypatch):
    make(tmp_path / "animals", *PAIR)
    with zipfile.ZipFile(tmp_path / "animals.zip", "w") as archive:
        for name in PAIR:
            archive.writestr(name, b"x")
    (tmp_path / "animals.csv").write_text(
        "path,label\nanimals/cats/1.jpg,cat\nanimals/dogs/2.jpg,dog\n"
    )
    (tmp_path / "a zip without a name").write_bytes((tmp_path / "animals.zip").read_bytes())
    monkeypatch.chdir(tmp_path)
    for where in ("animals", "animals.zip", "animals.csv", "a zip without a name"):
        source = open_source(where)
        assert Path(source.where) == tmp_path / where
        assert len(source) == 2
        monkeypatch.chdir("/")
        again = open_source(source.where)
        assert again.fingerprint == source.fingerprint
        monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("ending", endings.SOURCES)
def test_every_ending_that_is_offered_opens(tmp_path, ending):
    names = ("cats/1.jpg", "cats/2.jpg", "dogs/1.jpg", "dogs/2.jpg")
    make(tmp_path, *names)
    rows = [("path", "label"), *((name, name[:3]) for name in names)]
    one_each = SubsetCounts(1, 1, 0)
    file = tmp_path / f"pets{ending.upper()}"
    if ending in endings.TABLES:
        between = "\t" if ending == ".tsv" else ","
        file.write_text("".join(between.join(row) + "\n" for row in rows))
    elif ending in endings.ZIPS:
        with zipfile.ZipFile(file, "w") as archive:
            for name in names:
                archive.writestr(name, b"x")
    else:
        source = open_source(str(tmp_path))
        write_manifest(file, source, choose_subsets(source, one_each, 0), one_each, 0, ())
    assert len(open_source(str(file))) == len(names)


def test_the_home_folder_is_known(tmp_path, monkeypatch):
    make(tmp_path / "pets", *PAIR)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    assert open_source("~/pets").where == str(tmp_path / "pets")


def test_what_there_is_no_source_of_is_said(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(DataError, match=r"no data called 'cats', .* one of: digits, "):
        open_source("cats")
    with pytest.raises(DataError, match=r"gone\.zip doesn't exist\."):
        open_source("gone.zip")
    with pytest.raises(DataError, match="doesn't exist"):
        open_source(str(tmp_path / "a" / "b"))


@pytest.mark.parametrize("where", ["a\0b", "x" * 5000, "~nobody-of-this-name/pets"])
def test_impossible_paths_are_said(where):
    with pytest.raises(DataError):
        open_source(where)


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("cat.jpg", b"x", "cat.jpg is a single picture."),
        ("pets.tar.gz", b"x", "pets.tar.gz is an archive of a kind that isn't read in place."),
        ("pets.7z", b"x", "pets.7z is an archive of a kind that isn't read in place."),
        ("notes.txt", b"hello", "notes.txt isn't a zip, a CSV file or a manifest."),
        ("pets.zip", b"hello", "pets.zip isn't a zip."),
        ("pets.csv", b"", "pets.csv has no columns of paths and labels."),
        ("pets.json", b"{}", "pets.json isn't a manifest of ConvScope's"),
    ],
)
def test_files_that_are_no_source_are_said(tmp_path, name, content, sentence):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(DataError) as caught:
        open_source(str(tmp_path / name))
    assert caught.value.message.startswith(sentence)
    assert caught.value.hint.endswith((".", "FILE.json"))


def test_opening_can_be_cancelled(tmp_path):
    make(tmp_path / "pets", *PAIR)
    (tmp_path / "pets.csv").write_text("path,label\npets/cats/1.jpg,cat\n")
    for where in ("pets", "pets.csv"):
        with pytest.raises(DataError, match="cancelled"):
            open_source(str(tmp_path / where), lambda: True)


def test_sources_load_neither_torch_nor_mlxtend(tmp_path):
    make(tmp_path, *PAIR)
    code = (
        "import sys, engine.headless.split;"
        "import engine.data.sources.open as s, engine.data.subsets.choose as b;"
        "b.choose_subsets(s.open_source('digits'), None, 0);"
        f"s.open_source({json.dumps(str(tmp_path))});"
        "print(sorted({'torch', 'mlxtend', 'PySide6'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_an_empty_name_is_not_this_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(DataError, match="name of the pictures is empty"):
        open_source("")
