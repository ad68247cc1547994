# SPDX-License-Identifier: GPL-2.0-or-later
"""The life of a job: its statuses, the legal moves between them, and whose problem a failure is.

Pure data. `kdyno.jobs.service.transition` is the only code that assigns a status; it reads this table.
"""

from dataclasses import dataclass
from enum import StrEnum


class JobStatus(StrEnum):
    """Where a job is. `-ing` means that something is under way and has a deadline."""

    QUEUED = "queued"  # waits for its builds, its turn and its machine; owner: the scheduler
    ASSIGNED = "assigned"  # holds the lease of a machine; owner: the lab worker, which powers it on
    IMAGING = "imaging"  # the imager writes and verifies the golden image; owner: the machine, which reports
    BOOTING = "booting"  # the kernel under test boots; owner: the machine, which prints a ready line
    PREPARING = "preparing"  # Ansible proves the known state and starts the agent; owner: the lab worker
    RUNNING = "running"  # the agent runs the phases; owner: the agent, which reports events
    COLLECTING = "collecting"  # outcome known; power-off and release of the lease; owner: the lab worker
    FINISHED = "finished"  # nothing more happens


TRANSITIONS: dict[JobStatus, frozenset[JobStatus]] = {
    # A queued job whose build failed, or that is cancelled, ends without ever holding a machine.
    JobStatus.QUEUED: frozenset({JobStatus.ASSIGNED, JobStatus.FINISHED}),
    # Every job that holds a machine goes through collecting, so that power-off and release always run.
    JobStatus.ASSIGNED: frozenset({JobStatus.IMAGING, JobStatus.COLLECTING}),
    JobStatus.IMAGING: frozenset({JobStatus.BOOTING, JobStatus.COLLECTING}),
    JobStatus.BOOTING: frozenset({JobStatus.PREPARING, JobStatus.COLLECTING}),
    JobStatus.PREPARING: frozenset({JobStatus.RUNNING, JobStatus.COLLECTING}),
    JobStatus.RUNNING: frozenset({JobStatus.COLLECTING}),
    # Only a failure of the infrastructure goes back to the queue, as a new attempt.
    JobStatus.COLLECTING: frozenset({JobStatus.FINISHED, JobStatus.QUEUED}),
    JobStatus.FINISHED: frozenset(),
}

HOLDS_MACHINE: frozenset[JobStatus] = frozenset(JobStatus) - {JobStatus.QUEUED, JobStatus.FINISHED}


class FailureClass(StrEnum):
    """Whose problem a failure is. A failed measurement is never a number."""

    USER = "user"  # the patch or the request: it does not compile, for example
    TEST = "test"  # a benchmark failed or could not prove its work
    INFRASTRUCTURE = "infrastructure"  # the lab: retried as a new attempt
    TIMEOUT = "timeout"  # the kernel under test did not get through a stage in its time
    PANIC = "panic"  # the kernel under test died
    CANCELLED = "cancelled"  # somebody asked for it
    BUG = "bug"  # of kdyno itself


RETRIED_CLASSES = frozenset({FailureClass.INFRASTRUCTURE})
MAX_ATTEMPTS = 3

# Who is to blame when a status outlives its deadline: before the kernel under test runs, and after it has
# done its work, only the lab can be late.
TIMEOUT_CLASS: dict[JobStatus, FailureClass] = {
    JobStatus.ASSIGNED: FailureClass.INFRASTRUCTURE,
    JobStatus.IMAGING: FailureClass.INFRASTRUCTURE,
    JobStatus.BOOTING: FailureClass.TIMEOUT,
    JobStatus.PREPARING: FailureClass.INFRASTRUCTURE,
    JobStatus.RUNNING: FailureClass.TIMEOUT,
}


@dataclass(frozen=True)
class Failure:
    """Why a job, a build or a submission has no number: the class, and a sentence for a person."""

    failure_class: FailureClass
    message: str


def is_legal(source: JobStatus, target: JobStatus) -> bool:
    """Whether the table allows the move."""
    return target in TRANSITIONS[source]


def is_retried(failure: Failure | None, *, attempts_made: int) -> bool:
    """Whether a collected job goes back to the queue: only the lab's failures, at most `MAX_ATTEMPTS` tries."""
    return failure is not None and failure.failure_class in RETRIED_CLASSES and attempts_made < MAX_ATTEMPTS
