# SPDX-License-Identifier: GPL-2.0-or-later
"""The list of submissions: one page of rows with the strongest effect of each."""

from collections import defaultdict
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from kdyno.analysis.models import MetricVerdict
from kdyno.jobs.models import Job
from kdyno.jobs.states import JobStatus
from kdyno.submissions.models import Submission

PAGE_ROWS = 25


@dataclass(frozen=True)
class ListRow:
    """One submission as the list shows it."""

    submission: Submission
    strongest: MetricVerdict | None
    boots_done: int
    boots: int


@dataclass(frozen=True)
class ListPage:
    """Rows, newest first, and the id to go on before (None: this was the last page)."""

    rows: list[ListRow]
    next_before: int | None


def list_page(session: Session, *, before: int | None, limit: int = PAGE_ROWS) -> ListPage:
    """The newest submissions whose id is smaller than `before`."""
    query = select(Submission).order_by(Submission.id.desc()).limit(limit + 1)
    if before is not None:
        query = query.where(Submission.id < before)
    found = session.scalars(query).all()
    shown = found[:limit]
    ids = [submission.id for submission in shown]
    verdicts: dict[int, list[MetricVerdict]] = defaultdict(list)
    for verdict in session.scalars(select(MetricVerdict).where(MetricVerdict.submission_id.in_(ids))):
        verdicts[verdict.submission_id].append(verdict)
    done = func.count().filter(Job.status == JobStatus.FINISHED.value)
    counted = (
        select(Job.submission_id, done, func.count()).where(Job.submission_id.in_(ids)).group_by(Job.submission_id)
    )
    boots = {submission_id: (through, all_of_them) for submission_id, through, all_of_them in session.execute(counted)}
    rows = []
    for submission in shown:
        through, all_of_them = boots.get(submission.id, (0, 0))
        strongest = strongest_of(verdicts[submission.id], overall=submission.verdict)
        rows.append(ListRow(submission=submission, strongest=strongest, boots_done=through, boots=all_of_them))
    return ListPage(rows=rows, next_before=ids[-1] if len(found) > limit else None)


def strongest_of(verdicts: list[MetricVerdict], *, overall: str | None) -> MetricVerdict | None:
    """The metric that speaks for a submission: the largest effect among those that gave the overall verdict."""
    return max(verdicts, key=lambda item: (item.verdict == overall, abs(item.effect)), default=None)
