"""What is done with probes, and what is told of them. Engine thread only."""

from collections.abc import Callable

from engine.messages import events
from engine.messages.commands import AddProbe, InvertProbe, RemoveProbe, SelectProbe
from engine.messages.events import Event
from engine.probes import Probe, Probes, examples_of, is_dark
from engine.succession import Succession
from engine.training.run import Run

SHOWN_AT_FIRST = 4
"""How many pictures of the validation set are probes before a person adds any."""


class Probing:
    """The probes of a session, as the network of the run that is loaded sees them."""

    def __init__(
        self,
        runs: Succession,
        forget: Callable[[Probe], object],
        tell: Callable[[Event], object],
    ) -> None:
        """`forget` is told of a probe of which what was captured is stale."""
        self.probes = Probes()
        self._runs = runs
        self._forget = forget
        self._tell = tell

    def apply(
        self, command: AddProbe | RemoveProbe | SelectProbe | InvertProbe, number: int
    ) -> None:
        """Carry out a command under its number; PictureError when that probe isn't there."""
        match command:
            case AddProbe():
                probe = self.probes.add(command.name, command.rgb_HWC, command.size_HW)
                self._see(probe, number)
                if command.select or self.probes.selected is probe:
                    self._select(probe)
            case RemoveProbe():
                self._remove(command.probe)
            case SelectProbe():
                self._select(self.probes.find(command.probe))
            case InvertProbe():
                probe = self.probes.find(command.probe)
                probe.inverted = command.inverted
                self._see(probe)

    def show_examples(self, run: Run) -> None:
        """Something to look at until a person brings pictures; those of older data go."""
        older = [probe.number for probe in self.probes if not probe.own]
        if len(older) == len(self.probes):
            validation_N = run.subsets.indices("validation")
            for name, rgb_HWC in examples_of(run.source, validation_N, SHOWN_AT_FIRST):
                self.probes.add(name, rgb_HWC, own=False)
        # Only now, as the last one would stay.
        for number in older:
            if len(self.probes) > 1:
                self._remove(number)

    def see_all(self) -> None:
        """Another network, or other data: it may see every probe otherwise."""
        for probe in self.probes:
            self._see(probe)
        if self.probes.selected is not None:
            self._select(self.probes.selected)

    def _see(self, probe: Probe, command: int = 0) -> None:
        """Work out anew what the network sees of a probe, and tell the window."""
        dark_data = False
        if self._runs.loaded is not None:
            run = self._runs.loaded.run
            probe.see(run.shape_CHW, run.config.data.fit)
            dark_data = is_dark(run.source)
        self._forget(probe)
        self._tell(probe.shown(dark_data, command))

    def _select(self, probe: Probe) -> None:
        self.probes.selected = probe
        self._tell(events.ProbeSelected(probe.number))

    def _remove(self, number: int) -> None:
        was = self.probes.selected
        self._forget(self.probes.remove(number))
        self._tell(events.ProbeRemoved(number))
        if self.probes.selected is not None and self.probes.selected is not was:
            self._select(self.probes.selected)
