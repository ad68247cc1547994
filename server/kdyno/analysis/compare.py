# SPDX-License-Identifier: GPL-2.0-or-later
"""Base against patched: effect, interval and verdict, with a false-alarm rate per submission.

A boot is the unit of independence: its level is the median of its samples, an arm's level the geometric mean of its
boots' levels, the effect their ratio minus 1. Two things bound the interval from below, and the wider one holds:

1. Student's t on the boots' levels, whose scatter is shrunk to a prior (noise.boot_noise). It is honest from two boots
   on, where resampling is not: two boots against two separate by chance one time in three.
2. The hierarchical bootstrap, boots first, then samples, in closed form (noise.arm_variance), with a normal quantile.

Verdicts: beyond the margin on one side at the submission's false-alarm rate → regression or improvement; the metric's
own interval inside the margin → no change; else more boots are needed. Over the metrics of a submission Holm's method
(Scand. J. Statist. 6, 1979) keeps the chance of any false regression or improvement below alpha. It holds however the
metrics depend on each other, which Benjamini-Hochberg does not, and it is never weaker than Bonferroni's. "No change"
for a submission is claimed only when every metric shows it, so it needs no correction (intersection-union test:
Berger, Technometrics 24, 1982).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr, ndtri, stdtr, stdtrit

from kdyno.analysis.diagnostics import CheckedArm, SampleWarning, diagnose
from kdyno.analysis.machine_kind import MachineKind
from kdyno.analysis.noise import (
    DEFAULTS,
    BootNoise,
    BootPrior,
    arm_variance,
    boot_noise,
    median_errors,
)
from kdyno.analysis.samples import ArmSamples, BootSamples, InputFault, Metric, SamplesError, checked_arm
from kdyno.analysis.verdicts import Direction, Verdict, worst

__all__ = [
    "ArmSamples",
    "BootSamples",
    "Comparison",
    "Direction",
    "InputFault",
    "Metric",
    "MetricPair",
    "SamplesError",
    "SubmissionComparison",
    "Verdict",
    "compare",
    "compare_submission",
]

CONFIDENCE = 0.95
PLANNED_POWER = 0.8
MOST_BOOTS = 100
DEFAULT_ALPHA = 0.05
HARDWARE = DEFAULTS[MachineKind.HARDWARE]


@dataclass(frozen=True, eq=False)
class MetricPair:
    """One metric of a submission with both arms. A prior given here replaces the submission's."""

    metric: Metric
    base: ArmSamples
    patched: ArmSamples
    prior: BootPrior | None = None


@dataclass(frozen=True)
class Comparison:
    """What comparing one metric gave. All effects are relative: 0.05 is +5 %.

    effect: patched over base minus 1, sign as measured. slowdown: the same, positive when worse.
    low, high: 95 % interval of the effect for this metric alone; None when the boots allow no interval.
    p_value: of "the effect lies within the margin", before correction. level: what it was held against after Holm's
    correction; alpha: the false-alarm rate of the whole submission.
    boot_sd, boot_df: between-boot noise used and the degrees of freedom behind it.
    more_boots: further boots per arm that should settle it; None when settled or beyond planning.
    """

    metric: Metric
    base_level: float
    patched_level: float
    effect: float
    slowdown: float
    low: float | None
    high: float | None
    p_value: float
    level: float
    alpha: float
    margin: float
    verdict: Verdict
    reason: str
    base_boots: int
    patched_boots: int
    base_samples: int
    patched_samples: int
    boot_sd: float
    boot_df: float
    prior: BootPrior
    prior_used: bool
    more_boots: int | None
    more_minutes: float | None
    warnings: tuple[SampleWarning, ...]


@dataclass(frozen=True)
class SubmissionComparison:
    """All metrics of a submission in the order given, and the worst verdict among them."""

    comparisons: tuple[Comparison, ...]
    verdict: Verdict
    alpha: float
    more_boots: int | None
    more_minutes: float | None


@dataclass(frozen=True)
class _Estimate:
    """Difference of the arms' log levels, with both measures of its uncertainty."""

    difference: float
    noise: BootNoise
    error: float
    resampled_error: float

    def half_width(self, level: float) -> float:
        """Half of the two-sided interval at error rate `level`, on the log scale."""
        if self.noise.df == 0:
            return math.inf
        student = -float(stdtrit(self.noise.df, level / 2)) * self.error
        return max(student, -float(ndtri(level / 2)) * self.resampled_error)

    def p_value(self, limit: float) -> float:
        """Of "the difference lies within ±limit": below `level` exactly when that interval is beyond the limit."""
        beyond = abs(self.difference) - limit
        if beyond <= 0 or self.noise.df == 0:
            return 1.0
        student = 2 * float(stdtr(self.noise.df, -beyond / self.error))
        return max(student, 2 * float(ndtr(-beyond / self.resampled_error)) if self.resampled_error > 0 else 0.0)


