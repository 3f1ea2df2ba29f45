"""`evaluate`: how good a trained network is on pictures, and what it takes for what."""

import csv
import io
import os
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

import msgspec
import numpy as np
import torch
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from engine.config import Part
from engine.data.batches.feed import Feed
from engine.data.cache.cache import usual_cache
from engine.data.reading.walking import shown
from engine.data.source import Source
from engine.data.sources.open import open_source
from engine.data.subsets.choose import TEST, subsets_of
from engine.errors import DataError, RunError
from engine.files import check_writable, name_as_text, write_files
from engine.headless.evaluated import as_json, print_for_people
from engine.headless.lines import print_json
from engine.messages.evaluation import NO_VERDICT, Evaluated
from engine.program import NAME
from engine.runs.saved import Trained, open_trained
from engine.tasks.evaluation import Evaluation, Pictures, part_of
from engine.tasks.weights import Weights
from engine.training.devices import find_device

_MOST_NAMED = 10  # classes that are named where more are unknown
_MOST_LEFT_OUT = 10  # unreadable pictures that people are told one by one

Tell = Callable[[str], None]


def evaluate(
    network: str, where: str | None, part: Part | None, out: Path | None, for_programs: bool
) -> int:
    """Measure the network in a folder on a part of a source, and print the figures; the exit code.

    `where` None: the source that it learned from; `part` None: the test subset, or of another
    source without one all of it. With `out`, a CSV file of what it said of each picture.
    EngineError, in one sentence, when that can't be done.
    """
    if out is not None:
        _check_place(out)
    trained = open_trained(network)

    def note(sentence: str) -> None:
        if for_programs:
            print_json({"event": "note", "message": sentence})
        else:
            print(sentence, flush=True)

    source, part, index_N = _chosen(trained, where, part)
    index_N, labels_N = _known(trained, source, index_N, note)
    if part in ("train", "all") and source.where == trained.config.data.source:
        note("Among these are pictures that the network has learned from: it knows them already.")
    feed = Feed(source, trained.shape_CHW, trained.config.data.fit, usual_cache())
    task = Evaluation(
        0, _weights(trained), trained.classes, Pictures(part, source, feed, index_N, labels_N)
    )
    with closing(task), _progress(not for_programs) as tell:
        while not task.advance(alone=True):
            tell(task.done, task.total)
        evaluated = task.result()
        problems = [problem for _, problem in sorted(feed.problems().items())]
    if out is not None:
        write_files(out.parent, {out.name: _rows(evaluated, source)})
    if for_programs:
        for problem in problems:
            print_json({"event": "left_out", "picture": problem.name, "message": problem.sentence})
        print_json(as_json(evaluated, network, out))
    else:
        for problem in problems[:_MOST_LEFT_OUT]:
            print(f"{NAME}: Left out: {problem.sentence}", file=sys.stderr)
        print_for_people(evaluated, network)
        if out is not None:
            print(f"What it said of each picture is in {out}.")
    return 1 if evaluated.unread else 0


def _check_place(out: Path) -> None:
    """RunError where the file couldn't be written: it is asked before the work."""
    if out.suffix.lower() != ".csv":
        raise RunError(f"{out} doesn't end in .csv.", "Name a file that does.")
    if os.path.isdir(out):  # noqa: PTH112 - unlike Path.is_dir, it never raises
        raise RunError(f"{out} is a folder, where a file must be.", "Choose another place.")
    check_writable(out.parent)


def _chosen(
    trained: Trained, where: str | None, part: Part | None
) -> tuple[Source, Part, np.ndarray]:
    """The source, what of it is measured, and which of its pictures these are."""
    data = trained.config.data
    if where is not None and os.path.lexists(where):
        where = name_as_text(str(Path(where).expanduser().absolute()))
    own = where in (None, data.source)
    if where is None or own:
        source = _open_own(data.source)
        part = part or "test"
    else:
        source = open_source(where)
        has_test = source.subset_N is not None and (source.subset_N == TEST).any()
        part = part or ("test" if has_test else "all")
    if part == "all":
        return source, part, np.arange(len(source))
    # Another source that comes with subsets is divided by them, any other as the training's was.
    if not own:
        counts = data.subsets if source.subset_N is None else None
        data = msgspec.structs.replace(data, subsets=counts, unreadable=())
    subsets = subsets_of(source, data)
    try:
        return source, part, part_of(source, subsets, part)
    except DataError as error:
        raise DataError(
            error.message, "Measure with --subset validation, or keep some: train --test N."
        ) from error


