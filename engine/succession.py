"""How one run takes the place of another, and what was left comes back. Engine thread only.

Whatever can't be done raises an EngineError, and the run that was there is still there.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from engine.config import DeviceName, RunConfig, checked
from engine.data.cache.cache import usual_cache
from engine.data.source import Source
from engine.data.sources.open import open_source
from engine.errors import DataError, EngineError, PhaseError
from engine.loaded import LoadedRun
from engine.memory import enough_memory
from engine.messages.events import Event
from engine.networks.describe import describe
from engine.networks.stages import Stage
from engine.runs.checkpoint import Checkpoint
from engine.runs.history import History, Left
from engine.runs.saved import load_checkpoint
from engine.telemetry.curves import Curves
from engine.training.devices import find_device
from engine.training.run import Run


class Succession:
    """The run that is loaded, if any, counted by `number`, and those before and after it."""

    def __init__(
        self, curves: Curves, clock: Callable[[], float], tell: Callable[[Event], None]
    ) -> None:
        self.loaded: LoadedRun | None = None
        self.number = 0
        self.history = History()
        self._curves = curves
        self._clock = clock
        self._tell = tell

    def load(self, config: RunConfig) -> None:
        """A new run; the one before can be brought back, if it was trained."""
        checked(config)
        with self._making():
            device = find_device(config.training.device)
            run = Run(config, self._opened(config.data.source), device, usual_cache())
            stages = _stages(run)
        self.history.leave(self._leave())
        self._take_up(run, stages)

    def start_over(self) -> None:
        """The same run from fresh weights; likewise."""
        old = self._need()
        with self._making():
            run = Run(old.config, old.run.source, old.run.device, usual_cache())
        self.history.leave(self._leave())
        self._take_up(run, old.stages)

    def resume(self, folder: Path, device: DeviceName | None) -> None:
        """The run that a folder holds, where it stood; on another device, where one is named."""
        checkpoint = load_checkpoint(folder)
        if device is not None:
            training = msgspec.structs.replace(checkpoint.config.training, device=device)
            config = msgspec.structs.replace(checkpoint.config, training=training)
            checkpoint = msgspec.structs.replace(checkpoint, config=config)
        with self._making():
            run = _run_of(checkpoint, self._opened(checkpoint.config.data.source))
            stages = _stages(run)
        self.history.leave(self._leave())
        self._take_up(run, stages, checkpoint)

    def undo(self) -> Checkpoint:
        """The run that was left last comes back; what it takes the place of can be redone."""
        if not self.history.before:
            raise PhaseError("There is nothing to undo.")
        return self._bring_back(self.history.before[-1], self.history.go_back)

    def redo(self) -> Checkpoint:
        """The run from which `undo` went back comes again."""
        if not self.history.after:
            raise PhaseError("There is nothing to redo.")
        return self._bring_back(self.history.after[-1], self.history.go_forward)

    def close(self) -> None:
        """Give what the run holds back to the device, and forget those before it."""
        if self.loaded is not None:
            self.loaded.close()
        self.loaded = None
        self.history = History()

    def _opened(self, where: str) -> Source:
        """The source at a place: that of the present run where it is an array and still the same,
        so that runs which were left hold its pictures once."""
        source = open_source(where)
        if self.loaded is None or source.pictures_NCHW is None:
            return source
        present = self.loaded.run.source
        return present if present.fingerprint == source.fingerprint else source

    def _need(self) -> LoadedRun:
        if self.loaded is None:
            raise PhaseError("No network is loaded yet.", "Wait until it is, or load one.")
        return self.loaded

    def _bring_back(self, left: Left, moved: Callable[[Left | None], None]) -> Checkpoint:
        with self._making():
            run = _run_of(left.checkpoint, left.source)
        moved(self._leave())
        self._take_up(run, left.stages, left.checkpoint)
        return left.checkpoint

    @contextmanager
    def _making(self) -> Iterator[None]:
        """While a run opens its feed, that of the one before is closed: only one adds to the
        cache."""
        loaded = self.loaded
        if loaded is not None:
            loaded.run.close_feed()
        try:
            with enough_memory("this run", "Choose a smaller network or smaller pictures."):
                yield
        except BaseException:
            if loaded is not None:
                loaded.run.open_feed()
            raise

    def _leave(self) -> Left | None:
        """The present run as it is kept, where it was trained; nothing more comes from it."""
        loaded = self.loaded
        if loaded is None:
            return None
        loaded.close()
        if not loaded.run.step_number:
            return None
        return Left(loaded.checkpoint(), loaded.run.source, loaded.stages)

    def _take_up(
        self, run: Run, stages: tuple[Stage, ...], checkpoint: Checkpoint | None = None
    ) -> None:
        self.number += 1
        self._curves.begin(self.number)
        self.loaded = LoadedRun(run, stages, self._curves, self._clock, self._tell)
        if checkpoint is not None and checkpoint.figures is not None:
            self.loaded.figures.bring_back(checkpoint.figures, self.number)


def _stages(run: Run) -> tuple[Stage, ...]:
    try:
        return describe(run.network, run.shape_CHW, len(run.source.classes))
    except EngineError:
        run.close_feed()
        raise


def _run_of(checkpoint: Checkpoint, source: Source) -> Run:
    """A run that goes on from a checkpoint; DataError where the pictures are others by now."""
    config, origin = checkpoint.config, checkpoint.origin
    if source.fingerprint != origin.fingerprint:
        raise DataError(
            f"The pictures of {source.name} have changed since it was trained on them.",
            "Bring them back as they were, or train anew.",
        )
    device = find_device(config.training.device)
    run = Run(config, source, device, usual_cache(), (origin.scaling, origin.measured_on))
    try:
        counts = len(run.training), len(run.validation)
        if counts != (origin.training_pictures, origin.validation_pictures):
            raise DataError(
                f"{source.name} is divided otherwise than when it was trained on.",
                "Bring the pictures back as they were, or train anew.",
            )
        checkpoint.put_back(run)
    except BaseException:
        run.close_feed()
        raise
    return run
