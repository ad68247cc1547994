# SPDX-License-Identifier: GPL-2.0-or-later
"""Finds the changes of a whole series."""

import math
from collections.abc import Sequence

import numpy as np

from kdyno.analysis.changepoints.evidence import STRENGTH, Part, parts_of, surviving_parts
from kdyno.analysis.changepoints.findings import Change, Detection
from kdyno.analysis.changepoints.noise import (
    CLIP,
    Noise,
    difference_noise,
    difference_scale,
    residual_inflation,
    residual_scale,
    with_memory,
)
from kdyno.analysis.changepoints.scatter import Scatter, local_scatter
from kdyno.analysis.changepoints.segmentation import segmentations
from kdyno.analysis.changepoints.series import FloatArray, IntArray, Scaled, scaled_series
from kdyno.analysis.changepoints.told import ramp_change, scatter_changes, segment, step_change
from kdyno.analysis.changepoints.trends import explain

# How much more memory than neighbouring points show the noise may have: more memory, fewer changes.
_MEMORY_FACTORS = (1.0, 2.0, 4.0, 8.0)
_CHANGE_PARAMETERS = 3.0
_MUCH_MEMORY = 0.5
# With fewer points than this after a change's last plausible place, the place must be known this well.
_RIPE_POINTS = 20
RIPE_WIDTH = 10


def fitted_parts(points: FloatArray) -> tuple[list[Part], Noise, Scatter]:
    """The segments of equal level of a scaled series, and the noise they were judged by."""
    scale, inflation = difference_noise(points, segments=_between_plain_steps(points))
    scatter = local_scatter(points, scale=scale)
    parts = _most_likely(points, noise=Noise(scatter.scale, inflation))
    residuals = _residuals(points, parts=parts, scale=scatter.scale)
    noise = Noise(scatter.scale * max(1.0, residual_scale(residuals)), max(inflation, residual_inflation(residuals)))
    parts = surviving_parts(points, noise=noise, changes=[part.start for part in parts[1:]])
    return parts, noise, scatter


def _between_plain_steps(points: FloatArray) -> IntArray:
    """A number per point for the segments between steps that would stand even if the noise remembered much."""
    scale, inflation = with_memory(difference_scale(np.abs(np.diff(points))), memory=_MUCH_MEMORY)
    noise = Noise(np.full(points.size, scale), inflation)
    (changes,) = segmentations(points, scale=noise.scale, prices=[STRENGTH * inflation])
    parts = surviving_parts(points, noise=noise, changes=changes)
    return np.repeat(np.arange(len(parts)), [part.size for part in parts])


def _most_likely(points: FloatArray, *, noise: Noise) -> list[Part]:
    """Tell memory of the noise from changes of the level: the better of few changes and much memory, or the reverse.

    Bayes' information criterion of AR(1) noise around the segments (Chakar et al., section 3.2), with clipped
    innovations in place of normal ones.
    """
    prices = [STRENGTH * noise.inflation * factor for factor in _MEMORY_FACTORS]
    best: list[Part] = []
    least = math.inf
    seen: set[tuple[int, ...]] = set()
    for factor, changes in zip(_MEMORY_FACTORS, segmentations(points, scale=noise.scale, prices=prices), strict=True):
        parts = surviving_parts(points, noise=Noise(noise.scale, noise.inflation * factor), changes=changes)
        places = tuple(part.start for part in parts)
        if places in seen:
            continue
        seen.add(places)
        criterion = _criterion(_residuals(points, parts=parts, scale=noise.scale), changes=len(parts) - 1)
        if criterion < least:
            best, least = parts, criterion
    return best


def _residuals(points: FloatArray, *, parts: Sequence[Part], scale: FloatArray) -> FloatArray:
    levels = np.repeat([part.level for part in parts], [part.size for part in parts])
    residuals: FloatArray = (points - levels) / scale
    return residuals


def _criterion(residuals: FloatArray, *, changes: int) -> float:
    clipped = np.clip(residuals, -CLIP, CLIP)
    variance = max(float(np.square(clipped).mean()), 1e-12)
    memory = min(max(float((clipped[1:] * clipped[:-1]).mean()) / variance, 0.0), 0.95)
    innovations = np.clip(residuals[1:] - memory * residuals[:-1], -CLIP, CLIP)
    misfit = residuals.size * math.log(max(float(np.square(innovations).mean()), 1e-6))
    return misfit + _CHANGE_PARAMETERS * changes * math.log(residuals.size)


def detect(
    values: Sequence[float] | FloatArray | None, *, repetitions: Sequence[Sequence[float]] | None = None
) -> Detection:
    """Find the changes of a series of measurements, one per point in their order.

    values: one number per point, in any unit. repetitions: several measurements per point instead; their median counts.
    Deterministic. Steps, slow drifts and changes of scatter are told apart by `Change.kind`. Levels are sought on a
    logarithmic scale where all values are positive, so that effects are ratios.
    The method, its sources and its measured error rates are in docs/statistics.md.

    >>> [change.index for change in detect([10.0, 10.1] * 20 + [12.0, 12.1] * 20).changes]
    [40]

    Raises:
        SeriesError: fewer than 8 points, more than a million, text, NaN or infinity among them.
    """
    series = scaled_series(values, repetitions=repetitions)
    found, _ = detect_scaled(series)
    return found


def detect_scaled(series: Scaled) -> tuple[Detection, float]:
    """Find the changes of a series that was checked and scaled before; with the inflation of its noise by memory."""
    points = series.points
    parts, noise, scatter = fitted_parts(points)
    explained = explain(points, noise=noise, parts=parts)
    steps = [step_change(series, noise=noise, before=parts[place], after=parts[place + 1]) for place in explained.steps]
    if steps and not _ripe(steps[-1], size=points.size):
        steps.pop()
    edges = [change.index for change in steps]
    changes = steps + [ramp_change(series, ramp=ramp) for ramp in explained.ramps]
    changes += scatter_changes(series, scatter=scatter, steps=edges)
    found = Detection(
        tuple(sorted(changes, key=lambda change: (change.index, change.kind))),
        tuple(segment(series, part=part) for part in parts_of(points, noise=noise, changes=edges)),
        points.size,
    )
    return found, noise.inflation


def _ripe(change: Change, *, size: int) -> bool:
    """Whether a change near the end is known well enough to tell; one told too early would have to be withdrawn."""
    return size - change.high >= _RIPE_POINTS or change.high - change.low <= RIPE_WIDTH
