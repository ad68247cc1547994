# SPDX-License-Identifier: GPL-2.0-or-later
"""Checks a series and puts it on the scale on which changes are looked for."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

MIN_POINTS = 8
MAX_POINTS = 1_000_000
MAX_REPETITIONS = 10_000


class SeriesError(ValueError):
    """A series that cannot be searched; the message says what is wrong, and at which point."""


@dataclass(frozen=True, eq=False)
class Scaled:
    """A series on the scale of the search: logarithms where all values are positive, else the values themselves.

    On the logarithmic scale noise that is a share of the level stays the same when the level moves.
    """

    points: FloatArray
    logarithmic: bool
    unit: float

    def value(self, point: float) -> float:
        """A level on the search scale in the unit of the series."""
        return self.unit * math.exp(point) if self.logarithmic else self.unit * point

    def spread(self, deviation: float, *, level: float) -> float:
        """A standard deviation around `level`, both on the search scale, in the unit of the series."""
        return self.value(level) * deviation if self.logarithmic else self.unit * deviation

    def effect(self, before: float, after: float) -> float:
        """Relative change between two levels of the search scale."""
        if self.logarithmic:
            return math.expm1(min(after - before, 700.0))
        base = abs(before) or abs(after)
        return (after - before) / base if base else 0.0


def scaled_series(
    values: Sequence[float] | FloatArray | None, *, repetitions: Sequence[Sequence[float]] | None = None
) -> Scaled:
    """Check values, or one list of repetitions per point (its median counts), and scale them.

    Raises:
        SeriesError: empty, short, too long, not flat, not numbers, not finite.
    """
    raw = checked_values(values) if repetitions is None else _medians(repetitions)
    if raw.size < MIN_POINTS:
        what = "the series is empty" if raw.size == 0 else f"the series has {raw.size} points"
        raise SeriesError(f"{what}; changes can be looked for from {MIN_POINTS} points on")
    return scaled(raw)


def scaled(raw: FloatArray) -> Scaled:
    """Scale values that were checked before."""
    unit = float(np.abs(raw).max()) or 1.0
    if (raw > 0).all():
        return Scaled(np.log(raw) - math.log(unit), True, unit)
    return Scaled(raw / unit, False, unit)


def checked_values(values: Sequence[float] | FloatArray | None) -> FloatArray:
    """Values as a flat array of finite numbers.

    Raises:
        SeriesError: not flat, not numbers, not finite, too many.
    """
    if values is None:
        raise SeriesError("neither values nor repetitions were given")
    try:
        raw = np.asarray(values)
        if raw.dtype.kind not in "iufb" and raw.size:
            raw = np.asarray([float(value) for value in _numbers_only(values)])
        raw = raw.astype(np.float64)
    except (TypeError, ValueError, OverflowError) as error:
        raise SeriesError(_first_text(values)) from error
    if raw.ndim != 1:
        raise SeriesError(f"a series is a flat list of numbers, this one has {raw.ndim} dimensions")
    if raw.size > MAX_POINTS:
        raise SeriesError(f"the series has {raw.size} points, at most {MAX_POINTS} are searched")
    bad = np.flatnonzero(~np.isfinite(raw))
    if bad.size:
        what = "not a number (NaN)" if np.isnan(raw[bad[0]]) else "infinite"
        raise SeriesError(f"point {bad[0]} is {what}; leave a point out where there is no value")
    return raw


def _numbers_only(values: Sequence[float] | FloatArray) -> Sequence[float] | FloatArray:
    if any(isinstance(value, str | bytes) for value in values):
        raise TypeError("text")
    return values


def _first_text(values: Sequence[object] | FloatArray) -> str:
    for index, value in enumerate(values):
        if isinstance(value, str | bytes):
            return f"point {index} is text ({value[:40]!r}), not a number"
        try:
            float(str(value))
        except (TypeError, ValueError, OverflowError):
            return f"point {index} is not one number ({str(value)[:40]})"
    return "the series is not a flat list of numbers"


def _medians(repetitions: Sequence[Sequence[float]]) -> FloatArray:
    if len(repetitions) > MAX_POINTS:
        raise SeriesError(f"the series has {len(repetitions)} points, at most {MAX_POINTS} are searched")
    return np.array([point_median(point, index=index) for index, point in enumerate(repetitions)], dtype=np.float64)


def point_median(repetitions: Sequence[float], *, index: int) -> float:
    """The value of one point that was measured several times.

    Raises:
        SeriesError: no, too many or unusable repetitions; the message names the point.
    """
    try:
        values = checked_values(repetitions)
    except SeriesError as error:
        raise SeriesError(f"repetitions of point {index}: {error}") from error
    if not 1 <= values.size <= MAX_REPETITIONS:
        raise SeriesError(f"point {index} has {values.size} repetitions, 1 to {MAX_REPETITIONS} are needed")
    return float(np.median(values))
