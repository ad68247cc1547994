# SPDX-License-Identifier: GPL-2.0-or-later
"""Stopping after any block keeps the promise, and nothing is remembered between looks."""

import itertools
import math
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kdyno.analysis.compare import (
    ArmSamples,
    BootSamples,
    Direction,
    Metric,
    MetricPair,
    SamplesError,
    Verdict,
    compare_submission,
)
from kdyno.analysis.decision import Call, after_look, nothing_yet
from kdyno.analysis.evidence import Evidence, PriorTable, arm_levels, evidence_of
from kdyno.analysis.noise import BootPrior
from kdyno.analysis.sequential import Progress, SequentialDesign, StopReason, assess, follow

LATENCY = Metric("lat_pipe", "ns/op", Direction.LOWER)
QUIET = BootPrior(sd=0.003, df=20, floor=0.0005, learned=True)
GUESS = BootPrior(sd=0.01, df=0, floor=0.0005)


def blocks_of(
    count: int, *, effects: tuple[float, ...] = (0.0,), boot_cv: float = 0.003, seed: int = 1
) -> list[list[MetricPair]]:
    """ABBA blocks with one metric per effect and 20 samples per boot."""
    rng = np.random.default_rng(seed)

    def arm(name: str, block: int, effect: float) -> ArmSamples:
        levels = 100 * (1 + effect) * np.exp(boot_cv * rng.standard_normal(2))
        samples = np.exp(0.002 * rng.standard_normal((2, 20)))
        return ArmSamples(
            name, [BootSamples(f"{block}.{n}", level * samples[n], "ns/op") for n, level in enumerate(levels)]
        )

    return [
        [
            MetricPair(replace(LATENCY, name=f"m{number}"), arm("base", block, 0.0), arm("patched", block, effect))
            for number, effect in enumerate(effects)
        ]
        for block in range(count)
    ]


def simulated_looks(
    *, effect: float, blocks: int, sd: float, prior: BootPrior, metrics: int, submissions: int
) -> Iterator[Evidence]:
    """Evidence of many submissions at once after each block; the effect is in every metric."""
    rng = np.random.default_rng(3)
    base, patched = sd * rng.standard_normal((2, submissions, metrics, 2 * blocks))
    patched += math.log1p(effect)
    for boots in range(2, 2 * blocks + 1, 2):
        arms = (arm_levels(arm[..., :boots], np.zeros(boots)) for arm in (base, patched))
        yield evidence_of(*arms, prior=PriorTable.of([prior] * metrics))


def simulated(
    *, effect: float, design: SequentialDesign, sd: float, prior: BootPrior, metrics: int, submissions: int
) -> Progress:
    """Many submissions, each until it stops."""
    looks = simulated_looks(
        effect=effect, blocks=design.max_blocks, sd=sd, prior=prior, metrics=metrics, submissions=submissions
    )
    return follow(looks, design=design, worse_signs=np.ones(metrics))


def test_shares_of_alpha_add_up_and_grow() -> None:
    for design in (SequentialDesign(), SequentialDesign(max_blocks=1), SequentialDesign(max_blocks=37, growth=3)):
        assert sum(design.weights) == pytest.approx(1)
        assert list(design.weights) == sorted(design.weights)
        assert len(design.weights) == design.max_blocks


@pytest.mark.parametrize(
    "wrong", [{"max_blocks": 0}, {"max_blocks": 101}, {"growth": 0}, {"margin": -1}, {"alpha": 0}, {"alpha": 1.0}]
)
def test_designs_that_make_no_sense_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=r"design has|margin must"):
        SequentialDesign(**wrong)  # type: ignore[arg-type]


def test_a_large_regression_stops_at_once() -> None:
    result = assess(blocks_of(1, effects=(0.3, 0.0)), design=SequentialDesign(), prior=QUIET)
    assert (result.stop, result.blocks_used, result.stopped) == (StopReason.REGRESSION, 1, True)
    slow, other = result.comparison.comparisons
    assert (slow.verdict, slow.settled_at) == (Verdict.REGRESSION, 1)
    assert other.verdict is Verdict.NEED_MORE
    assert "left open" in other.reason
    assert result.comparison.more_boots is None
    assert "after 1 of at most 10 blocks" in result.reason


