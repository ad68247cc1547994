# SPDX-License-Identifier: GPL-2.0-or-later
"""The job document: what an agent is asked to run, made from the submission's workloads."""

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from kdyno.jobs.models import Attempt, Job
from kdyno.submissions.models import Submission
from kdyno.workloads.catalog import Workload, catalog


def workloads_of_job(session: Session, *, job_id: int) -> list[Workload]:
    """The workloads of a job's submission, in the order asked for.

    Raises:
        KeyError: a workload has left the catalogue since it was asked for.
    """
    names = session.scalars(
        select(Submission.workloads).join(Job, Job.submission_id == Submission.id).where(Job.id == job_id)
    ).one()
    return [catalog()[name] for name in names]


def job_document(session: Session, *, attempt: Attempt) -> dict[str, Any]:
    """The document, as the agent contract describes it."""
    phases = [
        {
            "name": workload.name,
            "argv": workload.argv,
            "env": {},
            "timeout_s": workload.timeout_s,
            "term_grace_s": workload.term_grace_s,
            "output_limit_bytes": workload.output_limit_bytes,
            "result_format": workload.result_format,
        }
        for workload in workloads_of_job(session, job_id=attempt.job_id)
    ]
    return {"schema": "kdyno.job/1", "attempt_id": attempt.id, "phases": phases}
