# SPDX-License-Identifier: GPL-2.0-or-later
"""What the page of a job shows: how long it was in each status, its events, attempts and console."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from kdyno.db.engine import UnitOfWork
from kdyno.jobs.models import Attempt, ConsoleLine, Job, JobEvent
from kdyno.jobs.states import JobStatus

CONSOLE_PAGE_LINES = 500
_TEXT_CHUNK_LINES = 2000


@dataclass(frozen=True)
class Stay:
    """How long a job was in one status; `until` is None while it is there."""

    status: str
    since: datetime
    until: datetime | None


def stays(*, created_at: datetime, events: Iterable[JobEvent]) -> list[Stay]:
    """The statuses of a job in order, from its events."""
    moves = [event for event in events if event.to_status is not None]
    names = [JobStatus.QUEUED.value, *(str(event.to_status) for event in moves)]
    times: Sequence[datetime | None] = [created_at, *(event.at for event in moves), None]
    return [
        Stay(status=name, since=since, until=until)
        for name, since, until in zip(names, times, times[1:], strict=False)
        if since is not None and name != JobStatus.FINISHED.value
    ]


@dataclass(frozen=True)
class ConsolePage:
    """Some lines of an attempt's console. Pages count from 1; the last one is where a job died."""

    attempt_id: int
    lines: list[ConsoleLine]
    page: int
    pages: int
    total: int


def console_page(session: Session, *, attempt_id: int, page: int | None) -> ConsolePage:
    """A page of the console, the last one by default; a page that does not exist is the nearest that does."""
    total = session.scalar(select(func.max(ConsoleLine.line_no)).where(ConsoleLine.attempt_id == attempt_id)) or 0
    pages = max(1, -(-total // CONSOLE_PAGE_LINES))
    page = min(max(1, page or pages), pages)
    first = (page - 1) * CONSOLE_PAGE_LINES
    query = (
        select(ConsoleLine)
        .where(
            ConsoleLine.attempt_id == attempt_id,
            ConsoleLine.line_no > first,
            ConsoleLine.line_no <= first + CONSOLE_PAGE_LINES,
        )
        .order_by(ConsoleLine.line_no)
    )
    return ConsolePage(attempt_id=attempt_id, lines=list(session.scalars(query)), page=page, pages=pages, total=total)


def console_text(unit_of_work: UnitOfWork, *, attempt_id: int) -> Iterator[str]:
    """The whole console, a piece at a time, without holding a transaction while a slow reader reads."""
    last = 0
    while True:
        query = (
            select(ConsoleLine.line_no, ConsoleLine.text)
            .where(ConsoleLine.attempt_id == attempt_id, ConsoleLine.line_no > last)
            .order_by(ConsoleLine.line_no)
            .limit(_TEXT_CHUNK_LINES)
        )
        with unit_of_work() as session:
            lines = session.execute(query).all()
        if not lines:
            return
        last = lines[-1].line_no
        yield "".join(f"{line.text}\n" for line in lines)


def attempt_of(job: Job, *, attempt_no: int | None) -> Attempt | None:
    """One attempt of a job by its number, the newest by default."""
    chosen = [attempt for attempt in job.attempts if attempt_no in (None, attempt.attempt_no)]
    return chosen[-1] if chosen else None


def events_of(session: Session, *, job_id: int) -> list[JobEvent]:
    """Everything that happened to a job, in order."""
    return list(session.scalars(select(JobEvent).where(JobEvent.job_id == job_id).order_by(JobEvent.id)))
