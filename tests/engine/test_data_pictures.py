"""Reading pictures: every mode becomes upright RGB, and every bad file one clear sentence."""

import io
import json
import logging
import os
import struct
import warnings
import zipfile
import zlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageOps

from engine.data.reading.pictures import LARGEST_SIDE, MOST_PIXELS, Picture, read_picture
from engine.errors import PictureError
from tests.shared_pictures import shared

HEIGHT, WIDTH = 4, 6
RGB_HWC = np.random.default_rng(0).integers(0, 256, (HEIGHT, WIDTH, 3), dtype=np.uint8)
RGB = Image.fromarray(RGB_HWC)
WHITE, BLACK = (255, 255, 255), (0, 0, 0)


@pytest.fixture
def save(tmp_path):
    """Save a Pillow image and give its path."""

    def saved(image: Image.Image, name: str, **how: object) -> Path:
        path = tmp_path / name
        image.save(path, **how)
        return path

    return saved


def is_well_made(picture: Picture) -> bool:
    rgb_HWC = picture.rgb_HWC
    return (
        rgb_HWC.dtype == np.uint8
        and rgb_HWC.ndim == 3
        and rgb_HWC.shape[2] == 3
        and min(rgb_HWC.shape) > 0
        and max(rgb_HWC.shape) <= LARGEST_SIDE
        and rgb_HWC.flags.c_contiguous
        and not rgb_HWC.flags.writeable
    )


def png_chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png_claiming(width: int, height: int) -> bytes:
    """A small PNG whose header claims a size."""
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + png_chunk(b"IHDR", header)
        + png_chunk(b"IDAT", zlib.compress(bytes(100)))
        + png_chunk(b"IEND", b"")
    )


def refusal(path: Path) -> str:
    with pytest.raises(PictureError) as caught:
        read_picture(path)
    sentence = str(caught.value)
    assert sentence.startswith(path.name)
    assert caught.value.hint.endswith(".")
    assert "\n" not in sentence
    return sentence


# The odd pictures


@pytest.fixture(scope="module")
def odd_folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("odd")
    with zipfile.ZipFile(shared("odd_pictures.zip")) as archive:
        archive.extractall(folder)
    return folder


def test_odd_pictures_are_read_or_refused_as_expected(odd_folder):
    expected = json.loads((odd_folder / "expected.json").read_text(encoding="utf-8"))
    readable = {}
    for name in expected:
        try:
            readable[name] = is_well_made(read_picture(odd_folder / name))
        except PictureError as error:
            assert str(error).startswith(name)
            readable[name] = False
    assert readable == {name: facts["readable"] for name, facts in expected.items()}


def test_odd_pictures_look_right(odd_folder):
    good = read_picture(odd_folder / "good.jpg").rgb_HWC.astype(int)
    for name in ("cmyk.jpg", "bmp.bmp", "tiff.tif", "webp.webp", "wrong_extension.png"):
        assert np.abs(read_picture(odd_folder / name).rgb_HWC - good).mean() < 4, name
    upright = read_picture(odd_folder / "exif_rotated.jpg")
    assert upright.size_HW == (96, 72)
    assert np.abs(upright.rgb_HWC - np.rot90(good, -1)).mean() < 4
    over_white = 255 - (255 - good) * 128 / 255
    assert np.abs(read_picture(odd_folder / "alpha.png").rgb_HWC - over_white).mean() < 4
    with Image.open(odd_folder / "gray16.png") as image:
        exact = np.asarray(image) / 65535 * 255
    assert np.abs(read_picture(odd_folder / "gray16.png").rgb_HWC[..., 0] - exact).max() <= 1
    assert read_picture(odd_folder / "very_wide.png").size_HW == (3, 4000)


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("empty.jpg", "zero bytes"),
        ("text.jpg", "seems to be text"),
        ("html.png", "seems to be a web page"),
        ("truncated.jpg", "cut short"),
        ("truncated.png", "cut short"),
        ("badcrc.png", "damaged"),
        ("bomb.png", "200 megapixels"),
    ],
)
def test_odd_pictures_are_refused_with_their_reason(odd_folder, name, reason):
    assert reason in refusal(odd_folder / name)


