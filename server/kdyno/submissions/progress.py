# SPDX-License-Identifier: GPL-2.0-or-later
"""The view of a submission that the API, the CLI and the pages share: its steps, rows and outcome."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from kdyno.analysis import stored
from kdyno.analysis.machine_kind import MachineKind
from kdyno.analysis.models import MetricVerdict
from kdyno.jobs.models import Job
from kdyno.jobs.states import JobStatus
from kdyno.kernels.models import Build
from kdyno.kernels.status import BuildStatus
from kdyno.machines.models import Machine
from kdyno.submissions.models import Submission
from kdyno.submissions.schemas import (
    FailureView,
    ProgressView,
    ResultRow,
    StepState,
    StepView,
    SubmissionView,
)

# How far a job is, in steps of its life; the CLI and the pages draw a bar from it.
_JOB_PROGRESS = {status: place for place, status in enumerate(JobStatus)}

_BUILD_STATES = {
    BuildStatus.QUEUED: StepState.WAITING,
    BuildStatus.BUILDING: StepState.RUNNING,
    BuildStatus.DONE: StepState.DONE,
    BuildStatus.FAILED: StepState.FAILED,
}


def view_of(session: Session, *, submission: Submission, base_url: str) -> SubmissionView:
    """Everything a client needs to follow a submission and to read its answer."""
    machine = session.get(Machine, submission.machine_id) if submission.machine_id is not None else None
    failure = None
    if submission.failure_class:
        failure = FailureView(failure_class=submission.failure_class, message=submission.failure_message or "")
    return SubmissionView(
        id=submission.id,
        url=f"{base_url}/submissions/{submission.id}",
        title=submission.title,
        state=submission.status,
        tree=submission.tree_name,
        base_commit=submission.base_commit,
        kconfig=submission.kconfig,
        workloads=submission.workloads,
        machine_type=submission.machine_type,
        machine=machine.name if machine else None,
        machine_caveat=MachineKind(machine.noise_kind).caveat if machine else "",
        boots_per_arm=submission.boots_per_arm,
        profile=submission.profile,
        created_at=submission.created_at,
        finished_at=submission.finished_at,
        progress=ProgressView(steps=steps_of(session, submission=submission)),
        verdict=submission.verdict,
        verdict_reason=submission.verdict_reason,
        rows=[result_row(row) for row in stored.verdict_rows(session, submission_id=submission.id)],
        details=[result_row(row) for row in stored.detail_rows(session, submission_id=submission.id)],
        failure=failure,
    )


def steps_of(session: Session, *, submission: Submission) -> list[StepView]:
    """Builds first, then boots in their order."""
    arm_names = {arm.id: arm.name for arm in submission.arms}
    steps = [_build_step(arm.name, arm.build) for arm in submission.arms]
    jobs = session.scalars(select(Job).where(Job.submission_id == submission.id).order_by(Job.order_no)).all()
    return steps + [_job_step(arm_names[job.arm_id], job) for job in jobs]


def _build_step(arm_name: str, build: Build) -> StepView:
    status = BuildStatus(build.status)
    detail = build.failure_message or ("same content was built before" if build.reused else build.release or "")
    return StepView(
        name=f"build {arm_name} kernel",
        state=_BUILD_STATES[status],
        started_at=build.started_at,
        finished_at=build.finished_at,
        done=build.objects_done,
        total=build.objects_expected,
        detail=detail,
        build_id=build.id,
    )


def _job_step(arm_name: str, job: Job) -> StepView:
    status = JobStatus(job.status)
    if job.failure_class is not None:
        state = StepState.FAILED if job.attempts else StepState.SKIPPED
    elif status is JobStatus.FINISHED:
        state = StepState.DONE
    elif status is JobStatus.QUEUED:
        state = StepState.WAITING
    else:
        state = StepState.RUNNING
    attempts = len(job.attempts)
    retried = f", attempt {attempts}" if attempts > 1 else ""
    return StepView(
        name=f"boot {job.order_no} ({arm_name})",
        state=state,
        started_at=job.attempts[0].started_at if job.attempts else None,
        finished_at=job.finished_at,
        done=_JOB_PROGRESS[status],
        total=_JOB_PROGRESS[JobStatus.FINISHED],
        detail=job.failure_message or (f"{status}{retried}" if state is StepState.RUNNING else ""),
        job_id=job.id,
    )


def result_row(row: MetricVerdict) -> ResultRow:
    """A stored verdict with its effects as percentages."""
    return ResultRow(
        label=row.label,
        workload=row.workload,
        benchmark=row.benchmark,
        placement=row.placement,
        parameters=row.parameters,
        metric=row.metric,
        unit=row.unit,
        direction=row.direction,
        base_median=row.base_median,
        patched_median=row.patched_median,
        effect_percent=100 * row.effect,
        interval_low_percent=None if row.interval_low is None else 100 * row.interval_low,
        interval_high_percent=None if row.interval_high is None else 100 * row.interval_high,
        verdict=row.verdict,
        reason=row.reason,
    )
