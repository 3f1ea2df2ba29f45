"""What `train` says while it trains: a progress bar for people, JSON lines for programs."""

import time
from collections.abc import Callable, Sequence
from types import TracebackType

import msgspec
from msgspec import Struct
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn

from engine.headless.lines import print_json
from engine.messages.events import EpochEnded, Loaded
from engine.percent import percent as exact_percent
from engine.state import Status
from engine.telemetry.curves import Curves

_REFRESH_SECONDS = 0.2
_LATEST_STEPS = 20  # that the loss and accuracy in the bar are the mean of


class Finished(Struct, frozen=True, tag_field="event", tag="finished"):
    """How a training ended. `val_accuracy` is that of the last whole epoch, None without one;
    `best_epoch` is 0 then. `interrupted`: by Ctrl-C. The figures of the test subset are those of
    the network as it is in the end; None where there is no such picture, or after Ctrl-C."""

    epochs: int
    steps: int
    best_epoch: int
    val_accuracy: float | None
    seconds: float
    device: str
    out: str | None
    interrupted: bool
    test_accuracy: float | None = None
    test_loss: float | None = None
    test_pictures: int = 0


def best_epoch(epochs: Sequence[EpochEnded]) -> int:
    """The epoch with the best validation accuracy, of equals the one with the smallest validation
    loss; 0 without epochs."""
    best = max(epochs, key=lambda epoch: (epoch.val_accuracy, -epoch.val_loss), default=None)
    return best.epoch if best else 0


class Report:
    """Is told how a training goes, in the thread that trains. A `with` block encloses the steps."""

    def __enter__(self) -> "Report":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        return None

    def loaded(self, loaded: Loaded) -> None:
        """The network stands and the data is there."""

    def note(self, sentence: str) -> None:
        """Something that a person should know: the training goes on."""

    def left_out(self, problems: Sequence[tuple[str, str]]) -> None:
        """Pictures could not be read, (name, sentence): the training goes on without them."""

    def step(self, status: Callable[[], Status], curves: Curves) -> None:
        """A step was made. Called so often that it must cost nothing most of the time."""

    def epoch(self, epoch: EpochEnded) -> None:
        """An epoch and its validation are done."""

    def finished(self, finished: Finished) -> None:
        """The training has ended and the network is saved."""


def remarks(loaded: Loaded) -> list[str]:
    """What a person should know of the pictures before the training starts."""
    data = loaded.data
    if data is None:
        return []
    sentences = list(data.notes)
    if data.problems:
        problems = f"{data.problems:,} problems" if data.problems > 1 else "one problem"
        sentences.append(f"The source has {problems}: `split` lists why.")
    if data.left_out:
        sentences.append(f"{data.left_out:,} pictures are in no subset.")
    return sentences


class JsonReport(Report):
    """One JSON object for each epoch and one at the end; more where there is more to say."""

    def loaded(self, loaded: Loaded) -> None:
        for sentence in remarks(loaded):
            self.note(sentence)

    def note(self, sentence: str) -> None:
        print_json({"event": "note", "message": sentence})

    def left_out(self, problems: Sequence[tuple[str, str]]) -> None:
        for name, sentence in problems:
            print_json({"event": "left_out", "picture": name, "message": sentence})

    def epoch(self, epoch: EpochEnded) -> None:
        print_json({"event": "epoch", **msgspec.structs.asdict(epoch)})

    def finished(self, finished: Finished) -> None:
        print_json(msgspec.to_builtins(finished))