# Modes


@pytest.mark.parametrize("name", ["a.png", "a.bmp", "a.tif", "a.ppm", "a.jp2"])
def test_rgb_comes_unchanged(save, name):
    how = {"irreversible": False} if name.endswith("jp2") else {}
    picture = read_picture(save(RGB, name, **how))
    assert (picture.name, picture.size_HW) == (name, (HEIGHT, WIDTH))
    assert is_well_made(picture)
    np.testing.assert_array_equal(picture.rgb_HWC, RGB_HWC)


def test_lossless_webp_comes_unchanged(save):
    np.testing.assert_array_equal(read_picture(save(RGB, "a.webp", lossless=True)).rgb_HWC, RGB_HWC)


@pytest.mark.parametrize("extension", ["jpg", "webp", "avif"])
def test_lossy_pictures_come_close(save, extension):
    flat = Image.new("RGB", (40, 30), (200, 100, 50))
    rgb_HWC = read_picture(save(flat, f"a.{extension}")).rgb_HWC
    assert np.abs(rgb_HWC.astype(int) - (200, 100, 50)).max() <= 6


@pytest.mark.parametrize("mode", ["L", "1", "P"])
@pytest.mark.parametrize("extension", ["png", "tif", "bmp", "gif"])
def test_grey_bits_and_palettes_become_rgb(save, mode, extension):
    image = RGB.convert(mode)
    rgb_HWC = read_picture(save(image, f"a.{extension}")).rgb_HWC
    np.testing.assert_array_equal(rgb_HWC, np.asarray(image.convert("RGB")))


@pytest.mark.parametrize("extension", ["jpg", "tif"])
def test_cmyk_becomes_rgb(save, extension):
    cmyk = Image.new("CMYK", (16, 16), (0, 255, 255, 0))
    rgb_HWC = read_picture(save(cmyk, f"a.{extension}")).rgb_HWC
    assert np.abs(rgb_HWC.astype(int) - (255, 0, 0)).max() <= 2


SIXTEEN_BITS = np.array([[0, 257, 128 * 257], [40000, 65279, 65535]], np.uint16)
EIGHT_BITS = np.array([[0, 1, 128], [156, 254, 255]])


@pytest.mark.parametrize("name", ["a.png", "a.tif", "a.pgm"])
def test_16_bits_are_scaled_not_clipped(save, name):
    rgb_HWC = read_picture(save(Image.fromarray(SIXTEEN_BITS), name)).rgb_HWC
    for channel in range(3):
        np.testing.assert_array_equal(rgb_HWC[..., channel], EIGHT_BITS)


def test_16_bits_of_the_other_byte_order_are_scaled_too(save):
    image = Image.frombytes("I;16B", (3, 2), SIXTEEN_BITS.astype(">u2").tobytes())
    rgb_HWC = read_picture(save(image, "a.tif")).rgb_HWC
    np.testing.assert_array_equal(rgb_HWC[..., 0], EIGHT_BITS)


@pytest.mark.parametrize(
    ("values", "shown"),
    [
        (SIXTEEN_BITS.astype(np.int32), EIGHT_BITS),
        (np.array([[-1000, 0, 1000]], np.int32), [[0, 128, 255]]),
        (np.array([[0, 2**20, 2**21]], np.int32), [[0, 128, 255]]),
        (np.array([[0.0, 0.5, 1.0]], np.float32), [[0, 128, 255]]),
        (np.array([[-2.0, 0.0, 2.0]], np.float32), [[0, 128, 255]]),
        (np.array([[np.nan, -np.inf, np.inf, 0.0, 10.0]], np.float32), [[0, 0, 255, 0, 255]]),
        (np.array([[7.0, 7.0]], np.float32), [[0, 0]]),
        (np.array([[np.nan]], np.float32), [[0]]),
    ],
)
def test_wide_values_are_scaled_to_their_range(save, values, shown):
    rgb_HWC = read_picture(save(Image.fromarray(values), "a.tif")).rgb_HWC
    np.testing.assert_array_equal(rgb_HWC[..., 0], shown)


