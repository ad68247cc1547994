# SPDX-License-Identifier: GPL-2.0-or-later
"""What must hold for any samples: nothing that should not matter does, and more effect is never less of a verdict."""

import itertools
import random
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kdyno.analysis.compare import (
    ArmSamples,
    BootSamples,
    Comparison,
    Direction,
    Metric,
    MetricPair,
    Verdict,
    at_quantiles,
    compare,
    compare_submission,
)
from kdyno.analysis.machine_kind import MachineKind
from kdyno.analysis.noise import DEFAULTS, BootPrior

LATENCY = Metric("lat_pipe", "ns/op", Direction.LOWER)
HISTORY = BootPrior(sd=0.01, df=20, floor=0.0005, learned=True)
GUESS = DEFAULTS[MachineKind.HARDWARE].prior
MIRROR = {Verdict.REGRESSION: Verdict.IMPROVEMENT, Verdict.IMPROVEMENT: Verdict.REGRESSION}

LEVELS = st.lists(st.floats(50, 200), min_size=1, max_size=5)
PRIORS = st.sampled_from([GUESS, HISTORY])
QUANTILES = st.sampled_from([0.5, 0.9, 0.99])
SIZES = st.sampled_from([1, 21, 60])


def arm_of(name: str, levels: list[float], *, size: int = 21, scale: float = 1.0) -> ArmSamples:
    spread = np.exp(np.linspace(-0.02, 0.03, size)) if size > 1 else np.ones(1)
    return ArmSamples(name, [BootSamples(i, scale * level * spread, "ns/op") for i, level in enumerate(levels)])


def direction_of(result: Comparison) -> int:
    """-1, 0 or 1 for a proven improvement, neither, a proven regression."""
    return {Verdict.REGRESSION: 1, Verdict.IMPROVEMENT: -1}.get(result.verdict, 0)


@settings(max_examples=60, deadline=None)
@given(base=LEVELS, patched=LEVELS, prior=PRIORS, quantile=QUANTILES, size=SIZES)
def test_swapping_the_arms_mirrors_the_answer(
    base: list[float], patched: list[float], prior: BootPrior, quantile: float, size: int
) -> None:
    metric = replace(LATENCY, quantile=quantile)

    def compared(first: list[float], second: list[float]) -> Comparison:
        arms = arm_of("base", first, size=size), arm_of("patched", second, size=size)
        return compare(*arms, metric=metric, prior=prior)

    forward, mirrored = compared(base, patched), compared(patched, base)
    assert mirrored.effect == pytest.approx(1 / (1 + forward.effect) - 1, abs=1e-9)
    assert mirrored.p_value == pytest.approx(forward.p_value, rel=1e-6)
    assert mirrored.equal_p_value == pytest.approx(forward.equal_p_value, rel=1e-6)
    assert (forward.low is None) == (mirrored.high is None)
    if forward.low is not None:
        assert mirrored.high == pytest.approx(1 / (1 + forward.low) - 1, rel=1e-6)
    assert mirrored.verdict is MIRROR.get(forward.verdict, forward.verdict)


@settings(max_examples=60, deadline=None)
@given(base=LEVELS, patched=LEVELS, scale=st.floats(1e-6, 1e6), prior=PRIORS, quantile=QUANTILES)
def test_the_unit_does_not_matter(
    base: list[float], patched: list[float], scale: float, prior: BootPrior, quantile: float
) -> None:
    metric = replace(LATENCY, quantile=quantile)
    plain = compare(arm_of("base", base), arm_of("patched", patched), metric=metric, prior=prior)
    scaled = compare(
        arm_of("base", base, scale=scale), arm_of("patched", patched, scale=scale), metric=metric, prior=prior
    )
    assert scaled.effect == pytest.approx(plain.effect, rel=1e-6, abs=1e-9)
    assert scaled.low == (None if plain.low is None else pytest.approx(plain.low, rel=1e-6, abs=1e-9))
    assert scaled.p_value == pytest.approx(plain.p_value, rel=1e-5, abs=1e-12)
    assert scaled.base_level == pytest.approx(scale * plain.base_level, rel=1e-9)


