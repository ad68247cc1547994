# SPDX-License-Identifier: GPL-2.0-or-later
"""How sure a change is: its strength, which changes are too weak to stay, and where and how large it may be."""

import itertools
import math
from dataclasses import dataclass

import numpy as np
from scipy.special import erfc, stdtrit

from kdyno.analysis.changepoints.noise import Noise, residual_scale
from kdyno.analysis.changepoints.segmentation import best_place, level, shift_profile
from kdyno.analysis.changepoints.series import FloatArray

# A change stays when its squared distance in standard errors exceeds this.
STRENGTH = 18.0
# Fewer points than this on either side prove nothing, however far away they are.
MIN_SEGMENT = 5
# Levels of real machines wander a little for ever; as a share of the scatter of points.
WANDER = 0.12
# A segment's own scatter counts as much as this many points of the whole series' scatter do.
_SCALE_POINTS = 20
_INDEX_CONFIDENCE = 0.95
_CONFIDENCE = 0.95
_LONGEST_INTERVAL = 200


@dataclass(frozen=True)
class Part:
    """A segment on the search scale; deviation: its standard deviation, drawn towards the series'."""

    start: int
    stop: int
    level: float
    deviation: float

    @property
    def size(self) -> int:
        """Points of the segment."""
        return self.stop - self.start


def parts_of(points: FloatArray, *, noise: Noise, changes: list[int]) -> list[Part]:
    """The segments between changes."""
    edges = [0, *changes, points.size]
    return [part_of(points, noise=noise, start=start, stop=stop) for start, stop in itertools.pairwise(edges)]


def part_of(points: FloatArray, *, noise: Noise, start: int, stop: int) -> Part:
    """Level and deviation of points start to stop - 1."""
    known = float(noise.scale[start:stop].mean())
    values = points[start:stop]
    centre = level(values, scale=known)
    own = residual_scale(values - centre)
    size = stop - start
    deviation = math.sqrt((size * own * own + _SCALE_POINTS * known * known) / (size + _SCALE_POINTS))
    return Part(start, stop, centre, max(deviation, 0.7 * known))


def strength(before: Part, after: Part, *, inflation: float) -> float:
    """Squared distance of two levels in standard errors."""
    error = standard_error(before, after, inflation=inflation)
    wander = WANDER * WANDER * (before.deviation**2 + after.deviation**2)
    return (after.level - before.level) ** 2 / (error * error + wander)


def standard_error(before: Part, after: Part, *, inflation: float) -> float:
    """Standard error of the difference of two levels."""
    return math.sqrt(inflation * (before.deviation**2 / before.size + after.deviation**2 / after.size))


def surviving_parts(
    points: FloatArray, *, noise: Noise, changes: list[int], least: float = STRENGTH, shortest: int = MIN_SEGMENT
) -> list[Part]:
    """Drop the weakest change, join what it separated, and look again, until all changes are strong enough.

    least: strength that a change needs. shortest: points that it needs on either side.
    """
    parts = _settled(points, noise=noise, parts=parts_of(points, noise=noise, changes=changes))
    while len(parts) > 1:
        powers = [
            -1.0 if min(left.size, right.size) < shortest else strength(left, right, inflation=noise.inflation)
            for left, right in itertools.pairwise(parts)
        ]
        weakest = int(np.argmin(powers))
        if powers[weakest] >= least:
            break
        joined = part_of(points, noise=noise, start=parts[weakest].start, stop=parts[weakest + 1].stop)
        parts[weakest : weakest + 2] = [joined]
        for place in (weakest - 1, weakest):
            if 0 <= place < len(parts) - 1:
                _settle(points, noise=noise, parts=parts, place=place)
    return parts


def _settled(points: FloatArray, *, noise: Noise, parts: list[Part]) -> list[Part]:
    for place in range(len(parts) - 1):
        _settle(points, noise=noise, parts=parts, place=place)
    return parts


def _settle(points: FloatArray, *, noise: Noise, parts: list[Part], place: int) -> None:
    """Move the change between two parts to its best place."""
    before, after = parts[place], parts[place + 1]
    change = best_place(
        points,
        scale=noise.scale,
        before=before.level,
        after=after.level,
        change=after.start,
        low=before.start + 1,
        high=after.stop - 1,
    )
    if change != after.start:
        parts[place] = part_of(points, noise=noise, start=before.start, stop=change)
        parts[place + 1] = part_of(points, noise=noise, start=change, stop=after.stop)


def plausible_indices(points: FloatArray, *, noise: Noise, before: Part, after: Part) -> tuple[int, int]:
    """Where the change may lie with 95 % confidence, both ends included.

    The likelihood of each place given both levels, normalised to a posterior with equal weights before (Smith,
    Biometrika 62, 1975); noise with memory counts as fewer points.
    """
    low = max(before.start + 1, after.start - _LONGEST_INTERVAL)
    high = min(after.stop - 1, after.start + _LONGEST_INTERVAL)
    profile = shift_profile(points, scale=noise.scale, before=before.level, after=after.level, low=low, high=high)
    weights = np.exp(-(profile - profile.min()) / (2 * noise.inflation))
    order = np.argsort(-weights, kind="stable")
    enough = int(np.searchsorted(np.cumsum(weights[order]), _INDEX_CONFIDENCE * weights.sum())) + 1
    kept = order[:enough]
    return min(low + int(kept.min()), after.start), max(low + int(kept.max()), after.start)


def difference_interval(before: Part, after: Part, *, inflation: float) -> tuple[float, float]:
    """95 % interval of the difference of two levels."""
    df = max((before.size + after.size) / inflation - 2, 1.0)
    half = -float(stdtrit(df, (1 - _CONFIDENCE) / 2)) * standard_error(before, after, inflation=inflation)
    difference = after.level - before.level
    return difference - half, difference + half


def confidence(power: float, *, size: int) -> float:
    """1 minus a bound of the chance that noise alone shows this strength at one of `size` places."""
    return max(0.0, 1.0 - size * float(erfc(math.sqrt(power / 2))))