class BarReport(Report):
    """A line for each epoch above a progress bar; without a terminal only the lines."""

    def __init__(self) -> None:
        self._console = Console(highlight=False, markup=False, soft_wrap=True)
        self._progress = Progress(
            TextColumn("epoch {task.fields[epoch]}"),
            BarColumn(bar_width=None),
            TextColumn("step {task.fields[step]}"),
            TextColumn("{task.fields[figures]}"),
            console=self._console,
            auto_refresh=False,  # no thread: what it draws is time that isn't trained
            transient=True,
            expand=True,
            disable=not self._console.is_terminal,
        )
        self._task = self._progress.add_task("", epoch="1", step="0", figures="")
        self._drawn_at = 0.0
        self._validation_pictures = 0

    def __enter__(self) -> "BarReport":
        self._progress.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._progress.stop()

    def loaded(self, loaded: Loaded) -> None:
        network, data = loaded.network, loaded.data
        words = f"{network.name}, {network.parameters:,} parameters"
        if data is not None:
            self._validation_pictures = data.validation_pictures
            words += (
                f", on {data.training_pictures:,} pictures of {data.source}; "
                f"{data.validation_pictures:,} more to validate"
            )
        self._console.print(f"{words}. {network.device}.")
        for sentence in remarks(loaded):
            self.note(sentence)

    def note(self, sentence: str) -> None:
        self._console.print(sentence)

    def left_out(self, problems: Sequence[tuple[str, str]]) -> None:
        for _, sentence in problems:
            self._console.print(f"Left out: {sentence}")

    def step(self, status: Callable[[], Status], curves: Curves) -> None:
        now = time.monotonic()
        if self._progress.disable or now - self._drawn_at < _REFRESH_SECONDS:
            return
        self._drawn_at = now
        at = status()
        read = curves.read()
        figures = []
        if len(read.loss_N):
            figures.append(f"loss {read.loss_N[-_LATEST_STEPS:].mean():.4f}")
            figures.append(f"accuracy {percent(read.accuracy_N[-_LATEST_STEPS:].mean())}")
        if at.images_per_second:
            figures.append(f"{at.images_per_second:,.0f} pictures/s")
        if at.seconds_left is not None:
            figures.append(f"{_clock(at.seconds_left)} left")
        self._progress.update(
            self._task,
            total=at.epochs * at.steps_per_epoch,
            completed=at.epoch * at.steps_per_epoch + at.step_in_epoch,
            epoch=f"{min(at.epoch + 1, at.epochs)}/{at.epochs}",
            step=f"{at.step_in_epoch}/{at.steps_per_epoch}",
            figures="  ".join(figures),
            refresh=True,
        )

    def epoch(self, epoch: EpochEnded) -> None:
        self._console.print(
            f"epoch {epoch.epoch:3}  loss {epoch.train_loss:.4f}  "
            f"accuracy {percent(epoch.train_accuracy):>7}  validation loss {epoch.val_loss:.4f}  "
            f"validation accuracy {percent(epoch.val_accuracy):>7}  "
            f"{epoch.images_per_second:,.0f} pictures/s"
        )

    def finished(self, finished: Finished) -> None:
        verb = "Stopped" if finished.interrupted else "Finished"
        plural = "" if finished.epochs == 1 else "s"
        sentence = (
            f"{verb} after {finished.epochs} epoch{plural}, {finished.steps:,} steps, in "
            f"{_clock(finished.seconds)} on {finished.device}"
        )
        if finished.val_accuracy is not None:
            sentence += (
                f": {percent(finished.val_accuracy)} of {self._validation_pictures:,} validation "
                f"pictures right, best in epoch {finished.best_epoch}"
            )
        if finished.test_accuracy is not None and finished.test_pictures:
            share = percent(finished.test_accuracy)
            sentence += f"; {share} of {finished.test_pictures:,} test pictures right"
        self._console.print(f"{sentence}.")
        if finished.out is not None:
            self._console.print(f"Saved in {finished.out}.")


def percent(share: float) -> str:
    """A share, 0 to 1, as "97.5 %"; "100.0 %" is said only of all."""
    return exact_percent(share, 1, " ")


def _clock(seconds: float) -> str:
    """Minutes and seconds, and hours where there are some: 0:21, 12:05, 1:02:03."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
