# SPDX-License-Identifier: GPL-2.0-or-later
"""Between-boot noise from the boots and from before, and how much each may weigh."""

import math
from dataclasses import fields

import numpy as np
import pytest
from scipy import stats

from kdyno.analysis.evidence import ArmLevels, Evidence, PriorTable, arm_levels, evidence_of, stack
from kdyno.analysis.machine_kind import MachineKind
from kdyno.analysis.noise import DEFAULTS, BootPrior

GUESS = DEFAULTS[MachineKind.HARDWARE].prior
KNOWN = BootPrior(sd=0.01, df=20, floor=0.0005, learned=True)


def arm_at(*levels: float, error: float = 0.0) -> ArmLevels:
    return stack([arm_levels(np.array(levels), np.full(len(levels), error))])


def evidence(base: ArmLevels, patched: ArmLevels, prior: BootPrior) -> Evidence:
    return evidence_of(base, patched, prior=PriorTable.of([prior]))


def test_a_guess_only_sets_a_floor() -> None:
    found = evidence(arm_at(0.0, 0.02), arm_at(0.1, 0.12), GUESS)
    assert found.sd[0] == pytest.approx(0.02 / math.sqrt(2))
    assert found.df[0] == 2
    assert found.prior_df[0] == 0


def test_without_history_it_is_the_two_sample_t_test() -> None:
    rng = np.random.default_rng(1)
    for base, patched in ((3, 3), (4, 6), (10, 10)):
        arms = rng.standard_normal(base), rng.standard_normal(patched) + 0.5
        found = evidence(arm_at(*arms[0]), arm_at(*arms[1]), GUESS)
        expected = stats.ttest_ind(arms[1], arms[0])
        assert found.difference[0] / found.error[0] == pytest.approx(expected.statistic)
        assert found.df[0] == expected.df


def test_arms_that_scatter_differently_speak_for_themselves() -> None:
    rng = np.random.default_rng(2)
    arms = 0.05 * rng.standard_normal(6), rng.standard_normal(6)
    for prior in (GUESS, KNOWN):
        found = evidence(arm_at(*arms[0]), arm_at(*arms[1]), prior)
        expected = stats.ttest_ind(arms[1], arms[0], equal_var=False)
        assert found.unequal[0]
        assert found.prior_df[0] == 0
        assert found.difference[0] / found.error[0] == pytest.approx(expected.statistic)
        assert found.df[0] == pytest.approx(expected.df)


def test_history_adds_its_degrees_of_freedom_and_pulls_towards_it() -> None:
    lucky = evidence(arm_at(0.0, 0.0001), arm_at(0.1, 0.1001), KNOWN)
    assert lucky.df[0] == 22
    assert lucky.prior_df[0] == 20
    assert 0.009 < lucky.sd[0] < 0.01


def test_a_machine_noisier_than_its_history_is_taken_as_it_is_today() -> None:
    found = evidence(arm_at(0.0, 0.1), arm_at(0.0, 0.1), KNOWN)
    assert found.conflict[0]
    assert found.df[0] == 2
    assert found.sd[0] == pytest.approx(0.1 / math.sqrt(2))


def test_boots_cannot_agree_better_than_their_own_levels_are_known() -> None:
    same = arm_at(0.0, 0.0, error=0.03)
    assert evidence(same, same, GUESS).sd[0] == pytest.approx(math.hypot(0.03, GUESS.floor))


def test_few_boots_that_agree_are_not_believed_at_once() -> None:
    def sd(boots: int, prior: BootPrior) -> float:
        same = arm_at(*[0.0] * boots)
        return float(evidence(same, same, prior).sd[0])

    assert [sd(boots, GUESS) for boots in (2, 3, 5, 9)] == pytest.approx(
        [GUESS.sd * 0.5**power for power in (0.25, 0.5, 1, 2)]
    )
    assert sd(2, KNOWN) == pytest.approx(KNOWN.sd * math.sqrt(20 / 22))
    assert sd(200, GUESS) == GUESS.floor


def test_one_boot_each_knows_only_the_history() -> None:
    assert evidence(arm_at(0.0), arm_at(0.1), GUESS).df[0] == 0
    known = evidence(arm_at(0.0), arm_at(0.1), KNOWN)
    assert (known.df[0], known.sd[0]) == (20, 0.01)
    assert math.isnan(known.observed_sd[0])


def test_many_submissions_at_once_are_each_as_if_alone() -> None:
    """Simulations give levels of the shape submissions × metrics × boots."""
    rng = np.random.default_rng(3)
    levels, errors = rng.standard_normal((2, 5, 3, 4)), rng.uniform(0, 0.1, (2, 5, 3, 4))
    prior = PriorTable.of([GUESS, KNOWN, GUESS])
    arms = [arm_levels(values, error) for values, error in zip(levels, errors, strict=True)]
    together = evidence_of(*arms, prior=prior)
    for row in range(5):
        one = [
            stack([arm_levels(values[row, m], error[row, m]) for m in range(3)])
            for values, error in zip(levels, errors, strict=True)
        ]
        alone = evidence_of(*one, prior=prior)
        for field in fields(Evidence):
            whole = np.broadcast_to(getattr(together, field.name), (5, 3))[row]
            assert np.allclose(whole, getattr(alone, field.name)), field.name
