"""Arithmetic for curves: smoothing, thinning, round limits. Pure numpy."""

import math

import numpy as np

_BLOCK = 32
_ROUND = (1.0, 1.2, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0)


def smoothed(values_N: np.ndarray, weight: float) -> np.ndarray:
    """The exponential moving average of a series, float64 (N,), with its start corrected.

    s_n = w s_{n-1} + (1 - w) x_n from s_0 = 0, divided by 1 - w^n so that the first values aren't
    drawn towards zero: the formula of TensorBoard's scalar charts (its `resmoothScalars`), after
    Kingma and Ba, "Adam", 2015, section 3. `weight` is 0 (no smoothing) to below 1. A value that is
    no number stays one, and the average goes on without it.
    """
    finite_N = np.isfinite(values_N)
    if not finite_N.all():
        smooth_N = values_N.astype(np.float64)
        smooth_N[finite_N] = smoothed(values_N[finite_N], weight)
        return smooth_N
    count = len(values_N)
    if weight <= 0 or count == 0:
        return values_N.astype(np.float64)
    # Block by block, as a matrix product within blocks and a short loop over them.
    values_BK = np.zeros((-(-count // _BLOCK), _BLOCK))
    values_BK.reshape(-1)[:count] = values_N
    place_K = np.arange(_BLOCK)
    lag_KK = place_K[:, None] - place_K
    weights_KK = np.where(lag_KK >= 0, (1 - weight) * weight ** np.abs(lag_KK), 0.0)
    sums_BK = values_BK @ weights_KK.T
    carried, before = 0.0, []
    for last in sums_BK[:, -1].tolist():
        before.append(carried)
        carried = last + weight**_BLOCK * carried
    sums_BK += np.array(before)[:, None] * weight ** (place_K + 1)
    share_N: np.ndarray = -np.expm1(math.log(weight) * np.arange(1, count + 1))
    return sums_BK.reshape(-1)[:count] / share_N


def thinned(x_N: np.ndarray, y_N: np.ndarray, columns: int) -> tuple[np.ndarray, np.ndarray]:
    """A series that draws alike with about two points a column: its lowest and its highest."""
    size = -(-len(x_N) // columns)
    if size <= 2:
        return x_N, y_N
    whole = len(x_N) // size
    y_BK = y_N[: whole * size].reshape(whole, size)
    ends_B2 = np.stack((np.fmin.reduce(y_BK, axis=1), np.fmax.reduce(y_BK, axis=1)), axis=1)
    x_B2 = np.stack((x_N[: whole * size : size], x_N[size - 1 : whole * size : size]), axis=1)
    rest = slice(whole * size, None)
    return (
        np.concatenate((x_B2.reshape(-1), x_N[rest])),
        np.concatenate((ends_B2.reshape(-1), y_N[rest])),
    )


def within(x_N: np.ndarray, left: float, right: float) -> slice:
    """The part of a rising series between two values, and one more on either side."""
    first, last = np.searchsorted(x_N, (left, right))
    return slice(max(0, int(first) - 1), int(last) + 1)


def above(value: float) -> float:
    """The next round number: limits that move rarely, so that axes stand still."""
    if value <= 0 or not math.isfinite(value):
        return 1.0
    power = 10.0 ** math.floor(math.log10(value))
    return next(power * r for r in _ROUND if power * r >= value * (1 - 1e-9))