def test_equal_arms_go_on_until_all_metrics_are_shown_equal() -> None:
    blocks = blocks_of(10, effects=(0.0, 0.0, 0.0))
    results = [assess(blocks[: n + 1], design=SequentialDesign(), prior=QUIET) for n in range(10)]
    assert results[0].stop is StopReason.CONTINUE
    assert "run another block" in results[0].reason
    assert results[0].comparison.more_boots is not None
    assert results[-1].stop is StopReason.SETTLED
    assert results[-1].comparison.verdict is Verdict.NO_CHANGE
    assert 1 < results[-1].blocks_used < 10


def test_the_cap_leaves_what_is_open_with_a_plan() -> None:
    """Noise of 2 % and a margin of 1 %: three blocks cannot say, and early looks must not give up on two boots."""
    design = SequentialDesign(max_blocks=3)
    result = assess(blocks_of(3, boot_cv=0.02), design=design, prior=GUESS, minutes_per_boot=2)
    assert result.stop in {StopReason.CAP, StopReason.HOPELESS}
    (item,) = result.comparison.comparisons
    assert item.verdict is Verdict.NEED_MORE
    assert item.more_boots is None or item.more_minutes == 4 * item.more_boots


def test_hopeless_noise_is_given_up_before_the_cap() -> None:
    result = assess(blocks_of(10, boot_cv=0.1), design=SequentialDesign(), prior=GUESS)
    assert result.stop is StopReason.HOPELESS
    assert result.blocks_used < 10
    assert result.comparison.verdict is Verdict.NEED_MORE


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    effect=st.sampled_from([0.0, 0.005, 0.01, 0.02, 0.05, -0.05]),
    cv=st.sampled_from([0.001, 0.005, 0.02]),
)
def test_verdicts_once_settled_stay_and_blocks_after_the_stop_change_nothing(
    seed: int, effect: float, cv: float
) -> None:
    design = SequentialDesign(max_blocks=6)
    blocks = blocks_of(8, effects=(effect, 0.0, 0.01), boot_cv=cv, seed=seed)
    results = [assess(blocks[: n + 1], design=design, prior=GUESS) for n in range(8)]
    for earlier, later in itertools.pairwise(results):
        for before, after in zip(earlier.comparison.comparisons, later.comparison.comparisons, strict=True):
            assert before.settled_at is None or (before.verdict, before.settled_at) == (after.verdict, after.settled_at)
        if earlier.stopped:
            assert later == earlier
    assert results[-1].stopped
    assert results[3] == assess(blocks[:4], design=design, prior=GUESS)


def test_swapped_arms_mirror_the_course() -> None:
    blocks = blocks_of(6, effects=(0.02, 0.0), boot_cv=0.004)
    swapped = [
        [
            replace(pair, base=replace(pair.patched, name="base"), patched=replace(pair.base, name="patched"))
            for pair in b
        ]
        for b in blocks
    ]
    higher = [[replace(p, metric=replace(p.metric, direction=Direction.HIGHER)) for p in block] for block in swapped]
    plain = assess(blocks, design=SequentialDesign(), prior=QUIET)
    mirrored = assess(higher, design=SequentialDesign(), prior=QUIET)
    assert (plain.stop, plain.blocks_used) == (mirrored.stop, mirrored.blocks_used)
    for one, other in zip(plain.comparison.comparisons, mirrored.comparison.comparisons, strict=True):
        assert one.verdict is other.verdict
        assert one.p_value == pytest.approx(other.p_value)
        assert other.effect == pytest.approx(1 / (1 + one.effect) - 1)


