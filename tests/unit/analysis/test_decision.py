# SPDX-License-Identifier: GPL-2.0-or-later
"""The rule: several metrics, several looks, and what is settled stays settled."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from kdyno.analysis.decision import Call, Rule, after_look, half_width, holm_levels, nothing_yet, p_values
from kdyno.analysis.evidence import Evidence

RULE = Rule(alpha=0.01, margin=math.expm1(0.01))


def evidence(difference: list[float], *, error: float = 0.01, df: float = 6.0) -> Evidence:
    size = len(difference)
    no = np.zeros(size, dtype=bool)
    flat = np.full(size, error)
    return Evidence(np.array(difference), flat, np.full(size, df), flat, np.zeros(size), flat, no, no)


def test_holm_holds_the_rest_at_the_level_of_the_first_failure() -> None:
    def levels(*values: float) -> list[float]:
        return list(holm_levels(np.array(values), alpha=0.05))

    assert levels(0.2, 0.001, 0.02) == pytest.approx([0.05, 0.05 / 3, 0.025])
    assert levels(0.04, 0.03, 0.9) == pytest.approx([0.05 / 3] * 3)
    assert levels() == []


@given(st.lists(st.floats(0, 1), min_size=1, max_size=8))
def test_holm_is_the_step_down_procedure(values: list[float]) -> None:
    p = np.array(values)
    rejected = p < holm_levels(p, alpha=0.05)
    expected = np.zeros(len(p), dtype=bool)
    for rank, index in enumerate(np.argsort(p, kind="stable")):
        if p[index] >= 0.05 / (len(p) - rank):
            break
        expected[index] = True
    assert list(rejected) == list(expected)


def test_p_values_are_students() -> None:
    change, equal = p_values(evidence([0.05, -0.05, 0.002, 0.01]), limit=0.01)
    assert change[:2] == pytest.approx(2 * stats.t(6).sf(4.0))
    assert equal[2] == pytest.approx(stats.t(6).sf(0.8))
    assert list(change[2:]) == [1, 1]
    assert list(equal[[0, 1, 3]]) == [1, 1, 1]


@pytest.mark.parametrize("level", [0.05, 0.001])
def test_a_change_is_called_when_the_interval_lies_beyond_the_limit(level: float) -> None:
    for difference in np.linspace(0.011, 0.3, 50):
        one = evidence([float(difference)])
        beyond = difference - half_width(one, level=level)[0] > RULE.limit
        assert (p_values(one, limit=RULE.limit)[0][0] < level) == beyond


def test_nothing_is_known_without_degrees_of_freedom() -> None:
    unknown = evidence([5.0], df=0.0)
    assert p_values(unknown, limit=0.01)[0][0] == 1
    assert p_values(evidence([0.0], df=0.0), limit=0.01)[1][0] == 1
    assert half_width(unknown, level=0.05)[0] == np.inf


def test_calls_carry_the_sign_and_stay() -> None:
    first = after_look(nothing_yet((4,)), evidence([1.0, -1.0, 0.0, 0.02]), look=1, weight=0.5, rule=RULE)
    assert list(first.call) == [Call.ABOVE, Call.BELOW, Call.OPEN, Call.OPEN]
    assert list(first.settled_at) == [1, 1, 0, 0]
    later = after_look(first, evidence([0.0, 1.0, 0.0, 0.02], error=1e-4), look=2, weight=0.5, rule=RULE)
    assert list(later.call) == [Call.ABOVE, Call.BELOW, Call.EQUAL, Call.ABOVE]
    assert list(later.settled_at) == [1, 1, 2, 2]


def test_a_look_may_spend_its_share_only() -> None:
    one = evidence([0.01 + 0.01 * float(stats.t(6).isf(0.004))])
    assert after_look(nothing_yet((1,)), one, look=1, weight=1.0, rule=RULE).call[0] == Call.ABOVE
    assert after_look(nothing_yet((1,)), one, look=1, weight=0.5, rule=RULE).call[0] == Call.OPEN


def test_always_valid_p_values_only_fall() -> None:
    rng = np.random.default_rng(1)
    standing = nothing_yet((5,))
    for look in range(1, 11):
        fresh = after_look(standing, evidence(list(0.03 * rng.standard_normal(5))), look=look, weight=0.1, rule=RULE)
        assert (fresh.p_change <= standing.p_change).all()
        assert (fresh.p_equal <= standing.p_equal).all()
        assert (fresh.call[standing.call != Call.OPEN] == standing.call[standing.call != Call.OPEN]).all()
        standing = fresh
