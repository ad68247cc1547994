# SPDX-License-Identifier: GPL-2.0-or-later
"""Base against patched: effect, interval and verdict, with a false-alarm rate per submission.

A boot is the unit of independence: its level is a quantile of its samples (the median unless the metric says
otherwise), an arm's level the geometric mean of its boots' levels, the effect their ratio minus 1. Samples only sharpen
the level of their boot. The interval is Student's t on the boots' levels (evidence.py), the verdict follows the rule of
decision.py: beyond the margin on one side, at the submission's false-alarm rate → regression or improvement; shown to
lie inside the margin → no change; else more boots are needed.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from kdyno.analysis.decision import Call, Rule, Standing, after_look, half_width, nothing_yet
from kdyno.analysis.diagnostics import NOISE_CLASSES, SampleWarning, WarningKind, diagnose
from kdyno.analysis.evidence import Evidence
from kdyno.analysis.machine_kind import MachineKind
from kdyno.analysis.measured import MeasuredArm, MeasuredMetric, evidence_from, measure
from kdyno.analysis.noise import DEFAULTS, BootPrior
from kdyno.analysis.planning import MOST_BOOTS, boots_to_settle
from kdyno.analysis.samples import ArmSamples, BootSamples, InputFault, Metric, MetricPair, SamplesError, at_quantiles
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
    "at_quantiles",
    "compare",
    "compare_submission",
]

CONFIDENCE = 0.95
DEFAULT_ALPHA = 0.01
HARDWARE = DEFAULTS[MachineKind.HARDWARE]


@dataclass(frozen=True)
class Comparison:
    """What comparing one metric gave. All effects are relative: 0.05 is +5 %.

    effect: patched over base minus 1, sign as measured. slowdown: the same, positive when worse.
    low, high: 95 % interval of the effect for this metric alone; None when the boots allow no interval.
    p_value: of "the effect lies within the margin", before correction. level: what it was held against after Holm's
    correction; alpha: the false-alarm rate of the whole submission.
    equal_p_value: of "the effect lies beyond the margin"; no change is claimed below alpha.
    boot_sd, boot_df: between-boot noise used and the degrees of freedom behind it.
    settled_at: the look that settled it, 1 when there is only one; None while open.
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
    equal_p_value: float
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
    settled_at: int | None
    more_boots: int | None
    more_minutes: float | None
    warnings: tuple[SampleWarning, ...]

    @property
    def noise_classes(self) -> tuple[WarningKind, ...]:
        """What the noise is like, the weightiest first; empty when it is ordinary."""
        named = {warning.kind for warning in self.warnings}
        return tuple(kind for kind in NOISE_CLASSES if kind in named)


@dataclass(frozen=True)
class SubmissionComparison:
    """All metrics of a submission in the order given, and the worst verdict among them."""

    comparisons: tuple[Comparison, ...]
    verdict: Verdict
    alpha: float
    more_boots: int | None
    more_minutes: float | None


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
    """Compare all metrics of a submission; alpha bounds the chance of any false regression or improvement in it, and
    for each metric the chance of a false "no change".

    For one look at the boots, their number planned beforehand; sequential.assess looks after every block.
    margin: relative change that is of no interest. prior: between-boot noise known beforehand (noise.DEFAULTS,
    noise.learn_prior). minutes_per_boot: to say how long further boots take.
    Deterministic: the same samples give the same answer, in whatever order boots and metrics come.
    Raises SamplesError for samples that cannot be compared, ValueError for parameters that make no sense.
    """
    rule = Rule(alpha=alpha, margin=margin)
    metrics = measure(pairs, prior=prior)
    if not metrics:
        return SubmissionComparison((), worst([]), alpha, None, None)
    evidence = evidence_from(metrics)
    standing = after_look(nothing_yet((len(metrics),)), evidence, look=1, weight=1.0, rule=rule)
    return conclude(metrics, evidence, standing, rule=rule, minutes_per_boot=minutes_per_boot)


def conclude(
    metrics: Sequence[MeasuredMetric],
    evidence: Evidence,
    standing: Standing,
    *,
    rule: Rule,
    minutes_per_boot: float | None,
    weight: float = 1.0,
) -> SubmissionComparison:
    """Put the rule's calls in words and figures. weight: share of alpha that the last look may spend."""
    halves = half_width(evidence, level=(1 - CONFIDENCE) * weight)
    comparisons = tuple(
        _comparison(
            metric,
            evidence,
            standing,
            index=index,
            half=float(halves[index]),
            rule=rule,
            minutes_per_boot=minutes_per_boot,
            weight=weight,
        )
        for index, metric in enumerate(metrics)
    )
    more = max((comparison.more_boots or 0 for comparison in comparisons), default=0) or None
    return SubmissionComparison(
        comparisons, worst(item.verdict for item in comparisons), rule.alpha, more, _minutes(more, minutes_per_boot)
    )


