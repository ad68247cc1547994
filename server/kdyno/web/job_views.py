# SPDX-License-Identifier: GPL-2.0-or-later
"""The page of one job: attempts, events, state manifest and console."""

from typing import Annotated

from fastapi import APIRouter, HTTPException, Query, Request, status
from fastapi.responses import Response, StreamingResponse
from sqlalchemy.orm import Session

from kdyno.dependencies import DbSession, RuntimeDep
from kdyno.jobs.models import Attempt, Job
from kdyno.machines.models import Machine
from kdyno.results import skips
from kdyno.submissions.models import Arm, Submission
from kdyno.web import figures, profiles
from kdyno.web import job_timeline as timeline
from kdyno.web.render import SECURITY_HEADERS, page

router = APIRouter(prefix="/jobs")

AttemptNo = Annotated[int | None, Query(ge=1, description="Which attempt; the newest by default")]


@router.get("/{job_id}")
def read_job(
    job_id: int,
    request: Request,
    session: DbSession,
    attempt: AttemptNo = None,
    console: Annotated[int | None, Query(ge=1, description="Page of the console; the last by default")] = None,
) -> Response:
    """One job with everything that is known of it."""
    job = _found(session, job_id)
    chosen = _attempt(job, attempt_no=attempt) if job.attempts else None
    events = timeline.events_of(session, job_id=job_id)
    measured, more = figures.figures_of(session, attempt_id=chosen.id) if chosen else ([], 0)
    return page(
        request,
        "job.html",
        job=job,
        submission=session.get_one(Submission, job.submission_id),
        arm=session.get_one(Arm, job.arm_id),
        machine=session.get(Machine, job.machine_id) if job.machine_id else None,
        attempt=chosen,
        stays=timeline.stays(created_at=job.created_at, events=events),
        events=events,
        figure_tables=figures.tables(measured),
        more_figures=more,
        skipped=skips.skipped_runs(session, attempt_id=chosen.id) if chosen else [],
        profiles=profiles.profiles_of(session, attempt_id=chosen.id) if chosen else [],
        console=timeline.console_page(session, attempt_id=chosen.id, page=console) if chosen else None,
    )


@router.get("/{job_id}/console.txt")
def console_text(job_id: int, session: DbSession, runtime: RuntimeDep, attempt: AttemptNo = None) -> Response:
    """The console as text, from power-on to power-off."""
    chosen = _attempt(_found(session, job_id), attempt_no=attempt)
    text = timeline.console_text(runtime.unit_of_work, attempt_id=chosen.id)
    return StreamingResponse(text, media_type="text/plain; charset=utf-8", headers=SECURITY_HEADERS)


def _found(session: Session, job_id: int) -> Job:
    job = session.get(Job, job_id) if job_id < 2**63 else None
    if job is None:
        raise HTTPException(status.HTTP_404_NOT_FOUND, f"there is no job {job_id}")
    return job


def _attempt(job: Job, *, attempt_no: int | None) -> Attempt:
    attempt = timeline.attempt_of(job, attempt_no=attempt_no)
    if attempt is None:
        raise HTTPException(status.HTTP_404_NOT_FOUND, f"job {job.id} has no such attempt")
    return attempt
