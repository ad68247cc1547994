# SPDX-License-Identifier: GPL-2.0-or-later
"""Samples for the plots: every boot of every judged metric, in the order in which the machine booted."""

import statistics
from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from kdyno.analysis import stored
from kdyno.analysis.models import MetricVerdict
from kdyno.jobs.models import Attempt, Job
from kdyno.results import service as results
from kdyno.results.models import Metric, Run
from kdyno.submissions.models import Arm

# More points than this only make a browser slow: they lie on top of each other.
MAX_POINTS = 20_000


class _Boot(NamedTuple):
    """The samples of one metric from one boot, as they were measured."""

    order_no: int
    job_id: int
    arm: str
    samples: list[float]


def samples_document(session: Session, *, submission_id: int, places: Sequence[int] = ()) -> dict[str, Any]:
    """One entry per stored verdict, in the order in which the API lists them; only those at `places` if any."""
    verdicts = stored.verdict_rows(session, submission_id=submission_id)
    chosen = [verdicts[place] for place in places if 0 <= place < len(verdicts)] if places else verdicts
    return {"metrics": [_metric_entry(session, verdict=verdict) for verdict in chosen]}


def _metric_entry(session: Session, *, verdict: MetricVerdict) -> dict[str, Any]:
    query = (
        select(Job.order_no, Job.id, Arm.name, Metric.id)
        .join(Arm, Arm.id == Job.arm_id)
        .join(Attempt, Attempt.id == Job.current_attempt_id)
        .join(Run, Run.attempt_id == Attempt.id)
        .join(Metric, Metric.run_id == Run.id)
        .where(
            Job.submission_id == verdict.submission_id,
            Job.failure_class.is_(None),
            Run.status == "done",
            Run.phase == verdict.workload,
            Run.benchmark == verdict.benchmark,
            Run.placement == verdict.placement,
            Run.parameters == verdict.parameters,
            Metric.name == verdict.metric,
        )
        .order_by(Job.order_no)
    )
    found = session.execute(query).all()
    boots = [
        _Boot(order_no, job_id, arm, results.samples_of(session, metric_id=metric_id))
        for order_no, job_id, arm, metric_id in found
    ]
    total = sum(len(boot.samples) for boot in boots)
    share = min(1.0, MAX_POINTS / total) if total else 1.0
    entries = [_boot_entry(boot, share=share) for boot in boots if boot.samples]
    return {
        "id": verdict.id,
        "unit": verdict.unit,
        "base_level": verdict.base_median,
        "interval": [verdict.interval_low, verdict.interval_high],
        "samples_total": total,
        "samples_shown": sum(len(entry["samples"]) for entry in entries),
        "boots": entries,
    }


def _boot_entry(boot: _Boot, *, share: float) -> dict[str, Any]:
    return {
        "order_no": boot.order_no,
        "job_id": boot.job_id,
        "arm": boot.arm,
        "median": statistics.median(boot.samples),
        "samples": decimate(boot.samples, keep=max(2, int(share * len(boot.samples)))),
    }


def decimate(values: list[float], *, keep: int) -> list[float]:
    """At most `keep` values, evenly taken, the smallest and the largest always among them.

    >>> decimate([5.0, 1.0, 9.0, 4.0], keep=9)
    [5.0, 1.0, 9.0, 4.0]
    """
    if len(values) <= keep:
        return values
    extremes = {values.index(min(values)), values.index(max(values))}
    step = len(values) / max(1, keep - len(extremes))
    chosen = {int(place * step) for place in range(keep - len(extremes))} | extremes
    return [values[place] for place in sorted(chosen)]
