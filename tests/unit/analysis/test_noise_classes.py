# SPDX-License-Identifier: GPL-2.0-or-later
"""Noise is called by its name, ordinary noise by none; what changed between the arms is a finding of its own."""

import re
from collections import Counter
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from scipy.signal import lfilter

from kdyno.analysis.compare import (
    ArmSamples,
    BootSamples,
    Comparison,
    Direction,
    Metric,
    MetricPair,
    compare,
    compare_submission,
)
from kdyno.analysis.diagnostics import NOISE_CLASSES, WarningKind

LATENCY = Metric("lat_pipe", "ns/op", Direction.LOWER)
Noise = Callable[[np.random.Generator, int], np.ndarray]
CHANGES = (WarningKind.VARIANCE_CHANGED, WarningKind.MODE_SHARE_CHANGED)


def normal(rng: np.random.Generator, size: int) -> np.ndarray:
    return 1 + 0.02 * rng.standard_normal(size)


def lognormal(rng: np.random.Generator, size: int) -> np.ndarray:
    return np.exp(0.1 * rng.standard_normal(size))


def uniform(rng: np.random.Generator, size: int) -> np.ndarray:
    return 1 + 0.03 * rng.uniform(-1, 1, size)


def finely_rounded(rng: np.random.Generator, size: int) -> np.ndarray:
    return np.round(normal(rng, size), 3)


def two_modes(rng: np.random.Generator, size: int, *, upper: float = 0.3) -> np.ndarray:
    return normal(rng, size) + np.where(rng.random(size) < upper, 0.15, 0.0)


def spiky(rng: np.random.Generator, size: int) -> np.ndarray:
    return normal(rng, size) * np.where(rng.random(size) < 0.03, 1.5, 1.0)


def correlated(rng: np.random.Generator, size: int) -> np.ndarray:
    values: np.ndarray = lfilter([1], [1, -0.6], rng.standard_normal(size + 100))[100:]
    return 1 + 0.02 * values


def drifting(rng: np.random.Generator, size: int) -> np.ndarray:
    return normal(rng, size) * np.linspace(1, 1.08, size)


def coarse(rng: np.random.Generator, size: int) -> np.ndarray:
    return np.round(normal(rng, size) / 0.02) * 0.02


def on_a_floor(rng: np.random.Generator, size: int) -> np.ndarray:
    return 1 + 0.03 * rng.exponential(1, size)


def constant(rng: np.random.Generator, size: int) -> np.ndarray:
    return np.full(size, 1.25)


def arm_of(
    rng: np.random.Generator, name: str, noise: Noise, *, boots: int = 6, size: int = 200, boot_cv: float = 0.005
) -> ArmSamples:
    levels = 100 * np.exp(boot_cv * rng.standard_normal(boots))
    return ArmSamples(name, [BootSamples(i, level * noise(rng, size), "ns/op") for i, level in enumerate(levels)])


def compared(base: Noise, patched: Noise, *, seed: int, patched_cv: float = 0.005, boots: int = 6) -> Comparison:
    rng = np.random.default_rng(seed)
    return compare(
        arm_of(rng, "base", base, boots=boots),
        arm_of(rng, "patched", patched, boots=boots, boot_cv=patched_cv),
        metric=LATENCY,
    )


@pytest.mark.parametrize(
    ("noise", "kind"),
    [
        (two_modes, WarningKind.MULTIMODAL),
        (spiky, WarningKind.OUTLIERS),
        (correlated, WarningKind.AUTOCORRELATED),
        (drifting, WarningKind.DRIFT),
        (coarse, WarningKind.QUANTISED),
        (on_a_floor, WarningKind.FLOOR),
        (constant, WarningKind.CONSTANT),
    ],
)
def test_each_noise_has_its_own_name_and_no_other(noise: Noise, kind: WarningKind) -> None:
    found = Counter(compared(noise, noise, seed=seed).noise_classes for seed in range(20))
    assert found[(kind,)] >= 19


@pytest.mark.parametrize("noise", [normal, lognormal, uniform, finely_rounded])
def test_ordinary_noise_is_named_in_one_metric_of_a_hundred_at_most(noise: Noise) -> None:
    """600 metrics each; 14 or more have a chance below 1 in 500 at a rate of 1 %."""
    rng = np.random.default_rng(4)
    pairs = [
        MetricPair(replace(LATENCY, name=f"m{n}"), arm_of(rng, "base", noise), arm_of(rng, "patched", noise))
        for n in range(600)
    ]
    named: Counter[WarningKind] = Counter()
    for item in compare_submission(pairs).comparisons:
        named.update({warning.kind for warning in item.warnings} & {*NOISE_CLASSES, *CHANGES})
    assert sum(named.values()) < 14, named


def kinds(result: Comparison) -> set[WarningKind]:
    return {warning.kind for warning in result.warnings}


def text_of(result: Comparison, kind: WarningKind) -> str:
    return " ".join(warning.text for warning in result.warnings if warning.kind is kind)


def test_a_changed_share_of_a_mode_is_a_finding_with_both_shares() -> None:
    """The median stays in the lower mode, so that the effect alone would say nothing."""
    result = compared(two_modes, lambda rng, size: two_modes(rng, size, upper=0.42), seed=1)
    assert WarningKind.MODE_SHARE_CHANGED in kinds(result)
    shares = re.findall(r"(\d+)%", text_of(result, WarningKind.MODE_SHARE_CHANGED))
    assert [float(share) for share in shares] == pytest.approx([30, 42], abs=4)
    assert abs(result.effect) < 0.02


def test_a_mode_that_only_one_arm_has_is_a_changed_share() -> None:
    for base, patched in ((normal, two_modes), (two_modes, normal)):
        assert WarningKind.MODE_SHARE_CHANGED in kinds(compared(base, patched, seed=2))


def test_an_unchanged_share_is_no_finding() -> None:
    found = [WarningKind.MODE_SHARE_CHANGED in kinds(compared(two_modes, two_modes, seed=seed)) for seed in range(100)]
    assert sum(found) <= 2


def test_samples_that_scatter_more_are_a_finding() -> None:
    result = compared(normal, lambda rng, size: 1 + 0.04 * rng.standard_normal(size), seed=3)
    assert "samples within boots scatter 2" in text_of(result, WarningKind.VARIANCE_CHANGED)


def test_boots_that_scatter_more_are_a_finding() -> None:
    result = compared(normal, normal, seed=4, patched_cv=0.2)
    assert "boots scatter" in text_of(result, WarningKind.VARIANCE_CHANGED)
    less = compared(lambda rng, size: normal(rng, size) * np.exp(0.2 * rng.standard_normal()), normal, seed=5)
    assert "times less" in text_of(less, WarningKind.VARIANCE_CHANGED)


def test_a_tail_quantile_of_few_samples_is_not_converged() -> None:
    rng = np.random.default_rng(6)
    arms = [arm_of(rng, name, on_a_floor, size=100) for name in ("base", "patched")]
    tail = compare(*arms, metric=replace(LATENCY, quantile=0.99))
    assert WarningKind.NOT_CONVERGED in kinds(tail)


def test_one_number_per_boot_has_no_noise_class() -> None:
    rng = np.random.default_rng(7)
    arms = [arm_of(rng, name, normal, size=1) for name in ("base", "patched")]
    assert kinds(compare(*arms, metric=LATENCY)) == set()
