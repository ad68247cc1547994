# SPDX-License-Identifier: GPL-2.0-or-later
"""The agent's side of the REST API: fetch the job, report events."""

from typing import Any

from fastapi import APIRouter, HTTPException

from kdyno.dependencies import BearerToken, DbSession, RuntimeDep, attempt_of_token
from kdyno.jobs.document import job_document
from kdyno.jobs.models import Job
from kdyno.jobs.states import JobStatus
from kdyno.results import service
from kdyno.results.schemas import Acknowledged, AgentReply, AgentReport

router = APIRouter(prefix="/api/v1/agent", tags=["agent"])

# RFC 8470: the machine is up before the lab has let go of it.
TOO_EARLY = 425


@router.get("/job")
def fetch_job(session: DbSession, token: BearerToken) -> dict[str, Any]:
    """The phases to run; 425 until the lab has left the machine, 410 when it is too late."""
    attempt = attempt_of_token(session, attempt_id=None, token=token)
    job = session.get_one(Job, attempt.job_id)
    if job.current_attempt_id != attempt.id or job.status in (JobStatus.COLLECTING, JobStatus.FINISHED):
        raise HTTPException(410, "this attempt has ended")
    if job.status != JobStatus.RUNNING:
        raise HTTPException(TOO_EARLY, f"the job is still {job.status}")
    return job_document(session, attempt=attempt)


@router.post("/events")
def report_events(report: AgentReport, session: DbSession, token: BearerToken, runtime: RuntimeDep) -> AgentReply:
    """Store events; what is acknowledged is committed."""
    attempt = attempt_of_token(session, attempt_id=report.attempt_id, token=token)
    stored = service.ingest(session, attempt=attempt, report=report, budgets=runtime.budgets)
    return AgentReply(acked=[Acknowledged(phase=phase, seq=seq) for phase, seq in stored])
