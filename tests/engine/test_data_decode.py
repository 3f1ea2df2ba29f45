"""From bytes to pixels: the same as Pillow gives, whichever decoder it was."""

import io
import json
import struct
import zipfile
import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageFile, ImageOps

from engine.data.reading import decode as decode_module
from engine.data.reading.decode import decode
from engine.data.reading.pictures import LARGEST_SIDE, read_grid
from engine.errors import PictureError
from tests.engine.made_sources import encoded, noise
from tests.shared_pictures import shared

SMOOTH = np.asarray(Image.fromarray(noise(6, 9)).resize((50, 40), Image.Resampling.BICUBIC))


@pytest.fixture(scope="module")
def odd_pictures():
    with zipfile.ZipFile(shared("odd_pictures.zip")) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def by_pillow(data: bytes) -> np.ndarray:
    with Image.open(io.BytesIO(data)) as image:
        return np.asarray(ImageOps.exif_transpose(image).convert("RGB"))


def outcome(read) -> np.ndarray | str:
    try:
        return read()
    except PictureError as error:
        return str(error)


def is_same(data: bytes) -> bool:
    """Whether a file is decoded, or refused in the same words, as Pillow alone would."""
    ours = outcome(lambda: decode(data, "a.jpg"))
    theirs = outcome(lambda: read_grid("a.jpg", io.BytesIO(data))[0])
    if isinstance(ours, str) or isinstance(theirs, str):
        return isinstance(ours, str) and isinstance(theirs, str) and ours == theirs
    return ours.shape == theirs.shape and np.abs(ours.astype(int) - theirs).max() <= 1


def jpeg_claiming(data: bytes, height: int, width: int) -> bytes:
    """A JPEG whose header claims another size."""
    place = data.index(b"\xff\xc0") + 5
    return data[:place] + struct.pack(">HH", height, width) + data[place + 4 :]


def test_odd_pictures_are_read_or_refused_as_expected(odd_pictures):
    expected = json.loads(odd_pictures["expected.json"])
    readable = {}
    for name in expected:
        try:
            rgb_HWC = decode(odd_pictures[name], name)
        except PictureError as error:
            assert str(error).startswith(name)
            readable[name] = False
        else:
            assert (rgb_HWC.dtype, rgb_HWC.ndim, rgb_HWC.shape[2]) == (np.uint8, 3, 3)
            assert rgb_HWC.flags.c_contiguous
            assert rgb_HWC.flags.writeable
            readable[name] = True
    assert readable == {name: facts["readable"] for name, facts in expected.items()}


def test_odd_pictures_look_right(odd_pictures):
    good = decode(odd_pictures["good.jpg"], "good.jpg").astype(int)
    for name in ("cmyk.jpg", "bmp.bmp", "tiff.tif", "webp.webp", "wrong_extension.png"):
        assert np.abs(decode(odd_pictures[name], name) - good).mean() < 4, name
    upright = decode(odd_pictures["exif_rotated.jpg"], "exif_rotated.jpg")
    assert np.abs(upright - np.rot90(good, -1)).mean() < 4
    assert decode(odd_pictures["very_wide.png"], "very_wide.png").shape == (3, 4000, 3)
    with Image.open(io.BytesIO(odd_pictures["gray16.png"])) as image:
        exact = np.asarray(image) / 65535 * 255
    assert np.abs(decode(odd_pictures["gray16.png"], "gray16.png")[..., 0] - exact).max() <= 1


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("empty.jpg", "zero bytes"),
        ("text.jpg", "seems to be text"),
        ("truncated.jpg", "cut short"),
        ("badcrc.png", "damaged"),
        ("bomb.png", "200 megapixels"),
    ],
)
def test_odd_pictures_are_refused_with_their_reason(odd_pictures, name, reason):
    with pytest.raises(PictureError, match=reason):
        decode(odd_pictures[name], name)


@pytest.mark.parametrize("mode", ["L", "RGB"])
@pytest.mark.parametrize("quality", [10, 75, 100])
@pytest.mark.parametrize("progressive", [False, True])
@pytest.mark.parametrize("subsampling", ["4:4:4", "4:2:2", "4:2:0"])
def test_jpegs_come_as_pillow_gives_them(mode, quality, progressive, subsampling):
    file = io.BytesIO()
    how = {"quality": quality, "progressive": progressive, "subsampling": subsampling}
    Image.fromarray(SMOOTH).convert(mode).save(file, "JPEG", **how)
    difference = decode(file.getvalue(), "a.jpg").astype(int) - by_pillow(file.getvalue())
    assert np.abs(difference).max() <= 1