def test_alpha_is_laid_over_white(save):
    red = Image.new("RGBA", (3, 1), (255, 0, 0, 255))
    red.putpixel((1, 0), (255, 0, 0, 51))
    red.putpixel((2, 0), (255, 0, 0, 0))
    rgb_HWC = read_picture(save(red, "a.png")).rgb_HWC
    assert rgb_HWC[0].tolist() == [[255, 0, 0], [255, 204, 204], [255, 255, 255]]


def test_grey_with_alpha_is_laid_over_white(save):
    grey = Image.new("LA", (2, 1), (0, 255))
    grey.putpixel((1, 0), (0, 0))
    assert read_picture(save(grey, "a.png")).rgb_HWC[0].tolist() == [list(BLACK), list(WHITE)]


@pytest.mark.parametrize(
    ("mode", "key"), [("L", 0), ("RGB", (0, 0, 0)), ("P", 0), ("P", b"\x00"), ("1", 0)]
)
def test_a_transparent_colour_is_laid_over_white(save, mode, key):
    image = Image.new(mode, (2, 1))
    if mode == "P":
        image.putpalette([*BLACK, 10, 20, 30])
    image.putpixel((1, 0), (10, 20, 30) if mode == "RGB" else 1)
    solid = np.asarray(image.convert("RGB"))[0, 1].tolist()
    rgb_HWC = read_picture(save(image, "a.png", transparency=key)).rgb_HWC
    assert rgb_HWC[0].tolist() == [list(WHITE), solid]


@pytest.mark.parametrize(
    ("depth", "colour", "row", "key", "expected"),
    [
        (2, 0, bytes([0b00011011]), (1,), [0, 255, 170, 255]),
        (4, 0, bytes([0x2F, 0x32]), (2,), [255, 255, 51, 255]),
        (8, 0, bytes([7, 9]), (7,), [255, 9]),
        (16, 0, struct.pack(">3H", 700, 701, 30000), (700,), [255, 3, 117]),
        (16, 0, struct.pack(">2H", 0, 65535), (0,), [255, 255]),
        (
            16,
            2,
            struct.pack(">6H", 700, 800, 900, 30000, 30000, 30000),
            (700, 800, 900),
            [255, 117],
        ),
    ],
)
def test_a_transparent_value_is_as_wide_as_those_of_its_png(
    tmp_path, depth, colour, row, key, expected
):
    header = struct.pack(">IIBBBBB", len(expected), 1, depth, colour, 0, 0, 0)
    (tmp_path / "a.png").write_bytes(
        b"\x89PNG\r\n\x1a\n"
        + png_chunk(b"IHDR", header)
        + png_chunk(b"tRNS", struct.pack(f">{len(key)}H", *key))
        + png_chunk(b"IDAT", zlib.compress(b"\0" + row))
        + png_chunk(b"IEND", b"")
    )
    rgb_HWC = read_picture(tmp_path / "a.png").rgb_HWC
    assert rgb_HWC[0, :, 0].tolist() == expected


def test_a_transparent_gif_is_laid_over_white(save):
    image = Image.new("P", (2, 1))
    image.putpalette([*BLACK, 10, 20, 30])
    image.putpixel((1, 0), 1)
    rgb_HWC = read_picture(save(image, "a.gif", transparency=0)).rgb_HWC
    assert rgb_HWC[0].tolist() == [list(WHITE), [10, 20, 30]]


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("extension", ["png", "tif", "webp"])
def test_every_orientation_is_shown_upright(save, orientation, extension):
    exif = Image.Exif()
    exif[0x0112] = orientation
    how = {"lossless": True} if extension == "webp" else {}
    path = save(RGB, f"a.{extension}", exif=exif, **how)
    tagged = RGB.copy()
    tagged.getexif()[0x0112] = orientation
    upright = np.asarray(ImageOps.exif_transpose(tagged))
    picture = read_picture(path)
    np.testing.assert_array_equal(picture.rgb_HWC, upright)
    assert picture.size_HW == upright.shape[:2]


