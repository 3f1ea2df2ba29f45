"""Where the tiles of a mosaic stand in a box, and which part of a map a zoom shows. Plain sums.

Lengths are device pixels unless a name says otherwise.
"""

from typing import NamedTuple

from engine.messages.frames import WHOLE, Region

SMALLEST_REGION = 2  # map pixels: below this a zoom shows nothing new
ZOOM_STEP = 1.25
LEAST_USE = 0.7  # of the room a tile has; a crisp whole multiple that takes less isn't worth it


class MosaicLayout(NamedTuple):
    """Cells in rows of `columns`, each of `across` tiles side by side.

    `gap` lies between cells, `edge` around them all, and one pixel between the tiles of a cell.
    """

    cells: int
    columns: int
    tile_HW: tuple[int, int]
    across: int
    gap: int
    edge: int

    @property
    def rows(self) -> int:
        return -(-self.cells // self.columns)

    @property
    def cell_HW(self) -> tuple[int, int]:
        height, width = self.tile_HW
        return height, (width + 1) * self.across - 1

    @property
    def size_HW(self) -> tuple[int, int]:
        """What the whole takes."""
        height, width = self.cell_HW
        around = 2 * self.edge - self.gap
        return (
            self.rows * (height + self.gap) + around,
            self.columns * (width + self.gap) + around,
        )

    def corner(self, index: int) -> tuple[int, int]:
        """(top, left) of a cell."""
        height, width = self.cell_HW
        row, column = divmod(index, self.columns)
        return self.edge + row * (height + self.gap), self.edge + column * (width + self.gap)

    def find(self, top: float, left: float) -> tuple[int, float, float] | None:
        """(index, share of the tile's height, of its width) at a point; None between cells."""
        height, width = self.cell_HW
        row, y = divmod(top - self.edge, height + self.gap)
        column, x = divmod(left - self.edge, width + self.gap)
        index = int(row) * self.columns + int(column)
        if not (0 <= column < self.columns and row >= 0 and index < self.cells):
            return None
        if y >= height or x >= width:
            return None
        tile_width = self.tile_HW[1]
        return index, y / height, min(x % (tile_width + 1) / tile_width, 1.0)


def fit(
    count: int,
    map_HW: tuple[int, int],
    box_HW: tuple[int, int],
    gap: int,
    edge: int,
    across: int = 1,
) -> MosaicLayout:
    """The layout with the largest tiles that fits the box.

    Maps stand at a whole multiple of their own size, unless that wastes much of the room.
    """
    layouts = [
        MosaicLayout(
            count,
            columns,
            _tile(map_HW, box_HW, -(-count // columns), columns, gap, edge, across),
            across,
            gap,
            edge,
        )
        for columns in range(1, max(count, 1) + 1)
    ]
    return max(layouts, key=lambda layout: _worth(layout, map_HW))


def width_for(
    count: int, map_HW: tuple[int, int], height: int, wanted: int, gap: int, edge: int
) -> int:
    """The width that tiles of about `wanted` need in a box of this height."""
    side = max(map_HW)
    # A little larger than wanted is fine where every map pixel then is as large as the others.
    side = side * max(1, round(wanted / side)) if side <= 1.3 * wanted else wanted
    tile_height = max(1, side * map_HW[0] // max(map_HW))
    tile_width = max(1, side * map_HW[1] // max(map_HW))
    rows = max(1, (height - 2 * edge + gap) // (tile_height + gap))
    least = -(-count // rows)
    most = min(least + least // 3, count)
    columns = next((n for n in range(least, most + 1) if count % n == 0), least)
    return columns * (tile_width + gap) + 2 * edge - gap


def zoomed(region: Region, map_HW: tuple[int, int], at: tuple[float, float], steps: int) -> Region:
    """The region after zooming in by `steps` (out when negative) about a point of what is shown.

    `at` is (down, right) as shares of the region. The result lies on whole pixels of the map.
    """
    longest = max(map_HW)
    shown = _longest_shown(region, map_HW)
    for _ in range(abs(steps)):
        if steps > 0:
            shown = max(min(round(shown / ZOOM_STEP), shown - 1), SMALLEST_REGION)
        else:
            shown = max(round(shown * ZOOM_STEP), shown + 1)
    if shown >= longest:
        return WHOLE
    height = max(1, round(shown * map_HW[0] / longest))
    width = max(1, round(shown * map_HW[1] / longest))
    down, right = at
    top = region.top * map_HW[0] + down * ((region.bottom - region.top) * map_HW[0] - height)
    left = region.left * map_HW[1] + right * ((region.right - region.left) * map_HW[1] - width)
    return _on_pixels(top, left, (height, width), map_HW)


def panned(region: Region, map_HW: tuple[int, int], by: tuple[float, float]) -> Region:
    """The region moved by (down, right), given as shares of its own size, within the map."""
    height = (region.bottom - region.top) * map_HW[0]
    width = (region.right - region.left) * map_HW[1]
    top = region.top * map_HW[0] + by[0] * height
    left = region.left * map_HW[1] + by[1] * width
    return _on_pixels(top, left, (round(height), round(width)), map_HW)


def _tile(
    map_HW: tuple[int, int],
    box_HW: tuple[int, int],
    rows: int,
    columns: int,
    gap: int,
    edge: int,
    across: int,
) -> tuple[int, int]:
    """The largest tile of which so many rows and columns fit the box."""
    room_height = (box_HW[0] - 2 * edge + gap) / rows - gap
    room_width = ((box_HW[1] - 2 * edge + gap) / columns - gap + 1) / across - 1
    scale = min(room_height / map_HW[0], room_width / map_HW[1])
    if scale >= 1 and int(scale) / scale > LEAST_USE:
        scale = int(scale)
    return max(1, int(map_HW[0] * scale)), max(1, int(map_HW[1] * scale))


def _worth(layout: MosaicLayout, map_HW: tuple[int, int]) -> tuple[float, int]:
    """Large tiles, then few columns; full rows and equal pixels are worth smaller tiles."""
    height, width = layout.tile_HW
    worth = float(height * width)
    if layout.cells % layout.columns == 0:
        worth *= 1.25
    if height % map_HW[0] == 0:
        worth *= 1.25
    return worth, -layout.columns


def _longest_shown(region: Region, map_HW: tuple[int, int]) -> int:
    return round(
        max((region.bottom - region.top) * map_HW[0], (region.right - region.left) * map_HW[1])
    )


def _on_pixels(
    top: float, left: float, shown_HW: tuple[int, int], map_HW: tuple[int, int]
) -> Region:
    first_row = min(max(round(top), 0), map_HW[0] - shown_HW[0])
    first_column = min(max(round(left), 0), map_HW[1] - shown_HW[1])
    return Region(
        top=first_row / map_HW[0],
        left=first_column / map_HW[1],
        bottom=(first_row + shown_HW[0]) / map_HW[0],
        right=(first_column + shown_HW[1]) / map_HW[1],
    )
