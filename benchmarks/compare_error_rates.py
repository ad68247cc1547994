# SPDX-License-Identifier: GPL-2.0-or-later
"""How often does the comparison cry wolf, how often does its interval hold the truth, what can it see?

Simulates submissions of five metrics, each with another family of sample noise, and runs the real comparison on them,
beside the naive hierarchical bootstrap. Fixed seeds; `--submissions N` for a longer run.

    python benchmarks/compare_error_rates.py
"""

import argparse
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

import numpy as np

from kdyno.analysis.compare import ArmSamples, BootSamples, Direction, Metric, MetricPair, Verdict, compare_submission
from kdyno.analysis.noise import DEFAULTS, BootPrior, MachineDefaults, MachineKind, learn_prior
from kdyno.analysis.samples import FloatArray

SEED = 20240229
ALPHA = 0.05
BOOTS = (2, 3, 4, 6, 10)
BOOT_CVS = (0.001, 0.01, 0.03, 0.10)
EFFECTS = (0.05, 0.10, 0.50, 2.00)
SAMPLES_PER_BOOT = 60
SAMPLE_CV = 0.03
NAIVE_RESAMPLES, NAIVE_SUBMISSIONS = 200, 40
CALLED = (Verdict.REGRESSION, Verdict.IMPROVEMENT)
Noise = Callable[[np.random.Generator, int], FloatArray]
Scenario = Callable[[np.random.Generator], list[MetricPair]]
HARDWARE = DEFAULTS[MachineKind.HARDWARE]
HEAD = "   alarm/m   alarm/s  coverage no-change"
NAIVE_HEAD = "   | n.alarm/m n.alarm/s n.coverage"


def normal(rng: np.random.Generator, size: int) -> FloatArray:
    return SAMPLE_CV * rng.standard_normal(size)


def lognormal(rng: np.random.Generator, size: int) -> FloatArray:
    return np.log1p(0.1 * rng.lognormal(0, 0.8, size))


def bimodal(rng: np.random.Generator, size: int) -> FloatArray:
    return np.where(rng.random(size) < 0.3, 0.10, 0.0) + SAMPLE_CV / 3 * rng.standard_normal(size)


def outliers(rng: np.random.Generator, size: int) -> FloatArray:
    return normal(rng, size) + np.where(rng.random(size) < 0.05, rng.uniform(0.1, 2, size), 0.0)


def quantised(rng: np.random.Generator, size: int) -> FloatArray:
    steps: FloatArray = np.round(normal(rng, size) / 0.01)
    return 0.01 * steps


FAMILIES: dict[str, Noise] = {f.__name__: f for f in (normal, lognormal, bimodal, outliers, quantised)}


def gauss_boots(rng: np.random.Generator, size: int) -> FloatArray:
    return rng.standard_normal(size)


def heavy_boots(rng: np.random.Generator, size: int) -> FloatArray:
    return rng.standard_t(3, size) / float(np.sqrt(3))


def two_level_boots(rng: np.random.Generator, size: int) -> FloatArray:
    return np.where(rng.random(size) < 0.5, -1.0, 1.0)


def arm(
    rng: np.random.Generator, name: str, *, noise: Noise, level: float, boots: int, cv: float, scatter: Noise
) -> ArmSamples:
    levels = np.log(level) + cv * scatter(rng, boots)
    return ArmSamples(
        name, [BootSamples(i, np.exp(x + noise(rng, SAMPLES_PER_BOOT)), "ns") for i, x in enumerate(levels)]
    )


def submission(
    rng: np.random.Generator,
    *,
    boots: int,
    cv: float,
    effect: float = 0.0,
    scatter: Noise = gauss_boots,
    base_cv: float | None = None,
) -> list[MetricPair]:
    """One metric per family; the effect, if any, is in the first one only."""
    pairs = []
    for index, (name, noise) in enumerate(FAMILIES.items()):
        level = 100 * (1 + (effect if index == 0 else 0.0))
        base = arm(
            rng, "base", noise=noise, level=100, boots=boots, cv=cv if base_cv is None else base_cv, scatter=scatter
        )
        patched = arm(rng, "patched", noise=noise, level=level, boots=boots, cv=cv, scatter=scatter)
        pairs.append(MetricPair(Metric(name, "ns", Direction.LOWER), base, patched))
    return pairs


