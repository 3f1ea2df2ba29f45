"""Zips as sources, read in place."""

import io
import struct
import unicodedata
import zipfile
import zlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.data.reading.decode import decode
from engine.data.source import Source
from engine.data.sources.archives import ZipFiles, open_archive
from engine.data.sources.folders import open_folder
from engine.data.subsets.choose import choose_subsets
from engine.errors import DataError, PictureError
from tests.shared_pictures import shared


def zipped(path: Path, contents: dict[str, bytes], how: int = zipfile.ZIP_DEFLATED) -> Path:
    with zipfile.ZipFile(path, "w", how) as archive:
        for name, data in contents.items():
            archive.writestr(name, data)
    return path


def opened(path: Path) -> Source:
    return open_archive(path, lambda: False)


def told(source: Source) -> dict[str, str]:
    return {problem.name: problem.sentence for problem in source.problems}


PAIR = {"cats/1.jpg": b"one", "dogs/2.jpg": b"two" * 100}


@pytest.mark.parametrize("how", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_a_zip_with_a_folder_a_class(tmp_path, how):
    path = zipped(tmp_path / "pets.zip", {**PAIR, "dogs/10.jpg": b"", "cats/": b""}, how)
    source = opened(path)
    assert source.name == "pets.zip"
    assert source.where == str(path)
    assert source.classes == ("cats", "dogs")
    assert source.names == ("cats/1.jpg", "dogs/2.jpg", "dogs/10.jpg")
    assert source.labels_N.tolist() == [0, 1, 1]
    assert source.problems == ()
    assert [source.files.read(index) for index in range(3)] == [b"one", b"two" * 100, b""]
    assert [source.files.size(index) for index in range(3)] == [3, 300, 0]
    assert source.files.checksum(0) == zlib.crc32(b"one")
    assert source.files.place(0) == f"cats/1.jpg in {path}"


def test_a_zip_and_its_folder_are_divided_alike(tmp_path):
    contents = {
        f"x/{kind}.{number}.jpg": f"{kind}{number}".encode()
        for number in (10, 9, 8, 1, 2, 11, 100)
        for kind in ("dog", "cat")
    }
    path = zipped(tmp_path / "x.zip", contents)
    with zipfile.ZipFile(path) as archive:
        archive.extractall(tmp_path / "unpacked")
    zip_source = opened(path)
    folder_source = open_folder(tmp_path / "unpacked", lambda: False)
    assert zip_source.names == folder_source.names
    first, second = (choose_subsets(s, None, 5).subset_N for s in (zip_source, folder_source))
    np.testing.assert_array_equal(first, second)


def test_members_that_point_outside_are_refused(tmp_path):
    outside = (
        "/first.jpg",
        "../up.jpg",
        "/root.jpg",
        "cats/../../x.jpg",
        "C:/x.jpg",
        "C:x.jpg",
        "..\\y.jpg",
    )
    source = opened(
        zipped(
            tmp_path / "evil.zip", {**dict.fromkeys(outside, b"x"), **PAIR, "dogs/3: a.jpg": b""}
        )
    )
    assert source.names == ("cats/1.jpg", "dogs/2.jpg", "dogs/3: a.jpg")
    assert len(source.problems) == len(outside)
    assert {*told(source).values()} == {"Its name points outside of the zip; it is left alone."}


def test_one_member_that_points_outside_does_not_keep_others_out(tmp_path):
    names = ("C:x.jpg", "/a.jpg", "cat.0.jpg", "dog.1.jpg", "/b.jpg")
    source = opened(zipped(tmp_path / "evil.zip", dict.fromkeys(names, b"x")))
    assert source.names == ("cat.0.jpg", "dog.1.jpg")
    assert set(told(source)) == {"C:x.jpg", "/a.jpg", "/b.jpg"}


def test_what_systems_leave_behind_is_no_picture(tmp_path):
    left = ("__MACOSX/cats/._1.jpg", "cats/.DS_Store", ".hidden/a.jpg", "dogs/Thumbs.db", "a.txt")
    source = opened(zipped(tmp_path / "mac.zip", {**PAIR, **dict.fromkeys(left, b"x")}))
    assert source.names == ("cats/1.jpg", "dogs/2.jpg")
    assert source.problems == ()


def test_encrypted_and_unusual_members_are_told(tmp_path):
    path = tmp_path / "mixed.zip"
    zipped(path, {**PAIR, "dogs/secret.jpg": b"xyz"}, zipfile.ZIP_STORED)
    with zipfile.ZipFile(path, "a", zipfile.ZIP_LZMA) as archive:
        archive.writestr("dogs/unusual.jpg", b"x" * 100)
    data = bytearray(path.read_bytes())
    central = data.rindex(b"dogs/secret.jpg") - 46
    assert data[central : central + 4] == b"PK\x01\x02"
    data[central + 8] |= 1  # says that it is encrypted
    path.write_bytes(data)
    source = opened(path)
    assert source.names == ("cats/1.jpg", "dogs/2.jpg")
    assert "encrypted" in told(source)["dogs/secret.jpg"]
    assert "unusual" in told(source)["dogs/unusual.jpg"]


def test_of_two_members_of_one_name_the_last_counts(tmp_path):
    path = zipped(tmp_path / "twice.zip", PAIR)
    with zipfile.ZipFile(path, "a") as archive, pytest.warns(UserWarning, match="Duplicate"):
        archive.writestr("cats/1.jpg", b"newer")
    source = opened(path)
    assert source.names == ("cats/1.jpg", "dogs/2.jpg")
    assert source.files.read(0) == b"newer"
    assert "another of this name" in told(source)["cats/1.jpg"]


def test_names_in_any_script(tmp_path):
    names = ["猫/ねこ 1.jpg", unicodedata.normalize("NFD", "café/ü.jpg"), "собаки/3.jpg"]
    source = opened(zipped(tmp_path / "猫.zip", {name: name.encode() for name in names}))
    assert source.classes == ("café", "собаки", "猫")
    assert [source.files.read(i).decode() for i in range(3)] == list(source.names)


def test_names_without_a_word_on_their_encoding(tmp_path):
    path = zipped(tmp_path / "old.zip", {"caXX/1.jpg": b"x", "dog/2.jpg": b"y", "bYr/3.jpg": b"z"})
    data = path.read_bytes().replace(b"caXX", "ca\xe9".encode()).replace(b"bYr", b"b\x84r")
    path.write_bytes(data)  # UTF-8 without its flag, and the code page that came first
    assert opened(path).classes == ("bär", "caé", "dog")


def test_backslashes_are_slashes(tmp_path):
    path = zipped(tmp_path / "windows.zip", {"cats/1.jpg": b"x", "dogs/2.jpg": b"y"})
    path.write_bytes(path.read_bytes().replace(b"cats/", b"cats\\").replace(b"dogs/", b"dogs\\"))
    source = opened(path)
    assert source.classes == ("cats", "dogs")
    assert source.files.read(1) == b"y"


def test_names_may_begin_with_the_present_folder(tmp_path):
    source = opened(zipped(tmp_path / "a.zip", {f"./{name}": data for name, data in PAIR.items()}))
    assert source.classes == ("cats", "dogs")
    assert source.problems == ()


def test_bytes_before_the_zip_do_no_harm(tmp_path):
    path = zipped(tmp_path / "a.zip", PAIR)
    path.write_bytes(b"#!/bin/sh\n" + path.read_bytes())
    assert opened(path).files.read(0) == b"one"


def test_a_zip_of_zips_says_which_to_unpack(tmp_path):
    names = ("dogs-vs-cats/test1.zip", "dogs-vs-cats/train.zip", "sampleSubmission.csv")
    path = zipped(tmp_path / "dogs-vs-cats.zip", dict.fromkeys(names, b"x"))
    with pytest.raises(DataError) as caught:
        opened(path)
    assert str(caught.value) == (
        "dogs-vs-cats.zip holds no pictures but archives: test1.zip, train.zip. "
        "Unpack it, and choose the train.zip that comes out."
    )


@pytest.mark.parametrize("contents", [{}, {"a.txt": b"x"}, {"cats/": b""}])
def test_a_zip_without_pictures_is_said(tmp_path, contents):
    with pytest.raises(DataError, match="There are no pictures in"):
        opened(zipped(tmp_path / "empty.zip", contents))


def test_a_zip_in_which_nothing_can_be_used_is_said(tmp_path):
    with pytest.raises(DataError, match=r"No picture in .*\.\./1\.jpg: Its name points outside"):
        opened(zipped(tmp_path / "evil.zip", {"../1.jpg": b"x"}))


def test_a_zip_that_ends_early_is_said(tmp_path):
    path = zipped(tmp_path / "cut.zip", {f"cats/{n}.jpg": bytes(100) for n in range(50)})
    path.write_bytes(path.read_bytes()[:-200])
    with pytest.raises(DataError, match=r"cut\.zip is cut short or damaged"):
        opened(path)
    path.write_bytes(b"not a zip")
    with pytest.raises(DataError, match=r"cut\.zip isn't a zip"):
        opened(path)
    path.write_bytes(b"")
    with pytest.raises(DataError, match=r"cut\.zip isn't a zip"):
        opened(path)
    path.unlink()
    with pytest.raises(DataError, match=r"isn't there"):
        opened(path)


def test_sizes_that_no_disk_has_are_said(tmp_path):
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        info = zipfile.ZipInfo("cats/1.jpg")
        info.extra = struct.pack("<HHQQ", 1, 16, 2**64 - 1, 2**64 - 1)
        archive.writestr(info, b"x")
    data = bytearray(path.read_bytes())
    central = data.index(b"PK\x01\x02")
    data[central + 20 : central + 28] = b"\xff" * 8  # the sizes are in the extra field
    path.write_bytes(data)
    with pytest.raises(DataError, match="cut short or damaged"):
        opened(path)


def test_a_damaged_member_is_told_and_the_others_are_read(tmp_path):
    noise = np.random.default_rng(0).bytes(1000)
    path = zipped(tmp_path / "a.zip", {"a/1.jpg": noise, "b/2.jpg": b"2"}, zipfile.ZIP_STORED)
    source = opened(path)
    data = bytearray(path.read_bytes())
    data[500] ^= 0xFF
    path.write_bytes(data)
    with pytest.raises(PictureError, match=r"^a/1\.jpg is damaged in the zip"):
        source.files.read(0)
    assert source.files.read(1) == b"2"


def test_a_zip_that_changes_or_vanishes_is_said(tmp_path):
    path = zipped(tmp_path / "a.zip", PAIR)
    source = opened(path)
    path.write_bytes(path.read_bytes()[:20])
    for index in range(2):
        with pytest.raises(PictureError, match="damaged in the zip"):
            source.files.read(index)
    zipped(path, {"other.txt": bytes(10_000), **dict(reversed(PAIR.items()))}, zipfile.ZIP_STORED)
    with pytest.raises(PictureError, match="damaged in the zip"):
        source.files.read(0)
    path.unlink()
    with pytest.raises(PictureError, match=r"a\.zip isn't there any more"):
        source.files.read(0)


def test_no_more_is_unpacked_than_was_announced(tmp_path, monkeypatch):
    path = zipped(tmp_path / "bomb.zip", {"cats/1.jpg": bytes(100_000), "dogs/1.jpg": b"x"})
    data = path.read_bytes().replace(struct.pack("<I", 100_000), struct.pack("<I", 10))
    path.write_bytes(data)
    with pytest.raises(PictureError, match="damaged in the zip"):
        opened(path).files.read(0)
    monkeypatch.setattr("engine.data.sources.archives.MOST_MEMBER", 9)
    with pytest.raises(PictureError, match="more than 9 bytes"):
        opened(path).files.read(0)


def test_many_threads_read_at_once(tmp_path):
    contents = {f"{n % 7}/{n}.jpg": np.random.default_rng(n).bytes(3000) for n in range(200)}
    source = opened(zipped(tmp_path / "a.zip", contents))
    with ThreadPoolExecutor(8) as pool:
        read = list(pool.map(source.files.read, [*range(200)] * 3))
    assert read == [contents[name] for name in source.names] * 3


def test_the_fingerprint_is_another_whenever_a_picture_is(tmp_path):
    def fingerprint(contents: dict[str, bytes]) -> str:
        return opened(zipped(tmp_path / "a.zip", contents)).fingerprint

    same = fingerprint(PAIR)
    assert same == fingerprint(PAIR)
    others = {
        fingerprint({**PAIR, "cats/1.jpg": b"eno"}),
        fingerprint({**PAIR, "cats/3.jpg": b"one"}),
        fingerprint({"birds/1.jpg": b"one", "dogs/2.jpg": b"two" * 100}),
    }
    assert len(others | {same}) == 4


def test_opening_can_be_cancelled(tmp_path):
    with pytest.raises(DataError, match="cancelled"):
        open_archive(zipped(tmp_path / "a.zip", PAIR), lambda: True)


@given(st.data())
def test_a_zip_damaged_anywhere_gives_a_source_or_a_sentence(tmp_path_factory, data):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in PAIR.items():
            archive.writestr(name, content)
    content = bytearray(file.getvalue())
    for place in data.draw(st.lists(st.integers(0, len(content) - 1), min_size=1, max_size=4)):
        content[place] = data.draw(st.integers(0, 255))
    path = tmp_path_factory.mktemp("damaged") / "a.zip"
    path.write_bytes(content[: data.draw(st.integers(0, len(content)))])
    try:
        source = opened(path)
    except DataError as error:
        assert str(error).endswith(".")
        return
    for index in range(len(source)):
        try:
            assert isinstance(source.files.read(index), bytes)
        except PictureError as error:
            assert str(error).endswith(".")


def test_dogs_vs_cats_as_its_users_get_it():
    source = opened(shared("dogs_vs_cats_1000.zip"))
    assert source.classes == ("cat", "dog")
    assert np.bincount(source.labels_N).tolist() == [500, 500]
    assert source.problems == ()
    assert source.subset_N is None
    assert isinstance(source.files, ZipFiles)
    assert decode(source.files.read(0), source.names[0]).ndim == 3


def test_fifty_thousand_pictures():
    source = opened(shared("cifar10_train.zip"))
    assert np.bincount(source.labels_N).tolist() == [5000] * 10
    assert decode(source.files.read(49_999), "truck").shape == (32, 32, 3)


def test_odd_pictures_open_as_one_class():
    source = opened(shared("odd_pictures.zip"))
    assert source.classes == ("odd_pictures",)
    assert len(source) == 23
    assert source.problems == ()


def test_a_trap_of_zeros_is_refused_before_it_is_unpacked(tmp_path, monkeypatch):
    """Six members that unpack to a hundred times what they are take no memory."""
    with zipfile.ZipFile(tmp_path / "a.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(6):
            archive.writestr(f"{'ab'[number % 2]}/{number}.png", bytes(2**24 + 1))
    source = opened(tmp_path / "a.zip")
    monkeypatch.setattr(
        "engine.data.sources.archives._inflated", lambda *_: pytest.fail("unpacked")
    )
    for index in range(6):
        with pytest.raises(PictureError, match="packed more tightly than pictures can be"):
            source.files.read(index)


def test_a_member_has_a_ceiling_of_its_own(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(2):
            archive.writestr(f"{'ab'[number]}/{number}.png", b"x")
    source = opened(tmp_path / "a.zip")
    source.files.stamp_N5[:, 1] = 900 * 2**20
    source.files.stamp_N5[:, 2] = 100 * 2**20
    with pytest.raises(PictureError, match="more than 268,435,456 bytes"):
        source.files.read(0)
