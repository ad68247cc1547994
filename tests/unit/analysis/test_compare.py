# SPDX-License-Identifier: GPL-2.0-or-later
"""Known effects give the right verdict, and nothing that should not matter does."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from kdyno.analysis.compare import (
    ArmSamples,
    BootSamples,
    Comparison,
    Direction,
    Metric,
    MetricPair,
    Verdict,
    compare,
    compare_submission,
)
from kdyno.analysis.machine_kind import MachineKind
from kdyno.analysis.noise import DEFAULTS, BootPrior

ArmBuilder = Callable[..., ArmSamples]
LATENCY = Metric("lat_pipe", "ns/op", Direction.LOWER)
THROUGHPUT = replace(LATENCY, direction=Direction.HIGHER)
HISTORY = BootPrior(sd=0.01, df=20, floor=0.0005, learned=True)


def constant(name: str, value: float, *, boots: int = 2) -> ArmSamples:
    return ArmSamples(name, [BootSamples(number, (value,) * 50, "ns/op") for number in range(boots)])


def width(result: Comparison) -> float:
    assert result.low is not None
    assert result.high is not None
    return result.high - result.low


@pytest.mark.parametrize(
    ("factor", "metric", "verdict", "slowdown"),
    [
        (1.5, LATENCY, Verdict.REGRESSION, 0.5),
        (1.5, THROUGHPUT, Verdict.IMPROVEMENT, -0.5),
        (0.7, LATENCY, Verdict.IMPROVEMENT, -0.3),
        (0.7, THROUGHPUT, Verdict.REGRESSION, 0.3),
    ],
)
def test_known_effects(arm: ArmBuilder, factor: float, metric: Metric, verdict: Verdict, slowdown: float) -> None:
    result = compare(arm("base"), arm("patched", level=100 * factor), metric=metric)
    assert result.verdict is verdict
    assert result.effect == pytest.approx(factor - 1, abs=0.03)
    assert result.slowdown == pytest.approx(slowdown, abs=0.03)
    assert result.low is not None
    assert result.high is not None
    assert result.low < factor - 1 < result.high
    assert result.more_boots is None


def test_no_change_must_be_shown_not_merely_unproven(arm: ArmBuilder) -> None:
    vague = compare(arm("base", boots=2), arm("patched", boots=2), metric=LATENCY, minutes_per_boot=3)
    assert vague.verdict is Verdict.NEED_MORE
    assert vague.more_boots is not None
    assert vague.more_minutes == 2 * 3 * vague.more_boots
    assert f"about {vague.more_boots} more boot" in vague.reason
    sharp = compare(arm("base", boots=20, boot_cv=0.002), arm("patched", boots=20, boot_cv=0.002), metric=LATENCY)
    assert sharp.verdict is Verdict.NO_CHANGE


def test_a_change_smaller_than_the_margin_is_no_regression(arm: ArmBuilder) -> None:
    quiet = {"boots": 10, "boot_cv": 0.001}
    result = compare(arm("base", **quiet), arm("patched", level=103, **quiet), metric=LATENCY, margin=0.05)
    assert result.verdict is Verdict.NO_CHANGE


def test_two_boots_that_merely_separate_prove_nothing() -> None:
    """All of one arm above all of the other happens by chance one time in three."""
    base = ArmSamples("base", [BootSamples(number, (value,) * 9, "ns/op") for number, value in enumerate((100, 102))])
    patched = ArmSamples(
        "patched", [BootSamples(number, (value,) * 9, "ns/op") for number, value in enumerate((103, 105))]
    )
    assert compare(base, patched, metric=LATENCY).verdict is Verdict.NEED_MORE


def test_one_boot_is_no_verdict_without_history(arm: ArmBuilder) -> None:
    one = compare(arm("base", boots=1), arm("patched", boots=1, level=500), metric=LATENCY)
    assert (one.verdict, one.low, one.high, one.p_value) == (Verdict.NEED_MORE, None, None, 1.0)
    assert one.more_boots is not None
    known = compare(arm("base", boots=1), arm("patched", boots=1, level=500), metric=LATENCY, prior=HISTORY)
    assert known.verdict is Verdict.REGRESSION
    assert known.prior_used


def test_history_narrows_the_interval_of_few_boots(arm: ArmBuilder) -> None:
    alone, known = (
        [
            compare(arm("base", boots=2, seed=n), arm("patched", boots=2, seed=n), metric=LATENCY, prior=prior)
            for n in range(20)
        ]
        for prior in (DEFAULTS[MachineKind.HARDWARE].prior, HISTORY)
    )
    assert np.mean([width(result) for result in known]) < 0.8 * np.mean([width(result) for result in alone])
    assert not any(result.prior_used for result in alone)
    assert {result.boot_df for result in known if result.prior_used} == {22}


def test_identical_samples_give_an_interval_of_the_floor_not_of_nothing() -> None:
    def compared(value: float, *, boots: int = 8) -> Comparison:
        return compare(constant("base", 5.0, boots=boots), constant("patched", value, boots=boots), metric=LATENCY)

    same = compared(5.0)
    assert same.verdict is Verdict.NO_CHANGE
    assert same.effect == 0
    assert 0 < width(same) < 0.015
    assert compared(6.0).verdict is Verdict.REGRESSION
    assert compared(5.05).verdict is Verdict.NEED_MORE
    assert compared(5.0, boots=2).verdict is Verdict.NEED_MORE
    assert compared(10.0, boots=2).verdict is Verdict.REGRESSION


@pytest.mark.parametrize("kind", list(MachineKind))
def test_every_kind_of_machine_has_defaults_that_see_a_tripled_latency(arm: ArmBuilder, kind: MachineKind) -> None:
    defaults = DEFAULTS[kind]
    noise = min(defaults.prior.sd, 0.1)
    arms = arm("base", boots=2, boot_cv=noise / 3), arm("patched", boots=2, boot_cv=noise / 3, level=300)
    result = compare(*arms, metric=LATENCY, margin=defaults.margin, prior=defaults.prior)
    assert result.verdict is Verdict.REGRESSION


def test_more_boots_narrow_the_interval(arm: ArmBuilder) -> None:
    def mean_width(boots: int) -> float:
        return float(
            np.mean(
                [
                    width(
                        compare(arm("base", boots=boots, seed=s), arm("patched", boots=boots, seed=s), metric=LATENCY)
                    )
                    for s in range(20)
                ]
            )
        )

    widths = [mean_width(boots) for boots in (2, 3, 4, 6, 10, 20)]
    assert widths == sorted(widths, reverse=True)


def test_more_samples_never_replace_boots(arm: ArmBuilder) -> None:
    few, many = (
        compare(
            arm("base", samples=n, boots=2, boot_cv=0.05),
            arm("patched", samples=n, boots=2, boot_cv=0.05),
            metric=LATENCY,
        )
        for n in (100, 5000)
    )
    assert few.boot_df == many.boot_df == 2


def test_the_submission_takes_the_worst_verdict_and_counts_all_metrics(arm: ArmBuilder) -> None:
    def pair(name: str, level: float, seed: int) -> MetricPair:
        return MetricPair(replace(LATENCY, name=name), arm("base", seed=seed), arm("patched", seed=seed, level=level))

    result = compare_submission([pair("slow", 150, 1), pair("same", 100, 2), pair("fast", 60, 3)])
    assert [item.verdict for item in result.comparisons] == [
        Verdict.REGRESSION,
        Verdict.NEED_MORE,
        Verdict.IMPROVEMENT,
    ]
    assert result.verdict is Verdict.REGRESSION
    assert result.more_boots == result.comparisons[1].more_boots
    crowd = compare_submission([pair("slow", 106, 1)] + [pair(f"same{n}", 100, n) for n in range(2, 100)])
    assert crowd.comparisons[0].level == pytest.approx(0.01 / 99)
    assert compare_submission([]).verdict is Verdict.NEED_MORE


def test_false_alarms_per_submission_stay_near_the_promise(arm: ArmBuilder) -> None:
    """150 A/A submissions of three metrics at 5 %: 7.5 expected at most; 17 has a chance below 1 in 500."""
    alarms = 0
    for seed in range(150):
        pairs = [
            MetricPair(
                replace(LATENCY, name=f"m{n}"),
                arm("base", boots=2, boot_cv=0.05, samples=20, seed=3 * seed + n),
                arm("patched", boots=2, boot_cv=0.05, samples=20, seed=3 * seed + n),
            )
            for n in range(3)
        ]
        alarms += compare_submission(pairs, margin=0.0).verdict is not Verdict.NEED_MORE
    assert alarms < 17
