# SPDX-License-Identifier: GPL-2.0-or-later
"""The job document: what an agent is asked to run, made from the submission's workloads."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from kdyno.jobs.models import Attempt, Job
from kdyno.submissions.models import Submission
from kdyno.workloads.catalog import ResultFormat, Workload, find_workload

# A phase of this kind runs a workload once more, under the profiler; none of its figures is a sample.
PROFILE_PREFIX = "profile:"
PROFILER = "/opt/kdyno/profile"
PROFILE_LIMIT_BYTES = 256 * 1024


@dataclass(frozen=True)
class Phase:
    """One workload in one job: measured, or profiled afterwards."""

    workload: Workload
    profiled: bool = False

    @property
    def name(self) -> str:
        return f"{PROFILE_PREFIX if self.profiled else ''}{self.workload.name}"

    @property
    def limit_s(self) -> int:
        """How long it may last, with the time it is given to end."""
        return self.workload.timeout_s + self.workload.term_grace_s

    def entry(self, *, cpus: int) -> dict[str, Any]:
        """The phase as the agent contract describes it, for a machine with `cpus` processors."""
        workload = self.workload
        command = workload.command(cpus=cpus, once=self.profiled)
        return {
            "name": self.name,
            "argv": [PROFILER, "run", *command] if self.profiled else command,
            "env": {},
            "timeout_s": workload.timeout_s,
            "term_grace_s": workload.term_grace_s,
            "output_limit_bytes": PROFILE_LIMIT_BYTES if self.profiled else workload.output_limit_bytes,
            "result_format": (ResultFormat.PROFILE if self.profiled else workload.result_format).value,
        }


def phases_of_job(session: Session, *, job_id: int) -> list[Phase]:
    """The phases of a job: the workloads in the order asked for, then their profiles, should they be wanted.

    Raises:
        UnknownWorkload: a workload has left the catalogue since it was asked for.
    """
    names, profile = session.execute(
        select(Submission.workloads, Submission.profile)
        .join(Job, Job.submission_id == Submission.id)
        .where(Job.id == job_id)
    ).one()
    measured = [Phase(find_workload(name)) for name in names]
    return measured + ([Phase(phase.workload, profiled=True) for phase in measured] if profile else [])


def job_document(session: Session, *, attempt: Attempt) -> dict[str, Any]:
    """The document, as the agent contract describes it."""
    # the manifest is there before any agent may fetch its job; a played machine has one processor
    cpus = int((attempt.state_manifest or {}).get("cpus") or 1)
    phases = [phase.entry(cpus=cpus) for phase in phases_of_job(session, job_id=attempt.job_id)]
    return {"schema": "kdyno.job/1", "attempt_id": attempt.id, "phases": phases}
