# SPDX-License-Identifier: GPL-2.0-or-later
"""Watches a growing series: confirms changes when enough points show them, retracts what later points contradict."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from kdyno.analysis.changepoints.detect import RIPE_WIDTH, detect_scaled
from kdyno.analysis.changepoints.evidence import MIN_SEGMENT, STRENGTH
from kdyno.analysis.changepoints.findings import Change, ChangeKind, Report, ReportKind
from kdyno.analysis.changepoints.noise import CLIP, LEAST_SCALE
from kdyno.analysis.changepoints.series import MIN_POINTS, FloatArray, checked_values, point_median, scaled

# Points that are searched again; changes further back are settled.
WINDOW = 300
# A change this near to the window's first point lacks the points that would show it.
_EDGE = 30
# A change this far back is settled: the points that showed it are about to leave the window.
_SETTLED_POINTS = WINDOW // 2
# The window is searched when the newest points are this far from the latest level, as squared standard errors (half of
# what a change needs), but not after every point, and anyway this often.
_LOOK_STRENGTH = STRENGTH / 2
_LOOK_POINTS = 100
_SHORTEST_PAUSE = 3
_LONGEST_PAUSE = 40
# A change is told when a search this many points later still finds it. A step whose place is not known well may be the
# beginning of a drift, which takes longer to see.
_PROOF_POINTS = 1
_VAGUE_PROOF_POINTS = 40
# A change that is not found again in this many searches is retracted.
_DOUBTS = 3
_SAME_CHANGE = 5


@dataclass
class _Watched:
    """A change that was confirmed, and how many searches in a row did not find it."""

    change: Change
    doubts: int = 0


@dataclass(frozen=True)
class _Candidate:
    """A change that was found but not told yet. since: points of the series when it was found first."""

    change: Change
    since: int

    @property
    def proof_points(self) -> int:
        """Points after which it is told if it is still found."""
        is_vague = self.change.kind is ChangeKind.STEP and self.change.high - self.change.low > RIPE_WIDTH
        return _VAGUE_PROOF_POINTS if is_vague else _PROOF_POINTS


@dataclass(frozen=True)
class _Latest:
    """The latest segment as the last search saw it: its first point, level, scatter, and inflation by memory."""

    start: int
    level: float
    spread: float
    inflation: float

    def distance(self, newest: FloatArray) -> float:
        """The farthest that the mean of any number of the newest points is away, as squared standard errors."""
        limit = CLIP * self.spread
        sums = np.cumsum(np.clip(newest[::-1] - self.level, -limit, limit))
        return float((np.square(sums) / np.arange(1, sums.size + 1)).max()) / (self.spread**2 * self.inflation)


class OnlineDetector:
    """The changes of a series whose points arrive one by one.

    What it says depends on the points alone, not on how they are grouped into calls. Memory and time per point are
    bounded: only the latest points are searched again.
    """

    def __init__(self) -> None:
        self._points: list[float] = []
        self._size = 0
        self._watched: list[_Watched] = []
        self._candidates: list[_Candidate] = []
        self._settled: list[Change] = []
        self._latest: _Latest | None = None
        self._since_search = 0

    @property
    def size(self) -> int:
        """Points seen so far."""
        return self._size

    @property
    def changes(self) -> tuple[Change, ...]:
        """All changes that were confirmed and not retracted, with what is known of them by now."""
        return (*self._settled, *(watched.change for watched in self._watched))

    def append(self, point: float | Sequence[float]) -> tuple[Report, ...]:
        """Take the next point, or its repetitions; returns what it showed.

        Raises:
            SeriesError: not a finite number; the series stays as it was.
        """
        value = (
            float(checked_values([point])[0])
            if isinstance(point, int | float | np.number)
            else point_median(point, index=self._size)
        )
        self._points.append(value)
        del self._points[:-WINDOW]
        self._size += 1
        self._since_search += 1
        if len(self._points) < MIN_POINTS or not self._worth_searching():
            return ()
        self._since_search = 0
        return self._search()

    def extend(self, points: Sequence[float | Sequence[float]]) -> tuple[Report, ...]:
        """Take several points in their order.

        Raises:
            SeriesError: one is not a finite number; those before it were taken.
        """
        return tuple(report for point in points for report in self.append(point))

    def _worth_searching(self) -> bool:
        if self._latest is None or self._since_search >= _LONGEST_PAUSE or any(item.doubts for item in self._watched):
            return True
        if any(self._size - item.since == item.proof_points for item in self._candidates):
            return True
        if self._since_search < _SHORTEST_PAUSE:
            return False
        newest = np.array(self._points[-min(_LOOK_POINTS, self._size - self._latest.start) :])
        return self._latest.distance(newest) >= _LOOK_STRENGTH

    def _search(self) -> tuple[Report, ...]:
        first = self._size - len(self._points)
        found, inflation = detect_scaled(scaled(np.array(self._points)))
        latest = found.segments[-1]
        least = abs(latest.level) * LEAST_SCALE or LEAST_SCALE
        self._latest = _Latest(first + latest.start, latest.level, max(latest.spread, least), inflation)
        self._settle(first)
        present = [_moved(change, by=first) for change in found.changes]
        return (*self._retract(present, first=first), *self._confirm(present, first=first))

    def _settle(self, first: int) -> None:
        """Changes that will soon leave the searched window stay as they are."""
        edge = first + _SETTLED_POINTS if first else 0
        self._settled += [item.change for item in self._watched if item.change.index < edge]
        self._watched = [item for item in self._watched if item.change.index >= edge]

    def _retract(self, present: Sequence[Change], *, first: int) -> list[Report]:
        reports = []
        for item in list(self._watched):
            same = next((change for change in present if _same(change, item.change)), None)
            if same is not None:
                item.change, item.doubts = same, 0
                continue
            item.doubts += 1
            if item.doubts >= _DOUBTS:
                self._watched.remove(item)
                reports.append(Report(ReportKind.RETRACTED, self._size - 1, item.change))
        return reports

    def _confirm(self, present: Sequence[Change], *, first: int) -> list[Report]:
        reports, candidates = [], []
        for change in present:
            known = any(_same(change, other) for other in self.changes)
            beyond_edge = change.index >= first + (_EDGE if first else 0)
            if known or not beyond_edge or self._size - change.index < MIN_SEGMENT:
                continue
            since = next((item.since for item in self._candidates if _same(change, item.change)), self._size)
            candidate = _Candidate(change, since)
            if self._size - since < candidate.proof_points:
                candidates.append(candidate)
                continue
            self._watched.append(_Watched(change))
            reports.append(Report(ReportKind.CONFIRMED, self._size - 1, change))
        self._candidates = candidates
        self._watched.sort(key=lambda item: item.change.index)
        return reports


def _same(one: Change, other: Change) -> bool:
    """Whether two findings, made at different times, are of one change."""
    if one.kind is not other.kind:
        return False
    if one.kind is ChangeKind.STEP:
        return abs(one.index - other.index) <= _SAME_CHANGE or one.low <= other.index <= one.high
    return one.low <= other.high + _SAME_CHANGE and other.low <= one.high + _SAME_CHANGE


def _moved(change: Change, *, by: int) -> Change:
    return replace(change, index=change.index + by, low=change.low + by, high=change.high + by)
