"""Finding picture files and reading them, whatever they turn out to be. No torch, no Qt.

Every function may run on any thread.
"""

import logging
import os
import re
import warnings
from collections.abc import Callable, Iterable, Iterator
from io import BufferedReader
from pathlib import Path
from typing import BinaryIO

import numpy as np
from msgspec import Struct
from PIL import ExifTags, Image, UnidentifiedImageError
from PIL.Image import Transpose

from engine.data.reading.walking import is_picture, shown_name, walk
from engine.errors import PictureError
from engine.files import UnfitFileError, open_file

MOST_PIXELS = 200_000_000
"""A file that claims more is refused before anything is decoded."""
LARGEST_SIDE = 2048
"""A larger picture is shrunk while it is read, so that many fit in memory."""

FORMATS = ("JPEG", "PNG", "GIF", "BMP", "WEBP", "TIFF", "PPM", "JPEG2000", "AVIF")
_AGAIN = "Download or copy it again."
_CHOOSE = "Choose a JPEG, PNG, WebP, GIF, BMP or TIFF picture."

# How files begin that aren't pictures of FORMATS: a pattern, what it is, what to do.
_OTHER_HEADS = (
    (rb"\s*(<!doctype html|<html|<head|<body)", "a web page", "Save the picture, not its page."),
    (rb"\s*<(.*<)?svg\b", "an SVG drawing", "Export it as PNG first."),
    (rb"....ftyp(heic|heix|hevc|mif1|msf1)", "a HEIC photo", "Export it as JPEG first."),
    (rb"....ftyp(?!avi[fs])|\x1aE\xdf\xa3|RIFF....AVI", "a video", "Save a frame as PNG first."),
    (rb"%PDF", "a PDF document", "Export the page as PNG first."),
    (rb"8BPS", "a Photoshop document", "Export it as PNG first."),
    (rb"PK\x03\x04|\x1f\x8b|7z\xbc\xaf|Rar!", "an archive", "Unpack it first."),
    (rb"[\t\n\r\f\x20-\x7e\x80-\xff]+\Z", "text", _CHOOSE),
)
_OUR_HEADS = rb"\xff\xd8\xff|\x89PNG|GIF8|BM.{4}\0{4}|RIFF....WEBP|II\*\0|MM\0\*|....ftypavi[fs]"

_BYTES_OF = {"L;2": 85, "L;4": 17}
"""What one more means as a byte, in grey PNGs of 2 and 4 bits a pixel."""

_TO_UPRIGHT = {
    2: Transpose.FLIP_LEFT_RIGHT,
    3: Transpose.ROTATE_180,
    4: Transpose.FLIP_TOP_BOTTOM,
    5: Transpose.TRANSPOSE,
    6: Transpose.ROTATE_270,
    7: Transpose.TRANSVERSE,
    8: Transpose.ROTATE_90,
}

# read_picture says itself what is wrong with a file; Pillow's log and warnings would say it again,
# to nobody. Its own limit stays as a second fence: above twice this value it refuses.
logging.getLogger("PIL").setLevel(logging.CRITICAL)
Image.MAX_IMAGE_PIXELS = MOST_PIXELS


class Picture(Struct, frozen=True, eq=False):
    """A picture as a person sees it.

    `rgb_HWC` is uint8, (H, W, 3), C-contiguous and read-only: upright, transparent parts over
    white, no side beyond LARGEST_SIDE. `size_HW` is the upright size in the file.
    """

    name: str
    rgb_HWC: np.ndarray
    size_HW: tuple[int, int]


def find_pictures(
    paths: Iterable[Path], on_problem: Callable[[str, str], None] | None = None
) -> Iterator[Path]:
    """The files given, whatever their names, and the picture files in the folders given.

    A folder gives its pictures, then those of its sub-folders, in natural order ("2" before "10")
    and each sub-folder once, however links lead to it; hidden entries are left out. Each is listed
    when its turn comes. A folder that can't be listed, or holds no picture at all, is told to
    `on_problem(name, sentence)`.
    """
    for path in paths:
        if os.path.isdir(path):  # noqa: PTH112 - unlike Path.is_dir, it never raises
            yield from _walk(path, on_problem or (lambda name, sentence: None))
        else:
            yield path


