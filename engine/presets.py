"""Runs to begin with: what is learned from, by which network, how. Imports without torch."""

import msgspec
from msgspec import Struct

from engine.config import (
    DIGITS,
    Augmentation,
    DataConfig,
    NetworkConfig,
    RunConfig,
    SubsetCounts,
    TrainingConfig,
)
from engine.errors import ConfigError
from engine.networks.presets import find_network

FITTING = NetworkConfig(name="fitting", layers=())
"""Not a network itself: `fitting` replaces it by one, once the size of the pictures is known."""
SMALL_SIDE = 100
"""Networks for photographs are for pictures with at least so many pixels a side."""
_COLOUR_SIDE = 16
"""The one for small photographs is for at least so many."""
_DIGITS_SIDE = 18
"""The digits' network needs so many: the maps of a smaller picture would be empty."""
CHAPTER = Augmentation(
    rotation=40.0,
    shift=0.2,
    shear=11.0,
    zoom=0.2,
    flip_horizontal=True,
    fill="nearest",
)
"""How the chapter varies cats and dogs; its shear of 0.2 radians is 11 degrees."""
_PHOTOS = TrainingConfig(epochs=30, batch_size=32, learning_rate=1e-3)


class Preset(Struct, frozen=True):
    """`title` for a person; the source of `run` is a place-holder unless `own_source`."""

    title: str
    run: RunConfig
    own_source: bool = False


def presets() -> dict[str, Preset]:
    """By the names that `train --preset` takes."""
    cats_dogs = DataConfig(source="", usual=SubsetCounts(1000, 500, 500), size=150, colour="rgb")
    augmented = msgspec.structs.replace(cats_dogs, augmentation=CHAPTER)
    return {
        "digits": Preset(
            "Digits", RunConfig(data=DIGITS, network=find_network("digits")), own_source=True
        ),
        "photos": Preset(
            "Any pictures", RunConfig(data=DataConfig(source=""), network=FITTING, training=_PHOTOS)
        ),
        "cats-dogs": Preset(
            "Cats and dogs from scratch",
            RunConfig(data=cats_dogs, network=find_network("cats-dogs"), training=_PHOTOS),
        ),
        "cats-dogs-augmented": Preset(
            "Cats and dogs, augmented, with dropout",
            RunConfig(
                data=augmented,
                network=find_network("cats-dogs-dropout"),
                training=msgspec.structs.replace(_PHOTOS, epochs=60),
            ),
        ),
    }


def find_preset(name: str) -> Preset:
    """ConfigError, with the presets there are, where there is none of that name."""
    found = presets().get(name)
    if found is None:
        known = ", ".join(presets())
        raise ConfigError(f"There is no preset {name!r}.", f"Choose one of: {known}.")
    return found


def fitting(network: NetworkConfig, shape_CHW: tuple[int, int, int], classes: int) -> NetworkConfig:
    """The network itself, or, for FITTING, one for pictures of that shape and so many classes."""
    if network.layers:
        return network
    side = min(shape_CHW[1:])
    if shape_CHW[0] == 3 and _COLOUR_SIDE <= side < SMALL_SIDE:
        return find_network("small-photos")
    if side < SMALL_SIDE:
        return find_network("digits" if side >= _DIGITS_SIDE else "digits-small")
    return find_network("cats-dogs" if classes == 2 else "photos")
