"""Manifests: subsets that are kept, and opened again exactly as they were."""

import json
import os
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest

from engine.config import SubsetCounts
from engine.data.source import NO_SUBSET, Problem, Source, Subsets
from engine.data.sources.manifests import read_manifest, write_manifest
from engine.data.sources.open import open_source
from engine.data.subsets.choose import choose_subsets
from engine.errors import DataError, EngineError

COUNTS = SubsetCounts(3, 2, 1)


@pytest.fixture
def source(tmp_path: Path) -> Source:
    """Two classes of eight; one file is hidden in neither."""
    folder = tmp_path / "data" / "pets"
    for kind in ("猫", "dogs"):
        (folder / kind).mkdir(parents=True)
        for number in range(8):
            (folder / kind / f"{number}.jpg").write_text(f"{kind} {number}")
    (folder / "cover.jpg").touch()
    return open_source(str(folder))


def kept(path: Path, source: Source, problems=(), **more) -> Subsets:
    subsets = choose_subsets(source, COUNTS, 5, **more)
    write_manifest(path, source, subsets, COUNTS, 5, problems)
    return subsets


def test_a_manifest_opens_with_exactly_its_subsets(source, tmp_path):
    path = tmp_path / "data" / "small.json"
    subsets = kept(path, source)
    again = open_source(str(path))
    assert again.name == "small.json"
    assert again.where == str(path)
    np.testing.assert_array_equal(again.subset_N, subsets.subset_N)
    assert again.subset_N.dtype == np.int8
    assert again.names == source.names
    assert again.classes == source.classes
    assert again.problems == source.problems
    assert again.fingerprint == source.fingerprint
    assert again.files.read(3) == source.files.read(3)
    for seed in (5, 6):
        chosen = choose_subsets(again, None, seed)
        np.testing.assert_array_equal(chosen.subset_N, subsets.subset_N)


def test_a_manifest_says_what_was_asked_and_is_small(source, tmp_path):
    path = tmp_path / "data" / "small.json"
    problem = Problem("dogs/3.jpg", "It is damaged.")
    index = source.names.index("dogs/3.jpg")
    subsets = kept(path, source, [problem], unreadable=[index])
    manifest = read_manifest(path)
    assert manifest.source == "./pets"
    assert manifest.seed == 5
    assert manifest.counts == COUNTS
    assert manifest.left_out == 16 - 12 - 1
    assert manifest.problems == (problem,)
    assert {name: len(names) for name, names in manifest.subsets["train"].items()} == {
        "dogs": 3,
        "猫": 3,
    }
    assert subsets.subset_N[index] == NO_SUBSET
    assert set(open_source(str(path)).problems) == {*source.problems, problem}
    assert path.stat().st_size < 2000
    path.read_text(encoding="ascii")


def test_both_can_be_moved_together(source, tmp_path):
    kept(tmp_path / "data" / "lists" / "small.json", source)
    (tmp_path / "data").rename(tmp_path / "elsewhere")
    assert len(open_source(str(tmp_path / "elsewhere" / "lists" / "small.json"))) == 16


def test_names_of_sources_stay_names(tmp_path):
    digits = open_source("digits")
    subsets = choose_subsets(digits, None, 0)
    write_manifest(tmp_path / "d.json", digits, subsets, None, 0)
    assert read_manifest(tmp_path / "d.json").source == "digits"
    again = open_source(str(tmp_path / "d.json"))
    assert again.pictures_NCHW.shape == (5000, 1, 28, 28)
    np.testing.assert_array_equal(again.subset_N, subsets.subset_N)


def test_a_manifest_of_a_zip(source, tmp_path):
    path = tmp_path / "pets.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for index, name in enumerate(source.names):
            archive.writestr(name, source.files.read(index))
    subsets = kept(tmp_path / "zip.json", open_source(str(path)))
    np.testing.assert_array_equal(
        open_source(str(tmp_path / "zip.json")).subset_N, subsets.subset_N
    )


def test_a_manifest_of_a_manifest_is_of_its_source(source, tmp_path):
    first, second = tmp_path / "first.json", tmp_path / "lists" / "second.json"
    kept(first, source)
    kept(second, open_source(str(first)))
    assert read_manifest(second).source == "../data/pets"
    kept(first, open_source(str(first)))  # over itself
    assert len(open_source(str(first))) == 16
    fields = json.loads(first.read_text())
    first.write_text(json.dumps({**fields, "source": "./first.json"}))
    with pytest.raises(DataError, match="is of another manifest"):
        open_source(str(first))


