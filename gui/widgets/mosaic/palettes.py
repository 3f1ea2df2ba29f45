"""The palettes of maps and of signed values, 256 colours each.

From a file, as importing pyqtgraph for its own takes longer than the first window may.
"""

import json
from functools import cache

from engine.program import RESOURCES

_FILE = RESOURCES / "palettes" / "palettes.json"


@cache
def _colours() -> dict[str, dict[str, list[str]]]:
    """{"maps": {name: 256 of "#rrggbb"}, "signed": {...}}"""
    colours: dict[str, dict[str, list[str]]] = json.loads(_FILE.read_text(encoding="utf-8"))
    return colours


def palette_names(signed: bool) -> tuple[str, ...]:
    """The palettes to choose from; signed ones are neutral at entry 128, which stands for zero."""
    return tuple(_colours()["signed" if signed else "maps"])


@cache
def palette(name: str) -> tuple[int, ...]:
    """256 opaque QRgb, 0xffrrggbb, as QImage.setColorTable takes them.

    An unknown name, as old settings may hold, gives the first palette of maps.
    """
    groups = _colours()
    colours = {**groups["maps"], **groups["signed"]}
    table = colours.get(name) or next(iter(colours.values()))
    return tuple(0xFF000000 | int(colour[1:], 16) for colour in table)
