"""The figures of an evaluation, for programs and for people."""

import math
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from engine.headless.reports import percent
from engine.messages.evaluation import Evaluated

_MOST_COLUMNS = 12
"""Classes up to which the confusion matrix is printed as a whole."""
_MOST_CONFUSED = 10
"""Pairs of classes that are named instead."""


def as_json(evaluated: Evaluated, network: str, out: Path | None) -> dict[str, object]:
    """The object that programs get."""
    confusion_KK = evaluated.confusion_KK
    return {
        "event": "evaluated",
        "network": network,
        "source": evaluated.source,
        "subset": evaluated.subset,
        "pictures": evaluated.pictures,
        "loss": evaluated.loss,
        "accuracy": evaluated.accuracy,
        "unread": evaluated.unread,
        "undecided": evaluated.undecided,
        "classes": [
            {
                "name": name,
                "pictures": int(evaluated.pictures_K[label]),
                "right": int(confusion_KK[label, label]),
                "predicted": int(confusion_KK[:, label].sum()),
                "loss": _loss_of(evaluated, label),
            }
            for label, name in enumerate(evaluated.classes)
        ],
        "confusion": confusion_KK.tolist(),
        "out": None if out is None else str(out),
    }


def in_a_sentence(evaluated: Evaluated) -> str:
    """Such as "72.4 % of 250 test pictures right, loss 0.5432"."""
    what = "" if evaluated.subset == "all" else f"{evaluated.subset} "
    plural = "" if evaluated.pictures == 1 else "s"
    if not evaluated.pictures:
        return f"none of the {what}pictures could be read"
    share = percent(evaluated.accuracy)
    loss = f"{evaluated.loss:.4f}" if math.isfinite(evaluated.loss) else "not a number"
    return f"{share} of {evaluated.pictures:,} {what}picture{plural} right, loss {loss}"


def print_for_people(evaluated: Evaluated, network: str) -> None:
    """A sentence, a table of the classes, and which was taken for which."""
    console = Console(highlight=False, markup=False, soft_wrap=True)
    console.print(f"{network} on {evaluated.source}: {in_a_sentence(evaluated)}.")
    for count, sentence in (
        (evaluated.unread, "could not be read and counted for nothing"),
        (evaluated.undecided, "got no answer: what the network gives is not a number"),
    ):
        if count:
            console.print(f"{count:,} picture{'' if count == 1 else 's'} {sentence}.")
    if evaluated.pictures:
        console.print()
        console.print(_classes_table(evaluated))
        console.print()
        if len(evaluated.classes) <= _MOST_COLUMNS:
            console.print("Rows are what the pictures are, columns what they were taken for:")
            console.print(_confusion_table(evaluated))
        else:
            _print_most_confused(console, evaluated)


def _classes_table(evaluated: Evaluated) -> Table:
    table = Table(box=None, pad_edge=False)
    table.add_column("class", max_width=40, no_wrap=True)
    for title in ("pictures", "right", "", "taken for it", "loss"):
        table.add_column(title, justify="right", no_wrap=True)
    confusion_KK = evaluated.confusion_KK
    for label, name in enumerate(evaluated.classes):
        pictures, right = int(evaluated.pictures_K[label]), int(confusion_KK[label, label])
        loss = _loss_of(evaluated, label)
        table.add_row(
            name,
            f"{pictures:,}",
            f"{right:,}",
            percent(right / pictures) if pictures else "",
            f"{int(confusion_KK[:, label].sum()):,}",
            f"{loss:.4f}" if math.isfinite(loss) else "",
        )
    return table


def _confusion_table(evaluated: Evaluated) -> Table:
    table = Table(box=None, pad_edge=False)
    table.add_column("", max_width=20, no_wrap=True)
    for name in evaluated.classes:
        table.add_column(name, justify="right", max_width=10, no_wrap=True)
    for name, row in zip(evaluated.classes, evaluated.confusion_KK.tolist(), strict=True):
        table.add_row(name, *(f"{count:,}" for count in row))
    return table


def _print_most_confused(console: Console, evaluated: Evaluated) -> None:
    """Of many classes, the pairs that were taken for each other most often."""
    wrong_KK = evaluated.confusion_KK.copy()
    np.fill_diagonal(wrong_KK, 0)
    order = np.argsort(-wrong_KK, axis=None, kind="stable")[:_MOST_CONFUSED]
    pairs = [divmod(int(cell), len(wrong_KK)) for cell in order]
    pairs = [(label, predicted) for label, predicted in pairs if wrong_KK[label, predicted]]
    if not pairs:
        return
    console.print("Taken for another most often:")
    for label, predicted in pairs:
        name, other = evaluated.classes[label], evaluated.classes[predicted]
        console.print(f"  {wrong_KK[label, predicted]:,} of {name} for {other}")


def _loss_of(evaluated: Evaluated, label: int) -> float:
    loss_M = evaluated.loss_N[evaluated.labels_N == label]
    return float(loss_M.mean(dtype=np.float64)) if len(loss_M) else math.nan