def compare(
    base: ArmSamples,
    patched: ArmSamples,
    *,
    metric: Metric,
    margin: float = HARDWARE.margin,
    alpha: float = DEFAULT_ALPHA,
    prior: BootPrior = HARDWARE.prior,
    minutes_per_boot: float | None = None,
) -> Comparison:
    """Compare one metric on its own. Several metrics of a submission go through compare_submission together."""
    pair = MetricPair(metric, base, patched)
    result = compare_submission([pair], margin=margin, alpha=alpha, prior=prior, minutes_per_boot=minutes_per_boot)
    return result.comparisons[0]


def compare_submission(
    pairs: Sequence[MetricPair],
    *,
    margin: float = HARDWARE.margin,
    alpha: float = DEFAULT_ALPHA,
    prior: BootPrior = HARDWARE.prior,
    minutes_per_boot: float | None = None,
) -> SubmissionComparison:
    """Compare all metrics of a submission; alpha bounds the chance of any false regression or improvement in it.

    margin: relative change that is of no interest. prior: between-boot noise known beforehand (noise.DEFAULTS,
    noise.learn_prior). minutes_per_boot: to say how long further boots take.
    Deterministic: the same samples give the same answer, in whatever order boots and metrics come.
    Raises SamplesError for samples that cannot be compared, ValueError for parameters that make no sense.
    """
    if not (math.isfinite(margin) and margin >= 0 and 0 < alpha < 1):
        raise ValueError(f"margin must not be negative and alpha must lie between 0 and 1, got {margin} and {alpha}")
    drafts = [_draft(pair, prior=pair.prior or prior, margin=margin) for pair in pairs]
    levels = holm_levels([draft.estimate.p_value(math.log1p(margin)) for draft in drafts], alpha=alpha)
    comparisons = tuple(
        _judge(draft, level=level, alpha=alpha, margin=margin, minutes_per_boot=minutes_per_boot)
        for draft, level in zip(drafts, levels, strict=True)
    )
    more = max((comparison.more_boots or 0 for comparison in comparisons), default=0) or None
    return SubmissionComparison(
        comparisons, worst(item.verdict for item in comparisons), alpha, more, _minutes(more, minutes_per_boot)
    )


def holm_levels(p_values: Sequence[float], *, alpha: float) -> list[float]:
    """The level each p-value is held against: alpha/m for the smallest, alpha/(m-1) for the next while all succeed.

    From the first failure on the level stays where it is, so that "p < level" is the verdict for every metric.
    """
    levels = [0.0] * len(p_values)
    left = len(p_values)
    for index in sorted(range(len(p_values)), key=p_values.__getitem__):
        levels[index] = alpha / left
        left -= p_values[index] < levels[index]
    return levels


@dataclass(frozen=True)
class _Draft:
    """A metric measured but not yet judged: the verdict needs the other metrics' p-values."""

    metric: Metric
    prior: BootPrior
    arms: tuple[CheckedArm, CheckedArm]
    estimate: _Estimate
    warnings: tuple[SampleWarning, ...]


def _draft(pair: MetricPair, *, prior: BootPrior, margin: float) -> _Draft:
    checked = [(arm.name, checked_arm(arm, metric=pair.metric)) for arm in (pair.base, pair.patched)]
    base, patched = (CheckedArm(name, boots, median_errors(boots)) for name, boots in checked)
    resampled_error = math.sqrt(arm_variance(base.boots) + arm_variance(patched.boots))
    within = float(np.sqrt(np.mean(np.square(np.concatenate([base.errors, patched.errors])))))
    noise = boot_noise(base.boots, patched.boots, within=within, prior=prior)
    levels = [float(np.mean([boot.level for boot in arm.boots])) for arm in (base, patched)]
    error = noise.sd * math.sqrt(1 / len(base.boots) + 1 / len(patched.boots))
    estimate = _Estimate(levels[1] - levels[0], noise, error, resampled_error)
    return _Draft(
        pair.metric, prior, (base, patched), estimate, diagnose((base, patched), noise=noise, margin=margin or prior.sd)
    )


