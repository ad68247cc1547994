# SPDX-License-Identifier: GPL-2.0-or-later
"""What the samples of each boot say: its level, how well they know it, and the shape of their noise.

All boots of a submission are worked on together, one row each, because a Python loop over thousands of boots would
take longer than the arithmetic. All figures are on the scale of natural logarithms, so that 0.01 is 1 % and no unit
matters.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from functools import lru_cache

import numpy as np
from scipy.fft import irfft, next_fast_len, rfft
from scipy.special import betainc

from kdyno.analysis.noise import FloatArray

MIN_FOR_CORRELATION = 30
MIN_FOR_SHAPE = 50
MIN_FOR_DRIFT = 60
MIN_FOR_GRID = 10
NORMAL_IQR = 1.349
MEDIAN_ERROR = 1.2533
FAR_OUT = 3.0
FLOOR_ASYMMETRY = 1.75
SMALLEST_MODE = 0.1
ROWS_AT_ONCE = 256


@dataclass(frozen=True, eq=False)
class BootStatistics:
    """One entry per boot in every array.

    level: logarithm of the compared quantile. error: its standard error from the samples. size: number of samples.
    correlation_time: samples per independent sample, 1 when they are independent. lag_one: correlation of neighbours.
    spread: interquartile range scaled to a standard deviation; NaN below 50 samples.
    drift, drift_error: change from the first to the last third of the samples, and its standard error.
    far: how many samples are far out. constant, quantised, modes, floor: shapes, as the noise classes name them.
    """

    level: FloatArray
    error: FloatArray
    size: FloatArray
    correlation_time: FloatArray
    lag_one: FloatArray
    spread: FloatArray
    drift: FloatArray
    drift_error: FloatArray
    far: FloatArray
    constant: FloatArray
    quantised: FloatArray
    modes: FloatArray
    floor: FloatArray


def boot_statistics(samples: Sequence[FloatArray], *, quantiles: FloatArray) -> BootStatistics:
    """Statistics of each boot's positive samples (in the order taken), at the quantile given for each."""
    result = {field.name: np.zeros(len(samples)) for field in fields(BootStatistics)}
    groups: dict[tuple[int, float], list[int]] = {}
    for index, values in enumerate(samples):
        groups.setdefault((values.size, float(quantiles[index])), []).append(index)
    for (_, quantile), members in groups.items():
        for first in range(0, len(members), ROWS_AT_ONCE):
            rows = members[first : first + ROWS_AT_ONCE]
            part = _equal_sizes(np.stack([samples[row] for row in rows]), quantile=quantile)
            for name, values in part.items():
                result[name][rows] = values
    return BootStatistics(**result)


def _equal_sizes(samples: FloatArray, *, quantile: float) -> dict[str, FloatArray]:
    """All statistics of a matrix with one boot per row."""
    ordered = np.sort(samples, axis=1)
    level = np.log(_quantile(ordered, quantile))
    taken = np.log(samples) - level[:, None]
    ordered = np.log(ordered) - level[:, None]
    size = samples.shape[1]
    correlation_time, lag_one = _correlation(taken)
    weights = quantile_weights(size, quantile)
    mean = ordered @ weights
    variance = np.maximum(np.square(ordered) @ weights - np.square(mean), 0.0)
    drift, drift_error = _drift(taken, lag_one=lag_one)
    shapes = _shapes(ordered)
    # A median of coarse values moves by whole steps.
    coarse = np.where(shapes["quantised"], _smallest_step(ordered) / 3, 0.0)
    return shapes | {
        "level": level,
        "error": np.sqrt(variance * correlation_time),
        "size": np.full(len(level), float(size)),
        "correlation_time": correlation_time,
        "lag_one": lag_one,
        "drift": drift,
        "drift_error": np.maximum(drift_error, coarse),
    }


@lru_cache(maxsize=64)
def quantile_weights(size: int, quantile: float) -> FloatArray:
    """Chance of each of `size` ordered samples to be the given quantile of a resample.

    A difference of Beta distribution functions: the bootstrap of a quantile as infinitely many resamples give it
    (Maritz and Jarrett, JASA 73, 1978, for the median; Harrell and Davis, Biometrika 69, 1982, for any quantile). With
    fewer than some five samples beyond the quantile it says too little; only the scatter of the boots is then honest.
    """
    edges = np.arange(size + 1) / size
    weights: FloatArray = np.diff(betainc((size + 1) * quantile, (size + 1) * (1 - quantile), edges))
    return weights


def _quantile(ordered: FloatArray, quantile: float) -> FloatArray:
    """Linear interpolation between the two nearest ordered samples of each row."""
    position = (ordered.shape[1] - 1) * quantile
    low = int(position)
    high = min(low + 1, ordered.shape[1] - 1)
    share = position - low
    values: FloatArray = ordered[:, low] * (1 - share) + ordered[:, high] * share
    return values