def naive_interval(pair: MetricPair, *, rng: np.random.Generator, level: float) -> tuple[float, float]:
    """The hierarchical bootstrap's percentiles, taken at their word: boots drawn first, then samples."""
    arms = []
    for side in (pair.base, pair.patched):
        values = np.log(np.array([boot.samples for boot in side.boots]))
        boots = rng.integers(len(values), size=(NAIVE_RESAMPLES, len(values), 1))
        samples = rng.integers(SAMPLES_PER_BOOT, size=(NAIVE_RESAMPLES, len(values), SAMPLES_PER_BOOT))
        arms.append(np.median(values[boots, samples], axis=2).mean(axis=1))
    low, high = np.percentile(arms[1] - arms[0], [50 * level, 100 - 50 * level])
    return float(low), float(high)


@dataclass
class Tally:
    """Counts of one cell."""

    submissions: int = 0
    metrics: int = 0
    alarms: int = 0
    submission_alarms: int = 0
    covered: int = 0
    no_change: int = 0
    naive_submissions: int = 0
    naive_metrics: int = 0
    naive_alarms: int = 0
    naive_submission_alarms: int = 0
    naive_covered: int = 0
    family_alarms: dict[str, int] = field(default_factory=dict)

    def count_naive(self, intervals: list[tuple[float, float]], *, margin: float) -> None:
        limit = float(np.log1p(margin))
        alarms = sum(low > limit or high < -limit for low, high in intervals)
        self.naive_submissions += 1
        self.naive_metrics += len(intervals)
        self.naive_alarms += alarms
        self.naive_submission_alarms += alarms > 0
        self.naive_covered += sum(low <= 0 <= high for low, high in intervals)

    def line(self) -> str:
        rates = [
            self.alarms / self.metrics,
            self.submission_alarms / self.submissions,
            self.covered / self.metrics,
            self.no_change / self.metrics,
        ]
        naive = []
        if self.naive_submissions:
            naive = [
                self.naive_alarms / self.naive_metrics,
                self.naive_submission_alarms / self.naive_submissions,
                self.naive_covered / self.naive_metrics,
            ]
        ours, theirs = ("".join(f"{100 * rate:10.1f}" for rate in group) for group in (rates, naive))
        return f"{ours}   |{theirs}" if naive else ours


def no_change_cell(
    scenario: Scenario,
    *,
    seed: list[int],
    submissions: int,
    margin: float,
    prior: BootPrior | Callable[[np.random.Generator], BootPrior],
    naive: bool = False,
) -> Tally:
    """A/A submissions only: every regression or improvement is a false alarm, and the true effect is 0."""
    tally = Tally()
    rng = np.random.default_rng([SEED, *seed])
    for number in range(submissions):
        pairs = scenario(rng)
        known = prior if isinstance(prior, BootPrior) else prior(rng)
        result = compare_submission(pairs, margin=margin, alpha=ALPHA, prior=known)
        called = [item.verdict in CALLED for item in result.comparisons]
        tally.submissions += 1
        tally.metrics += len(pairs)
        tally.alarms += sum(called)
        tally.submission_alarms += any(called)
        tally.no_change += sum(item.verdict is Verdict.NO_CHANGE for item in result.comparisons)
        for item, alarm in zip(result.comparisons, called, strict=True):
            tally.covered += item.low is not None and item.high is not None and item.low <= 0 <= item.high
            tally.family_alarms[item.metric.name] = tally.family_alarms.get(item.metric.name, 0) + alarm
        if naive and number < NAIVE_SUBMISSIONS:
            tally.count_naive([naive_interval(pair, rng=rng, level=0.05) for pair in pairs], margin=margin)
    return tally


def no_history_table(submissions: int) -> None:
    print("1. No history (default prior of hardware), margin 0, so that nothing but alpha guards against false alarms")
    print(f"boots  boot CV{HEAD}{NAIVE_HEAD}")
    families: dict[str, int] = dict.fromkeys(FAMILIES, 0)
    for boots in BOOTS:
        for cv in BOOT_CVS:
            scenario = partial(submission, boots=boots, cv=cv)
            seed = [1, boots, int(1e4 * cv)]
            tally = no_change_cell(
                scenario, seed=seed, submissions=submissions, margin=0.0, prior=HARDWARE.prior, naive=True
            )
            print(f"{boots:5d} {cv:8.1%}{tally.line()}", flush=True)
            for name, alarms in tally.family_alarms.items():
                families[name] += alarms
    cells = submissions * len(BOOTS) * len(BOOT_CVS)
    print("by family, alarm/m: " + ", ".join(f"{name} {100 * n / cells:.2f}" for name, n in families.items()))


def past_of_one_percent(rng: np.random.Generator) -> BootPrior:
    return learn_prior(np.exp(0.01 * rng.standard_normal((10, 2))).tolist(), fallback=HARDWARE.prior)


