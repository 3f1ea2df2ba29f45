"""The probe pictures of a session, and what the network sees of each."""

from collections.abc import Iterator

import numpy as np
from PIL import Image

from engine.config import Fit
from engine.data.reading.grid import decoded
from engine.data.reading.seen import as_seen, background_is_light
from engine.data.source import Source
from engine.errors import PictureError
from engine.messages.events import ProbeShown

THUMBNAIL = 192
TRIES = 5
"""How many pictures of a class are tried for one that can be read."""
Shape = tuple[int, int, int]


class Probe:
    """One picture; `seen_CHW` uint8 is what a network of the present input shape sees of it."""

    def __init__(
        self, number: int, name: str, rgb_HWC: np.ndarray, size_HW: tuple[int, int], own: bool
    ) -> None:
        """`own`: brought by a person, so it outlives the data."""
        self.number = number
        self.name = name
        self.rgb_HWC = rgb_HWC
        self.size_HW = size_HW
        self.own = own
        self.inverted = False
        self.seen_CHW = np.zeros((1, 1, 1), np.uint8)

    def see(self, shape_CHW: Shape, fit: Fit) -> None:
        self.seen_CHW = as_seen(self.rgb_HWC, shape_CHW, self.inverted, fit)

    def shown(self, dark_data: bool, command: int = 0) -> ProbeShown:
        """The event that tells the window of this probe, which `command` brought."""
        picture = Image.fromarray(self.rgb_HWC)
        picture.thumbnail((THUMBNAIL, THUMBNAIL))
        return ProbeShown(
            probe=self.number,
            name=self.name,
            picture_HWC=np.asarray(picture),
            size_HW=self.size_HW,
            seen_CHW=self.seen_CHW,
            light=dark_data and background_is_light(self.rgb_HWC),
            inverted=self.inverted,
            command=command,
        )


class Probes:
    """All probes in the order added, and the one whose maps are shown. Engine thread only."""

    def __init__(self) -> None:
        self._probes: dict[int, Probe] = {}
        self._next = 1
        self.selected: Probe | None = None

    def __iter__(self) -> Iterator[Probe]:
        return iter(self._probes.values())

    def __len__(self) -> int:
        return len(self._probes)

    def find(self, number: int) -> Probe:
        """PictureError when it was removed."""
        try:
            return self._probes[number]
        except KeyError:
            raise PictureError(
                "That probe picture is not there any more.", "Choose another."
            ) from None

    def add(
        self,
        name: str,
        rgb_HWC: np.ndarray,
        size_HW: tuple[int, int] | None = None,
        own: bool = True,
    ) -> Probe:
        size_HW = size_HW or (rgb_HWC.shape[0], rgb_HWC.shape[1])
        probe = Probe(self._next, name, rgb_HWC, size_HW, own)
        self._next += 1
        self._probes[probe.number] = probe
        if self.selected is None:
            self.selected = probe
        return probe

    def remove(self, number: int) -> Probe:
        """The last probe stays: there is always something to look at. PictureError then."""
        probe = self.find(number)
        if len(self._probes) == 1:
            raise PictureError("The last probe picture stays.", "Add another before removing it.")
        del self._probes[number]
        if self.selected is probe:
            self.selected = next(iter(self))
        return probe


def is_dark(source: Source) -> bool:
    """Whether its pictures are drawn light on a dark ground, as digits are; photographs never
    count as that."""
    pictures_NCHW = source.pictures_NCHW
    if pictures_NCHW is None or pictures_NCHW.shape[1] != 1:
        return False
    return bool(np.median(pictures_NCHW[:100]) < 128)


def examples_of(
    source: Source, index_N: np.ndarray, count: int
) -> Iterator[tuple[str, np.ndarray]]:
    """Names and RGB pictures (H, W, 3) from `source`: the first of `index_N` of some classes."""
    labels_N = source.labels_N[index_N]
    classes = len(source.classes)
    spread = np.linspace(0.8 * (classes - 1), 0, count).astype(int)
    for label in dict.fromkeys(spread) if classes > count else range(classes):
        for index in index_N[labels_N == label][:TRIES]:
            try:
                rgb_HWC = decoded(source, int(index))
            except (OSError, PictureError):
                continue  # whoever reads it to learn from it says so
            yield f"{source.classes[label]} ({source.name})", rgb_HWC
            break
