"""What a survey says of a source, counted for a person to read."""

import numpy as np

from engine.data.source import NO_SUBSET
from engine.messages.views import SourceView, SurveyView
from gui.pages.data.problem_table import Trouble
from gui.pages.data.subset_marks import SUBSET_NAMES

MOST_LINES = 1000
"""Of troubles; what is beyond is summed up in one."""


def counts_of(view: SourceView) -> np.ndarray:
    """count_RS, int64: pictures of each class in each subset, in the order of SUBSET_NAMES."""
    subsets = len(SUBSET_NAMES)
    # Left out is -1 and comes last.
    place_N = view.labels_N.astype(np.int64) * subsets + view.subset_N % subsets
    counts_RS = np.bincount(place_N, minlength=len(view.classes) * subsets)
    return counts_RS.reshape(len(view.classes), subsets)


def sizes_of(size_N2: np.ndarray) -> tuple[list[tuple[int, int]], list[tuple[str, int]]]:
    """Smallest, median and largest (height, width) by area, and the most frequent sizes as
    ("width x height", how many), most frequent first, the others as one; nothing where no
    picture was read."""
    read_N2 = size_N2[(size_N2 > 0).all(1)].astype(np.int64)
    if not len(read_N2):
        return [], []
    packed_N = (read_N2[:, 0] << 32) | read_N2[:, 1]
    packed_K, count_K = np.unique(packed_N, return_counts=True)
    size_K2 = np.stack([packed_K >> 32, packed_K & 0xFFFFFFFF], 1)
    by_area_K = np.argsort(size_K2.prod(1), kind="stable")
    half = np.searchsorted(np.cumsum(count_K[by_area_K]), (len(read_N2) + 1) // 2)
    three = [size_K2[by_area_K[at]].tolist() for at in (0, half, -1)]
    often_K = np.argsort(-count_K, kind="stable")[:MOST_FREQUENT]
    frequent = [(words_of(*size_K2[k].tolist()), int(count_K[k])) for k in often_K.tolist()]
    others = len(read_N2) - sum(count for _, count in frequent)
    if others:
        frequent.append(("others", others))
    return [(height, width) for height, width in three], frequent


MOST_FREQUENT = 5


def words_of(height: int, width: int) -> str:
    return f"{width} x {height}"


def troubles_of(view: SourceView, survey: SurveyView | None) -> tuple[list[Trouble], int]:
    """Files that are no pictures, pictures that can't be read, those that are in two subsets; and
    how many problems there are, with those beyond MOST_LINES."""
    lines = [Trouble(problem.name, problem.sentence) for problem in view.problems[:MOST_LINES]]
    count = len(view.problems)
    if survey is not None:
        lines += [
            Trouble(view.names[picture], survey.unreadable[picture], picture)
            for picture in sorted(survey.unreadable)[:MOST_LINES]
        ]
        shared = [line for group in survey.alike if (line := _shared(view, group)) is not None]
        lines += shared[:MOST_LINES]
        count += len(survey.unreadable) + len(shared)
    del lines[MOST_LINES:]
    if count > MOST_LINES:
        more = f"{count - MOST_LINES:,} more"
        lines.append(Trouble(more, "Mend these first, then survey all pictures again."))
    return lines, count


def _shared(view: SourceView, group: tuple[int, ...]) -> Trouble | None:
    """What is wrong with pictures of the same content; None where they are in one subset only."""
    subsets = {int(view.subset_N[picture]) for picture in group} - {NO_SUBSET}
    if len(subsets) < 2:
        return None
    first, *others = group
    words = ", ".join(
        f"{view.names[picture]} ({SUBSET_NAMES[int(view.subset_N[picture])]})"
        for picture in others[:3]
    )
    more = f" and {len(others) - 3} more" if len(others) > 3 else ""
    here = SUBSET_NAMES[int(view.subset_N[first])]
    return Trouble(view.names[first], f"In {here}, and the same file as {words}{more}.", first)