def _judge(draft: _Draft, *, level: float, alpha: float, margin: float, minutes_per_boot: float | None) -> Comparison:
    estimate, (base, patched) = draft.estimate, draft.arms
    limit = math.log1p(margin)
    effect = math.expm1(estimate.difference)
    slowdown = effect * draft.metric.direction.worse_sign
    p_value = estimate.p_value(limit)
    if p_value < level:
        verdict = Verdict.REGRESSION if slowdown > 0 else Verdict.IMPROVEMENT
    elif abs(estimate.difference) + estimate.half_width(alpha) < limit:
        verdict = Verdict.NO_CHANGE
    else:
        verdict = Verdict.NEED_MORE
    half = estimate.half_width(1 - CONFIDENCE)
    low, high = (math.expm1(estimate.difference + sign * half) if half < math.inf else None for sign in (-1, 1))
    most = max(len(base.boots), len(patched.boots))
    total = boots_wanted(estimate, level=level, alpha=alpha, limit=limit, more_than=most)
    more = total - most if total and verdict is Verdict.NEED_MORE else None
    minutes = _minutes(more, minutes_per_boot)
    return Comparison(
        metric=draft.metric,
        base_level=_level(base),
        patched_level=_level(patched),
        effect=effect,
        slowdown=slowdown,
        low=low,
        high=high,
        p_value=p_value,
        level=level,
        alpha=alpha,
        margin=margin,
        verdict=verdict,
        reason=_reason(verdict, low=low, high=high, margin=margin, alpha=alpha, more=more, minutes=minutes),
        base_boots=len(base.boots),
        patched_boots=len(patched.boots),
        base_samples=sum(boot.ordered.size for boot in base.boots),
        patched_samples=sum(boot.ordered.size for boot in patched.boots),
        boot_sd=estimate.noise.sd,
        boot_df=estimate.noise.df,
        prior=draft.prior,
        prior_used=estimate.noise.prior_used,
        more_boots=more,
        more_minutes=minutes,
        warnings=draft.warnings,
    )


def boots_wanted(estimate: _Estimate, *, level: float, alpha: float, limit: float, more_than: int) -> int | None:
    """Boots per arm that would settle it with power 80 %, if the noise is as seen so far.

    An effect clearly beyond the margin is planned to be proven at its size; anything less is planned to be shown equal,
    as if there were none. None beyond 100 boots.
    """
    boots = np.arange(max(more_than + 1, 2), MOST_BOOTS + 1)
    df = estimate.noise.prior_df + 2 * boots - 2
    error = estimate.noise.sd * np.sqrt(2 / boots)
    beyond = abs(estimate.difference) - limit
    if beyond > estimate.error:
        reach, room = stdtrit(df, PLANNED_POWER) - stdtrit(df, level / 2), beyond
    else:
        # Both ends of the interval must stay inside, hence half of the misses on either side.
        reach, room = stdtrit(df, (1 + PLANNED_POWER) / 2) - stdtrit(df, alpha / 2), limit
    enough = boots[reach * error < room]
    return int(enough[0]) if enough.size else None


def _level(arm: CheckedArm) -> float:
    return math.exp(float(np.mean([boot.level for boot in arm.boots])))


def _minutes(more_boots: int | None, minutes_per_boot: float | None) -> float | None:
    return None if more_boots is None or minutes_per_boot is None else 2 * more_boots * minutes_per_boot


def _reason(
    verdict: Verdict,
    *,
    low: float | None,
    high: float | None,
    margin: float,
    alpha: float,
    more: int | None,
    minutes: float | None,
) -> str:
    """One or two sentences that let a reader check the verdict against the numbers."""
    within = f"±{100 * margin:.3g} %"
    if verdict is Verdict.NO_CHANGE:
        return f"the interval lies within {within}"
    if verdict is not Verdict.NEED_MORE:
        worse = "worse" if verdict is Verdict.REGRESSION else "better"
        return f"{worse} by more than {100 * margin:.3g} %, at {100 * alpha:.3g} % false alarms per submission"
    if low is None or high is None:
        why = "one boot per arm, and no history of the machine, allow no interval"
    elif low > margin or high < -margin:
        why = f"beyond {within} if this were the only metric, but not yet sure enough among all of the submission"
    else:
        why = f"the interval from {100 * low:+.2g} % to {100 * high:+.2g} % is neither within nor beyond {within}"
    if more is None:
        return f"{why}; even {MOST_BOOTS} boots per arm would hardly settle it"
    took = f" ({minutes:.0f} minutes)" if minutes is not None else ""
    return f"{why}; about {more} more boot{'s' if more > 1 else ''} per arm{took} should settle it"
