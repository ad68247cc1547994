# SPDX-License-Identifier: GPL-2.0-or-later
"""Where the scatter of a series changes, its levels left aside."""

from dataclasses import dataclass, replace

import numpy as np

from kdyno.analysis.changepoints.evidence import Part, surviving_parts
from kdyno.analysis.changepoints.noise import Noise, difference_noise, difference_scale, residual_inflation
from kdyno.analysis.changepoints.segmentation import segmentations
from kdyno.analysis.changepoints.series import FloatArray

# Scatter takes many points to know: its changes need fewer standard errors than steps do, and more points.
STRENGTH = 14.0
MIN_SEGMENT = 20
LEAST_RATIO = 2.0
_FLOOR = 0.25


@dataclass(frozen=True, eq=False)
class Scatter:
    """Standard deviation of each point; the parts of equal scatter, on the scale of log differences, with its noise."""

    scale: FloatArray
    parts: list[Part]
    log_steps: FloatArray
    noise: Noise


def local_scatter(points: FloatArray, *, scale: float) -> Scatter:
    """Find parts of equal scatter from the logarithms of differences between neighbours, which steps hardly touch.

    scale: standard deviation of the whole series. Parts keep its proportion to their own differences.
    """
    overall = np.full(points.size, scale)
    steps = np.abs(np.diff(points)) / scale
    log_steps: FloatArray = np.log(steps + _FLOOR)
    deviation, inflation = difference_noise(log_steps)
    noise = Noise(np.full(log_steps.size, deviation), inflation)
    if points.size < 2 * MIN_SEGMENT:
        return Scatter(overall, [], log_steps, noise)
    (changes,) = segmentations(log_steps, scale=noise.scale, prices=[STRENGTH * inflation])
    parts = _lasting(log_steps, noise=noise, changes=changes)
    residuals = np.concatenate([(log_steps[part.start : part.stop] - part.level) / deviation for part in parts])
    noise = replace(noise, inflation=max(inflation, residual_inflation(residuals)))
    parts = _lasting(log_steps, noise=noise, changes=[part.start for part in parts[1:]])
    if len(parts) == 1:
        return Scatter(overall, [], log_steps, noise)
    whole = difference_scale(np.abs(np.diff(points)))
    for part in parts:
        own = difference_scale(np.abs(np.diff(points[part.start : part.stop + 1])))
        overall[part.start + (part.start > 0) : part.stop + 1] = scale * own / whole
    return Scatter(overall, parts, log_steps, noise)


def _lasting(log_steps: FloatArray, *, noise: Noise, changes: list[int]) -> list[Part]:
    return surviving_parts(log_steps, noise=noise, changes=changes, least=STRENGTH, shortest=MIN_SEGMENT)
