"""Loss and accuracy over the steps of a run: training and validation."""

import csv
from pathlib import Path

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QEvent, QPointF, Qt
from PySide6.QtGui import QPalette, QResizeEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QSlider,
    QVBoxLayout,
    QWidget,
)

from engine.messages.events import EpochEnded
from engine.percent import percent
from engine.telemetry.curves import Curves
from gui.pages.train.line_plot import LEFT_WIDTH, LinePlot
from gui.pages.train.series import above, smoothed, thinned, within
from gui.panel import Panel
from gui.view_state import ViewState
from gui.widgets.theme import RHYTHM, is_dark, make_quiet

EMPTY = "The curves begin with the first step."
_NO_FIGURES = np.empty(0)
_VALIDATION = {False: "#c2570c", True: "#f5a45d"}
_LEGENDS = (("training", "validation"), ("train", "val."))


class CurvesPanel(Panel):
    """Reads `curves` when told to `refresh`, and draws only when there is something new."""

    title = "Curves"

    def __init__(self, view: ViewState, curves: Curves, parent: QWidget | None = None) -> None:
        super().__init__(view, parent)
        self._curves = curves
        self._run = -1
        self._step_N: np.ndarray = _NO_FIGURES
        self._raw: tuple[np.ndarray, np.ndarray] = (_NO_FIGURES, _NO_FIGURES)
        self._smooth: tuple[np.ndarray, np.ndarray] = (_NO_FIGURES, _NO_FIGURES)
        self._epochs: tuple[EpochEnded, ...] = ()
        self._follows = True

        self._legend = QLabel()
        self._legend.setMinimumWidth(1)
        self._smoothing = QSlider(Qt.Orientation.Horizontal)
        self._smoothing.setRange(0, 99)
        self._smoothing.setValue(60)
        self._smoothing.setToolTip("Smoothing of the training curves; the raw ones stay behind")
        self._smoothing.setAccessibleName("Smoothing")
        self._smoothing.valueChanged.connect(self._smooth_again)
        self._log = QCheckBox("log")
        self._log.setToolTip("The loss on a logarithmic axis")
        self._log.toggled.connect(self._set_log)
        self._caption = QLabel("smooth")
        make_quiet(self._caption)

        head = QHBoxLayout()
        head.setSpacing(RHYTHM)
        head.addWidget(self._legend, 1)
        head.addWidget(self._caption)
        head.addWidget(self._smoothing)
        head.addWidget(self._log)

        self._graphics = pg.GraphicsLayoutWidget()
        self._graphics.setMinimumHeight(12 * RHYTHM)
        self._loss = LinePlot(self._graphics, 0, ("loss",))
        self._accuracy = LinePlot(self._graphics, 1, ("accuracy %", "acc. %", "%"), ("step",))
        self._plots = (self._loss, self._accuracy)
        self._accuracy.item.setXLink(self._loss.item)
        self._loss.item.getAxis("bottom").setStyle(showValues=False)
        for plot in self._plots:
            plot.item.vb.sigRangeChangedManually.connect(self._zoomed)
        self._graphics.scene().sigMouseMoved.connect(self._point_at)
        self._graphics.scene().sigMouseClicked.connect(self._clicked)
        self._graphics.ci.layout.setSpacing(RHYTHM)
        self._graphics.ci.layout.setContentsMargins(0, 0, RHYTHM, 0)

        self._empty = QLabel(EMPTY)
        self._empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._empty.setWordWrap(True)
        self._empty.setContentsMargins(LEFT_WIDTH + RHYTHM, 0, 0, 0)
        self._empty.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        make_quiet(self._empty)
        overlaid = QGridLayout()
        overlaid.addWidget(self._graphics, 0, 0, 2, 1)
        overlaid.addWidget(self._empty, 0, 0)  # over the upper plot: not where the two meet
        overlaid.setRowStretch(0, 1)
        overlaid.setRowStretch(1, 1)

        self._reading = QLabel()
        self._reading.setToolTip("The best epoch is the one with the lowest validation loss")
        make_quiet(self._reading)

        column = QVBoxLayout(self)
        column.setContentsMargins(RHYTHM, RHYTHM // 2, RHYTHM, RHYTHM // 2)
        column.setSpacing(RHYTHM // 2)
        column.addLayout(head)
        column.addLayout(overlaid, 1)
        column.addWidget(self._reading)
        self._colour()
        self._show()

    @property
    def smoothing(self) -> float:
        """The weight of the past in the smoothed curves, 0 to 0.99."""
        return self._smoothing.value() / 100

    @smoothing.setter
    def smoothing(self, weight: float) -> None:
        self._smoothing.setValue(round(weight * 100))

    @property
    def log_loss(self) -> bool:
        return self._log.isChecked()

    @log_loss.setter
    def log_loss(self, on: bool) -> None:
        self._log.setChecked(on)

    def refresh(self) -> None:
        """Draw what is new in the curves. Reading copies them: a few times a second is enough."""
        run, step_N, loss_N, accuracy_N, epochs = self._curves.read()
        if run == self._run and len(step_N) == len(self._step_N) and epochs == self._epochs:
            return
        if run != self._run:
            self._run = run
            self._follows = True
        self._step_N = step_N
        self._raw = (loss_N, 100 * accuracy_N)
        self._smooth = self._smoothed()
        if epochs != self._epochs:
            self._epochs = epochs
            self._mark()
        self._show()

    def reset_zoom(self) -> None:
        """Show the whole run again, and follow it."""
        self._follows = True
        self._show()

    def best_epoch(self) -> EpochEnded | None:
        """The epoch with the lowest validation loss, whose network one would keep."""
        finite = [epoch for epoch in self._epochs if np.isfinite(epoch.val_loss)]
        return min(finite, key=lambda epoch: epoch.val_loss, default=None)

    def save_csv(self, path: Path) -> None:
        """Write a row a step and a row an epoch, in order; OSError when it can't be written.

        Accuracies are shares, 0 to 1.
        """
        _, step_N, loss_N, accuracy_N, epochs = self._curves.read()
        rows: list[tuple[int, int, tuple[object, ...]]] = [
            (int(step), 0, ("step", int(step), "", f"{loss:.7g}", f"{accuracy:.7g}", "", ""))
            for step, loss, accuracy in zip(step_N, loss_N, accuracy_N, strict=True)
        ]
        rows += [
            (e.step, 1, ("epoch", e.step, e.epoch, f"{e.train_loss:.7g}", f"{e.train_accuracy:.7g}",
                         f"{e.val_loss:.7g}", f"{e.val_accuracy:.7g}"))
            for e in epochs
        ]  # fmt: skip
        with path.open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            writer.writerow(
                ("kind", "step", "epoch", "loss", "accuracy", "val_loss", "val_accuracy")
            )
            writer.writerows(row for _, _, row in sorted(rows, key=lambda row: row[:2]))

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self._colour()
            self._show()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit_head()

    def _fit_head(self) -> None:
        """In little room the slider loses its name, which its tool tip has too, then its length,
        and the legend its long words."""
        least, most = 4 * RHYTHM, 10 * RHYTHM
        room = 0
        for words in _LEGENDS:
            self._legend.setText(self._legend_of(*words))
            taken = self._legend.sizeHint().width() + self._log.sizeHint().width()
            room = self.width() - taken - 4 * RHYTHM
            if room >= least:
                break
        named = self._caption.sizeHint().width() + RHYTHM + most
        self._caption.setVisible(room >= named)
        self._smoothing.setFixedWidth(min(max(room, least), most))

    def _legend_of(self, training: str, validation: str) -> str:
        lines, dots = (colour.name() for colour in self._legend_colours)
        return (
            f"<span style='color:{lines}'>▬</span> {training}&nbsp;&nbsp;"
            f"<span style='color:{dots}'>●</span> {validation}"
        )

    def _colour(self) -> None:
        palette = self.palette()
        training = palette.color(QPalette.ColorRole.Accent)
        validation = pg.mkColor(_VALIDATION[is_dark(palette)])
        self._graphics.setBackground(palette.color(QPalette.ColorRole.Base))
        for plot in self._plots:
            plot.colour(palette, training, validation, self.font())
        self._legend_colours = training, validation
        self._fit_head()

    def _show(self) -> None:
        """Bring what is known to the screen."""
        self._empty.setVisible(len(self._step_N) == 0 and not self._epochs)
        if self._follows:
            last = float(self._step_N[-1]) if len(self._step_N) else 100.0
            self._loss.item.setXRange(0, above(last), padding=0)
        left, right = self._loss.item.viewRange()[0]
        columns = max(50, int(self._loss.item.vb.width()))
        inside = within(self._step_N, left, right)
        step_N = self._step_N[inside]
        for plot, raw_N, smooth_N in zip(self._plots, self._raw, self._smooth, strict=True):
            plot.draw(
                thinned(step_N, raw_N[inside], columns),
                thinned(step_N, smooth_N[inside], columns),
            )
        self._loss.fit(lowest=0.0, highest=None)
        self._accuracy.fit(lowest=None, highest=100.0)
        if not self._accuracy.cross.isVisible():
            self._reading.setText(self._best_in_words())

    def _mark(self) -> None:
        """Draw the epochs: they come rarely, and cost more than the curves."""
        figures = [(e.step, e.val_loss, 100 * e.val_accuracy) for e in self._epochs]
        step_E, loss_E, accuracy_E = np.array(figures).reshape(-1, 3).T
        best = self.best_epoch()
        for plot, value_E in ((self._loss, loss_E), (self._accuracy, accuracy_E)):
            plot.mark((step_E, value_E), best.step if best else None)

    def _smoothed(self) -> tuple[np.ndarray, np.ndarray]:
        loss_N, accuracy_N = self._raw
        return smoothed(loss_N, self.smoothing), smoothed(accuracy_N, self.smoothing)

    def _smooth_again(self) -> None:
        self._smooth = self._smoothed()
        self._show()

    def _set_log(self, on: bool) -> None:
        self._loss.set_log(on)
        self._mark()
        self._show()

    def _zoomed(self, *_: object) -> None:
        self._follows = False
        self._show()

    def _clicked(self, click: object) -> None:
        if click.double():  # type: ignore[attr-defined]
            self.reset_zoom()

    def _point_at(self, where: QPointF) -> None:
        over = next((p for p in self._plots if p.item.sceneBoundingRect().contains(where)), None)
        if over is None or len(self._step_N) == 0:
            self._reading.setText(self._best_in_words())
            for plot in self._plots:
                plot.cross.hide()
            return
        wanted = over.item.vb.mapSceneToView(where).x()
        nearest = int(np.abs(self._step_N - wanted).argmin())
        for plot in self._plots:
            plot.cross.setPos(float(self._step_N[nearest]))
            plot.cross.show()
        self._reading.setText(self._values_at(nearest))

    def _values_at(self, at: int) -> str:
        """What the crosshair reads: the smoothed values of a step and the last epoch before it."""
        words = (
            f"step {self._step_N[at]:,}: loss {self._smooth[0][at]:.4f}, "
            f"accuracy {percent(self._smooth[1][at] / 100, 1)}"
        )
        before = [epoch for epoch in self._epochs if epoch.step <= self._step_N[at]]
        if before:
            words += f"; validation {_in_words(before[-1])}"
        return words

    def _best_in_words(self) -> str:
        best = self.best_epoch()
        return f"best epoch {best.epoch}: validation {_in_words(best)}" if best else ""


def _in_words(epoch: EpochEnded) -> str:
    return f"{epoch.val_loss:.4f}, {percent(epoch.val_accuracy, 1)}"
