# SPDX-License-Identifier: GPL-2.0-or-later
"""Brings stored samples to the pure comparison, and stores what it says."""

from collections import defaultdict
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from kdyno.analysis.compare import Comparison, MetricPair, SubmissionComparison, compare_submission
from kdyno.analysis.documents.kbench import UNJUDGED_BENCHMARKS
from kdyno.analysis.history import learned_priors
from kdyno.analysis.machine_kind import MachineKind
from kdyno.analysis.models import MetricVerdict
from kdyno.analysis.noise import DEFAULTS, BootPrior
from kdyno.analysis.samples import ArmSamples, BootSamples, SamplesError, fault_of
from kdyno.analysis.samples import Metric as MetricIdentity
from kdyno.analysis.series import SeriesKey
from kdyno.analysis.verdicts import Direction
from kdyno.jobs.models import Attempt, Job
from kdyno.machines.models import Machine
from kdyno.results import service as results
from kdyno.results.models import Metric, Run
from kdyno.results.roles import MetricRole
from kdyno.submissions.models import Arm, Submission
from kdyno.submissions.status import ArmName


@dataclass(frozen=True)
class SubmissionSamples:
    """Every compared metric of a submission, in a stable order, with the machine's kind of noise.

    faults: what cannot be compared, such as a time that came out as zero, which has no ratio to anything.
    """

    keys: list[SeriesKey]
    pairs: list[MetricPair]
    noise_kind: MachineKind
    minutes_per_boot: float | None
    faults: tuple[SamplesError, ...] = ()


def load_samples(session: Session, *, submission: Submission, role: MetricRole = MetricRole.KEY) -> SubmissionSamples:
    """All samples of the published attempts of a submission for metrics of one role, by metric, arm and boot."""
    query = (
        select(Arm.name, Attempt, Run, Metric)
        .join(Job, Job.arm_id == Arm.id)
        .join(Attempt, Attempt.id == Job.current_attempt_id)
        .join(Run, Run.attempt_id == Attempt.id)
        .join(Metric, Metric.run_id == Run.id)
        .where(
            Arm.submission_id == submission.id,
            Run.status == "done",
            Job.failure_class.is_(None),
            Metric.role == role.value,
        )
        .order_by(Run.phase, Run.benchmark, Run.placement, Run.parameters, Metric.name, Job.order_no)
    )
    arms: dict[SeriesKey, dict[str, list[BootSamples]]] = defaultdict(lambda: {name: [] for name in ArmName})
    minutes: list[float] = []
    for arm_name, attempt, run, metric in session.execute(query).all():
        key = SeriesKey.of(run, metric)
        samples = results.samples_of(session, metric_id=metric.id)
        arms[key][arm_name].append(BootSamples(boot_id=attempt.id, samples=samples, unit=metric.unit))
        if attempt.ended_at is not None:
            minutes.append((attempt.ended_at - attempt.started_at).total_seconds() / 60)
    judged = {
        key: sides
        for key, sides in arms.items()
        if key.benchmark not in UNJUDGED_BENCHMARKS and all(sides[name] for name in ArmName)
    }
    stored_kind = session.scalar(select(Machine.noise_kind).where(Machine.id == submission.machine_id))
    kind = MachineKind(stored_kind or MachineKind.HARDWARE)
    priors = learned_priors(session, submission=submission, keys=judged, fallback=DEFAULTS[kind].prior)
    pairs = {key: _pair(key, sides, prior=priors[key]) for key, sides in judged.items()}
    faults = {key: fault for key, pair in pairs.items() if (fault := fault_of(pair)) is not None}
    compared = {key: pair for key, pair in pairs.items() if key not in faults}
    return SubmissionSamples(
        keys=list(compared),
        pairs=list(compared.values()),
        noise_kind=kind,
        minutes_per_boot=sum(minutes) / len(minutes) if minutes else None,
        faults=tuple(faults.values()),
    )


def _pair(key: SeriesKey, sides: dict[str, list[BootSamples]], *, prior: BootPrior) -> MetricPair:
    return MetricPair(
        metric=MetricIdentity(name=key.label, unit=key.unit, direction=Direction(key.direction)),
        base=ArmSamples(name=ArmName.BASE, boots=sides[ArmName.BASE]),
        patched=ArmSamples(name=ArmName.PATCHED, boots=sides[ArmName.PATCHED]),
        prior=prior,
    )


def compare_samples(samples: SubmissionSamples) -> SubmissionComparison:
    """Compare with the margin that fits the machine, and the noise prior that its past or its kind gives."""
    margin = DEFAULTS[samples.noise_kind].margin
    return compare_submission(samples.pairs, margin=margin, minutes_per_boot=samples.minutes_per_boot)


def store_verdicts(
    session: Session,
    *,
    submission_id: int,
    keys: list[SeriesKey],
    result: SubmissionComparison,
    role: MetricRole = MetricRole.KEY,
) -> None:
    """Store one row per metric; repeating it changes nothing."""
    for key, item in zip(keys, result.comparisons, strict=True):
        values = _verdict_values(item) | {
            "submission_id": submission_id,
            "role": role.value,
            **key.columns(),
        }
        session.execute(insert(MetricVerdict).values(**values).on_conflict_do_nothing())


def _verdict_values(item: Comparison) -> dict[str, Any]:
    return {
        "base_median": item.base_level,
        "patched_median": item.patched_level,
        "effect": item.effect,
        "interval_low": item.low,
        "interval_high": item.high,
        "verdict": item.verdict.value,
        "reason": item.reason,
        "details": {
            "p_value": item.p_value,
            "level": item.level,
            "alpha": item.alpha,
            "margin": item.margin,
            "boots": [item.base_boots, item.patched_boots],
            "samples": [item.base_samples, item.patched_samples],
            "boot_sd": item.boot_sd,
            "prior_used": item.prior_used,
            "prior": {"sd": item.prior.sd, "df": item.prior.df, "learned": item.prior.learned},
            "more_boots": item.more_boots,
            "more_minutes": item.more_minutes,
            "warnings": [{"kind": str(w.kind), "text": w.text} for w in item.warnings],
        },
    }