def test_one_block_and_one_look_is_the_fixed_comparison() -> None:
    (block,) = blocks_of(1, effects=(0.02, 0.0))
    result = assess([block], design=SequentialDesign(max_blocks=1), prior=QUIET)
    fixed = compare_submission(block, prior=QUIET)
    assert [replace(c, reason="") for c in fixed.comparisons if c.verdict is not Verdict.NEED_MORE] == [
        replace(c, reason="") for c in result.comparison.comparisons if c.verdict is not Verdict.NEED_MORE
    ]


def test_blocks_that_do_not_fit_together_are_refused() -> None:
    one, two = blocks_of(2)
    design = SequentialDesign()
    with pytest.raises(ValueError, match="no blocks"):
        assess([], design=design)
    with pytest.raises(ValueError, match="no blocks"):
        assess([[]], design=design)
    with pytest.raises(ValueError, match="same metrics"):
        assess([one, [replace(two[0], metric=replace(LATENCY, name="other"))]], design=design)
    with pytest.raises(ValueError, match="same metrics"):
        assess([one, two * 2], design=design)
    with pytest.raises(SamplesError, match="twice"):
        assess([one, one], design=design)


def exceeds(count: int, *, out_of: int, rate: float) -> bool:
    """Whether a count proves a rate above the promise (binomial, one in a thousand)."""
    from scipy.stats import binom

    return bool(binom.sf(count - 1, out_of, rate) < 0.001)


@pytest.mark.parametrize("prior", [GUESS, replace(QUIET, sd=0.01)])
@pytest.mark.parametrize(("metrics", "submissions"), [(1, 8000), (10, 2000)])
def test_false_calls_stay_below_alpha_whatever_the_look(prior: BootPrior, metrics: int, submissions: int) -> None:
    """At margin 0, where nothing but alpha guards; and with the effect at the margin, the least favourable case."""
    bare = SequentialDesign(margin=0.0, alpha=0.05)
    result = simulated(effect=0.0, design=bare, sd=0.01, prior=prior, metrics=metrics, submissions=submissions)
    changed = np.isin(result.standing.call, (Call.ABOVE, Call.BELOW)).any(axis=1).sum()
    assert not exceeds(int(changed), out_of=submissions, rate=0.05)
    edge = SequentialDesign(margin=0.01, alpha=0.05)
    result = simulated(effect=0.01, design=edge, sd=0.003, prior=prior, metrics=metrics, submissions=submissions)
    changed = np.isin(result.standing.call, (Call.ABOVE, Call.BELOW)).any(axis=1).sum()
    equal = (result.standing.call == Call.EQUAL).sum()
    assert not exceeds(int(changed), out_of=submissions, rate=0.05)
    assert not exceeds(int(equal), out_of=submissions * metrics, rate=0.05)


@pytest.mark.parametrize("prior", [GUESS, replace(QUIET, sd=0.01)])
def test_always_valid_p_values_are_honest_at_every_level(prior: BootPrior) -> None:
    """The least p-value of all looks falls below u with a chance of at most u, for any u."""
    design = SequentialDesign(margin=0.0, max_blocks=6)
    looks = simulated_looks(effect=0.0, blocks=6, sd=0.01, prior=prior, metrics=1, submissions=8000)
    standing = nothing_yet((8000, 1))
    for number, (evidence, weight) in enumerate(zip(looks, design.weights, strict=True), start=1):
        standing = after_look(standing, evidence, look=number, weight=weight, rule=design.rule)
    for level in (0.001, 0.01, 0.05, 0.2):
        assert not exceeds(int((standing.p_change < level).sum()), out_of=8000, rate=level)


def test_repeated_intervals_hold_the_truth_at_all_looks_together() -> None:
    design = SequentialDesign(max_blocks=5)
    missed = 0
    for seed in range(150):
        blocks = blocks_of(5, effects=(0.005,), boot_cv=0.01, seed=seed)
        looks = [assess(blocks[: n + 1], design=design, prior=GUESS).comparison.comparisons[0] for n in range(5)]
        missed += any(not (look.low <= 0.005 <= look.high) for look in looks if look.low is not None and look.high)
    assert not exceeds(missed, out_of=150, rate=0.05)
