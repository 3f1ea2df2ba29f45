"""The curves: smoothing and thinning, what is drawn and when, the best epoch, CSV."""

import csv

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QPointF

from engine.messages.events import EpochEnded
from engine.telemetry.curves import Curves
from gui.pages.train.curves import CurvesPanel
from gui.pages.train.series import above, smoothed, thinned, within
from gui.view_state import ViewState


def epoch(number, val_loss, steps=63):
    return EpochEnded(number, steps * number, 0.5, 0.8, val_loss, 0.9, 3000.0, 1.0)


@pytest.fixture
def curves():
    curves = Curves()
    curves.begin(1)
    return curves


@pytest.fixture
def panel(qtbot, curves):
    panel = CurvesPanel(ViewState(), curves)
    qtbot.addWidget(panel)
    panel.resize(420, 280)
    panel.show()
    return panel


def learn(curves, first, last):
    step_N = np.arange(first, last)
    loss_N = 2.3 * np.exp(-step_N / 50)
    curves.extend(step_N, loss_N, 1 - loss_N / 3)


def drawn(plot):
    return len(plot._smooth.getData()[0])


# Arithmetic


@given(
    st.lists(st.floats(-1e3, 1e3), max_size=200),
    st.sampled_from([0.0, 0.01, 0.5, 0.6, 0.9, 0.99]),
)
def test_smoothing_is_the_corrected_moving_average(values, weight):
    last, expected = 0.0, []
    for count, value in enumerate(values, start=1):
        last = weight * last + (1 - weight) * value
        expected.append(last / (1 - weight**count))
    np.testing.assert_allclose(smoothed(np.array(values), weight), expected, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("nothing", [np.nan, np.inf, -np.inf])
def test_the_average_goes_on_without_what_is_no_number(nothing):
    values_N = np.array([3.0, 1.0, nothing, 2.0, nothing, 4.0])
    there_N = np.isfinite(values_N)
    smooth_N = smoothed(values_N, 0.6)
    np.testing.assert_array_equal(smooth_N[there_N], smoothed(values_N[there_N], 0.6))
    assert not np.isfinite(smooth_N[~there_N]).any()


def test_a_loss_that_is_no_number_leaves_the_rest_of_the_curve(panel, curves):
    curves.extend(np.arange(1, 7), np.array([3, 2, np.nan, 2, np.inf, 1.0]), np.full(6, 0.5))
    panel.refresh()
    assert drawn(panel._loss) == 4
    assert drawn(panel._accuracy) == 6


def test_smoothing_leaves_a_constant_alone():
    np.testing.assert_allclose(smoothed(np.full(500, 2.3), 0.99), 2.3)


@given(st.integers(0, 5000), st.integers(1, 600))
def test_thinning_keeps_lowest_highest_and_both_ends(count, columns):
    x_N = np.arange(count)
    y_N = np.sin(x_N * 0.7) * x_N
    few_x, few_y = thinned(x_N, y_N, columns)
    assert len(few_x) == len(few_y) <= max(2, 2 * columns) + count // columns + 1
    assert (np.diff(few_x) >= 0).all()
    if count:
        assert few_y.min() == y_N.min()
        assert few_y.max() == y_N.max()
        assert few_x[0] == 0
        assert few_x[-1] == count - 1


@given(st.floats(1e-6, 1e9))
def test_a_round_limit_is_above_and_not_far(value):
    assert value <= above(value) * (1 + 1e-6)
    assert above(value) < 2.1 * value


def test_what_is_inside_a_view_reaches_its_edges():
    x_N = np.arange(0, 100, 10)
    assert x_N[within(x_N, 25, 45)].tolist() == [20, 30, 40, 50]
    assert x_N[within(x_N, -5, 500)].tolist() == x_N.tolist()
    assert len(x_N[:0][within(x_N[:0], 0, 1)]) == 0


# The panel


def test_it_says_that_nothing_has_been_learned_yet(panel, curves):
    panel.refresh()
    assert panel._empty.isVisible()
    learn(curves, 1, 5)
    panel.refresh()
    assert panel._empty.isHidden()


def test_new_steps_are_drawn_and_old_ones_not_again(panel, curves, monkeypatch):
    learn(curves, 1, 100)
    panel.refresh()
    assert drawn(panel._loss) == drawn(panel._accuracy) == 99
    shown = []
    monkeypatch.setattr(panel, "_show", lambda: shown.append(True))
    panel.refresh()
    assert shown == []
    learn(curves, 100, 101)
    panel.refresh()
    assert shown == [True]


def test_a_new_run_clears_it(panel, curves):
    learn(curves, 1, 100)
    curves.add_epoch(epoch(1, 0.4))
    panel.refresh()
    curves.begin(2)
    panel.refresh()
    assert drawn(panel._loss) == 0
    assert panel.best_epoch() is None
    assert panel._empty.isVisible()


def test_the_best_epoch_has_the_lowest_finite_validation_loss(panel, curves):
    learn(curves, 1, 300)
    for number, loss in enumerate([0.4, 0.2, 0.3, float("nan")], start=1):
        curves.add_epoch(epoch(number, loss))
    panel.refresh()
    assert panel.best_epoch().epoch == 2
    assert "best epoch 2" in panel._reading.text()
    assert panel._loss._best.isVisible()
    assert panel._loss._best.value() == 126


def test_a_long_run_is_drawn_with_few_points_and_whole_range(panel, curves):
    learn(curves, 1, 200_001)
    panel.refresh()
    assert drawn(panel._loss) < 5000
    assert panel._loss.item.viewRange()[0] == [0, 200_000]


def test_the_log_scale_survives_a_loss_of_zero(panel, curves):
    curves.extend(np.arange(1, 4), np.array([1.0, 0.1, 0.0]), np.ones(3))
    panel.smoothing = 0.0
    panel.log_loss = True
    panel.refresh()
    low, high = panel._loss.item.viewRange()[1]
    assert np.isfinite([low, high]).all()
    assert low < -1
    assert panel._loss._raw.getData()[1][1] == pytest.approx(-1)


def test_the_crosshair_reads_values_and_leaves(panel, curves, qtbot):
    learn(curves, 1, 101)
    curves.add_epoch(epoch(1, 0.1234))
    panel.refresh()
    qtbot.waitUntil(lambda: panel._loss.item.vb.width() > 50)
    middle = panel._loss.item.vb.mapViewToScene(QPointF(80, 1.0))
    panel._point_at(middle)
    assert "step 80" in panel._reading.text()
    assert "0.1234" in panel._reading.text()
    assert panel._accuracy.cross.isVisible()
    panel._point_at(QPointF(-100, -100))
    assert "best epoch" in panel._reading.text()
    assert not panel._accuracy.cross.isVisible()


def test_it_follows_the_run_until_zoomed_by_hand_and_again_after_a_reset(panel, curves):
    learn(curves, 1, 101)
    panel.refresh()
    panel._loss.item.setXRange(20, 40, padding=0)
    panel._loss.item.vb.sigRangeChangedManually.emit([True, False])
    learn(curves, 101, 1001)
    panel.refresh()
    assert panel._loss.item.viewRange()[0] == [20, 40]
    panel.reset_zoom()
    assert panel._loss.item.viewRange()[0] == [0, 1000]


def test_the_csv_holds_steps_and_epochs_in_order(panel, curves, tmp_path):
    curves.extend(np.arange(1, 4), np.array([2.0, 1.5, 1.0]), np.array([0.1, 0.2, 0.3]))
    curves.add_epoch(EpochEnded(1, 2, 1.75, 0.15, 1.25, 0.5, 3000.0, 1.0))
    path = tmp_path / "curve.csv"
    panel.save_csv(path)
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(row["kind"], int(row["step"])) for row in rows] == [
        ("step", 1),
        ("step", 2),
        ("epoch", 2),
        ("step", 3),
    ]
    assert float(rows[2]["val_loss"]) == 1.25
    assert float(rows[0]["accuracy"]) == pytest.approx(0.1)
    assert rows[0]["val_loss"] == ""


def test_a_change_of_palette_is_taken_over(panel, curves):
    from gui.widgets.theme import palette_of

    learn(curves, 1, 100)
    panel.refresh()
    light = panel.grab().toImage()
    panel.setPalette(palette_of("dark"))
    assert panel.grab().toImage() != light
