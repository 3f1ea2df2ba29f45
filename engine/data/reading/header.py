"""What the first bytes of a picture file tell, without decoding it. Any thread; no torch."""

import io
import warnings
from typing import NamedTuple

from PIL import Image

from engine.data.reading.pictures import FORMATS, orientation_of


class Header(NamedTuple):
    """`kind` is "JPEG", "PNG", ...; the size is that of the upright picture."""

    kind: str
    size_HW: tuple[int, int]


def header_of(data: bytes) -> Header | None:
    """The header of a picture file; None where it can't be understood."""
    # Not catch_warnings: it isn't thread-safe, and whoever leaves one takes this filter away.
    warnings.filterwarnings("ignore", module=r"PIL\.")
    try:
        with Image.open(io.BytesIO(data), formats=FORMATS) as image:
            width, height = image.size
            lies_on_its_side = orientation_of(image) >= 5
            # A JPEG with more pictures behind the first, such as its depth, is one all the same.
            kind = "JPEG" if image.format == "MPO" else str(image.format)
    except Exception:  # noqa: BLE001 - on a damaged file, decoders raise anything
        return None
    return Header(kind, (width, height) if lies_on_its_side else (height, width))