def _correlation(centred: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Integrated correlation time and lag-one correlation of "below the quantile", row by row.

    A quantile's error depends on the correlation of that indicator, not of the values. A straight trend is taken out
    first, since drift is a finding of its own. Sums of neighbouring lags are added while they are positive (Geyer,
    Statistical Science 7, 1992, initial positive sequence).
    """
    rows, size = centred.shape
    if size < MIN_FOR_CORRELATION:
        return np.ones(rows), np.zeros(rows)
    below = (centred <= 0).astype(np.float64)
    below -= below.mean(axis=1, keepdims=True)
    time = np.linspace(-1, 1, size)
    below -= (below @ time / (time @ time))[:, None] * time
    length = next_fast_len(2 * size, real=True)
    covariance = irfft(np.square(np.abs(rfft(below, length, axis=1))), length, axis=1)[:, : 2 * (size // 4)]
    flat = covariance[:, 0] <= 1e-9 * size
    correlation = covariance / np.where(flat, 1.0, covariance[:, 0])[:, None]
    pairs = correlation[:, 0::2] + correlation[:, 1::2]
    positive = np.logical_and.accumulate(pairs > 0, axis=1)
    times = np.clip(2 * np.where(positive, pairs, 0.0).sum(axis=1) - 1, 1.0, size / 4)
    return np.where(flat, 1.0, times), np.where(flat, 0.0, correlation[:, 1])


def _drift(taken: FloatArray, *, lag_one: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Median of the last third less that of the first, and its standard error.

    Neighbours that resemble each other drift apart and together again by chance: as many independent samples are
    counted as a first-order autoregressive process with that lag-one correlation would hold. The correlation is that of
    an indicator, hence the sine (Sheppard 1899).
    """
    rows, size = taken.shape
    third = size // 3
    if size < MIN_FOR_DRIFT:
        return np.zeros(rows), np.full(rows, np.inf)
    thirds = [
        np.percentile(taken[:, first : first + third], (25, 50, 75), axis=1) for first in (0, third, size - third)
    ]
    spread = np.sqrt(np.mean([np.square(part[2] - part[0]) for part in thirds], axis=0)) / NORMAL_IQR
    memory = np.clip(np.sin(np.pi / 2 * lag_one), 0.0, 0.98)
    error = MEDIAN_ERROR * spread * np.sqrt(2 / third * (1 + memory) / (1 - memory))
    return thirds[2][1] - thirds[0][1], error


def _smallest_step(ordered: FloatArray) -> FloatArray:
    """Smallest distance between different values of each row; infinite where all are equal."""
    steps = np.diff(ordered, axis=1)
    # Equal readings may differ in the last bit once they are logarithms.
    smallest: FloatArray = np.where(steps > 1e-12, steps, np.inf).min(axis=1, initial=np.inf)
    return smallest


def _shapes(ordered: FloatArray) -> dict[str, FloatArray]:
    """Shapes of the distribution of each row of ordered samples; what too few samples cannot show counts as not so."""
    rows, size = ordered.shape
    q25, q50, q75, q90 = (_quantile(ordered, share) for share in (0.25, 0.5, 0.75, 0.9))
    spread = (q75 - q25) / NORMAL_IQR
    constant = (ordered[:, 0] == ordered[:, -1]) & (size > 1)
    quantised = ~constant & (_smallest_step(ordered) > spread / 2) & (size >= MIN_FOR_GRID)
    shapes: dict[str, FloatArray] = {"constant": constant, "quantised": quantised}
    if size < MIN_FOR_SHAPE:
        nothing = dict.fromkeys(("modes", "floor", "far"), np.zeros(rows))
        return shapes | nothing | {"spread": np.full(rows, np.nan)}
    odd = constant | quantised
    half = (q75 - q25) / 2
    above = q75 + 2 * FAR_OUT * np.maximum(q75 - q50, half)
    under = q25 - 2 * FAR_OUT * np.maximum(q50 - q25, half)
    modes = ~odd & _has_valley(ordered)
    return shapes | {
        "modes": modes,
        "floor": ~odd & ~modes & (q90 - q50 > FLOOR_ASYMMETRY * (q50 - ordered[:, 0])),
        "far": ((ordered > above[:, None]) | (ordered < under[:, None])).sum(axis=1) * ~odd,
        "spread": spread,
    }


def best_split(ordered: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Where two groups separate each row of ordered values best: size of the lower group, and both means.

    Otsu's criterion, the largest variance between the groups (IEEE Trans. SMC 9, 1979); no group below a tenth.
    """
    size = ordered.shape[1]
    counts = np.arange(1, size)
    sums = np.cumsum(ordered, axis=1)
    low_means = sums[:, :-1] / counts
    high_means = (sums[:, -1:] - sums[:, :-1]) / (size - counts)
    between = counts * (size - counts) * np.square(high_means - low_means)
    between[:, (counts < SMALLEST_MODE * size) | (counts > (1 - SMALLEST_MODE) * size)] = -1.0
    best = between.argmax(axis=1)
    rows = np.arange(len(ordered))
    return counts[best].astype(np.float64), low_means[rows, best], high_means[rows, best]


def _has_valley(ordered: FloatArray) -> np.ndarray:
    """Whether samples are much rarer half-way between two groups than around either of their means."""
    _, low, high = best_split(ordered)
    half = (high - low) / 6

    def around(centre: FloatArray) -> FloatArray:
        inside = np.abs(ordered - centre[:, None]) < half[:, None]
        counts: FloatArray = inside.sum(axis=1).astype(np.float64)
        return counts

    valley, peak = around((low + high) / 2), np.minimum(around(low), around(high))
    deep: np.ndarray = (valley < peak / 2) & (valley + 3 * np.sqrt(valley + 1) < peak)
    return deep
