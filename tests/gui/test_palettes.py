"""The palettes: complete, and signed ones neutral at zero."""

import subprocess
import sys
from itertools import pairwise

import pytest

from gui.widgets.mosaic.palettes import palette, palette_names


def channels(colour: int) -> tuple[int, int, int]:
    return colour >> 16 & 255, colour >> 8 & 255, colour & 255


def luminance(colour: int) -> float:
    red, green, blue = ((c / 255) ** 2.2 for c in channels(colour))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("name", [*palette_names(signed=False), *palette_names(signed=True)])
def test_a_palette_has_256_opaque_colours(name: str) -> None:
    colours = palette(name)
    assert len(colours) == 256
    assert all(colour >> 24 == 255 for colour in colours)
    assert len(set(colours)) > 200


@pytest.mark.parametrize("name", palette_names(signed=False))
def test_a_palette_of_maps_grows_lighter_all_the_way(name: str) -> None:
    lights = [luminance(colour) for colour in palette(name)]
    assert all(b >= a - 0.004 for a, b in pairwise(lights))
    assert lights[-1] - lights[0] > 0.5


@pytest.mark.parametrize("name", palette_names(signed=True))
def test_zero_is_the_one_neutral_colour_of_a_signed_palette(name: str) -> None:
    spreads = [max(channels(c)) - min(channels(c)) for c in palette(name)]
    assert spreads[128] == 0
    assert min(spreads[:96]) > 10
    assert min(spreads[160:]) > 10


@pytest.mark.parametrize("name", palette_names(signed=True))
def test_the_ends_of_a_signed_palette_are_as_light_as_each_other(name: str) -> None:
    lights = [luminance(colour) for colour in palette(name)]
    assert abs(lights[0] - lights[255]) < 0.1
    assert lights[128] in (max(lights), min(lights))


def test_viridis_is_the_default() -> None:
    assert palette_names(signed=False)[0] == "viridis"
    assert channels(palette("viridis")[0]) == (68, 1, 84)
    assert palette("no such palette") == palette("viridis")


def test_maps_are_shown_without_loading_pyqtgraph() -> None:
    code = "import sys, gui.pages.train.page\nsys.exit('pyqtgraph' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