@settings(max_examples=40, deadline=None)
@given(
    arms=st.lists(st.tuples(LEVELS, LEVELS), min_size=1, max_size=6),
    order=st.randoms(use_true_random=False),
    prior=PRIORS,
)
def test_order_of_metrics_order_of_boots_and_labels_do_not_matter(
    arms: list[tuple[list[float], list[float]]], order: random.Random, prior: BootPrior
) -> None:
    pairs = [
        MetricPair(replace(LATENCY, name=f"m{number}"), arm_of("base", base), arm_of("patched", patched))
        for number, (base, patched) in enumerate(arms)
    ]

    def relabelled(arm: ArmSamples) -> ArmSamples:
        boots = [replace(boot, boot_id=f"attempt {1000 - int(boot.boot_id)}") for boot in arm.boots]
        order.shuffle(boots)
        return replace(arm, boots=boots)

    mixed = [replace(pair, base=relabelled(pair.base), patched=relabelled(pair.patched)) for pair in pairs]
    order.shuffle(mixed)
    plain = compare_submission(pairs, prior=prior)
    again = compare_submission(mixed, prior=prior)
    by_name = {item.metric.name: item for item in again.comparisons}
    for item in plain.comparisons:
        # Warnings name boots, so they are the one thing that labels show in.
        assert replace(item, warnings=()) == replace(by_name[item.metric.name], warnings=())
    assert (plain.verdict, plain.more_boots) == (again.verdict, again.more_boots)
    assert compare_submission(pairs, prior=prior) == plain


@settings(max_examples=60, deadline=None)
@given(
    base=LEVELS,
    patched=LEVELS,
    factors=st.lists(st.floats(0.2, 5), min_size=2, max_size=5),
    prior=PRIORS,
    metric=st.sampled_from([LATENCY, replace(LATENCY, direction=Direction.HIGHER)]),
)
def test_a_larger_slowdown_is_never_less_of_a_regression(
    base: list[float], patched: list[float], factors: list[float], prior: BootPrior, metric: Metric
) -> None:
    results = []
    for factor in sorted(factors):
        slowed = arm_of("patched", [factor * level for level in patched])
        results.append(compare(arm_of("base", base), slowed, metric=metric, prior=prior))
    ranked = [metric.direction.worse_sign * direction_of(result) for result in results]
    assert ranked == sorted(ranked)
    worse = [result.p_value for result in results if result.effect > 0.011]
    assert all(later <= earlier * (1 + 1e-6) for earlier, later in itertools.pairwise(worse))


@settings(max_examples=60, deadline=None)
@given(base=st.floats(1e-3, 1e9), patched=st.floats(1e-3, 1e9), size=SIZES, margin=st.floats(0, 0.5))
def test_one_boot_is_never_a_verdict_without_history(base: float, patched: float, size: int, margin: float) -> None:
    arms = arm_of("base", [base], size=size), arm_of("patched", [patched], size=size)
    one = compare(*arms, metric=LATENCY, margin=margin, prior=GUESS)
    assert (one.verdict, one.low, one.high) == (Verdict.NEED_MORE, None, None)
    assert (one.p_value, one.equal_p_value) == (1, 1)
    assert not one.prior_used


@settings(max_examples=30, deadline=None)
@given(values=st.lists(st.floats(1, 1e9), min_size=2, max_size=6), prior=PRIORS)
def test_of_one_number_per_boot_every_quantile_is_that_number(values: list[float], prior: BootPrior) -> None:
    """Jobs per minute come once per boot: no error within it, and no other quantile."""
    metric = Metric("aim7", "jobs/min", Direction.HIGHER)
    arms = [
        ArmSamples(name, [BootSamples(i, [factor * value], "jobs/min") for i, value in enumerate(values)])
        for name, factor in (("base", 1.0), ("patched", 0.8))
    ]
    results = compare_submission(
        at_quantiles(MetricPair(metric, arms[0], arms[1]), (0.5, 0.9, 0.99)), prior=prior
    ).comparisons
    assert [result.metric.name for result in results] == ["aim7 p50", "aim7 p90", "aim7 p99"]
    for result in results:
        assert result.effect == pytest.approx(-0.2)
        assert (result.low, result.high, result.verdict) == (results[0].low, results[0].high, results[0].verdict)


def test_quantiles_see_what_the_median_does_not() -> None:
    """One sample in twenty three times as long: the median stands still, the tail does not."""
    rng = np.random.default_rng(1)

    def arm(name: str, slow: float) -> ArmSamples:
        boots = 100 * np.exp(0.003 * rng.standard_normal((5, 1)) + 0.02 * rng.standard_normal((5, 1000)))
        boots[:, ::20] *= slow
        return ArmSamples(name, [BootSamples(i, rng.permutation(boot), "ns/op") for i, boot in enumerate(boots)])

    pairs = at_quantiles(MetricPair(LATENCY, arm("base", 1.0), arm("patched", 3.0)), (0.5, 0.9, 0.99))
    middle, high, tail = compare_submission(pairs, margin=0.05).comparisons
    assert middle.verdict is Verdict.NO_CHANGE
    assert high.verdict is Verdict.NO_CHANGE
    assert tail.verdict is Verdict.REGRESSION
    assert tail.effect == pytest.approx(2.0, abs=0.2)


@pytest.mark.parametrize("quantile", [0.0, 1.0, -0.5, 99.0])
def test_a_quantile_is_a_share(quantile: float) -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        replace(LATENCY, quantile=quantile)