def _open_own(where: str) -> Source:
    try:
        return open_source(where)
    except DataError as error:
        raise DataError(
            f"The pictures that the network learned from can't be opened: {error.message}",
            "Put them there, or name others with --data.",
        ) from error


def _known(
    trained: Trained, source: Source, index_N: np.ndarray, note: Tell
) -> tuple[np.ndarray, np.ndarray]:
    """Those of some pictures whose class the network knows, by its name, and the network's numbers
    of their classes. DataError where there are none."""
    number = {name: place for place, name in enumerate(trained.classes)}
    number_K = np.array([number.get(name, -1) for name in source.classes], np.int64)
    labels_N = number_K[source.labels_N[index_N]]
    known_N = labels_N >= 0
    if not known_N.any():
        raise DataError(
            f"The network knows none of the classes of {source.name}.",
            f"It knows {_listed(trained.classes)}; theirs are {_listed(source.classes)}.",
        )
    if not known_N.all():
        counts = Counter(source.labels_N[index_N[~known_N]].tolist())
        names = _listed([source.classes[label] for label in sorted(counts)])
        left = counts.total()
        pictures = "picture is" if left == 1 else "pictures are"
        note(f"{left:,} {pictures} left out, of classes that the network doesn't know: {names}.")
    missing = [name for name in trained.classes if name not in source.classes]
    if missing:
        note(f"{source.name} has no pictures of {_listed(missing)}.")
    return index_N[known_N], labels_N[known_N]


def _listed(names: Sequence[str]) -> str:
    """Some names in a sentence; of many only the first."""
    words = [repr(shown(name)) for name in names]
    more = len(words) - _MOST_NAMED
    return ", ".join(words) if more <= 1 else ", ".join(words[:-more]) + f" and {more:,} more"


def _weights(trained: Trained) -> Weights:
    device = find_device("auto")
    network = trained.network.to(device)
    if device.type == "cpu":
        network.to(memory_format=torch.channels_last)  # as it was trained, so to the same bits
    return Weights(network, device, trained.scaling, trained.shape_CHW, 0, lambda: 0, live=False)


def _rows(evaluated: Evaluated, source: Source) -> bytes:
    """The CSV file: a row for each picture that could be read."""
    file = io.StringIO(newline="")
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(("file", "class", "predicted", "probability", "loss", "right"))
    classes = evaluated.classes
    for index, label, predicted, probability, loss in zip(
        evaluated.index_N.tolist(),
        evaluated.labels_N.tolist(),
        evaluated.predicted_N.tolist(),
        evaluated.probability_N.tolist(),
        evaluated.loss_N.tolist(),
        strict=True,
    ):
        verdict = "" if predicted == NO_VERDICT else classes[predicted]
        figures = f"{probability:.6g}", f"{loss:.6g}", int(predicted == label)
        writer.writerow((source.names[index], classes[label], verdict, *figures))
    # Names on the disk may hold bytes that are no text: they are written as they are.
    return file.getvalue().encode("utf-8", "surrogateescape")


@contextmanager
def _progress(wanted: bool) -> Iterator[Callable[[int, int], None]]:
    """A progress bar for people at a terminal."""
    console = Console()
    columns = (BarColumn(bar_width=None), MofNCompleteColumn(), TextColumn("pictures"))
    bar = Progress(
        *columns,
        TimeRemainingColumn(),
        console=console,
        transient=True,
        expand=True,
        disable=not (wanted and console.is_terminal),
    )
    with bar:
        row = bar.add_task("", total=None)
        yield lambda done, total: bar.update(row, completed=done, total=total)
