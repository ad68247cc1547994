# SPDX-License-Identifier: GPL-2.0-or-later
"""Console lines of an attempt, and what they mean for its job."""

from datetime import UTC, datetime
from typing import Annotated

from pydantic import BaseModel, Field
from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from kdyno.jobs import service as jobs
from kdyno.jobs.budgets import StatusBudgets
from kdyno.jobs.models import Attempt, ConsoleLine, Job, JobEvent
from kdyno.jobs.owed import Step
from kdyno.jobs.states import Failure, FailureClass, JobStatus
from kdyno_lab.console.patterns import ConsolePhase, EventKind

MAX_LINES_PER_POST = 5000


class Line(BaseModel):
    """One console line; `at_ns` is when it was read, in nanoseconds since the epoch."""

    no: Annotated[int, Field(ge=1)]
    at_ns: int
    text: Annotated[str, Field(max_length=8192)]


class ConsoleEvent(BaseModel):
    """Something recognised. `fatal`: the kernel is dead or can no longer be trusted; `lines` are for people."""

    kind: EventKind
    line_no: int
    fatal: bool = False
    phase: ConsolePhase | None = None
    release: Annotated[str, Field(max_length=200)] | None = None
    rip: Annotated[str, Field(max_length=500)] | None = None
    trace: Annotated[list[str], Field(max_length=400)] = Field(default_factory=list)
    title: Annotated[str, Field(max_length=500)] = ""
    fingerprint: Annotated[str, Field(max_length=100)] = ""
    lines: Annotated[list[str], Field(max_length=400)] = Field(default_factory=list)


class ConsoleBatch(BaseModel):
    """Lines in order, beginning at the cursor that the server gave."""

    lines: Annotated[list[Line], Field(max_length=MAX_LINES_PER_POST)]
    events: Annotated[list[ConsoleEvent], Field(max_length=1000)] = Field(default_factory=list)
    closed: bool = False


class Cursor(BaseModel):
    """The next line that the server wants, and whether it still wants any."""

    next_line_no: int
    closed: bool


def cursor(session: Session, *, attempt: Attempt) -> Cursor:
    """Where a reader goes on after a restart."""
    last = session.scalar(select(func.max(ConsoleLine.line_no)).where(ConsoleLine.attempt_id == attempt.id)) or 0
    return Cursor(next_line_no=last + 1, closed=attempt.console_closed)


def store(session: Session, *, attempt: Attempt, batch: ConsoleBatch, budgets: StatusBudgets) -> Cursor:
    """Store lines that are new, act on events; a repeated batch changes nothing."""
    rows = [
        {
            "attempt_id": attempt.id,
            "line_no": line.no,
            "at": datetime.fromtimestamp(line.at_ns / 1e9, UTC),
            # PostgreSQL text cannot hold NUL, a broken console can send it
            "text": line.text.replace("\x00", "\N{SYMBOL FOR NULL}"),
        }
        for line in batch.lines
    ]
    if rows:
        session.execute(insert(ConsoleLine).on_conflict_do_nothing(), rows)
    for event in batch.events:
        _act(session, attempt=attempt, event=event, budgets=budgets)
    if batch.closed and attempt.ended_at is not None:
        attempt.console_closed = True
        session.flush()
    return cursor(session, attempt=attempt)


def _act(session: Session, *, attempt: Attempt, event: ConsoleEvent, budgets: StatusBudgets) -> None:
    job = session.scalars(select(Job).where(Job.id == attempt.job_id).with_for_update()).one()
    if job.current_attempt_id != attempt.id:
        return
    if event.kind is EventKind.READY:
        _ready(session, job=job, attempt=attempt, event=event, budgets=budgets)
        return
    collected = False
    if event.fatal:
        # The imager's kernel is ours: when it dies, the lab is at fault, not the patch.
        ours = event.phase is ConsolePhase.IMAGER or job.status in (JobStatus.ASSIGNED, JobStatus.IMAGING)
        failure = Failure(FailureClass.INFRASTRUCTURE if ours else FailureClass.PANIC, event.title)
        collected = jobs.collect(session, job_id=job.id, failure=failure, budgets=budgets)
    if collected or not _is_noted(session, attempt_id=attempt.id, event=event):
        detail = event.model_dump(mode="json", exclude={"kind"})
        jobs.note(session, job_id=job.id, attempt_id=attempt.id, kind=event.kind.value, **detail)


def _ready(session: Session, *, job: Job, attempt: Attempt, event: ConsoleEvent, budgets: StatusBudgets) -> None:
    """The machine is up: the lab may prepare it. A ready line of any other moment means nothing."""
    if job.status != JobStatus.BOOTING.value:
        return
    jobs.transition(
        session,
        job_id=job.id,
        source=JobStatus.BOOTING,
        target=JobStatus.PREPARING,
        due_in=budgets.preparing,
        detail={"console_line": event.line_no},
    )
    jobs.hint_step(session, step=Step.PREPARE, attempt_id=attempt.id)


def _is_noted(session: Session, *, attempt_id: int, event: ConsoleEvent) -> bool:
    """Whether a reader that was killed has told this before."""
    query = select(JobEvent.id).where(
        JobEvent.attempt_id == attempt_id,
        JobEvent.kind == event.kind.value,
        JobEvent.detail["line_no"].as_integer() == event.line_no,
    )
    return session.scalar(query.limit(1)) is not None
