# SPDX-License-Identifier: GPL-2.0-or-later
"""How much a series scatters around its levels, judged without knowing the levels.

Differences of points a few places apart tell scatter and memory of the noise, and a step spoils only those few
differences that cross it: Tecuapetla-Gómez and Munk (Scand. J. Statist. 44, 2017). Quantiles of them, not their mean
square, keep spikes out: Chakar, Lebarbier, Lévy-Leduc and Robin (Bernoulli 23, 2017), whose robust estimate of the
memory of AR(1) noise this follows.
"""

import math
from dataclasses import dataclass

import numpy as np

from kdyno.analysis.changepoints.series import FloatArray, IntArray

# The scatter is read off a quantile above the median: with two modes, the difference between modes belongs to it.
QUANTILE = 0.8
NORMAL_QUANTILE = 1.2815515655446004
# Residuals beyond this many standard deviations weigh no more than this: one spike is no evidence of a change.
CLIP = 3.0
# Relative scatter below which no agreement of points is believed.
LEAST_SCALE = 1e-5
_LAGS = np.array([1, 2, 3, 4, 6])
_MEMORIES = np.linspace(0.0, 0.95, 96)
_VARIOGRAMS = np.log(1 - np.power.outer(_MEMORIES, _LAGS))
_USUAL_MEMORY = 0.25
_USUAL_MEMORY_POINTS = 20
_LEAST_DIFFERENCES = 8
_LONGEST_MEMORY = 12


@dataclass(frozen=True, eq=False)
class Noise:
    """Scatter of a series around its levels.

    scale: robust standard deviation of each point, on the search scale.
    inflation: how many times larger the variance of a mean of many points is than if they were independent and
        normal.
    """

    scale: FloatArray
    inflation: float


def difference_noise(points: FloatArray, *, segments: IntArray | None = None) -> tuple[float, float]:
    """Standard deviation of a point and inflation by memory, from differences alone.

    segments: a number per point; only differences within a segment count. Without, all do, and many large steps would
    pass for memory.
    """
    numbers = np.zeros(points.size, dtype=np.int64) if segments is None else segments
    memory = _memory(points, segments=numbers)
    return with_memory(difference_scale(_differences(points, lag=1, segments=numbers)), memory=memory)


def with_memory(scale: float, *, memory: float) -> tuple[float, float]:
    """The same for neighbours that differ by `scale` times the root of two, if the noise is AR(1) with this memory."""
    return max(scale / math.sqrt(1 - memory), LEAST_SCALE), (1 + memory) / (1 - memory)


def difference_scale(differences: FloatArray) -> float:
    """Robust standard deviation of a point, from absolute differences of neighbours; noise without memory assumed."""
    if not differences.size:
        return LEAST_SCALE
    scale = float(np.quantile(differences, QUANTILE)) / (NORMAL_QUANTILE * math.sqrt(2))
    if scale > LEAST_SCALE:
        return scale
    # Most neighbours are equal: the values are quantised, or nearly all the same.
    unequal = differences[differences > LEAST_SCALE]
    return 0.25 * float(np.quantile(unequal, 0.2)) if unequal.size else LEAST_SCALE


def _differences(points: FloatArray, *, lag: int, segments: IntArray) -> FloatArray:
    """Absolute differences of points `lag` places apart in one segment."""
    differences: FloatArray = np.abs(points[lag:] - points[:-lag])[segments[lag:] == segments[:-lag]]
    return differences


def _memory(points: FloatArray, *, segments: IntArray) -> float:
    """Correlation of neighbours in AR(1) noise: how differences grow with the distance of their points.

    A short series knows little of it, so the estimate is drawn towards what is usual.
    """
    seen = []
    for lag in _LAGS:
        differences = _differences(points, lag=int(lag), segments=segments)
        if differences.size < _LEAST_DIFFERENCES:
            break
        seen.append(float(np.quantile(differences, QUANTILE)))
    if len(seen) < 3 or min(seen) <= LEAST_SCALE:
        return _USUAL_MEMORY
    misfit = 2 * np.log(seen) - _VARIOGRAMS[:, : len(seen)]
    misfit -= misfit.mean(axis=1, keepdims=True)
    memory = float(_MEMORIES[np.square(misfit).sum(axis=1).argmin()])
    weight = points.size / (points.size + _USUAL_MEMORY_POINTS)
    return weight * memory + (1 - weight) * _USUAL_MEMORY


def residual_scale(residuals: FloatArray) -> float:
    """Robust standard deviation of residuals."""
    return float(np.quantile(np.abs(residuals), QUANTILE)) / NORMAL_QUANTILE


def residual_inflation(residuals: FloatArray) -> float:
    """Inflation of residuals given in standard deviations: their clipped variance, times what their memory adds.

    Sum of autocorrelations up to the first pair that is not positive (Geyer, Statist. Sci. 7, 1992, section 3.3).
    """
    clipped = np.clip(residuals, -CLIP, CLIP)
    clipped = clipped - clipped.mean()
    variance = float(np.square(clipped).mean())
    if variance <= 0:
        return 1.0
    longest = min(_LONGEST_MEMORY, clipped.size // 8)
    correlations = [float((clipped[lag:] * clipped[:-lag]).mean()) / variance for lag in range(1, longest + 1)]
    total = 1.0
    for first in range(0, len(correlations) - 1, 2):
        pair = correlations[first] + correlations[first + 1]
        if pair <= 0:
            break
        total += 2 * pair
    return max(total, 1.0) * max(variance, 1.0)