def test_damaged_exif_does_not_damage_the_picture(save):
    np.testing.assert_array_equal(
        read_picture(save(RGB, "a.png", exif=b"Exif\0\0nonsense")).rgb_HWC, RGB_HWC
    )


@pytest.mark.parametrize("extension", ["gif", "webp", "png", "tif"])
def test_the_first_frame_of_an_animation_is_read(save, extension):
    frames = [Image.new("RGB", (8, 8), colour) for colour in ("white", "black", "blue")]
    path = save(frames[0], f"a.{extension}", save_all=True, append_images=frames[1:])
    assert (read_picture(path).rgb_HWC == 255).all()


# Size


@pytest.mark.parametrize("name", ["a.jpg", "a.png"])
def test_large_pictures_are_shrunk_and_keep_their_true_size(save, name):
    large = Image.new("RGB", (3 * LARGEST_SIDE, 600), "white")
    picture = read_picture(save(large, name))
    assert picture.rgb_HWC.shape == (200, LARGEST_SIDE, 3)
    assert picture.size_HW == (600, 3 * LARGEST_SIDE)
    assert is_well_made(picture)
    assert (picture.rgb_HWC == 255).all()


def test_large_pictures_with_alpha_are_shrunk_without_dark_edges(save):
    large = Image.new("RGBA", (2 * LARGEST_SIDE, 2), (0, 0, 0, 0))
    assert (read_picture(save(large, "a.png")).rgb_HWC == 255).all()


def test_a_large_turned_jpeg_has_its_upright_size(save):
    exif = Image.Exif()
    exif[0x0112] = 6
    picture = read_picture(save(Image.new("RGB", (4100, 100)), "a.jpg", exif=exif))
    assert picture.size_HW == (4100, 100)
    assert picture.rgb_HWC.shape == (LARGEST_SIDE, 50, 3)


