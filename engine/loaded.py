"""All that belongs to the run that is loaded, and what is told of it. Engine thread only."""

from collections.abc import Callable

import msgspec

from engine.config import RunConfig
from engine.messages import events
from engine.messages.events import Event
from engine.networks.stages import Stage, convs_of
from engine.runs.checkpoint import Checkpoint, checkpoint_of, host_checkpoint_of
from engine.runs.history import History
from engine.runs.snapshots import Snapshots
from engine.state import Phase, Status, Trigger
from engine.telemetry.curves import Curves
from engine.telemetry.looking import Subject
from engine.telemetry.transfer import Transfer
from engine.training.devices import device_notes, device_title
from engine.training.figures import Figures
from engine.training.run import Run


class LoadedRun:
    """A run with its figures, its snapshots and its way to the host."""

    def __init__(
        self,
        run: Run,
        stages: tuple[Stage, ...],
        curves: Curves,
        clock: Callable[[], float],
        tell: Callable[[Event], None],
    ) -> None:
        self.run = run
        self.stages = stages
        self.curves = curves
        self.transfer = Transfer(run.device)
        self.figures = Figures(run, curves, self.transfer, clock, tell)
        self.snapshots = Snapshots(clock)
        self.hold_after = Trigger.END
        self.begun_at = 0
        """The step at which it began to train the last time."""
        self._convs = convs_of(stages)
        self._tell = tell
        self._problems_told = 0
        self._cache_problem_told = ""

    @property
    def subject(self) -> Subject:
        """What there is to look at, as it stands now."""
        run = self.run
        return Subject(
            run.network, run.step_number, run.device, self.transfer, run.scaling, self._convs
        )

    @property
    def config(self) -> RunConfig:
        """What would make this run again, as it is set now."""
        return msgspec.structs.replace(self.run.config, training=self.run.settings)

    def event(self, number: int, command: int) -> events.Loaded:
        """What tells the window of it; `number` counts the runs, `command` asked for it."""
        run = self.run
        network = events.NetworkFacts(
            name=run.config.network.name,
            stages=self.stages,
            classes=run.source.classes,
            parameters=sum(p.numel() for p in run.network.parameters()),
            device=device_title(run.device),
        )
        data = events.DataFacts(
            source=run.source.name,
            training_pictures=len(run.training),
            validation_pictures=len(run.validation),
            test_pictures=len(run.subsets.indices("test")),
            left_out=int((run.subsets.subset_N < 0).sum()),
            notes=(
                *run.subsets.notes,
                *device_notes(run.config.training.device, run.device),
            ),
            problems=len(run.source.problems),
            fingerprint=run.source.fingerprint,
        )
        return events.Loaded(number, network, data, self.config, command)

    def tell_problems(self) -> None:
        """Tell of the pictures that could not be read since the last call, and, once, of a cache
        that can't be used."""
        problems = self.run.problems
        if len(problems) > self._problems_told:
            fresh = list(problems.values())[self._problems_told :]
            self._problems_told = len(problems)
            told = tuple((problem.name, problem.sentence) for problem in fresh)
            source = self.run.config.data.source
            self._tell(events.PicturesLeftOut(self.run.step_number, told, source))
        sentence = self.run.cache_problem
        if sentence and not self._cache_problem_told:
            self._cache_problem_told = sentence
            self._tell(events.CacheProblem(sentence))

    def status(self, phase: Phase, number: int, looking_share: float, history: History) -> Status:
        """What the engine is doing with it, as of now."""
        run = self.run
        training = phase is Phase.TRAINING
        rate = self.figures.images_per_second
        pictures = len(run.training)
        left = run.goal_epochs * pictures - run.epoch * pictures - run.position
        return Status(
            phase=phase,
            activity="Validating" if run.is_epoch_trained else "",
            source=run.source.name,
            network=run.config.network.name,
            device=device_title(run.device),
            step=run.step_number,
            epoch=run.epoch,
            epochs=run.goal_epochs,
            step_in_epoch=run.steps_in_epoch,
            steps_per_epoch=run.steps_per_epoch,
            images_per_second=rate,
            seconds_left=left / rate if training and rate > 0 else None,
            memory_mb=self.figures.memory_mb,
            looking_share=looking_share if training else 0.0,
            settings=run.settings,
            scheduled_rate=run.learning_rate,
            run=number,
            can_undo=bool(history.before),
            can_redo=bool(history.after),
            undo_words=history.before[-1].words if history.before else "",
            redo_words=history.after[-1].words if history.after else "",
        )

    def checkpoint(self) -> Checkpoint:
        """All that it is, on the host. Waits for the device: training stands still."""
        self.figures.flush()
        self.transfer.drain()
        return host_checkpoint_of(self.run, self.figures.record(self.figures.epoch_seconds))

    def send_checkpoint(self, receive: Callable[[Checkpoint], None]) -> None:
        """Have `receive` called with all that it is now, once that has come to the host."""
        self.figures.flush()
        seconds = self.figures.epoch_seconds

        def complete(checkpoint: Checkpoint) -> None:
            # What is on its way comes in order: the figures are those up to this step.
            figures = self.figures.record(seconds)
            receive(msgspec.structs.replace(checkpoint, figures=figures))

        checkpoint_of(self.run).fetch(self.transfer, complete)

    def close(self) -> None:
        """Wait for what is on its way to the host, and end the threads that read pictures. The run
        can go on once its feed is open again."""
        self.transfer.drain()
        self.run.close_feed()