def _comparison(
    metric: MeasuredMetric,
    evidence: Evidence,
    standing: Standing,
    *,
    index: int,
    half: float,
    rule: Rule,
    minutes_per_boot: float | None,
    weight: float,
) -> Comparison:
    difference = float(evidence.difference[index])
    verdict = verdict_of(Call(int(standing.call[index])), metric.metric.direction)
    low, high = (math.expm1(difference + sign * half) if half < math.inf else None for sign in (-1, 1))
    more = _more_boots(metric, evidence, standing, index=index, rule=rule, weight=weight)
    more = more if verdict is Verdict.NEED_MORE else None
    minutes = _minutes(more, minutes_per_boot)
    return Comparison(
        metric=metric.metric,
        base_level=_level(metric.base),
        patched_level=_level(metric.patched),
        effect=math.expm1(difference),
        slowdown=math.expm1(difference) * metric.metric.direction.worse_sign,
        low=low,
        high=high,
        p_value=float(standing.p_change[index]),
        equal_p_value=float(standing.p_equal[index]),
        level=float(standing.level[index]),
        alpha=rule.alpha,
        margin=rule.margin,
        verdict=verdict,
        reason=_reason(verdict, low=low, high=high, margin=rule.margin, alpha=rule.alpha, more=more, minutes=minutes),
        base_boots=len(metric.base.boots),
        patched_boots=len(metric.patched.boots),
        base_samples=int(metric.base.statistics.size.sum()),
        patched_samples=int(metric.patched.statistics.size.sum()),
        boot_sd=float(evidence.sd[index]),
        boot_df=float(evidence.df[index]),
        prior=metric.prior,
        prior_used=bool(evidence.prior_df[index] > 0),
        settled_at=int(standing.settled_at[index]) or None,
        more_boots=more,
        more_minutes=minutes,
        warnings=diagnose(metric, evidence, index=index, margin=rule.margin or metric.prior.sd),
    )


def verdict_of(call: Call, direction: Direction) -> Verdict:
    """What a call means for a metric whose good direction is known."""
    if call is Call.OPEN:
        return Verdict.NEED_MORE
    if call is Call.EQUAL:
        return Verdict.NO_CHANGE
    return Verdict.REGRESSION if call == direction.worse_sign else Verdict.IMPROVEMENT


def _more_boots(
    metric: MeasuredMetric, evidence: Evidence, standing: Standing, *, index: int, rule: Rule, weight: float
) -> int | None:
    most = max(len(metric.base.boots), len(metric.patched.boots))
    total = boots_to_settle(
        float(evidence.difference[index]),
        sd=float(evidence.sd[index]),
        prior_df=float(evidence.prior_df[index]),
        level=float(standing.level[index]) * weight,
        alpha=rule.alpha * weight,
        limit=rule.limit,
        more_than=most,
    )
    return total - most if total else None


def _level(arm: MeasuredArm) -> float:
    return math.exp(float(arm.levels().mean))


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
        return f"shown to lie within {within}, wrongly so at most once in {1 / alpha:.0f} such metrics"
    if verdict is not Verdict.NEED_MORE:
        worse = "worse" if verdict is Verdict.REGRESSION else "better"
        return f"{worse} by more than {100 * margin:.3g} %, at {100 * alpha:.3g} % false alarms per submission"
    if low is None or high is None:
        why = "one boot per arm, and no history of the machine, allow no interval"
    elif low > margin or high < -margin:
        why = f"beyond {within} if this were the only metric, but not yet sure enough among all of the submission"
    elif low > -margin and high < margin:
        why = f"within {within} at 95 %, but not yet at the {100 * (1 - alpha):.3g} % that is asked for"
    else:
        why = f"the interval from {100 * low:+.2g} % to {100 * high:+.2g} % is neither within nor beyond {within}"
    if more is None:
        return f"{why}; even {MOST_BOOTS} boots per arm would hardly settle it"
    took = f" ({minutes:.0f} minutes)" if minutes is not None else ""
    return f"{why}; about {more} more boot{'s' if more > 1 else ''} per arm{took} should settle it"