def read_picture(path: Path) -> Picture:
    """Read one picture file; of an animation, the first frame.

    Grey, palette, CMYK, 1-bit, 16-bit and float pictures become RGB; 16-bit values 0 to 65535
    become 0 to 255. PictureError says why a file can't be shown.
    """
    name = shown_name(path)
    try:
        with BufferedReader(open_file(path)) as file:
            rgb_HWC, size_HW = read_grid(name, file, LARGEST_SIDE)
    except UnfitFileError as error:
        raise PictureError(f"{name} can't be read: {error.strerror}.", _CHOOSE) from error
    except FileNotFoundError:
        raise PictureError(f"{name} doesn't exist.", "Check its name and folder.") from None
    except PermissionError:
        raise PictureError(
            f"{name} can't be read: permission denied.", "Change its permissions or copy it."
        ) from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise PictureError(f"{name} can't be read: {reason}.", "Copy it elsewhere.") from error
    rgb_HWC.setflags(write=False)
    return Picture(name, rgb_HWC, size_HW)


def read_grid(
    name: str, file: BinaryIO, largest_side: int | None = None
) -> tuple[np.ndarray, tuple[int, int]]:
    """The pixels of a picture file, uint8 (H, W, 3), upright and opaque, and their (H, W) in it.

    No side is beyond `largest_side`; at None the picture keeps its size. PictureError says why a
    file can't be shown; an OSError is the disk's.
    """
    # Not catch_warnings: it isn't thread-safe, and whoever leaves one takes this filter away.
    warnings.filterwarnings("ignore", module=r"PIL\.")
    try:
        with Image.open(file, formats=FORMATS) as image:
            if image.width * image.height > MOST_PIXELS:
                raise Image.DecompressionBombError
            image.verify()  # the checksums of a PNG; it can't be decoded after that
        with Image.open(file, formats=FORMATS) as image:
            width, height = image.size
            plain = _plain(image)
            if largest_side is not None:
                plain.thumbnail((largest_side, largest_side))
            plain.load()
            orientation = orientation_of(image)  # only now: EXIF may follow the pixels
            size_HW = (width, height) if orientation >= 5 else (height, width)
            rgb_HWC = np.array(_opaque(turned_upright(plain, orientation)).convert("RGB"))
    except Image.DecompressionBombError:
        raise PictureError(
            f"{name} has more than {MOST_PIXELS // 1_000_000} megapixels.", "Shrink it first."
        ) from None
    except MemoryError:
        raise PictureError(f"{name} doesn't fit into memory.", "Shrink it first.") from None
    except Exception as error:  # on a damaged file, decoders raise anything
        if isinstance(error, OSError) and error.errno:
            raise
        file.seek(0)
        raise _refusal(name, file.read(1024), error) from error
    return rgb_HWC, size_HW


def orientation_of(image: Image.Image) -> int:
    """The EXIF orientation, 1 (upright) to 8; damaged EXIF doesn't damage the picture."""
    try:
        orientation = image.getexif().get(ExifTags.Base.Orientation)
    except Exception:  # noqa: BLE001 - whatever may be wrong with it
        return 1
    return orientation if orientation in _TO_UPRIGHT else 1


def turned_upright(image: Image.Image, orientation: int) -> Image.Image:
    """The picture as a person holds it; itself where it is upright."""
    return image if orientation == 1 else image.transpose(_TO_UPRIGHT[orientation])


