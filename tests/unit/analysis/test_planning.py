# SPDX-License-Identifier: GPL-2.0-or-later
"""Planned sizes keep their promise when the rule is run on simulated boots."""

import doctest
import math

import numpy as np
import pytest

from kdyno.analysis import forecast as forecast_module
from kdyno.analysis import planning
from kdyno.analysis.decision import Call, Rule, after_look, nothing_yet
from kdyno.analysis.evidence import PriorTable, arm_levels, evidence_of
from kdyno.analysis.forecast import forecast
from kdyno.analysis.noise import BootPrior
from kdyno.analysis.planning import boots_to_settle, fixed_design, minimum_detectable_effect
from kdyno.analysis.sequential import SequentialDesign

HISTORY = BootPrior(sd=0.01, df=20, floor=0.0005, learned=True)
NO_HISTORY = BootPrior(sd=0.01, df=0, floor=0.0005)


def called(boots: int, *, effect: float, prior: BootPrior, call: Call, metrics: int = 1) -> float:
    """Share of 4000 fixed comparisons of that size that make the call."""
    rng = np.random.default_rng(boots)
    base, patched = prior.sd * rng.standard_normal((2, 4000, metrics, boots))
    patched[:, 0] += math.log1p(effect)
    evidence = evidence_of(
        *(arm_levels(arm, np.zeros(boots)) for arm in (base, patched)), prior=PriorTable.of([prior] * metrics)
    )
    rule = Rule(alpha=0.01, margin=0.01)
    standing = after_look(nothing_yet((4000, metrics)), evidence, look=1, weight=1.0, rule=rule)
    return float((standing.call[:, 0] == call).mean())


@pytest.mark.parametrize("prior", [HISTORY, NO_HISTORY])
@pytest.mark.parametrize("metrics", [1, 10])
@pytest.mark.parametrize("effect", [0.03, 0.06])
def test_a_planned_size_reaches_its_power_and_one_boot_less_does_not(
    prior: BootPrior, metrics: int, effect: float
) -> None:
    boots = fixed_design(effect, prior=prior, margin=0.01, alpha=0.01, metrics=metrics)
    assert boots is not None
    assert called(boots, effect=effect, prior=prior, call=Call.ABOVE, metrics=metrics) > 0.77
    assert called(boots - 1, effect=effect, prior=prior, call=Call.ABOVE, metrics=metrics) < 0.83


def test_no_change_can_be_planned_too() -> None:
    boots = fixed_design(0.0, prior=HISTORY, margin=0.01, alpha=0.01, power=0.9)
    assert boots is not None
    assert called(boots, effect=0.0, prior=HISTORY, call=Call.EQUAL) == pytest.approx(0.9, abs=0.03)


def test_an_effect_at_the_margin_cannot_be_planned() -> None:
    assert fixed_design(0.01, prior=HISTORY, margin=0.01, alpha=0.01) is None


@pytest.mark.parametrize("boots", [2, 4, 10])
@pytest.mark.parametrize("prior", [HISTORY, NO_HISTORY])
def test_the_least_effect_is_called_as_often_as_promised(boots: int, prior: BootPrior) -> None:
    effect = minimum_detectable_effect(boots, prior=prior, margin=0.01, alpha=0.01)
    assert called(boots, effect=effect, prior=prior, call=Call.ABOVE) == pytest.approx(0.8, abs=0.03)


def test_the_least_effect_shrinks_with_boots_and_grows_with_metrics() -> None:
    effects = [minimum_detectable_effect(n, prior=HISTORY, margin=0.01, alpha=0.01) for n in (2, 4, 8, 16)]
    assert effects == sorted(effects, reverse=True)
    many = minimum_detectable_effect(4, prior=HISTORY, margin=0.01, alpha=0.01, metrics=200)
    assert many > effects[1]
    assert minimum_detectable_effect(1, prior=NO_HISTORY, margin=0.01, alpha=0.01) == math.inf
    assert minimum_detectable_effect(1, prior=HISTORY, margin=0.01, alpha=0.01) < 0.1


def test_boots_to_settle_are_more_than_those_at_hand() -> None:
    plan = {"sd": 0.01, "prior_df": 0.0, "level": 0.01, "alpha": 0.01, "limit": 0.01}
    assert boots_to_settle(0.05, more_than=2, **plan) == 4
    assert boots_to_settle(0.0, more_than=2, **plan) == pytest.approx(27, abs=3)
    assert boots_to_settle(0.0, more_than=60, **plan) == 61
    assert boots_to_settle(0.0, more_than=2, **plan | {"sd": 0.1}) is None


def test_examples_in_the_text() -> None:
    for module in (planning, forecast_module):
        assert doctest.testmod(module).failed == 0


def test_a_forecast_is_deterministic_and_knows_that_large_effects_stop_early() -> None:
    design = SequentialDesign()
    small, large = (
        forecast(effect, design=design, prior=HISTORY, metrics=5, submissions=300) for effect in (0.03, 0.2)
    )
    assert large.mean_blocks < small.mean_blocks
    assert large.power == 1
    assert small == forecast(0.03, design=design, prior=HISTORY, metrics=5, submissions=300)
    same = forecast(0.0, design=design, prior=BootPrior(sd=0.002, df=0, floor=0.0005), submissions=300)
    assert same.power > 0.95
    with pytest.raises(ValueError, match="cannot forecast"):
        forecast(-0.1, design=design, prior=HISTORY)
