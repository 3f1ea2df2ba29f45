"""Views of the data side, made by hand: no desk is needed."""

from typing import Any

import numpy as np

from engine.config import SubsetCounts
from engine.data.catalogue.entry import CatalogueEntry
from engine.data.source import Problem
from engine.messages.views import SourceView, SurveyView, Thumbnail


def source_view(
    count: int = 60, classes: tuple[str, ...] = ("cat", "dog"), **changes: Any
) -> SourceView:
    """Pictures of each class in turn; of five, three train, one validates and one is left out."""
    labels_N = np.arange(count) % len(classes)
    subset_N = np.array([0, 0, 0, 1, -1], np.int8)[np.arange(count) // len(classes) % 5]
    fields: dict[str, Any] = {
        "source": 1,
        "name": "cats and dogs",
        "where": "/pictures/cats and dogs",
        "classes": classes,
        "names": tuple(f"{number}.jpg" for number in range(count)),
        "labels_N": labels_N,
        "subset_N": subset_N,
        "problems": (),
        "notes": (),
        "usual": SubsetCounts(),
        "comes_with_subsets": False,
        "own_size_HW": None,
    }
    return SourceView(**(fields | changes))


def survey_view(view: SourceView, **changes: Any) -> SurveyView:
    """A finished survey in which every picture is 375 high and 500 wide."""
    count = len(view.labels_N)
    fields: dict[str, Any] = {
        "source": view.source,
        "done": count,
        "total": count,
        "finished": True,
        "size_N2": np.tile(np.array([[375, 500]], np.int32), (count, 1)),
        "mean_C": (0.488, 0.455, 0.417),
        "std_C": (0.263, 0.256, 0.258),
        "unreadable": {},
        "alike": (),
    }
    return SurveyView(**(fields | changes))


def thumbnail(picture: int, source: int = 1, side: int = 96) -> Thumbnail:
    """A square in a colour that tells the picture."""
    rgb_HWC = np.full((side, side, 3), 40 + picture * 37 % 200, np.uint8)
    return Thumbnail(source, picture, side, rgb_HWC)


def catalogue(is_here: bool = False) -> tuple[CatalogueEntry, ...]:
    return (
        CatalogueEntry(
            "fashion-mnist", "Fashion-MNIST", 70_000, 10, (28, 28), 30, "MIT", "page", is_here
        ),
        CatalogueEntry("stl10", "STL-10", 13_000, 10, (96, 96), 2640, "none given", "page", False),
    )


NO_PICTURE = Problem("readme.txt", "readme.txt is no picture.")