@pytest.mark.parametrize("width", [MOST_PIXELS // 1000 + 1, 2_000_000])
def test_too_many_pixels_are_refused_before_decoding(tmp_path, width):
    path = tmp_path / "bomb.png"
    path.write_bytes(png_claiming(width, 1000))
    assert "more than 200 megapixels" in refusal(path)


def test_as_many_pixels_as_allowed_are_not_refused_for_their_number(tmp_path):
    path = tmp_path / "claims.png"
    path.write_bytes(png_claiming(MOST_PIXELS // 1000, 1000))
    assert "megapixels" not in refusal(path)


# Files that can't be read


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "zero bytes"),
        (b"hello\nworld\n", "seems to be text"),
        ("grüße".encode(), "seems to be text"),
        (b"BMW is a car maker", "seems to be text"),
        (b"\n <!DOCTYPE HTML><html>", "seems to be a web page"),
        (b"<?xml version='1.0'?>\n<!-- drawn --><svg/>", "seems to be an SVG drawing"),
        (b"<!---->" * 200, "seems to be text"),
        (b"\0\0\0\x20ftypheic" + bytes(20), "seems to be a HEIC photo"),
        (b"\0\0\0\x20ftypisom" + bytes(20), "seems to be a video"),
        (b"%PDF-1.7\n\x00", "seems to be a PDF document"),
        (b"PK\x03\x04" + bytes(20), "seems to be an archive"),
        (b"\x89PNG\r\n\x1a\n" + bytes(20), "damaged"),
        (b"\xff\xd8\xff\xe0" + bytes(20), "damaged"),
        (b"\0\0\0\x1cftypavif" + bytes(20), "damaged"),
        (bytes(range(32)), "isn't a picture"),
    ],
)
def test_other_files_are_refused_with_what_they_seem_to_be(tmp_path, content, reason):
    path = tmp_path / "file.jpg"
    path.write_bytes(content)
    assert reason in refusal(path)


def test_a_missing_file_is_refused(tmp_path):
    assert "doesn't exist" in refusal(tmp_path / "gone.png")


def test_a_folder_is_refused(tmp_path):
    assert "is a folder" in refusal(tmp_path)


def test_a_name_that_no_file_can_have_is_refused(tmp_path):
    with pytest.raises(PictureError, match="can't be read"):
        read_picture(tmp_path / "a\0b.png")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no pipes here")
def test_a_pipe_is_refused_without_waiting_for_it(tmp_path):
    os.mkfifo(tmp_path / "pipe.png")
    assert "isn't a file" in refusal(tmp_path / "pipe.png")


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (PermissionError(13, "Permission denied"), "permission denied"),
        (OSError(5, "Input/output error"), "Input/output error"),
    ],
)
def test_a_file_that_the_system_withholds_is_refused(save, monkeypatch, error, reason):
    path = save(RGB, "a.png")

    def withhold(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(os, "open", withhold)
    assert reason in refusal(path)


def test_a_disk_that_fails_while_reading_is_not_called_a_damaged_picture(save, monkeypatch):
    path = save(RGB, "a.png")

    def fail(*_: object, **__: object) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(Image, "open", fail)
    assert "Input/output error" in refusal(path)


def test_memory_that_runs_out_is_said(save, monkeypatch):
    path = save(RGB, "a.png")

    def fail(*_: object, **__: object) -> None:
        raise MemoryError

    monkeypatch.setattr(Image, "open", fail)
    assert "doesn't fit into memory" in refusal(path)


def test_names_are_shown_on_one_line(tmp_path):
    with pytest.raises(PictureError) as caught:
        read_picture(tmp_path / "a\nb\udcff.png")
    assert str(caught.value).startswith("a?b?.png ")


@pytest.mark.parametrize("place", [20, 45, -20, -6])
def test_a_png_with_a_changed_byte_is_refused(save, place):
    path = save(RGB, "a.png")
    content = bytearray(path.read_bytes())
    content[place] ^= 0x10
    path.write_bytes(content)
    assert refusal(path)


@pytest.mark.parametrize("name", ["a.png", "a.jpg", "a.bmp", "a.gif", "a.tif", "a.webp"])
def test_a_picture_cut_in_half_is_refused(save, name):
    path = save(RGB.resize((60, 40)), name)
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])
    assert "cut short" in (sentence := refusal(path)) or "damaged" in sentence


# Whatever the bytes are


def _encoded(extension: str) -> bytes:
    file = io.BytesIO()
    RGB.save(file, extension)
    return file.getvalue()


EXAMPLES = [_encoded(name) for name in ("PNG", "JPEG", "GIF", "BMP", "TIFF", "WEBP", "PPM")]


@st.composite
def damaged_pictures(draw: st.DrawFn) -> bytes:
    """A real picture, cut, with some of its bytes changed."""
    content = bytearray(draw(st.sampled_from(EXAMPLES)))
    places = st.integers(0, len(content) - 1)
    for place, value in draw(st.lists(st.tuples(places, st.integers(0, 255)), max_size=4)):
        content[place] = value
    return bytes(content[: draw(places) + 1])


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("bytes")


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=200) | damaged_pictures())
def test_any_bytes_give_a_picture_or_a_picture_error(folder, content):
    path = folder / "any.png"
    path.write_bytes(content)
    logged: list[logging.LogRecord] = []
    handler = logging.Handler()
    handler.emit = logged.append
    logging.getLogger().addHandler(handler)
    try:
        with warnings.catch_warnings(record=True) as warned:
            warnings.simplefilter("always")
            try:
                assert is_well_made(read_picture(path))
            except PictureError as error:
                assert str(error).startswith("any.png ")
    finally:
        logging.getLogger().removeHandler(handler)
    assert not warned
    assert not logged


def test_a_strange_tiff_leaks_no_warning_and_no_log(tmp_path, recwarn, caplog):
    file = io.BytesIO()
    RGB.resize((90, 60)).save(file, "TIFF", compression="tiff_lzw")
    content = file.getvalue()
    path = tmp_path / "strange.tif"
    for end in range(len(content) // 2, len(content), 97):
        path.write_bytes(content[:end])
        refusal(path)
    assert not recwarn.list
    assert not caplog.records
