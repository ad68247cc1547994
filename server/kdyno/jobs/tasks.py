# SPDX-License-Identifier: GPL-2.0-or-later
"""The tick, and the lab worker's three steps: start, prepare, finish."""

from collections.abc import Iterator
from contextlib import contextmanager

import structlog
from celery import Task, shared_task

from kdyno.jobs import lab_steps, sweeper
from kdyno.jobs import service as jobs
from kdyno.jobs.states import JobStatus
from kdyno.runtime import Runtime
from kdyno.step_lease import LEASE, LeaseKeeper, owner_name
from kdyno.worker import task_runtime

log = structlog.get_logger(__name__)


@shared_task(name="jobs.tick")
def tick() -> None:
    """Fire deadlines, stop what is doomed, assign machines, hint what is owed: each in its own transaction."""
    runtime = task_runtime()
    with runtime.unit_of_work() as session:
        sweeper.fire_deadlines(session, budgets=runtime.budgets)
    with runtime.unit_of_work() as session:
        sweeper.stop_doomed(session, budgets=runtime.budgets)
    with runtime.unit_of_work() as session:
        sweeper.assign_machines(session, budgets=runtime.budgets)
    with runtime.unit_of_work() as session:
        sweeper.hint_owed(session)


@contextmanager
def _claimed(runtime: Runtime, *, attempt_id: int, owner: str, statuses: tuple[JobStatus, ...]) -> Iterator[bool]:
    """Hold the right to the attempt's present step; yields False when somebody else has it or it is done."""
    claimed = False
    with runtime.unit_of_work() as session:
        for status in statuses:
            claimed = claimed or jobs.claim_step(
                session, attempt_id=attempt_id, owner=owner, status=status, lease=LEASE
            )
    if not claimed:
        yield False
        return

    def refresh() -> bool:
        with runtime.unit_of_work() as session:
            return jobs.refresh_step(session, attempt_id=attempt_id, owner=owner, lease=LEASE)

    try:
        with LeaseKeeper(refresh):
            yield True
    finally:
        with runtime.unit_of_work() as session:
            jobs.release_step(session, attempt_id=attempt_id, owner=owner)


@shared_task(name="lab.start", bind=True)
def start(self: Task, attempt_id: int) -> None:
    """Power-cycle the machine into the imager."""
    runtime = task_runtime()
    owner = owner_name(self.request.id)
    statuses = (JobStatus.ASSIGNED, JobStatus.IMAGING)
    with _claimed(runtime, attempt_id=attempt_id, owner=owner, statuses=statuses) as mine:
        if mine:
            lab_steps.start_attempt(runtime, attempt_id=attempt_id, owner=owner)


@shared_task(name="lab.prepare", bind=True)
def prepare(self: Task, attempt_id: int) -> None:
    """Prove the known state and start the agent."""
    runtime = task_runtime()
    owner = owner_name(self.request.id)
    with _claimed(runtime, attempt_id=attempt_id, owner=owner, statuses=(JobStatus.PREPARING,)) as mine:
        if mine:
            lab_steps.prepare_attempt(runtime, attempt_id=attempt_id)


@shared_task(name="lab.finish", bind=True)
def finish(self: Task, attempt_id: int) -> None:
    """Power the machine off, release it, finish the job or queue it again."""
    runtime = task_runtime()
    owner = owner_name(self.request.id)
    with _claimed(runtime, attempt_id=attempt_id, owner=owner, statuses=(JobStatus.COLLECTING,)) as mine:
        if mine:
            lab_steps.finish_attempt(runtime, attempt_id=attempt_id)
