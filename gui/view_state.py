"""How maps are looked at: what every panel shares and the settings remember."""

from typing import Literal

import numpy as np
from PySide6.QtCore import QObject, Signal

from engine.messages.frames import WHOLE, MosaicFrame, Region, Scale
from gui.settings import Settings
from gui.widgets.mosaic.palettes import palette_names
from gui.widgets.sheets import MOST_MAPS, sheet_at

Sort = Literal["channel", "mean", "max", "std"]
SCALES: dict[Scale, str] = {
    "map": "each map by itself",
    "layer": "by layer",
    "network": "over the whole network",
}


class ViewState(QObject):
    """Palette, scale, order, pins, zoom and selection. Lives on the GUI thread."""

    changed = Signal()
    """Anything but the selection changed."""
    selection_changed = Signal()
    zoom_reset = Signal()
    """Whatever is zoomed shall be whole again."""

    def __init__(self) -> None:
        super().__init__()
        self._palette = "viridis"
        self._signed_palette = "blue-red"
        self._scale: Scale = "map"
        self._sort: Sort = "channel"
        self._selected: tuple[str, int] | None = None
        self._pins: dict[str, tuple[int, ...]] = {}
        self._regions: dict[str, Region] = {}
        self._orders: dict[str, tuple[int, ...]] = {}
        self._first: dict[str, int] = {}

    @property
    def palette(self) -> str:
        """The palette of maps, by name."""
        return self._palette

    @palette.setter
    def palette(self, name: str) -> None:
        self._palette = name
        self.changed.emit()

    @property
    def signed_palette(self) -> str:
        """The palette of kernels and responses, by name; its middle is zero."""
        return self._signed_palette

    @signed_palette.setter
    def signed_palette(self, name: str) -> None:
        self._signed_palette = name
        self.changed.emit()

    @property
    def scale(self) -> Scale:
        return self._scale

    @scale.setter
    def scale(self, scale: Scale) -> None:
        self._scale = scale
        self.changed.emit()

    def scale_of(self, map_HW: tuple[int, int]) -> Scale:
        """The scale of maps of this size: a single value has no range of its own, and is shown on
        the scale of its layer."""
        return "layer" if map_HW == (1, 1) and self._scale == "map" else self._scale

    @property
    def sort(self) -> Sort:
        return self._sort

    def sort_by(self, sort: Sort, frames: dict[str, MosaicFrame]) -> None:
        """Order each tap's maps by what `frames`, the newest by tap, say of them.

        The order then stays until this is called again, so that maps don't jump while training.
        """
        self._sort = sort
        self._orders = {}
        self._first = {}  # what comes first now is on the first sheet
        if sort != "channel":
            for tap, frame in frames.items():
                figure_C = {"mean": frame.mean_C, "max": frame.max_C, "std": frame.std_C}[sort]
                self._orders[tap] = tuple(int(c) for c in np.argsort(-figure_C, kind="stable"))
        self.changed.emit()

    @property
    def selected(self) -> tuple[str, int] | None:
        """(tap, channel) of the map that is shown large."""
        return self._selected

    def select(self, tap: str, channel: int) -> None:
        if self._selected != (tap, channel):
            self._selected = (tap, channel)
            self.selection_changed.emit()

    def pins(self, tap: str) -> tuple[int, ...]:
        return self._pins.get(tap, ())

    def toggle_pin(self, tap: str, channel: int) -> None:
        """Keep a map at the front whatever the order, or let it go."""
        pins = self.pins(tap)
        self._pins[tap] = (
            tuple(c for c in pins if c != channel) if channel in pins else (*pins, channel)
        )
        self.changed.emit()

    def region(self, tap: str) -> Region:
        """The part of each map of a tap that is shown."""
        return self._regions.get(tap, WHOLE)

    def zoom(self, tap: str, region: Region) -> None:
        """Show only this part of every map of the tap."""
        self._regions[tap] = region
        self.changed.emit()

    def reset_zoom(self) -> None:
        """Show every map whole again."""
        self._regions = {}
        self.changed.emit()
        self.zoom_reset.emit()

    def sheet(self, tap: str, count: int) -> range:
        """Which places in the order of a tap's `count` maps are shown together."""
        return sheet_at(self._first.get(tap, 0), count)

    def turn(self, tap: str, count: int, by: int) -> None:
        """Show the next sheet of a tap's maps, or the one so many further."""
        now = self.sheet(tap, count)
        then = sheet_at(now.start + by * MOST_MAPS, count)
        if then != now:
            self._first[tap] = then.start
            self.changed.emit()

    def channels(self, tap: str, count: int) -> tuple[int, ...]:
        """The channels of the sheet that is shown of a tap with `count` maps, in order: pins come
        first, then the others as they are sorted."""
        order = self._orders.get(tap, range(count))
        pins = [channel for channel in self.pins(tap) if channel < count]
        pinned = set(pins)
        all_of_them = [*pins, *(c for c in order if c < count and c not in pinned)]
        shown = self.sheet(tap, count)
        return tuple(all_of_them[shown.start : shown.stop])

    def forget_network(self) -> None:
        """A different network: selection, pins, zoom and order mean nothing for it."""
        self._selected = None
        self._pins = {}
        self._regions = {}
        self._orders = {}
        self._first = {}
        self._sort = "channel"
        self.changed.emit()
        self.selection_changed.emit()

    def restore(self, settings: Settings) -> None:
        """Take palettes and scale of the last time. Call before anything is shown."""
        self._palette = settings.one_of("palette", palette_names(signed=False), self._palette)
        self._signed_palette = settings.one_of(
            "signed palette", palette_names(signed=True), self._signed_palette
        )
        self._scale = settings.one_of("scale", tuple(SCALES), self._scale)

    def remember(self, settings: Settings) -> None:
        """Put palettes and scale into the settings."""
        settings.put("palette", self._palette)
        settings.put("signed palette", self._signed_palette)
        settings.put("scale", self._scale)