def test_a_jpeg_of_plain_rgb_is_no_other_colour():
    file = io.BytesIO()
    Image.fromarray(SMOOTH).save(file, "JPEG", keep_rgb=True, quality=95)
    np.testing.assert_array_equal(decode(file.getvalue(), "a.jpg"), by_pillow(file.getvalue()))


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_every_orientation_comes_upright(orientation, kind):
    exif = Image.Exif()
    exif[0x0112] = orientation
    data = encoded(SMOOTH, kind, exif=exif)
    rgb_HWC = decode(data, "a")
    np.testing.assert_array_equal(rgb_HWC, by_pillow(data))
    assert rgb_HWC.flags.c_contiguous


def test_an_orientation_in_xmp_counts_too():
    xmp = b'<x:xmpmeta xmlns:x="adobe:ns:meta/" tiff:Orientation="6"></x:xmpmeta>'
    assert decode(encoded(SMOOTH, "JPEG", xmp=xmp), "a.jpg").shape == (50, 40, 3)


def test_damaged_exif_does_not_damage_the_picture():
    data = encoded(SMOOTH, "JPEG", exif=b"Exif\0\0nonsense")
    np.testing.assert_array_equal(decode(data, "a.jpg"), by_pillow(data))


def test_pictures_keep_their_size():
    wide = np.full((2, LARGEST_SIDE + 100, 3), 200, np.uint8)
    assert decode(encoded(wide, "JPEG"), "a.jpg").shape == wide.shape
    np.testing.assert_array_equal(decode(encoded(wide, "PNG"), "a.png"), wide)


@pytest.mark.parametrize(("height", "width"), [(60000, 60000), (65500, 3100)])
def test_a_jpeg_that_claims_too_many_pixels_is_refused_before_decoding(monkeypatch, height, width):
    def fail(*_: object) -> None:
        raise AssertionError("it was decoded")

    data = jpeg_claiming(encoded(SMOOTH), height, width)
    monkeypatch.setattr(ImageFile.ImageFile, "load", fail)
    if decode_module.simplejpeg is not None:
        monkeypatch.setattr(decode_module.simplejpeg, "decode_jpeg", fail)
    with pytest.raises(PictureError, match=r"^a\.jpg has more than 200 megapixels"):
        decode(data, "a.jpg")


def test_a_png_that_claims_too_many_pixels_is_refused():
    data = bytearray(encoded(SMOOTH, "PNG"))
    data[16:24] = struct.pack(">II", 60000, 60000)
    data[29:33] = struct.pack(">I", zlib.crc32(data[12:29]))
    with pytest.raises(PictureError, match="more than 200 megapixels"):
        decode(bytes(data), "a.png")


def test_memory_that_runs_out_is_said(monkeypatch):
    def fail(*_: object, **__: object) -> None:
        raise MemoryError

    monkeypatch.setattr(Image, "open", fail)
    if decode_module.simplejpeg is not None:
        monkeypatch.setattr(decode_module.simplejpeg, "decode_jpeg", fail)
    with pytest.raises(PictureError, match="doesn't fit into memory"):
        decode(encoded(SMOOTH), "a.jpg")


def test_without_the_fast_decoder_pillow_reads_the_same(monkeypatch):
    data = encoded(SMOOTH)
    fast = decode(data, "a.jpg")
    monkeypatch.setattr(decode_module, "simplejpeg", None)
    assert np.abs(decode(data, "a.jpg").astype(int) - fast).max() <= 1


JPEG = encoded(SMOOTH, quality=60)


@pytest.mark.parametrize("end", range(0, len(JPEG), 7))
def test_a_jpeg_cut_anywhere_ends_as_with_pillow(capfd, end):
    assert is_same(JPEG[:end])
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    "data",
    [
        JPEG[: len(JPEG) // 2] + b"\xff\xd9",
        JPEG[:-2] + bytes(20) + b"\xff\xd9",
        JPEG[:-2] + b"\x12\x34" * 20 + b"\xff\xd9",
        JPEG + b"more",
        JPEG[: len(JPEG) // 2] + b"\xff\xd3" + JPEG[len(JPEG) // 2 :],
    ],
)
def test_a_damaged_jpeg_ends_as_with_pillow_and_prints_nothing(capfd, data):
    assert is_same(data)
    assert capfd.readouterr() == ("", "")


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_a_jpeg_with_changed_bytes_ends_as_with_pillow(data):
    places = st.integers(0, len(JPEG) - 1)
    content = bytearray(JPEG)
    changes = data.draw(st.lists(st.tuples(places, st.integers(0, 255)), min_size=1, max_size=4))
    for place, value in changes:
        content[place] = value
    assert is_same(bytes(content))


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_give_a_picture_or_a_picture_error(content):
    try:
        assert decode(content, "any").shape[2] == 3
    except PictureError as error:
        assert str(error).startswith("any ")
