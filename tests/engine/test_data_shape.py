"""What a network sees has the shape that was asked for, or the pictures' own."""

from pathlib import Path

import msgspec
import numpy as np
import pytest
from PIL import Image

from engine.config import DataConfig
from engine.data.reading.header import header_of
from engine.data.reading.shape import LARGEST_OWN_SIDE, MOST_HEADERS, USUAL_SIDE, shape_for
from engine.data.source import Source
from engine.data.sources.open import open_source


class Recorded:
    """Files in memory; it notes which were read."""

    def __init__(self, files: list[bytes]) -> None:
        self.files = files
        self.read_ones: list[int] = []

    def read(self, index: int) -> bytes:
        self.read_ones.append(index)
        if not self.files[index]:
            raise FileNotFoundError(2, "No such file")
        return self.files[index]

    def size(self, index: int) -> int:
        return len(self.files[index])

    def place(self, index: int) -> str:
        return f"file {index}"


def encoded(width: int, height: int, tmp_path: Path, orientation: int = 1) -> bytes:
    path = tmp_path / "picture.jpg"
    exif = Image.Exif()
    exif[0x0112] = orientation
    Image.new("RGB", (width, height), "teal").save(path, exif=exif)
    return path.read_bytes()


def source_of(files: Recorded | None, array_NCHW: np.ndarray | None = None) -> Source:
    count = len(files.files) if files is not None else len(array_NCHW)
    return Source(
        name="made up",
        where="nowhere",
        classes=("a", "b"),
        names=tuple(f"{index}.jpg" for index in range(count)),
        labels_N=np.arange(count) % 2,
        fingerprint="0",
        files=files,
        pictures_NCHW=array_NCHW,
    )


def test_the_digits_keep_their_own_shape_until_another_is_asked_for():
    digits = open_source("digits")
    assert shape_for(digits, DataConfig()) == (1, 28, 28)
    assert shape_for(digits, DataConfig(colour="rgb")) == (3, 28, 28)
    assert shape_for(digits, DataConfig(size=40)) == (1, 40, 40)


@pytest.mark.parametrize(("colour", "channels"), [("own", 3), ("rgb", 3), ("grey", 1)])
def test_a_colour_array_is_seen_in_the_colours_asked_for(colour, channels):
    source = source_of(None, np.zeros((2, 3, 8, 9), np.uint8))
    assert shape_for(source, DataConfig(colour=colour)) == (channels, 8, 9)


def test_files_that_are_alike_keep_their_size_as_it_is_upright(tmp_path):
    sideways = encoded(64, 48, tmp_path, orientation=6)
    files = Recorded([sideways, b"not a picture", b"", sideways, encoded(48, 64, tmp_path)])
    assert shape_for(source_of(files), DataConfig()) == (3, 64, 48)


@pytest.mark.parametrize("other", [(64, 49), (LARGEST_OWN_SIDE + 1, 20)])
def test_files_that_are_not_alike_or_large_get_the_usual_size(other, tmp_path):
    files = Recorded([encoded(64, 48, tmp_path)] * 3 + [encoded(*other, tmp_path)])
    assert shape_for(source_of(files), DataConfig()) == (3, USUAL_SIDE, USUAL_SIDE)


def test_large_photographs_of_one_camera_get_the_usual_size(tmp_path):
    files = Recorded([encoded(LARGEST_OWN_SIDE + 1, 600, tmp_path)] * 3)
    source = source_of(files)
    assert shape_for(source, DataConfig()) == (3, USUAL_SIDE, USUAL_SIDE)
    assert len(files.read_ones) == 1
    files.read_ones.clear()
    asked = msgspec.structs.replace(DataConfig(), size=20, colour="grey")
    assert shape_for(source, asked) == (1, 20, 20)
    assert not files.read_ones, "no need to look"


def test_where_nothing_can_be_read_the_usual_size_is_taken():
    files = Recorded([b"", b"GIF89a nonsense"])
    assert shape_for(source_of(files), DataConfig()) == (3, USUAL_SIDE, USUAL_SIDE)


def test_only_a_few_evenly_spread_files_are_looked_at(tmp_path):
    files = Recorded([encoded(30, 20, tmp_path)] * 5000)
    assert shape_for(source_of(files), DataConfig()) == (3, 20, 30)
    assert len(files.read_ones) == MOST_HEADERS
    assert files.read_ones[0] == 0
    assert files.read_ones[-1] == 4999
    assert np.diff(files.read_ones).max() - np.diff(files.read_ones).min() <= 1


@pytest.mark.parametrize(("suffix", "kind"), [("png", "PNG"), ("jpg", "JPEG"), ("webp", "WEBP")])
def test_a_header_tells_kind_and_size(suffix, kind, tmp_path):
    path = tmp_path / f"picture.{suffix}"
    Image.new("RGB", (7, 5)).save(path)
    header = header_of(path.read_bytes())
    assert header is not None
    assert header == (kind, (5, 7))
    assert header_of(path.read_bytes()[:6]) is None
