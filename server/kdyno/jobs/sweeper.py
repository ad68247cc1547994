# SPDX-License-Identifier: GPL-2.0-or-later
"""The tick: fires deadlines, assigns machines, and hints again whatever is owed.

Everything here can be lost or doubled without harm: it reads the truth from the tables each time.
"""

from datetime import UTC, datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from kdyno.db.engine import hint
from kdyno.jobs import service as jobs
from kdyno.jobs.budgets import StatusBudgets
from kdyno.jobs.models import Attempt, Deadline, Job
from kdyno.jobs.owed import StepState, owed_step
from kdyno.jobs.scheduler import FreeMachine, ReadyJob, schedule
from kdyno.jobs.states import TIMEOUT_CLASS, Failure, FailureClass, JobStatus
from kdyno.kernels import service as kernels
from kdyno.kernels.models import Build
from kdyno.kernels.status import BUILD_ENDED, BuildStatus
from kdyno.machines.health import MachineHealth
from kdyno.machines.models import Lease, Machine
from kdyno.submissions.models import Arm, Submission
from kdyno.submissions.status import SubmissionStatus

# A queued build whose hint was lost is hinted again after this time.
BUILD_HINT_GRACE = timedelta(seconds=5)


def fire_deadlines(session: Session, *, budgets: StatusBudgets) -> int:
    """Collect every job whose status has outlived its deadline; how many."""
    query = (
        select(Job, Deadline)
        .join(Deadline, Deadline.job_id == Job.id)
        .where(Deadline.due_at <= func.now(), Deadline.status == Job.status)
        .with_for_update(of=Job, skip_locked=True)
    )
    fired = 0
    for job, deadline in session.execute(query).all():
        status = JobStatus(job.status)
        if status is JobStatus.COLLECTING:
            # Power-off and release must run: a late one is hinted again, its deadline moves on.
            deadline.due_at = datetime.now(UTC) + budgets.collecting
            session.flush()
            continue
        failure = Failure(TIMEOUT_CLASS[status], f"time-out: still {status} after its budget ran out")
        fired += jobs.collect(session, job_id=job.id, failure=failure, budgets=budgets, source=status)
    return fired


def hint_owed(session: Session) -> None:
    """Hint every step, build and conclusion that nobody is doing."""
    now = datetime.now(UTC)
    query = select(Job, Attempt).join(Attempt, Attempt.id == Job.current_attempt_id)
    for job, attempt in session.execute(query.where(Job.status != JobStatus.FINISHED.value)).all():
        state = StepState(
            status=JobStatus(job.status),
            status_since=job.status_since,
            step_lease_expires_at=attempt.step_lease_expires_at,
            powered_on=attempt.powered_on_at is not None,
        )
        step = owed_step(state, now=now)
        if step is not None:
            jobs.hint_step(session, step=step, attempt_id=attempt.id)
    waiting = select(Build.id).where(
        Build.status.not_in([s.value for s in BUILD_ENDED]),
        Build.created_at < now - BUILD_HINT_GRACE,
        (Build.lease_expires_at.is_(None)) | (Build.lease_expires_at < now),
    )
    for build_id in session.scalars(waiting):
        hint(session, "kernels.build", build_id, queue="build")
    unfinished = select(Job.id).where(Job.submission_id == Submission.id, Job.status != JobStatus.FINISHED.value)
    through = select(Submission.id).where(Submission.status == SubmissionStatus.OPEN.value, ~unfinished.exists())
    for submission_id in session.scalars(through):
        hint(session, "submissions.conclude", submission_id)