def test_what_went_and_what_came_is_told(source, tmp_path):
    path = tmp_path / "small.json"
    subsets = kept(path, source)
    folder = Path(source.where)
    trained = source.names[subsets.indices("train")[0]]
    (folder / trained).unlink()
    (folder / "dogs" / "new.jpg").touch()
    again = open_source(str(path))
    assert Problem(trained, "It isn't in the source any more.") in again.problems
    assert Problem("pets", "One picture has come since the manifest was written.") in again.problems
    assert (again.subset_N == 0).sum() == 5
    assert again.subset_N[again.names.index("dogs/new.jpg")] == NO_SUBSET


def test_a_source_that_is_another_is_told_for_what_it_is(source, tmp_path):
    path = tmp_path / "small.json"
    subsets = kept(path, source)
    picture = Path(source.where, source.names[0])
    picture.write_text("another")
    os.utime(picture, ns=(1, 1))
    told = set(open_source(str(path)).problems) - set(source.problems)
    (problem,) = told
    assert problem.sentence == "Its files were changed, or copied, since the manifest was written."
    fields = json.loads(path.read_text())
    moved = fields["subsets"]["train"]["dogs"].pop()
    fields["subsets"]["train"]["猫"].append(moved)
    path.write_text(json.dumps(fields))
    again = open_source(str(path))
    (problem,) = set(again.problems) - set(source.problems)
    assert problem == Problem(moved, "It is of class 'dogs' now, and was of '猫'.")
    np.testing.assert_array_equal(again.subset_N, subsets.subset_N)


def test_missing_pictures_are_said(source, tmp_path):
    path = tmp_path / "data" / "small.json"
    kept(path, source)
    Path(source.where).rename(tmp_path / "gone")
    with pytest.raises(DataError, match=r"The pictures of small\.json are missing: there is no"):
        open_source(str(path))


@pytest.mark.parametrize(
    "content",
    [b"", b"{}", b"[1, 2]", b"\xff\xfe", b'{"convscope": "run"}', b"[" * 100_000, b"12", b"null"],
)
def test_other_json_is_said(tmp_path, content):
    path = tmp_path / "other.json"
    path.write_bytes(content)
    with pytest.raises(DataError, match=r"other\.json isn't a manifest") as caught:
        open_source(str(path))
    assert len(str(caught.value)) < 300


def test_a_picture_in_two_subsets_is_said(source, tmp_path):
    path = tmp_path / "small.json"
    kept(path, source)
    fields = json.loads(path.read_text())
    fields["subsets"]["test"]["dogs"] += fields["subsets"]["train"]["dogs"]
    path.write_text(json.dumps(fields))
    with pytest.raises(DataError, match="twice"):
        open_source(str(path))


def test_other_files_are_not_overwritten(source, tmp_path):
    path = tmp_path / "package.json"
    path.write_text('{"name": "mine"}')
    with pytest.raises(DataError, match="is there already, and isn't a manifest"):
        kept(path, source)
    assert path.read_text() == '{"name": "mine"}'
    (tmp_path / "folder.json").mkdir()
    with pytest.raises(EngineError, match="is a folder"):
        kept(tmp_path / "folder.json", source)
    with pytest.raises(EngineError, match="is a file, where a folder must be"):
        kept(path / "inner.json", source)


@pytest.mark.skipif(sys.platform != "linux", reason="Only there may names be any bytes.")
def test_names_that_are_no_unicode(source, tmp_path):
    name = os.fsdecode(b"caf\xe9.jpg")
    Path(source.where, "dogs", name).touch()
    source = open_source(source.where)
    subsets = kept(tmp_path / "small.json", source)
    again = open_source(str(tmp_path / "small.json"))
    np.testing.assert_array_equal(again.subset_N, subsets.subset_N)
    assert again.problems == source.problems


@pytest.mark.parametrize("place", ["x" * 5000, f"{'x' * 5000}/subsets.json"])
def test_a_name_that_is_too_long_is_refused_in_a_sentence(source, tmp_path, place):
    with pytest.raises(DataError, match="can't be written: file name too long"):
        kept(tmp_path / place, source)
