# SPDX-License-Identifier: GPL-2.0-or-later
"""What the imager's reports do to a job: only a verified hash moves it on."""

from enum import StrEnum
from typing import Any

from sqlalchemy.orm import Session

from kdyno.jobs import service as jobs
from kdyno.jobs.budgets import StatusBudgets
from kdyno.jobs.models import Attempt, Job
from kdyno.jobs.states import Failure, FailureClass, JobStatus
from kdyno.machines.models import Image


class ImagerReportRefused(RuntimeError):
    """The report does not belong to what the job is doing now."""


class ImagerEvent(StrEnum):
    """What the imager reports."""

    STARTED = "started"
    PROGRESS = "progress"
    VERIFIED = "verified"
    FAILED = "failed"


def handle_report(
    session: Session, *, attempt: Attempt, event: ImagerEvent, report: dict[str, Any], budgets: StatusBudgets
) -> bool:
    """Note a report. True when the machine may go on; repeated reports get the same answer.

    Raises:
        ImagerReportRefused: the job is not being imaged by this attempt.
    """
    job = session.get_one(Job, attempt.job_id, with_for_update=True)
    if job.current_attempt_id != attempt.id:
        raise ImagerReportRefused("this attempt has ended")
    status = JobStatus(job.status)
    if status is JobStatus.BOOTING and event is ImagerEvent.VERIFIED:
        return True  # the first answer was lost on its way
    if status is not JobStatus.IMAGING:
        raise ImagerReportRefused(f"the job is {status}, not imaging")
    attempt.imaging = {**attempt.imaging, **report}
    match event:
        case ImagerEvent.STARTED:
            jobs.note(session, job_id=job.id, attempt_id=attempt.id, kind="imager_started")
        case ImagerEvent.FAILED:
            _fail(session, job=job, message=f"imager: {report['message']}", budgets=budgets)
        case ImagerEvent.VERIFIED:
            return _verified(session, job=job, attempt=attempt, report=report, budgets=budgets)
        case ImagerEvent.PROGRESS:
            pass
    return True


def _verified(session: Session, *, job: Job, attempt: Attempt, report: dict[str, Any], budgets: StatusBudgets) -> bool:
    expected = session.get_one(Image, attempt.image_id).root_hash
    if report["root"] != expected:
        message = f"the disk's root hash is {report['root']!r}, the image's is {expected!r}"
        _fail(session, job=job, message=message, budgets=budgets)
        return False
    jobs.transition(
        session,
        job_id=job.id,
        source=JobStatus.IMAGING,
        target=JobStatus.BOOTING,
        due_in=budgets.booting,
        detail={key: report[key] for key in ("root", "rewritten_chunks", "duration_ms", "total_bytes")},
    )
    return True


def _fail(session: Session, *, job: Job, message: str, budgets: StatusBudgets) -> None:
    failure = Failure(FailureClass.INFRASTRUCTURE, message)
    jobs.collect(session, job_id=job.id, failure=failure, budgets=budgets)
