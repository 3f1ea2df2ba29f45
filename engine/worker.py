"""The engine without its thread: takes commands, trains step by step, shows what is wanted.

Every method runs on one thread: the engine thread of a session, or the caller's where there is no
window. Nothing here waits for the device while training.
"""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from engine.errors import DataError, DeviceError, EngineError, NetworkError, PhaseError
from engine.files import text_as_name
from engine.hyperparameters import Value, changed, difference
from engine.loaded import LoadedRun
from engine.memory import enough_memory
from engine.messages import commands, events
from engine.messages.commands import Command
from engine.messages.frames import Demand
from engine.probing import Probing
from engine.runs.keeper import Keeper
from engine.runs.saved import save_run
from engine.state import Phase, Status, Trigger, follow
from engine.succession import Succession
from engine.tasks.kinds import Place, as_probe, task_for
from engine.tasks.tasks import Tasks
from engine.telemetry.looking import Looking
from engine.telemetry.outlet import Outlet
from engine.training.run import Run


class Worker:
    """The state of the engine. `apply` commands and call `advance` while the phase is training."""

    def __init__(
        self,
        outlet: Outlet,
        clock: Callable[[], float] = time.perf_counter,
        keeper: Keeper | None = None,
    ) -> None:
        """`outlet` gets all that is told; `clock` gives seconds; `keeper`, which has been started
        and is closed with this, keeps what is trained."""
        self.phase = Phase.STARTING
        self.outlet = outlet
        self.curves = outlet.curves
        self.looking = Looking(outlet, clock)
        self.tasks = Tasks(outlet, clock)
        self.clock = clock
        self._command = 0
        self._too_much: Demand | None = None
        self._keeper = keeper
        self._kept: tuple[object, ...] = ()
        self._runs = Succession(outlet.curves, clock, outlet.tell)
        self._probing = Probing(self._runs, self.looking.forget, outlet.tell)

    # Phases

    def _enter(self, phase: Phase, sentence: str = "") -> None:
        if phase is not self.phase:
            self.phase = phase
            self.outlet.tell(events.PhaseChanged(phase, sentence))

    def _follow(self, trigger: Trigger) -> None:
        self._enter(follow(self.phase, trigger))

    def start(self) -> None:
        """Torch is loaded: the engine is idle."""
        self._follow(Trigger.STARTED)

    def fail(self, sentence: str, details: str = "") -> None:
        """An error that nobody expected: say so, and wait for StartOver or Load."""
        self._follow(Trigger.FAIL)
        self.outlet.tell(events.Failed(sentence, details))

    # Commands

    def apply(self, command: Command, number: int = 0) -> None:
        """Carry out a command; EngineError when it can't be, with nothing changed. What answers it
        is told with its number."""
        self._command = number
        match command:
            case commands.Load():
                self._load(partial(self._runs.load, command.config), Trigger.LOADED)
            case commands.Resume():
                folder = Path(text_as_name(command.folder))
                self._load(partial(self._runs.resume, folder, command.device), Trigger.RESUMED)
                if self._keeper is not None and self._keeper.folder == folder:
                    self._kept = self._here(self._need().run)
            case commands.Start():
                self._begin(Trigger.START)
            case commands.Step():
                self._begin(Trigger.STEP)
            case commands.Epoch():
                self._begin(Trigger.EPOCH)
            case commands.Pause():
                self._settle(Trigger.PAUSE)
            case commands.Stop():
                self._settle(Trigger.STOP)
            case commands.StartOver():
                self._start_over()
            case commands.Undo():
                self._bring_back(Trigger.UNDO)
            case commands.Redo():
                self._bring_back(Trigger.REDO)
            case commands.SetTraining():
                self._set_training(command.changes)
            case commands.AddProbe() | commands.RemoveProbe():
                self._probing.apply(command, number)
            case commands.SelectProbe() | commands.InvertProbe():
                self._probing.apply(command, number)
            case commands.SetBudget():
                self.looking.pace.budget = command.share
            case commands.Save():
                self.save(Path(text_as_name(command.folder)))
                self.outlet.tell(events.Saved(command.folder, number))
            case commands.ProbePicture():
                self.apply(as_probe(self._need().run.source, self._probing.probes, command), number)
            case commands.CancelTask():
                self.tasks.cancel(command.task)
            case _:
                place = Place(self._need().run, self._runs.number, self.outlet.put)
                self.tasks.begin(task_for(command, number, place))

    def _load(self, replace: Callable[[], object], loaded: Trigger) -> None:
        """Another run takes the place of the present one, and shows examples of its own."""
        before = self._held(Trigger.LOAD)
        self._follow(Trigger.LOAD)
        try:
            replace()
        except EngineError:
            # Nothing was replaced: what was loaded before is still there.
            self._enter(Phase.IDLE if self._runs.loaded is None else before)
            raise
        self._take_up()
        self._probing.show_examples(self._need().run)
        self._probing.see_all()
        self._follow(loaded)

    def _held(self, trigger: Trigger) -> Phase:
        """The phase, in which nothing trains any more; PhaseError where a trigger leads nowhere."""
        follow(self.phase, trigger)
        if self.phase is Phase.TRAINING:
            self._settle(Trigger.PAUSE)
        return self.phase

    def _take_up(self) -> None:
        """Another run is the one that is trained and looked at."""
        self.tasks.cancel_live()
        self.looking.forget()
        self.outlet.forget_frames()
        self.outlet.tell(self._need().event(self._runs.number, self._command))

    def _need(self) -> LoadedRun:
        if self._loaded is None:
            raise PhaseError("No network is loaded yet.", "Wait until it is, or load one.")
        return self._loaded

    @property
    def _loaded(self) -> LoadedRun | None:
        return self._runs.loaded

    def _begin(self, trigger: Trigger) -> None:
        """Train on, to the end, or until one step or epoch is done."""
        phase = follow(self.phase, trigger)
        loaded = self._need()
        run = loaded.run
        loaded.hold_after = Trigger.END if trigger is Trigger.START else trigger
        loaded.begun_at = run.step_number
        if run.epoch >= run.goal_epochs:
            more = run.settings.epochs if trigger is Trigger.START else 1
            run.goal_epochs = run.epoch + more
        loaded.figures.begin_pace()
        self._enter(phase)

    def _settle(self, trigger: Trigger) -> None:
        """Leave training at this step boundary."""
        phase = follow(self.phase, trigger)
        loaded = self._need()
        loaded.figures.flush()
        loaded.transfer.drain()
        if loaded.figures.bad_step is not None:
            phase = self._return_to_good(loaded, loaded.figures.bad_step)
        self._keep(loaded)
        self._enter(phase)

    def _keep(self, loaded: LoadedRun) -> None:
        """Have the run as it stands kept, where it isn't yet."""
        here = self._here(loaded.run)
        if self._keeper is None or here == self._kept or not loaded.run.step_number:
            return
        self._kept = here
        began = self.clock()
        try:
            with enough_memory("a copy of it", "It goes on all the same."):
                loaded.send_checkpoint(self._keeper.offer)
        except DeviceError as error:
            self.outlet.tell(events.NotKept(f"What is trained isn't kept: {error}"))
        now = self.clock()
        self._keeper.note_copied(now, now - began)

    def _here(self, run: Run) -> tuple[object, ...]:
        return self._runs.number, run.step_number, run.epoch, run.settings, run.goal_epochs

    def _return_to_good(self, loaded: LoadedRun, bad_step: int) -> Phase:
        """The loss is no number any more: bring back the last weights that were good."""
        kept_step = loaded.snapshots.return_to_good(loaded.run, loaded.figures.is_sound)
        loaded.figures.return_to(kept_step)
        self.looking.forget()
        self.outlet.tell(events.LossNotFinite(bad_step, kept_step))
        return Phase.PAUSED

    def _start_over(self) -> None:
        self._held(Trigger.START_OVER)
        self._runs.start_over()
        self._take_up()
        self._follow(Trigger.START_OVER)

    def _bring_back(self, trigger: Trigger) -> None:
        """Undo or redo: another run comes back, with its figures."""
        self._held(trigger)
        back = self._runs.undo() if trigger is Trigger.UNDO else self._runs.redo()
        self._take_up()
        self._probing.see_all()
        self._follow(trigger)
        history = self._runs.history
        self.outlet.tell(
            events.BroughtBack(
                run=self._runs.number,
                network=back.config.network.name,
                step=back.step,
                epoch=back.epoch,
                val_accuracy=back.val_accuracy,
                redone=trigger is Trigger.REDO,
                reversible=bool(history.after if trigger is Trigger.UNDO else history.before),
                command=self._command,
            )
        )

    def _set_training(self, changes: Mapping[str, Value]) -> None:
        run = self._need().run
        before, settings = run.settings, changed(run.settings, changes)
        if settings == before:
            return
        run.goal_epochs = max(run.epoch + 1, run.goal_epochs + settings.epochs - before.epochs)
        run.set(settings)
        words = difference(before, settings)
        told = events.TrainingChanged(run.step_number, f"From the next step on: {words}.")
        self.outlet.tell(told)

    # Training and looking

    def advance(self) -> None:
        """Look or do a slice of a task, if due; then a step, or a batch of the validation."""
        loaded = self._need()
        run, figures = loaded.run, loaded.figures
        # Before the step: the prediction of a picture that has just come waits for no other.
        look = partial(self.looking.while_training, loaded.subject, self._probing.probes)
        try:
            with self._enough_to_look():
                self.tasks.between_steps(look, self.looking.pace)
            began = self.clock()
            with enough_memory("this batch", "Choose a smaller batch size, and go on."):
                self._train(loaded, began)
        except (DataError, NetworkError, DeviceError) as error:
            # A person can put it right: what was learned is kept, and training goes on from here.
            loaded.tell_problems()
            self._settle(Trigger.HOLD)
            self.outlet.tell(events.Halted(str(error)))
            return
        loaded.tell_problems()
        loaded.transfer.poll()
        at_epoch_end = run.position == 0
        keeper = self._keeper
        if keeper is not None and figures.looks_sound and keeper.is_due(began, at_epoch_end):
            self._keep(loaded)
        stepping = loaded.hold_after is Trigger.STEP
        stepped = run.step_number > loaded.begun_at
        if (
            figures.bad_step is not None
            or (stepping and stepped and not run.is_epoch_trained)
            or (loaded.hold_after is Trigger.EPOCH and at_epoch_end)
        ):
            self._settle(Trigger.HOLD)
        elif stepping and not stepped:
            # One that was asked for during the validation of the last epoch begins another.
            run.goal_epochs = max(run.goal_epochs, run.epoch + 1)
        elif at_epoch_end and run.epoch >= run.goal_epochs:
            self._settle(Trigger.END)

    def _train(self, loaded: LoadedRun, began: float) -> None:
        run, figures = loaded.run, loaded.figures
        if run.is_epoch_trained:
            sums = run.validate()
            figures.note_validation(self.clock() - began)
            if sums is not None:
                figures.note_epoch(sums)
        else:
            if figures.looks_sound:
                loaded.snapshots.keep(run)
            before = run.position
            learned = run.step()
            figures.note_step(learned, run.position - before, self.clock() - began)

    def rest(self) -> None:
        """Nothing trains: look once more if anything that is wanted has changed, make ready what
        the first step would have to wait for, and do one slice of a task."""
        loaded = self._loaded
        if loaded is not None and self.phase in (Phase.READY, Phase.PAUSED, Phase.FINISHED):
            if self.looking.demand is not self._too_much:
                try:
                    with self._enough_to_look():
                        self.looking.standing_still(loaded.subject, self._probing.probes)
                except DeviceError as error:
                    self.outlet.tell(events.Halted(str(error)))
            if self.phase is Phase.READY:
                loaded.run.prepare()
        self.tasks.advance(alone=True)

    @contextmanager
    def _enough_to_look(self) -> Iterator[None]:
        """Within it too little memory is a DeviceError; standing still nobody looks then until
        something else is wanted."""
        self._too_much = self.looking.demand
        with enough_memory("looking at the network", "Hide some panels, and go on."):
            yield
        self._too_much = None

    @property
    def is_busy(self) -> bool:
        """Whether there is work though nothing trains: `rest` is to be called again at once."""
        return len(self.tasks) > 0 or self.looking.is_behind

    # What is told

    def status(self) -> Status:
        """What the engine is doing, as of now."""
        if self._loaded is None:
            activity = "Loading torch" if self.phase is Phase.STARTING else ""
            return Status(phase=self.phase, activity=activity)
        runs = self._runs
        return self._loaded.status(self.phase, runs.number, self.looking.pace.share, runs.history)

    def save(self, folder: Path) -> None:
        """Write the network, its config and its figures; RunError when that can't be done."""
        if self._keeper is not None and self._keeper.folder == folder:
            self._keeper.wait()
        save_run(folder, self._need().checkpoint())

    def close(self) -> None:
        """Give what run and tasks hold back to the device."""
        self.tasks.close()
        try:
            if self._loaded is not None:
                self._keep(self._loaded)
            self._runs.close()
        finally:
            if self._keeper is not None:
                self._keeper.close()
        self.looking.forget()
