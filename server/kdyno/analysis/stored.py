# SPDX-License-Identifier: GPL-2.0-or-later
"""Reads stored verdicts. Apart from the comparison, so that pages and the API load no numpy."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from kdyno.analysis.models import MetricVerdict
from kdyno.analysis.verdicts import Verdict, severity


def verdict_rows(session: Session, *, submission_id: int) -> list[MetricVerdict]:
    """Stored verdicts of a submission, the weightiest first."""
    query = select(MetricVerdict).where(MetricVerdict.submission_id == submission_id).order_by(MetricVerdict.id)
    return sorted(session.scalars(query), key=lambda row: -severity(Verdict(row.verdict)))
