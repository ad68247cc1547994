# SPDX-License-Identifier: GPL-2.0-or-later
"""What the change-point detector says: changes, the levels between them, and reports about points as they arrive."""

from dataclasses import dataclass
from enum import StrEnum


class ChangeKind(StrEnum):
    """What changed. A slow drift and a changed spread are not steps, and are never counted as such."""

    STEP = "step"
    DRIFT = "drift"
    VARIANCE = "variance"

    @property
    def meaning(self) -> str:
        """One line for pages, tables and `--help`."""
        return _MEANINGS[self]


_MEANINGS = {
    ChangeKind.STEP: "the level moved from one point to the next, and stayed",
    ChangeKind.DRIFT: "the level moved slowly, over all points from low to high",
    ChangeKind.VARIANCE: "the level stayed, the scatter around it changed",
}


@dataclass(frozen=True)
class Change:
    """One change of a series.

    index: first point of the new level (of a drift: its first point). low, high: the indices between which it lies with
    95 % confidence, both included (of a drift: its first and last point).
    before, after: the levels, in the unit of the series (of a changed spread: robust standard deviations).
    effect: after / before - 1, so 0.05 is +5 %; relative to the larger of the two where `before` is 0.
    effect_low, effect_high: 95 % interval of the effect.
    confidence: 1 minus the chance that noise alone shows anything as strong somewhere in such a series.
    """

    index: int
    low: int
    high: int
    effect: float
    effect_low: float
    effect_high: float
    kind: ChangeKind
    confidence: float
    before: float
    after: float


@dataclass(frozen=True)
class Segment:
    """Points start to stop - 1, which share a level. `spread`: robust standard deviation around it, same unit.

    In a drift the level is the one half-way.
    """

    start: int
    stop: int
    level: float
    spread: float


@dataclass(frozen=True)
class Detection:
    """All changes of a series of `size` points in their order, and the segments between its steps."""

    changes: tuple[Change, ...]
    segments: tuple[Segment, ...]
    size: int


class ReportKind(StrEnum):
    """What a report about a growing series says."""

    CONFIRMED = "confirmed"
    RETRACTED = "retracted"

    @property
    def meaning(self) -> str:
        """One line for pages, tables and `--help`."""
        return _REPORT_MEANINGS[self]


_REPORT_MEANINGS = {
    ReportKind.CONFIRMED: "enough points have come since to be sure of the change",
    ReportKind.RETRACTED: "later points contradict a change that was confirmed before",
}


@dataclass(frozen=True)
class Report:
    """Something new about a growing series. `at`: index of the point whose arrival showed it."""

    kind: ReportKind
    at: int
    change: Change
