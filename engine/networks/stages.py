"""The network as the window shows it: a row of stages from the picture to the classes. Plain."""

from collections.abc import Iterable
from typing import Literal

from msgspec import Struct

StageKind = Literal["picture", "conv", "pool", "norm", "dropout", "dense", "classes", "other"]


class Stage(Struct, frozen=True):
    """One layer as a person sees it.

    `name` is the layer's name and, where `has_maps`, the tap of its feature maps: its output after
    the activation, `shape` is (C, H, W), or (N,) for a vector. For a conv stage `response_tap` is
    the tap of its filters' responses before the activation and `kernel_IHW` the shape of one
    filter. `pools` names the tap that a pool stage pooled. `title` is for people: "conv 3x3, relu".
    """

    name: str
    kind: StageKind
    title: str
    shape: tuple[int, ...]
    has_maps: bool = False
    response_tap: str | None = None
    kernel_IHW: tuple[int, int, int] | None = None
    pools: str | None = None
    parameters: int = 0

    @property
    def maps_CHW(self) -> tuple[int, int, int] | None:
        """The shape of what can be shown as a mosaic; the values of a dense layer are maps of one
        pixel each."""
        if self.has_maps:
            channels, height, width = self.shape
            return channels, height, width
        return (self.shape[0], 1, 1) if self.kind == "dense" else None


def convs_of(stages: Iterable[Stage]) -> dict[str, str]:
    """The conv layer whose filters made the maps of a stage, by the stage's tap: it may stand
    elsewhere in the network than the activation or the norm where they are taken."""
    return {stage.name: stage.response_tap for stage in stages if stage.response_tap is not None}