def stop_doomed(session: Session, *, budgets: StatusBudgets) -> None:
    """Stop jobs of submissions that are cancelled, have a build that failed, or a job that failed for good."""
    open_ones = select(Submission).where(Submission.status == SubmissionStatus.OPEN.value)
    for submission in session.scalars(open_ones).all():
        failure = _doom(session, submission=submission)
        if failure is None:
            continue
        jobs.drop_queued(session, submission_id=submission.id, failure=failure)
        if failure.failure_class is FailureClass.CANCELLED:
            kernels.cancel_builds(session, build_ids=[arm.build_id for arm in submission.arms])
            running = select(Job.id).where(Job.submission_id == submission.id, Job.status != JobStatus.FINISHED.value)
            for job_id in session.scalars(running).all():
                jobs.collect(session, job_id=job_id, failure=failure, budgets=budgets)


def _doom(session: Session, *, submission: Submission) -> Failure | None:
    if submission.cancel_requested:
        return Failure(FailureClass.CANCELLED, "cancelled on request")
    for arm in submission.arms:
        if arm.build.status == BuildStatus.FAILED.value:
            failure_class = FailureClass(arm.build.failure_class or FailureClass.BUG)
            return Failure(failure_class, f"the {arm.name} kernel was not built: {arm.build.failure_message}")
    if submission.machine_id is not None:
        machine = session.get_one(Machine, submission.machine_id)
        if machine.health == MachineHealth.BROKEN.value:
            return Failure(FailureClass.INFRASTRUCTURE, f"{machine.name} is broken: {machine.health_reason}")
    lost = session.scalar(
        select(Job).where(Job.submission_id == submission.id, Job.failure_class.is_not(None)).limit(1)
    )
    if lost is None:
        return None
    return Failure(FailureClass(lost.failure_class or FailureClass.BUG), f"boot {lost.order_no} failed before this one")


def assign_machines(session: Session, *, budgets: StatusBudgets) -> int:
    """Run the pure scheduler on what the tables say and act on it; number of jobs assigned."""
    session.execute(select(func.pg_advisory_xact_lock(0x736368)))
    ready, images = _ready_jobs(session)
    assigned = 0
    for choice in schedule(_free_machines(session), ready):
        submission = session.get_one(Submission, choice.submission_id)
        submission.machine_id = choice.machine_id
        session.flush()
        attempt_id = jobs.assign(
            session,
            job_id=choice.job_id,
            machine_id=choice.machine_id,
            image_id=images[choice.submission_id],
            budgets=budgets,
        )
        assigned += attempt_id is not None
    return assigned


def _ready_jobs(session: Session) -> tuple[list[ReadyJob], dict[int, str]]:
    unbuilt = (
        select(Arm.id).join(Build).where(Arm.submission_id == Submission.id, Build.status != BuildStatus.DONE.value)
    )
    query = (
        select(Submission, func.min(Job.order_no))
        .join(Job, Job.submission_id == Submission.id)
        .where(
            Submission.status == SubmissionStatus.OPEN.value,
            Submission.image_id.is_not(None),
            Job.status != JobStatus.FINISHED.value,
            ~unbuilt.exists(),
        )
        .group_by(Submission.id)
    )
    ready: list[ReadyJob] = []
    images: dict[int, str] = {}
    for submission, order_no in session.execute(query).all():
        job = session.scalars(select(Job).where(Job.submission_id == submission.id, Job.order_no == order_no)).one()
        if job.status == JobStatus.QUEUED.value:
            ready.append(ReadyJob(job.id, submission.id, submission.machine_type, submission.machine_id))
            images[submission.id] = submission.image_id or ""
    return ready, images


def _free_machines(session: Session) -> list[FreeMachine]:
    pinned = (
        select(Submission.id)
        .where(Submission.machine_id == Machine.id, Submission.status == SubmissionStatus.OPEN.value)
        .order_by(Submission.id)
        .limit(1)
        .scalar_subquery()
    )
    query = (
        select(Machine, pinned)
        .outerjoin(Lease, Lease.machine_id == Machine.id)
        .where(Lease.machine_id.is_(None), Machine.health == MachineHealth.GOOD.value)
    )
    return [FreeMachine(m.id, m.name, m.machine_type, pin) for m, pin in session.execute(query).all()]
