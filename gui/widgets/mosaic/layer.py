"""One mosaic as it is painted: its frame in colours, and where each tile goes."""

import numpy as np
from PySide6.QtCore import QRect
from PySide6.QtGui import QImage

from engine.messages.frames import MosaicFrame
from gui.widgets.mosaic.layout import MosaicLayout
from gui.widgets.mosaic.palettes import palette


class MosaicLayer:
    """One mosaic of the canvas: its newest frame, and where each tile comes from and goes to."""

    def __init__(self) -> None:
        self.frame: MosaicFrame | None = None
        self.palette = "viridis"
        self.image: QImage | None = None
        self.tiles: list[tuple[QRect, QRect]] = []
        self._pixels_HW = np.empty((0, 0), np.uint8)
        self._indexed = QImage()

    def show(self, frame: MosaicFrame | None) -> None:
        """Take another frame; it is coloured when it is painted, if it ever is."""
        self.frame, self.image = frame, None

    def colour(self, name: str) -> None:
        """Use another palette, by name."""
        self.palette, self.image = name, None
        self._indexed.setColorTable(palette(name))

    def picture(self, frame: MosaicFrame) -> QImage:
        """The mosaic in colours, made once a frame: 32-bit pixels paint faster than indexed."""
        if self.image is None:
            if self._pixels_HW.shape != frame.mosaic_HW.shape:
                # Kept from frame to frame: setting a colour table costs as much as painting.
                self._pixels_HW = np.empty(frame.mosaic_HW.shape, np.uint8)
                height, width = frame.mosaic_HW.shape
                self._indexed = QImage(
                    self._pixels_HW.data, width, height, width, QImage.Format.Format_Indexed8
                )
                self._indexed.setColorTable(palette(self.palette))
            np.copyto(self._pixels_HW, frame.mosaic_HW)
            self.image = self._indexed.convertToFormat(QImage.Format.Format_RGB32)
        return self.image

    def place(self, tiling: MosaicLayout, channels: tuple[int, ...], offset: int) -> None:
        """Each tile goes into the cell of its channel, `offset` pixels to the right."""
        self.tiles = []
        if self.frame is None:
            return
        height, width = self.frame.tile_HW
        cell_of = {channel: cell for cell, channel in enumerate(channels)}
        for index, channel in enumerate(self.frame.channels):
            if channel in cell_of:
                top, left = tiling.corner(cell_of[channel])
                row, column = divmod(index, self.frame.columns)
                target = QRect(left + offset, top, tiling.tile_HW[1], tiling.tile_HW[0])
                self.tiles.append((target, QRect(column * width, row * height, width, height)))
