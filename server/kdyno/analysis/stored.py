# SPDX-License-Identifier: GPL-2.0-or-later
"""Reads stored verdicts. Apart from the comparison, so that pages and the API load no numpy."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from kdyno.analysis.models import MetricVerdict
from kdyno.analysis.verdicts import MOVED, Verdict, severity
from kdyno.results.roles import MetricRole


def verdict_rows(session: Session, *, submission_id: int) -> list[MetricVerdict]:
    """Stored verdicts on the key metrics of a submission, the weightiest first."""
    return sorted(_rows(session, submission_id, MetricRole.KEY), key=lambda row: -severity(Verdict(row.verdict)))


def detail_rows(session: Session, *, submission_id: int) -> list[MetricVerdict]:
    """Stored comparisons of the details: by workload, what moved before what did not, then by size."""

    def place(row: MetricVerdict) -> tuple[str, bool, float]:
        return row.workload, Verdict(row.verdict) not in MOVED, -abs(row.effect)

    return sorted(_rows(session, submission_id, MetricRole.DETAIL), key=place)


def _rows(session: Session, submission_id: int, role: MetricRole) -> list[MetricVerdict]:
    query = select(MetricVerdict).where(MetricVerdict.submission_id == submission_id, MetricVerdict.role == role.value)
    return list(session.scalars(query.order_by(MetricVerdict.id)))