def _walk(top: Path, tell: Callable[[str, str], None]) -> Iterator[Path]:
    problems: list[str] = []

    def note(folder: str, sentence: str) -> None:
        problems.append(folder)
        tell(shown_name(Path(folder)), sentence)

    found = False
    for folder, files in walk(top, note):
        for file in files:
            if is_picture(file.name):
                found = True
                yield top / folder / file.name
    if not (found or problems):
        tell(shown_name(top), "There are no pictures in this folder.")


def _plain(image: Image.Image) -> Image.Image:
    """The same picture in a mode whose pixels can be averaged."""
    _rescale_transparency(image)
    if image.mode.startswith("I") or image.mode == "F":
        values_HW = np.asarray(image)
        grey = Image.fromarray(_to_8_bits(values_HW))
        transparent = image.info.get("transparency")
        if not isinstance(transparent, int):
            return grey
        alpha_HW = np.where(values_HW == transparent, 0, 255).astype(np.uint8)
        return Image.merge("LA", (grey, Image.fromarray(alpha_HW)))
    if image.has_transparency_data and image.mode not in ("RGBA", "LA"):
        return image.convert("RGBA")
    if image.mode in ("1", "P"):
        return image.convert("L" if image.mode == "1" else "RGB")
    return image


def _rescale_transparency(image: Image.Image) -> None:
    """The value that a PNG says is transparent is as wide as those of its file, where Pillow makes
    bytes of these."""
    transparent = image.info.get("transparency")
    tiles = getattr(image, "tile", ())
    wide = str(tiles[0][3]) if tiles else ""
    if wide in _BYTES_OF and isinstance(transparent, int):
        image.info["transparency"] = transparent * _BYTES_OF[wide]
    elif wide == "RGB;16B" and isinstance(transparent, tuple):
        image.info["transparency"] = tuple(value >> 8 for value in transparent)


def _to_8_bits(values_HW: np.ndarray) -> np.ndarray:
    """0 to 65535 (integers) or 0 to 1 (floats) as 0 to 255; other ranges from lowest to highest."""
    if values_HW.dtype.kind == "u" and values_HW.dtype.itemsize == 2:
        # 65535 is 255 * 257; rounded without leaving 16 bits.
        return (values_HW // 257 + (values_HW % 257 > 128)).astype(np.uint8)
    low, high = 0.0, 1.0 if values_HW.dtype.kind == "f" else 65535.0
    finite = values_HW[np.isfinite(values_HW)]
    if finite.size and (finite.min() < low or finite.max() > high):
        low, high = float(finite.min()), float(finite.max())
    share_HW = (values_HW.astype(np.float64) - low) / ((high - low) or 1.0)
    share_HW = np.nan_to_num(share_HW, nan=0.0).clip(0.0, 1.0)
    return np.rint(share_HW * 255).astype(np.uint8)


def _opaque(image: Image.Image) -> Image.Image:
    """The picture over white, which is what a page or a viewer shows behind it."""
    if not image.has_transparency_data:
        return image
    white = Image.new("RGBA", image.size, "white")
    return Image.alpha_composite(white, image.convert("RGBA"))


def _refusal(name: str, head: bytes, error: Exception) -> PictureError:
    """Why a file that begins with `head` can't be shown, where Pillow raised `error`."""
    if not head:
        return PictureError(f"{name} is empty: it has zero bytes.", _AGAIN)
    for pattern, kind, hint in _OTHER_HEADS:
        if re.match(pattern, head, re.DOTALL | re.IGNORECASE):
            return PictureError(f"{name} isn't a picture: it seems to be {kind}.", hint)
    if isinstance(error, EOFError) or "truncated" in str(error).lower():
        return PictureError(f"{name} is cut short: its end is missing.", _AGAIN)
    if isinstance(error, UnidentifiedImageError) and not re.match(_OUR_HEADS, head, re.DOTALL):
        return PictureError(f"{name} isn't a picture of a kind that can be read.", _CHOOSE)
    return PictureError(f"{name} is damaged: it can't be decoded.", _AGAIN)
