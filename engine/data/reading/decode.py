"""From the bytes of a picture file to its grid of pixels, at full size. Any thread; no torch."""

import io

import numpy as np
from PIL import Image

from engine.data.reading.pictures import MOST_PIXELS, orientation_of, read_grid, turned_upright
from engine.errors import PictureError

# To the same pixels as Pillow, twice as fast and without the GIL. Where a system has no build of
# it, Pillow reads everything.
try:
    import simplejpeg
except ImportError:
    simplejpeg = None


def decode(data: bytes, name: str) -> np.ndarray:
    """A picture as a person sees it: uint8 (H, W, 3), a fresh array.

    Upright as its EXIF says, transparent parts over white; grey, palette, CMYK and 16-bit pictures
    become RGB; of an animation, the first frame. PictureError, with `name` in it, says why a file
    can't be shown; more pixels than MOST_PIXELS are refused before they are decoded.
    """
    rgb_HWC = _decoded_plain_jpeg(data)
    if rgb_HWC is not None:
        return rgb_HWC
    try:
        return read_grid(name, io.BytesIO(data))[0]
    except OSError as error:  # of a decoder: there is no disk here
        raise PictureError(f"{name} can't be decoded: {error}.", "Copy it again.") from error


def _decoded_plain_jpeg(data: bytes) -> np.ndarray | None:
    """The pixels of a sound grey or colour JPEG; None of anything else, which Pillow judges."""
    if simplejpeg is None or not data.startswith(b"\xff\xd8\xff"):
        return None
    try:
        height, width, colours, _ = simplejpeg.decode_jpeg_header(data)
        if colours not in ("Gray", "YCbCr") or height * width > MOST_PIXELS:
            return None
        # Anything that libjpeg would only warn of is an error here.
        rgb_HWC = simplejpeg.decode_jpeg(data, "RGB", strict=True)
    except (ValueError, MemoryError):
        return None
    # Few pictures say how they were held, and finding out takes longer than reading those bytes.
    if b"Exif\0" in data or b"ns.adobe.com/xap/" in data:
        with Image.open(io.BytesIO(data), formats=("JPEG",)) as image:
            orientation = orientation_of(image)
        if orientation != 1:
            return np.array(turned_upright(Image.fromarray(rgb_HWC), orientation))
    return rgb_HWC
