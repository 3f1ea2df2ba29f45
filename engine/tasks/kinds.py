"""Which command begins which task. A new kind is a class, a command, and a line in here."""

from collections.abc import Callable, Iterable
from typing import NamedTuple

import numpy as np

from engine.data.batches.feed import Feed
from engine.data.cache.cache import usual_cache
from engine.data.reading.grid import decoded
from engine.data.reading.unread import UNREADABLE, why_unread
from engine.data.reading.walking import shown
from engine.data.source import Source
from engine.errors import DataError, PictureError
from engine.messages.commands import (
    AddProbe,
    Command,
    Evaluate,
    ProbePicture,
    SelectProbe,
    ShowPictures,
)
from engine.messages.frames import Frame
from engine.probes import Probe
from engine.tasks.evaluation import Evaluation, Pictures, part_of
from engine.tasks.showing import Showing
from engine.tasks.task import Task
from engine.tasks.weights import copied_weights, live_weights
from engine.training.run import Run


class Place(NamedTuple):
    """What there is to work on: a run and its number, and where frames go."""

    run: Run
    run_number: int
    put: Callable[[Frame], None]


def task_for(command: Command, number: int, place: Place) -> Task:
    """The task that a command of KINDS asks for; EngineError where it can't be begun."""
    return KINDS[type(command)](command, number, place)


def as_probe(
    source: Source, probes: Iterable[Probe], command: ProbePicture
) -> AddProbe | SelectProbe:
    """What makes a picture of the source a probe, or selects it where it is one already.
    PictureError where it can't be read, DataError where it is of another source."""
    _check_source(source, command.fingerprint)
    if not 0 <= command.index < len(source):
        raise PictureError("That picture is not there.", "Choose another.")
    name = shown(source.names[command.index])
    try:
        rgb_HWC = decoded(source, command.index)
    except UNREADABLE as error:
        raise PictureError(why_unread(name, error)) from error
    for probe in probes:
        if probe.name == name and np.array_equal(probe.rgb_HWC, rgb_HWC):
            return SelectProbe(probe.number)
    return AddProbe(name, rgb_HWC, select=True)


def _check_source(source: Source, fingerprint: str) -> None:
    """DataError where pictures are asked for of another source than the one that is loaded."""
    if source.fingerprint != fingerprint:
        raise DataError(
            "These pictures are of a source that isn't loaded any more.", "Evaluate again."
        )


def _evaluation(command: Evaluate, number: int, place: Place) -> Evaluation:
    run = place.run
    index_N = part_of(run.source, run.subsets, command.subset)
    take = live_weights if command.live else copied_weights
    weights = take(run, place.run_number)
    # A feed of its own: that of the run has its batches in order, and ends with it.
    feed = Feed(run.source, run.shape_CHW, run.config.data.fit, usual_cache())
    pictures = Pictures(command.subset, run.source, feed, index_N, run.source.labels_N[index_N])
    return Evaluation(number, weights, run.source.classes, pictures)


def _showing(command: ShowPictures, number: int, place: Place) -> Showing:
    run = place.run
    _check_source(run.source, command.fingerprint)
    return Showing(number, run.step_number, run.source, command.indices, command.side, place.put)


KINDS: dict[type, Callable[..., Task]] = {Evaluate: _evaluation, ShowPictures: _showing}