def history_table(submissions: int) -> None:
    print("\n2. Prior learned from 10 past arms of 2 boots each with a boot CV of 1 %; today it may differ; margin 0")
    print(f"boots    today{HEAD}")
    for boots in (2, 3, 4, 10):
        for factor in (0.5, 1.0, 2.0, 4.0):
            scenario = partial(submission, boots=boots, cv=0.01 * factor)
            seed = [2, boots, int(10 * factor)]
            tally = no_change_cell(scenario, seed=seed, submissions=submissions, margin=0.0, prior=past_of_one_percent)
            print(f"{boots:5d} {factor:7.1f}x{tally.line()}", flush=True)


def hard_cases_table(submissions: int) -> None:
    print("\n3. Hard cases at each kind's own margin and default prior")
    print(f"{'case':40} boots{HEAD}")
    wall = DEFAULTS[MachineKind.VIRTUAL_WALL]
    for boots in (2, 4, 10):
        cases: dict[str, tuple[Scenario, MachineDefaults]] = {
            "3 % boot CV, heavy tails (t3)": (
                partial(submission, boots=boots, cv=0.03, scatter=heavy_boots),
                HARDWARE,
            ),
            "boots on two levels, ±3 %": (
                partial(submission, boots=boots, cv=0.03, scatter=two_level_boots),
                HARDWARE,
            ),
            "3 % boot CV, patched arm only": (partial(submission, boots=boots, cv=0.03, base_cv=0.0), HARDWARE),
            "virtual-wall, boot CV 10 %": (partial(submission, boots=boots, cv=0.10), wall),
            "virtual-wall, boot CV 20 %": (partial(submission, boots=boots, cv=0.20), wall),
            "virtual-wall, boot CV 40 %": (partial(submission, boots=boots, cv=0.40), wall),
        }
        for number, (case, (scenario, kind)) in enumerate(cases.items()):
            seed = [3, boots, number]
            tally = no_change_cell(scenario, seed=seed, submissions=submissions, margin=kind.margin, prior=kind.prior)
            print(f"{case:40} {boots:5d}{tally.line()}", flush=True)


def power(*, boots: int, cv: float, submissions: int, prior: BootPrior) -> list[float]:
    """Share of submissions whose slowed metric is called a regression, per effect."""
    row = []
    for number, effect in enumerate(EFFECTS):
        rng = np.random.default_rng([SEED, 4, boots, int(1e4 * cv), number])
        hits = 0
        for _ in range(submissions):
            pairs = submission(rng, boots=boots, cv=cv, effect=effect)
            result = compare_submission(pairs, margin=HARDWARE.margin, alpha=ALPHA, prior=prior)
            hits += result.comparisons[0].verdict is Verdict.REGRESSION
        row.append(hits / submissions)
    return row


def power_table(submissions: int) -> None:
    print("\n4. Power: the slowed metric of five is called a regression, margin 1 %, no history / true history (20 df)")
    print("boots  boot CV" + "".join(f"{f'+{effect:.0%}':>14}" for effect in EFFECTS))
    for boots in BOOTS:
        for cv in BOOT_CVS:
            history = BootPrior(sd=cv, df=20, floor=HARDWARE.prior.floor, learned=True)
            alone, known = (
                power(boots=boots, cv=cv, submissions=submissions, prior=prior) for prior in (HARDWARE.prior, history)
            )
            cells = [f"{100 * before:.0f} / {100 * after:.0f}" for before, after in zip(alone, known, strict=True)]
            print(f"{boots:5d} {cv:8.1%}" + "".join(f"{cell:>14}" for cell in cells), flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--submissions", type=int, default=80, help="per cell (default 80; power: a fifth of it)")
    submissions = parser.parse_args().submissions
    started = time.perf_counter()
    print(
        f"All in %. {submissions} submissions per cell, each of {len(FAMILIES)} metrics ({', '.join(FAMILIES)}), "
        f"{SAMPLES_PER_BOOT} samples per boot.\nPromised: alarm/s at most {100 * ALPHA:g}.\n"
        "alarm/m, alarm/s: false alarms per metric and per submission; coverage: of the 95 % interval of one metric; "
        "n.: the naive bootstrap\n"
    )
    no_history_table(submissions)
    history_table(submissions)
    hard_cases_table(submissions)
    power_table(max(submissions // 5, 10))
    print(f"\n{time.perf_counter() - started:.0f} s")


if __name__ == "__main__":
    main()
