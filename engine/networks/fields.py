"""How much of a picture one value of a layer depends on: its receptive field."""

from dataclasses import dataclass

from torch import nn

Side = tuple[int, int]


@dataclass(frozen=True)
class Field:
    """Behind some layers of a network of ours, which follow one another.

    `picture_HW` is the size of the picture, and `maps_HW` that of the maps here. A value depends on
    `reach_HW` pixels, were the picture without end; its neighbour on those `apart_HW` further on.
    """

    picture_HW: Side
    maps_HW: Side
    reach_HW: Side = (1, 1)
    apart_HW: Side = (1, 1)

    @classmethod
    def of_picture(cls, picture_HW: Side) -> "Field":
        """Before the first layer: of one pixel."""
        return cls(picture_HW, picture_HW)

    @property
    def size_HW(self) -> Side:
        """Height and width of the part of the picture, in pixels."""
        height, width = (min(*each) for each in zip(self.reach_HW, self.picture_HW, strict=True))
        return height, width

    def through(self, module: nn.Module, shape: tuple[int, ...]) -> "Field":
        """Behind another child of a LayerNetwork, which gives `shape`."""
        if len(shape) != 3:  # a vector depends on all of the maps
            return Field(self.picture_HW, (1, 1), self.picture_HW)
        window, stride = self._window(module)
        reach = [
            reach + (side - 1) * apart
            for reach, side, apart in zip(self.reach_HW, window, self.apart_HW, strict=True)
        ]
        apart = [a * s for a, s in zip(self.apart_HW, stride, strict=True)]
        return Field(
            self.picture_HW, (shape[1], shape[2]), (reach[0], reach[1]), (apart[0], apart[1])
        )

    def _window(self, module: nn.Module) -> tuple[Side, Side]:
        """The size and the stride of what goes over the maps."""
        conv = next((part for part in module.modules() if isinstance(part, nn.Conv2d)), None)
        if conv is not None:
            return (conv.kernel_size[0], conv.kernel_size[1]), (conv.stride[0], conv.stride[1])
        if isinstance(module, nn.MaxPool2d | nn.AvgPool2d):
            return _both(module.kernel_size), _both(module.stride)
        if isinstance(module, nn.AdaptiveAvgPool2d):
            return self.maps_HW, (1, 1)
        return (1, 1), (1, 1)


def _both(side: int | tuple[int, ...]) -> Side:
    return (side[0], side[1]) if isinstance(side, tuple) else (side, side)
