# SPDX-License-Identifier: GPL-2.0-or-later
"""Reads what machines could not measure, and why."""

from collections import Counter

from sqlalchemy import select
from sqlalchemy.orm import Session

from kdyno.jobs.models import Attempt, Job
from kdyno.results.models import Run


def skip_reasons(session: Session, *, submission_id: int) -> dict[str, str]:
    """By phase, why its first skipped benchmark was skipped."""
    query = (
        select(Run.phase, Run.reason)
        .join(Attempt, Attempt.id == Run.attempt_id)
        .join(Job, Job.current_attempt_id == Attempt.id)
        .where(Job.submission_id == submission_id, Run.status == "skip")
        .order_by(Run.id.desc())
    )
    return {row.phase: row.reason for row in session.execute(query)}


def skip_counts(session: Session, *, submission_id: int) -> Counter[str]:
    """By phase, how many benchmarks were skipped in at least one boot."""
    query = (
        select(Run.phase, Run.benchmark, Run.placement, Run.parameters)
        .join(Attempt, Attempt.id == Run.attempt_id)
        .join(Job, Job.current_attempt_id == Attempt.id)
        .where(Job.submission_id == submission_id, Run.status == "skip")
        .distinct()
    )
    return Counter(row.phase for row in session.execute(query))


def skipped_runs(session: Session, *, attempt_id: int) -> list[Run]:
    """What one attempt skipped, in the order in which it ran."""
    query = select(Run).where(Run.attempt_id == attempt_id, Run.status == "skip").order_by(Run.id)
    return list(session.scalars(query))
