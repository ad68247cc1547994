# SPDX-License-Identifier: GPL-2.0-or-later
"""What the detector finds, what it leaves alone, and what it calls things."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kdyno.analysis.changepoints import MIN_POINTS, ChangeKind, SeriesError, detect

from .histories import quiet, remembering, stepped


def places(values: object) -> list[int]:
    return [change.index for change in detect(values).changes]  # type: ignore[arg-type]


class TestSteps:
    def test_a_step_is_found_with_its_place_and_size(self) -> None:
        (change,) = detect(stepped(quiet(), (120, 0.05))).changes
        assert change.kind is ChangeKind.STEP
        assert change.low <= 120 <= change.high
        assert abs(change.index - 120) <= 5
        assert change.effect_low < 0.05 < change.effect_high
        assert change.effect == pytest.approx(change.after / change.before - 1)
        assert change.confidence > 0.999

    def test_many_large_steps_do_not_hide_one_another(self) -> None:
        levels = [102, 95, 105, 76, 118, 111, 97, 108, 103, 94, 110, 97]
        values = np.repeat(levels, 25) + np.random.default_rng(7).standard_normal(300)
        assert places(values) == pytest.approx(list(range(25, 300, 25)), abs=1)

    def test_a_fall_is_found_as_a_rise_is(self) -> None:
        (change,) = detect(stepped(quiet(), (60, -0.10))).changes
        assert abs(change.index - 60) <= 1
        assert change.effect == pytest.approx(-0.10, abs=0.01)

    def test_two_steps_thirty_points_apart_are_two(self) -> None:
        assert places(stepped(quiet(), (80, 0.10), (110, -0.10))) == pytest.approx([80, 110], abs=2)

    def test_the_effect_interval_covers_in_most_histories(self) -> None:
        covered = 0
        for seed in range(40):
            changes = detect(stepped(quiet(cv=0.02, seed=seed), (100, 0.05))).changes
            covered += any(c.effect_low <= 0.05 <= c.effect_high for c in changes)
        assert covered >= 34

    def test_the_index_interval_covers_in_most_histories(self) -> None:
        covered = 0
        for seed in range(40):
            changes = detect(stepped(quiet(cv=0.03, seed=seed), (100, 0.05))).changes
            covered += any(c.low <= 100 <= c.high for c in changes)
        assert covered >= 36

    def test_a_series_of_equal_values_and_one_step_is_no_riddle(self) -> None:
        (change,) = detect([10.0] * 30 + [10.01] * 30).changes
        assert change.index == 30
        assert (change.low, change.high) == (29, 31), "any one point may be a spike"
        assert change.effect == pytest.approx(0.001)

    def test_negative_values_and_zero_are_allowed(self) -> None:
        rng = np.random.default_rng(5)
        (change,) = detect(np.concatenate([rng.normal(0, 1, 60), rng.normal(8, 1, 60)])).changes
        assert abs(change.index - 60) <= 1
        assert math.isfinite(change.effect)

    def test_huge_and_tiny_units_make_no_difference(self) -> None:
        values = stepped(quiet(), (120, 0.05))
        assert places(values) == places(values * 1e300) == places(values * 1e-300)

    def test_segments_tile_the_series(self) -> None:
        found = detect(stepped(quiet(), (80, 0.10), (140, 0.10)))
        assert found.size == 200
        assert [segment.start for segment in found.segments] == [0, *(c.index for c in found.changes)]
        assert [segment.stop for segment in found.segments] == [*(c.index for c in found.changes), 200]
        assert found.segments[0].level == pytest.approx(100, rel=0.01)
        assert found.segments[0].spread == pytest.approx(2, rel=0.3)


class TestNoise:
    @pytest.mark.parametrize("seed", range(10))
    def test_nothing_is_found_where_nothing_is(self, seed: int) -> None:
        assert detect(quiet(seed=seed)).changes == ()

    @pytest.mark.parametrize("seed", range(10))
    def test_noise_with_memory_is_not_taken_for_steps(self, seed: int) -> None:
        assert detect(remembering(seed=seed)).changes == ()

    def test_spikes_are_not_changes(self) -> None:
        values = quiet()
        values[::25] *= 1.5
        assert detect(values).changes == ()

    def test_two_modes_are_not_changes(self) -> None:
        rng = np.random.default_rng(3)
        assert detect(quiet(cv=0.003) * np.where(rng.random(200) < 0.3, 1.1, 1.0)).changes == ()

    def test_four_slow_points_are_not_a_change(self) -> None:
        values = quiet()
        values[100:104] *= 1.1
        assert detect(values).changes == ()

    def test_a_step_of_doubtful_place_is_not_told_at_once(self) -> None:
        values = stepped(quiet(size=400, cv=0.02, seed=9), (300, 0.03))
        told = [end for end in range(301, 340, 2) if places(values[:end])]
        assert told, "it is told in the end"
        for end in told:
            change = detect(values[:end]).changes[-1]
            assert change.high - change.low <= 10 or end - change.index >= 20


class TestKinds:
    def test_a_slow_drift_is_one_drift_and_no_steps(self) -> None:
        values = quiet(cv=0.01) * np.linspace(1, 1.12, 200)
        (change,) = detect(values).changes
        assert change.kind is ChangeKind.DRIFT
        assert change.effect == pytest.approx(0.12, abs=0.02)
        assert change.high - change.low > 150

    def test_a_step_upon_a_drift_stays_a_step(self) -> None:
        values = stepped(quiet(cv=0.01) * np.linspace(1, 1.08, 200), (120, 0.15))
        steps = [change for change in detect(values).changes if change.kind is ChangeKind.STEP]
        assert any(abs(change.index - 120) <= 1 for change in steps)

    def test_a_changed_scatter_is_its_own_kind(self) -> None:
        values = quiet(size=240, cv=0.01)
        values[120:] = 100 + 4 * (values[120:] - 100)
        (change,) = detect(values).changes
        assert change.kind is ChangeKind.VARIANCE
        assert change.low - 5 <= 120 <= change.high + 5
        assert change.effect_low < 3.0 < change.effect_high
        assert change.before == pytest.approx(1.0, rel=0.35)

    def test_a_step_in_the_quiet_half_is_seen(self) -> None:
        values = quiet(size=240, cv=0.01)
        values[120:] = 100 + 5 * (values[120:] - 100)
        assert any(abs(place - 60) <= 2 for place in places(stepped(values, (60, 0.03))))


class TestRepetitions:
    def test_the_median_of_the_repetitions_counts(self) -> None:
        values = stepped(quiet(), (120, 0.10))
        repetitions = [[value, value * 1.5, value * 0.999] for value in values]
        assert [c.index for c in detect(None, repetitions=repetitions).changes] == places(values)

    def test_points_may_have_different_numbers_of_repetitions(self) -> None:
        values = stepped(quiet(), (120, 0.10))
        ragged = [[value] * (1 + number % 3) for number, value in enumerate(values)]
        assert [c.index for c in detect(None, repetitions=ragged).changes] == places(values)

    def test_a_point_without_repetitions_is_named(self) -> None:
        with pytest.raises(SeriesError, match="point 4 has 0 repetitions"):
            detect(None, repetitions=[[1.0]] * 4 + [[]] + [[1.0]] * 10)


class TestRefusals:
    @pytest.mark.parametrize(
        ("values", "words"),
        [
            ([], "the series is empty"),
            ([1.0] * (MIN_POINTS - 1), f"from {MIN_POINTS} points on"),
            ([1.0] * 9 + [math.nan], "point 9 is not a number"),
            ([1.0] * 8 + [math.inf], "point 8 is infinite"),
            ([1.0] * 8 + ["12 ns"], "point 8 is text"),
            ([1.0] * 8 + [None], "point 8 is not one number"),
            ([[1.0, 2.0]] * 10, "2 dimensions"),
            ([[1.0, 2.0], [1.0]] * 10, "point 0 is not one number"),
            (None, "neither values nor repetitions"),
        ],
    )
    def test_says_what_is_wrong_and_where(self, values: list[float], words: str) -> None:
        with pytest.raises(SeriesError, match=words):
            detect(values)


@st.composite
def any_series(draw: st.DrawFn) -> list[float]:
    return draw(
        st.lists(
            st.one_of(st.floats(allow_nan=False, allow_infinity=False), st.integers(-3, 3).map(float)),
            min_size=MIN_POINTS,
            max_size=60,
        )
    )


class TestProperties:
    @given(any_series())
    @settings(max_examples=80, deadline=None)
    def test_any_finite_series_gives_a_sane_answer(self, values: list[float]) -> None:
        found = detect(values)
        assert found.size == len(values)
        for change in found.changes:
            assert 0 <= change.low <= change.index <= change.high < len(values)
            assert change.effect_low <= change.effect <= change.effect_high
            assert 0 <= change.confidence <= 1
            assert change.kind is ChangeKind.DRIFT or change.index > 0

    @given(st.integers(0, 10_000), st.floats(1e-6, 1e6))
    @settings(max_examples=10, deadline=None)
    def test_the_unit_does_not_matter(self, seed: int, factor: float) -> None:
        values = stepped(quiet(seed=seed), (90, 0.06))
        one, other = detect(values).changes, detect(values * factor).changes
        assert [(c.index, c.low, c.high, c.kind) for c in one] == [(c.index, c.low, c.high, c.kind) for c in other]
        assert [c.effect for c in one] == pytest.approx([c.effect for c in other], rel=1e-6)

    @given(st.integers(0, 10_000))
    @settings(max_examples=10, deadline=None)
    def test_asking_twice_gives_the_same(self, seed: int) -> None:
        values = stepped(remembering(seed=seed), (90, 0.08))
        assert detect(values) == detect(list(values))

    @given(st.integers(0, 10_000))
    @settings(max_examples=8, deadline=None)
    def test_a_larger_step_is_found_where_a_smaller_one_is(self, seed: int) -> None:
        small, large = (
            any(abs(p - 100) <= 5 for p in places(stepped(quiet(seed=seed), (100, e)))) for e in (0.05, 0.2)
        )
        assert large or not small
