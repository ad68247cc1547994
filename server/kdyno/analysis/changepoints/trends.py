# SPDX-License-Identifier: GPL-2.0-or-later
"""Tells slow drifts from steps: where a ramp explains the points better than a staircase, it was a ramp."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import groupby, pairwise

import numpy as np

from kdyno.analysis.changepoints.evidence import STRENGTH, Part
from kdyno.analysis.changepoints.noise import Noise
from kdyno.analysis.changepoints.segmentation import misfit
from kdyno.analysis.changepoints.series import FloatArray

MIN_RAMP = 20
_MOST_STEPS = 2
_ROUNDS = 5
_WEIGHT_CLIP = 2.0


@dataclass(frozen=True)
class Ramp:
    """The level moves evenly over points start to stop - 1, by `rise` on the search scale."""

    start: int
    stop: int
    rise: float
    rise_error: float


@dataclass(frozen=True)
class Explained:
    """What a series' changes are: the parts after which a step stays, and the ramps that replace the others."""

    steps: list[int]
    ramps: list[Ramp]


@dataclass(frozen=True)
class _Fit:
    cost: float
    steps: tuple[int, ...]
    ramp: Ramp


def explain(points: FloatArray, *, noise: Noise, parts: Sequence[Part]) -> Explained:
    """Try a ramp, alone or with steps, in place of each run of changes in one direction.

    Returns the indices of parts that a step ends. A ramp costs as much as a change, so the cheaper description wins.
    """
    steps: list[int] = []
    ramps: list[Ramp] = []
    rises = [right.level > left.level for left, right in pairwise(parts)]
    for _, group in groupby(range(len(rises)), key=rises.__getitem__):
        run = list(group)
        fit = _best_ramp(points, noise=noise, parts=parts[run[0] : run[-1] + 2])
        if fit is None:
            steps += run
        else:
            steps += [run[0] + place for place in fit.steps]
            ramps.append(fit.ramp)
    return Explained(steps, ramps)


def _best_ramp(points: FloatArray, *, noise: Noise, parts: Sequence[Part]) -> _Fit | None:
    """The cheapest ramp over the run, if it is cheaper than the run's steps."""
    price = STRENGTH * noise.inflation
    start, stop = parts[0].start, parts[-1].stop
    edges = [part.start for part in parts] + [stop]
    scale = noise.scale[start:stop]
    levels = np.repeat([part.level for part in parts], [part.size for part in parts])
    least = float(misfit(points[start:stop], level=levels, scale=scale).sum()) + price * (len(parts) - 1)
    found: _Fit | None = None
    for ramp in sorted({(edges[i], edges[-1 - j]) for i in (0, 1) for j in (0, 1)}):
        if ramp[1] - ramp[0] < MIN_RAMP:
            continue
        fit = _with_steps(points, noise=noise, edges=edges, ramp=ramp, price=price)
        if fit.cost < least and _one_way(fit, parts):
            least, found = fit.cost, fit
    return found


def _with_steps(points: FloatArray, *, noise: Noise, edges: Sequence[int], ramp: tuple[int, int], price: float) -> _Fit:
    """A ramp, and as many of the run's changes beside it as pay, the best first."""
    span = (edges[0], edges[-1])
    best = _fit(points, noise=noise, span=span, ramp=ramp, places=[])
    best = replace(best, cost=best.cost + price)
    for _ in range(min(_MOST_STEPS, len(edges) - 3)):
        trials = []
        for step in range(len(edges) - 2):
            if step in best.steps:
                continue
            steps = tuple(sorted((*best.steps, step)))
            fit = _fit(points, noise=noise, span=span, ramp=ramp, places=[edges[place + 1] for place in steps])
            trials.append(replace(fit, cost=fit.cost + price * (1 + len(steps)), steps=steps))
        better = min(trials, key=lambda fit: fit.cost)
        if better.cost >= best.cost:
            break
        best = better
    return best


def _one_way(fit: _Fit, parts: Sequence[Part]) -> bool:
    return (fit.ramp.rise > 0) == (parts[-1].level > parts[0].level)


def _fit(
    points: FloatArray, *, noise: Noise, span: tuple[int, int], ramp: tuple[int, int], places: Sequence[int]
) -> _Fit:
    """Huber regression on a ramp and steps at the places, by reweighted least squares (Holland and Welsch, 1977)."""
    start, stop = span
    at = np.arange(start, stop)
    rise = np.clip((at - ramp[0] + 0.5) / (ramp[1] - ramp[0]), 0, 1)
    design = np.column_stack([np.ones(at.size), rise, *[(at >= place).astype(np.float64) for place in places]])
    scale, values = noise.scale[start:stop], points[start:stop]
    weights = np.ones(at.size)
    for _ in range(_ROUNDS):
        root = (np.sqrt(weights) / scale)[:, None]
        factors, *_ = np.linalg.lstsq(design * root, values * root[:, 0], rcond=None)
        distance = np.abs(values - design @ factors) / scale
        weights = np.minimum(1.0, _WEIGHT_CLIP / np.maximum(distance, _WEIGHT_CLIP))
    covariance = np.linalg.pinv((design * root).T @ (design * root)) * noise.inflation
    cost = float(misfit(values, level=design @ factors, scale=scale).sum())
    return _Fit(cost, (), Ramp(*ramp, float(factors[1]), float(np.sqrt(covariance[1, 1]))))
