# SPDX-License-Identifier: GPL-2.0-or-later
"""A series that grows: when changes are confirmed, and when they are taken back."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kdyno.analysis.changepoints import ChangeKind, OnlineDetector, ReportKind, SeriesError, detect

from .histories import quiet, remembering, stepped


class TestReports:
    def test_a_step_is_confirmed_once_and_soon(self) -> None:
        online = OnlineDetector()
        reports = online.extend(stepped(quiet(), (120, 0.10)).tolist())
        assert [report.kind for report in reports] == [ReportKind.CONFIRMED]
        assert reports[0].at - 120 <= 8
        assert abs(reports[0].change.index - 120) <= 1
        assert online.size == 200

    @pytest.mark.parametrize("seed", range(3))
    def test_noise_with_memory_is_not_reported(self, seed: int) -> None:
        assert OnlineDetector().extend(remembering(seed=seed).tolist()) == ()

    def test_what_stands_at_the_end_is_what_a_whole_search_finds(self) -> None:
        values = stepped(quiet(), (70, 0.10), (130, -0.08))
        online = OnlineDetector()
        online.extend(values.tolist())
        assert [c.index for c in online.changes] == [c.index for c in detect(values).changes]

    def test_what_later_points_contradict_is_retracted(self) -> None:
        values = quiet(cv=0.01) * np.concatenate([np.ones(80), np.linspace(1, 1.25, 120)])
        online = OnlineDetector()
        reports = online.extend(values.tolist())
        assert ReportKind.RETRACTED in [report.kind for report in reports]
        assert any(change.kind is ChangeKind.DRIFT for change in online.changes)
        standing = {r.change.index for r in reports if r.kind is ReportKind.CONFIRMED}
        assert {r.change.index for r in reports if r.kind is ReportKind.RETRACTED} <= standing | set(range(200))

    def test_old_changes_stay_when_the_window_has_passed(self) -> None:
        online = OnlineDetector()
        reports = online.extend(stepped(quiet(500), (100, 0.10)).tolist())
        assert [report.kind for report in reports] == [ReportKind.CONFIRMED]
        assert [abs(change.index - 100) <= 1 for change in online.changes] == [True]

    def test_repetitions_count_as_their_median(self) -> None:
        values = stepped(quiet(), (120, 0.10))
        online = OnlineDetector()
        online.extend([[value, value * 1.4, value * 0.99] for value in values])
        assert [abs(change.index - 120) <= 1 for change in online.changes] == [True]


class TestRefusals:
    def test_a_bad_point_leaves_the_series_as_it_was(self) -> None:
        online = OnlineDetector()
        online.extend([1.0, 2.0])
        with pytest.raises(SeriesError):
            online.append(float("nan"))
        with pytest.raises(SeriesError):
            online.append([])
        assert online.size == 2


class TestProperties:
    @given(st.integers(0, 10_000), st.lists(st.integers(1, 40), max_size=12))
    @settings(max_examples=5, deadline=None)
    def test_reports_do_not_depend_on_how_points_are_grouped(self, seed: int, chunks: list[int]) -> None:
        values = stepped(quiet(150, seed=seed), (75, 0.06)).tolist()
        alone = OnlineDetector()
        one_by_one = [report for value in values for report in alone.append(value)]
        grouped, together, first = OnlineDetector(), [], 0
        for size in [*chunks, len(values)]:
            together += grouped.extend(values[first : first + size])
            first += size
        assert together == one_by_one
        assert grouped.changes == alone.changes

    @given(st.integers(0, 10_000))
    @settings(max_examples=4, deadline=None)
    def test_what_stands_was_confirmed_and_not_retracted(self, seed: int) -> None:
        online = OnlineDetector()
        reports = online.extend(stepped(remembering(150, seed=seed), (75, 0.08)).tolist())
        confirmed = sum(report.kind is ReportKind.CONFIRMED for report in reports)
        retracted = sum(report.kind is ReportKind.RETRACTED for report in reports)
        assert len(online.changes) == confirmed - retracted
