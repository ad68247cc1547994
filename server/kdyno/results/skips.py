# SPDX-License-Identifier: GPL-2.0-or-later
"""Reads what has no figure, and why: skipped by the machine, or failed within a suite."""

from collections import Counter

from sqlalchemy import select
from sqlalchemy.orm import Session

from kdyno.jobs.models import Attempt, Job
from kdyno.results.models import Run

NO_FIGURE = ("skip", "error")


def skip_reasons(session: Session, *, submission_id: int) -> dict[str, str]:
    """By phase, why its first benchmark without a figure has none."""
    query = (
        select(Run.phase, Run.reason)
        .join(Attempt, Attempt.id == Run.attempt_id)
        .join(Job, Job.current_attempt_id == Attempt.id)
        .where(Job.submission_id == submission_id, Run.status.in_(NO_FIGURE))
        .order_by(Run.id.desc())
    )
    return {row.phase: row.reason for row in session.execute(query)}


def skip_counts(session: Session, *, submission_id: int) -> Counter[str]:
    """By phase, how many benchmarks gave no figure in at least one boot."""
    query = (
        select(Run.phase, Run.benchmark, Run.placement, Run.parameters)
        .join(Attempt, Attempt.id == Run.attempt_id)
        .join(Job, Job.current_attempt_id == Attempt.id)
        .where(Job.submission_id == submission_id, Run.status.in_(NO_FIGURE))
        .distinct()
    )
    return Counter(row.phase for row in session.execute(query))


def skipped_runs(session: Session, *, attempt_id: int) -> list[Run]:
    """What gave no figure in one attempt, in the order in which it ran."""
    query = select(Run).where(Run.attempt_id == attempt_id, Run.status.in_(NO_FIGURE)).order_by(Run.id)
    return list(session.scalars(query))
