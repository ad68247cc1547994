# SPDX-License-Identifier: GPL-2.0-or-later
"""The best piecewise constant description of a series: misfit of the points, plus a price for each change.

The misfit of a point is its squared distance from the level in standard deviations, but never more than CLIP squared:
a run of spikes is cheaper than two changes until it is long (Fearnhead and Rigaill, JASA 114, 2019). The optimum over
all numbers and places of changes is found by dynamic programming over points and a grid of levels; it needs a few
vector operations per point, and memory for one row.
"""

from collections.abc import Sequence

import numpy as np

from kdyno.analysis.changepoints.noise import CLIP
from kdyno.analysis.changepoints.series import FloatArray, IntArray

GRID_STEP = 0.25
_MEDIAN_WIDTH = 5
_MOST_LEVELS = 2048
_CHUNK = 4096
_LEVEL_CLIP = 2.0
_REFINE_REACH = 30


def segmentations(points: FloatArray, *, scale: FloatArray, prices: Sequence[float]) -> list[list[int]]:
    """The first points of all segments but the first, once per price of a change; from one walk over the points.

    scale: standard deviation of each point.
    """
    levels = _levels(points, step=GRID_STEP * float(np.median(scale)))
    price = np.asarray(prices, dtype=np.float64)
    rows = levels.size * np.arange(price.size)
    cost = np.zeros((price.size, levels.size))
    start = np.zeros((price.size, levels.size), dtype=np.int64)
    best_start = np.zeros((points.size + 1, price.size), dtype=np.int64)
    dearer = np.zeros(cost.shape, dtype=np.bool_)
    for first in range(0, points.size, _CHUNK):
        part = slice(first, first + _CHUNK)
        misfits = misfit(points[part, None], level=levels[None, :], scale=scale[part, None])
        for point, row in enumerate(misfits, first):
            best = cost.argmin(axis=1)
            best += rows
            start.take(best, out=best_start[point])
            limit = cost.take(best)
            limit += price
            np.greater(cost, limit[:, None], out=dearer)
            np.putmask(start, dearer, point)
            np.minimum(cost, limit[:, None], out=cost)
            cost += row
    start.take(cost.argmin(axis=1) + rows, out=best_start[points.size])
    return [_walk_back(best_start[:, row], last=int(best_start[-1, row])) for row in range(price.size)]


def _walk_back(best_start: IntArray, *, last: int) -> list[int]:
    found = []
    while last > 0:
        found.append(last)
        last = int(best_start[last])
    return found[::-1]


def _levels(points: FloatArray, *, step: float) -> FloatArray:
    """Grid levels near which the running median passes; spikes and empty ranges need none."""
    window = np.lib.stride_tricks.sliding_window_view(points, _MEDIAN_WIDTH)
    medians = np.median(window, axis=1)
    step = max(step, float(np.ptp(medians)) / _MOST_LEVELS)
    occupied = np.unique(np.round(medians / step))
    near = np.unique(np.add.outer(occupied, np.arange(-2, 3)))
    levels: FloatArray = near * step
    return levels


def level(points: FloatArray, *, scale: float) -> float:
    """Level of a segment: Huber's location (Ann. Math. Statist. 35, 1964), from the median in three steps."""
    centre = float(np.median(points))
    reach = _LEVEL_CLIP * scale
    for _ in range(3):
        centre += float(np.minimum(np.maximum(points - centre, -reach), reach).mean())
    return centre


def misfit(points: FloatArray, *, level: float | FloatArray, scale: FloatArray) -> FloatArray:
    """Clipped squared distance of each point from a level, in standard deviations."""
    limited: FloatArray = np.minimum(np.square((points - level) / scale), CLIP * CLIP)
    return limited


def shift_profile(
    points: FloatArray, *, scale: FloatArray, before: float, after: float, low: int, high: int
) -> FloatArray:
    """Misfit of points low to high - 1 when the level changes at low, low + 1, …, high; relative to the first."""
    part = slice(low, high)
    gain = misfit(points[part], level=before, scale=scale[part]) - misfit(points[part], level=after, scale=scale[part])
    return np.concatenate([[0.0], np.cumsum(gain)])


def best_place(
    points: FloatArray, *, scale: FloatArray, before: float, after: float, change: int, low: int, high: int
) -> int:
    """The change's best place between low and high, at most some points from where it is."""
    low, high = max(low, change - _REFINE_REACH), min(high, change + _REFINE_REACH)
    profile = shift_profile(points, scale=scale, before=before, after=after, low=low, high=high)
    return low + int(profile.argmin())
