# SPDX-License-Identifier: GPL-2.0-or-later
"""Jobs (one boot of one build on one machine), their attempts, events, deadlines and console lines."""

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from kdyno.db.base import Base, BigId, CreatedAt, Json, Timestamp, in_values
from kdyno.jobs.states import FailureClass, JobStatus


class Job(Base):
    """One boot of one build on one machine; `order_no` is its place in the submission's A B B A sequence."""

    __tablename__ = "jobs"
    __table_args__ = (
        CheckConstraint(in_values("status", JobStatus), name="status"),
        CheckConstraint(in_values("failure_class", FailureClass), name="failure_class"),
        UniqueConstraint("submission_id", "order_no"),
        Index("ix_jobs_unfinished", "id", postgresql_where="status <> 'finished'"),
    )

    id: Mapped[BigId]
    submission_id: Mapped[int] = mapped_column(ForeignKey("submissions.id"))
    arm_id: Mapped[int] = mapped_column(ForeignKey("arms.id"))
    order_no: Mapped[int]
    status: Mapped[str] = mapped_column(default=JobStatus.QUEUED.value)
    status_since: Mapped[CreatedAt]
    machine_id: Mapped[int | None] = mapped_column(ForeignKey("machines.id"))
    current_attempt_id: Mapped[int | None]
    failure_class: Mapped[str | None]
    failure_message: Mapped[str | None]
    created_at: Mapped[CreatedAt]
    finished_at: Mapped[Timestamp | None]

    attempts: Mapped[list["Attempt"]] = relationship(order_by="Attempt.attempt_no")


class Attempt(Base):
    """One try at a job. Every attempt is kept; only the last one of a job is published."""

    __tablename__ = "attempts"
    __table_args__ = (UniqueConstraint("job_id", "attempt_no"), UniqueConstraint("token"))

    id: Mapped[BigId]
    job_id: Mapped[int] = mapped_column(ForeignKey("jobs.id"))
    attempt_no: Mapped[int]
    machine_id: Mapped[int] = mapped_column(ForeignKey("machines.id"))
    image_id: Mapped[str] = mapped_column(ForeignKey("images.id"))
    # Kept in the clear because boot scripts carry it; emptied when the attempt ends.
    token: Mapped[str | None]
    step_owner: Mapped[str | None]
    step_lease_expires_at: Mapped[Timestamp | None]
    powered_on_at: Mapped[Timestamp | None]
    imaging: Mapped[Json] = mapped_column(default=dict)
    state_manifest: Mapped[Json] = mapped_column(default=dict)
    agent_facts: Mapped[Json] = mapped_column(default=dict)
    failure_class: Mapped[str | None]
    failure_message: Mapped[str | None]
    console_closed: Mapped[bool] = mapped_column(default=False)
    started_at: Mapped[CreatedAt]
    ended_at: Mapped[Timestamp | None]


class JobEvent(Base):
    """What happened to a job, in order. Status changes are written by the transition itself."""

    __tablename__ = "job_events"
    __table_args__ = (Index("ix_job_events_job_id_id", "job_id", "id"),)

    id: Mapped[BigId]
    job_id: Mapped[int] = mapped_column(ForeignKey("jobs.id"))
    attempt_id: Mapped[int | None] = mapped_column(ForeignKey("attempts.id"))
    at: Mapped[CreatedAt]
    kind: Mapped[str]
    from_status: Mapped[str | None]
    to_status: Mapped[str | None]
    detail: Mapped[Json] = mapped_column(default=dict)


class Deadline(Base):
    """When the present status of a job has taken too long. One row a job: a new status replaces it."""

    __tablename__ = "deadlines"

    job_id: Mapped[int] = mapped_column(ForeignKey("jobs.id"), primary_key=True)
    status: Mapped[str]
    due_at: Mapped[Timestamp] = mapped_column(index=True)


class ConsoleLine(Base):
    """One line of a machine's serial console during one attempt; numbers count from 1 without gaps."""

    __tablename__ = "console_lines"

    attempt_id: Mapped[int] = mapped_column(ForeignKey("attempts.id"), primary_key=True)
    line_no: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[Timestamp]
    text: Mapped[str]
