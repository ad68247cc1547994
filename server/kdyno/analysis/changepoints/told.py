# SPDX-License-Identifier: GPL-2.0-or-later
"""Puts what was found on the search scale into the unit of the series."""

import math
from collections.abc import Sequence

from kdyno.analysis.changepoints.evidence import (
    Part,
    confidence,
    difference_interval,
    plausible_indices,
    strength,
)
from kdyno.analysis.changepoints.findings import Change, ChangeKind, Segment
from kdyno.analysis.changepoints.noise import Noise, residual_scale
from kdyno.analysis.changepoints.scatter import LEAST_RATIO, Scatter
from kdyno.analysis.changepoints.segmentation import level
from kdyno.analysis.changepoints.series import Scaled
from kdyno.analysis.changepoints.trends import Ramp

_NORMAL_95 = 1.959963984540054
# Closer to a step than this, a change of scatter is the step's own disturbance.
_NEAR_STEP = 10


def step_change(series: Scaled, *, noise: Noise, before: Part, after: Part) -> Change:
    """A step between two neighbouring parts."""
    low, high = plausible_indices(series.points, noise=noise, before=before, after=after)
    ends = difference_interval(before, after, inflation=noise.inflation)
    effects = sorted(series.effect(before.level, before.level + end) for end in ends)
    return Change(
        index=after.start,
        low=low,
        high=high,
        effect=series.effect(before.level, after.level),
        effect_low=effects[0],
        effect_high=effects[1],
        kind=ChangeKind.STEP,
        confidence=confidence(strength(before, after, inflation=noise.inflation), size=series.points.size),
        before=series.value(before.level),
        after=series.value(after.level),
    )


def ramp_change(series: Scaled, *, ramp: Ramp) -> Change:
    """A drift, from the level at its first point to the level at its last."""
    half = level(series.points[ramp.start : ramp.stop], scale=math.inf)
    before, after = half - ramp.rise / 2, half + ramp.rise / 2
    errors = _NORMAL_95 * ramp.rise_error
    effects = sorted(series.effect(before, after + error) for error in (-errors, errors))
    return Change(
        index=ramp.start,
        low=ramp.start,
        high=ramp.stop - 1,
        effect=series.effect(before, after),
        effect_low=effects[0],
        effect_high=effects[1],
        kind=ChangeKind.DRIFT,
        confidence=confidence((ramp.rise / ramp.rise_error) ** 2, size=series.points.size),
        before=series.value(before),
        after=series.value(after),
    )


def scatter_changes(series: Scaled, *, scatter: Scatter, steps: Sequence[int]) -> list[Change]:
    """Changes of scatter worth telling: large ones that are not a step's disturbance. steps: first points of steps."""
    found = []
    for before, after in zip(scatter.parts, scatter.parts[1:], strict=False):
        index = after.start + 1
        deviations = [float(scatter.scale[place]) for place in (before.stop, after.stop)]
        ratio = deviations[1] / deviations[0]
        if max(ratio, 1 / ratio) < LEAST_RATIO or any(abs(index - step) <= _NEAR_STEP for step in steps):
            continue
        low, high = plausible_indices(scatter.log_steps, noise=scatter.noise, before=before, after=after)
        error = _NORMAL_95 * math.sqrt(0.6 * (1 / before.size + 1 / after.size) * scatter.noise.inflation)
        centre = level(series.points[before.start : after.stop + 1], scale=math.inf)
        spreads = [series.spread(deviation, level=centre) for deviation in deviations]
        found.append(
            Change(
                index=index,
                low=low + 1,
                high=high + 1,
                effect=ratio - 1,
                effect_low=ratio * math.exp(-error) - 1,
                effect_high=ratio * math.exp(error) - 1,
                kind=ChangeKind.VARIANCE,
                confidence=confidence(
                    strength(before, after, inflation=scatter.noise.inflation), size=series.points.size
                ),
                before=spreads[0],
                after=spreads[1],
            )
        )
    return found


def segment(series: Scaled, *, part: Part) -> Segment:
    """A segment with its level and the spread of its own points."""
    points = series.points[part.start : part.stop]
    spread = series.spread(residual_scale(points - part.level), level=part.level)
    return Segment(part.start, part.stop, series.value(part.level), spread)
