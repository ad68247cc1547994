# SPDX-License-Identifier: GPL-2.0-or-later
"""Moves jobs through their life. `transition` is the only code that assigns a status."""

import secrets
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import delete, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from kdyno.db.engine import hint
from kdyno.jobs.budgets import StatusBudgets
from kdyno.jobs.models import Attempt, Deadline, Job, JobEvent
from kdyno.jobs.owed import Step
from kdyno.jobs.states import HOLDS_MACHINE, Failure, FailureClass, JobStatus, is_legal, is_retried
from kdyno.machines import service as machines
from kdyno.machines.health import MachineHealth
from kdyno.machines.models import Machine


class IllegalTransition(RuntimeError):
    """Code asked for a move that the table of states does not have: a bug of ours."""


class StaleTransition(RuntimeError):
    """The job is no longer where the caller believed: another process, or a deadline, was first."""


def transition(
    session: Session,
    *,
    job_id: int,
    source: JobStatus,
    target: JobStatus,
    due_in: timedelta | None = None,
    detail: dict[str, Any] | None = None,
) -> None:
    """Move a job from `source` to `target` by compare-and-set, with its event row and its deadline row.

    Args:
        due_in: how long the new status may last; None when nothing waits in it.

    Raises:
        IllegalTransition: the table has no such move.
        StaleTransition: the job is not in `source` any more.
    """
    if not is_legal(source, target):
        raise IllegalTransition(f"job {job_id}: {source} → {target} is not a legal move")
    now = datetime.now(UTC)
    moved = session.execute(
        update(Job)
        .where(Job.id == job_id, Job.status == source.value)
        .values(status=target.value, status_since=now, finished_at=now if target is JobStatus.FINISHED else None)
        .returning(Job.current_attempt_id)
        .execution_options(synchronize_session="fetch")
    ).one_or_none()
    if moved is None:
        raise StaleTransition(f"job {job_id} is no longer {source}")
    attempt_id: int | None = moved[0]
    if attempt_id is not None:
        session.execute(
            update(Attempt).where(Attempt.id == attempt_id).values(step_owner=None, step_lease_expires_at=None)
        )
    session.add(
        JobEvent(
            job_id=job_id,
            attempt_id=attempt_id,
            kind="status",
            from_status=source.value,
            to_status=target.value,
            detail=detail or {},
        )
    )
    session.execute(delete(Deadline).where(Deadline.job_id == job_id))
    if due_in is not None:
        session.add(Deadline(job_id=job_id, status=target.value, due_at=now + due_in))
    session.flush()


def note(session: Session, *, job_id: int, attempt_id: int | None, kind: str, **detail: Any) -> None:
    """Write an event that is no change of status, for the job's page."""
    session.add(JobEvent(job_id=job_id, attempt_id=attempt_id, kind=kind, detail=detail))
    session.flush()


def assign(session: Session, *, job_id: int, machine_id: int, image_id: str, budgets: StatusBudgets) -> int | None:
    """Lease the machine for the job and begin a new attempt; its id, or None when the machine was just taken."""
    if not machines.acquire_lease(session, machine_id=machine_id, job_id=job_id):
        return None
    made = session.scalar(select(func.count()).select_from(Attempt).where(Attempt.job_id == job_id)) or 0
    attempt = Attempt(
        job_id=job_id,
        attempt_no=made + 1,
        machine_id=machine_id,
        image_id=image_id,
        token=secrets.token_urlsafe(24),
    )
    session.add(attempt)
    session.flush()
    session.execute(update(Job).where(Job.id == job_id).values(current_attempt_id=attempt.id, machine_id=machine_id))
    transition(
        session,
        job_id=job_id,
        source=JobStatus.QUEUED,
        target=JobStatus.ASSIGNED,
        due_in=budgets.assigned,
        detail={"machine_id": machine_id, "attempt_no": attempt.attempt_no},
    )
    hint_step(session, step=Step.START, attempt_id=attempt.id)
    return attempt.id


def hint_step(session: Session, *, step: Step, attempt_id: int) -> None:
    """Hint the lab worker of the attempt's machine."""
    lab_name = session.scalar(
        select(Machine.lab_name).join(Attempt, Attempt.machine_id == Machine.id).where(Attempt.id == attempt_id)
    )
    hint(session, step.value, attempt_id, queue=f"lab.{lab_name}")


def claim_step(session: Session, *, attempt_id: int, owner: str, status: JobStatus, lease: timedelta) -> bool:
    """Take the right to do the present step of an attempt, if the job is in `status` and nobody is at it.

    The right ends `lease` from now unless `refresh_step` prolongs it, so a killed worker blocks nothing.
    """
    now = datetime.now(UTC)
    claimed = session.execute(
        update(Attempt)
        .where(
            Attempt.id == attempt_id,
            Attempt.id.in_(select(Job.current_attempt_id).where(Job.status == status.value)),
            or_(Attempt.step_lease_expires_at.is_(None), Attempt.step_lease_expires_at < now),
        )
        .values(step_owner=owner, step_lease_expires_at=now + lease)
        .returning(Attempt.id)
    ).one_or_none()
    return claimed is not None


def refresh_step(session: Session, *, attempt_id: int, owner: str, lease: timedelta) -> bool:
    """Prolong the right to a step; False when it was lost, and the work must stop."""
    refreshed = session.execute(
        update(Attempt)
        .where(Attempt.id == attempt_id, Attempt.step_owner == owner)
        .values(step_lease_expires_at=datetime.now(UTC) + lease)
        .returning(Attempt.id)
    ).one_or_none()
    return refreshed is not None


def release_step(session: Session, *, attempt_id: int, owner: str) -> None:
    """Give the right to a step back, so that it can be taken at once."""
    session.execute(
        update(Attempt)
        .where(Attempt.id == attempt_id, Attempt.step_owner == owner)
        .values(step_owner=None, step_lease_expires_at=None)
    )


def collect(
    session: Session, *, job_id: int, failure: Failure | None, budgets: StatusBudgets, source: JobStatus | None = None
) -> bool:
    """End what runs on the machine: store the outcome, go to collecting, hint power-off.

    Any status that holds a machine may be left this way. False when the job holds no machine, or is already
    collecting: the first outcome stands.
    """
    job = session.scalar(select(Job).where(Job.id == job_id).with_for_update())
    if job is None or job.current_attempt_id is None:
        return False
    status = JobStatus(job.status)
    if status not in HOLDS_MACHINE - {JobStatus.COLLECTING} or (source is not None and status is not source):
        return False
    if failure is not None:
        session.execute(
            update(Attempt)
            .where(Attempt.id == job.current_attempt_id)
            .values(failure_class=failure.failure_class.value, failure_message=failure.message)
        )
    detail = {"failure_class": failure.failure_class.value, "message": failure.message} if failure else {}
    transition(
        session,
        job_id=job_id,
        source=status,
        target=JobStatus.COLLECTING,
        due_in=budgets.collecting,
        detail={"while": status.value, **detail},
    )
    hint_step(session, step=Step.FINISH, attempt_id=job.current_attempt_id)
    return True


def finish_attempt(session: Session, *, attempt_id: int, power_failure: str | None) -> None:
    """After power-off: release the lease, then finish the job or queue it again.

    Args:
        power_failure: why the machine could not be switched off. The machine is then marked broken.
    """
    attempt = session.get_one(Attempt, attempt_id, with_for_update=True)
    job = session.get_one(Job, attempt.job_id, with_for_update=True)
    if job.current_attempt_id != attempt_id or job.status != JobStatus.COLLECTING.value:
        return
    if power_failure is not None:
        machines.set_health(
            session, machine_id=attempt.machine_id, health=MachineHealth.BROKEN, reason=f"power-off: {power_failure}"
        )
    attempt.token = None
    attempt.ended_at = func.now()
    failure = None
    if attempt.failure_class is not None:
        failure = Failure(FailureClass(attempt.failure_class), attempt.failure_message or "")
    machines.release_lease(session, job_id=job.id)
    if is_retried(failure, attempts_made=attempt.attempt_no):
        session.flush()
        transition(session, job_id=job.id, source=JobStatus.COLLECTING, target=JobStatus.QUEUED)
    else:
        if failure is not None:
            job.failure_class, job.failure_message = failure.failure_class.value, failure.message
        session.flush()
        transition(session, job_id=job.id, source=JobStatus.COLLECTING, target=JobStatus.FINISHED)
        hint(session, "submissions.conclude", job.submission_id)
    hint(session, "jobs.tick")


def drop_queued(session: Session, *, submission_id: int, failure: Failure) -> None:
    """End the jobs of a submission that have not begun: they can no longer contribute."""
    query = select(Job).where(Job.submission_id == submission_id, Job.status == JobStatus.QUEUED.value)
    for job in session.scalars(query.with_for_update()):
        job.failure_class, job.failure_message = failure.failure_class.value, failure.message
        session.flush()
        transition(session, job_id=job.id, source=JobStatus.QUEUED, target=JobStatus.FINISHED)


def create_job(session: Session, *, submission_id: int, arm_id: int, order_no: int) -> None:
    """Add one job to the queue."""
    session.execute(
        insert(Job).values(submission_id=submission_id, arm_id=arm_id, order_no=order_no, status=JobStatus.QUEUED.value)
    )
