# SPDX-License-Identifier: GPL-2.0-or-later
"""What the lab worker does to a machine in each step. Short transactions around long work, never inside it."""

from dataclasses import dataclass

import structlog
from sqlalchemy import func, select

from kdyno.checkout import PROGRAMS
from kdyno.jobs import service as jobs
from kdyno.jobs.document import phases_of_job
from kdyno.jobs.models import Attempt, Job
from kdyno.jobs.states import Failure, FailureClass, JobStatus
from kdyno.kernels.models import Build
from kdyno.machines.boot import GUEST_SERVER_URL
from kdyno.machines.models import Machine
from kdyno.runtime import Runtime
from kdyno.step_lease import LEASE
from kdyno.submissions.models import Arm
from kdyno_lab.power.driver import PowerDriver, PowerError
from kdyno_lab.power.registry import build_driver
from kdyno_lab.prepare import Expected, Payload, PrepareError, preparer

log = structlog.get_logger(__name__)

POWER_TIMEOUT_S = 30.0


@dataclass(frozen=True)
class _Target:
    """The machine of an attempt and what is to run on it."""

    job_id: int
    status: JobStatus
    driver: PowerDriver
    machine: Machine
    attempt: Attempt
    release: str


def _target(runtime: Runtime, *, attempt_id: int) -> _Target:
    with runtime.unit_of_work() as session:
        query = (
            select(Job, Attempt, Machine, Build)
            .join(Attempt, Attempt.id == Job.current_attempt_id)
            .join(Machine, Machine.id == Attempt.machine_id)
            .join(Arm, Arm.id == Job.arm_id)
            .join(Build, Build.id == Arm.build_id)
            .where(Attempt.id == attempt_id)
        )
        job, attempt, machine, build = session.execute(query).one()
        return _Target(
            job_id=job.id,
            status=JobStatus(job.status),
            driver=build_driver(machine.driver, machine.options),
            machine=machine,
            attempt=attempt,
            release=build.release or "",
        )


def _collect(runtime: Runtime, *, job_id: int, source: JobStatus, failure_class: FailureClass, message: str) -> None:
    with runtime.unit_of_work() as session:
        failure = Failure(failure_class, message)
        jobs.collect(session, job_id=job_id, failure=failure, budgets=runtime.budgets, source=source)


def start_attempt(runtime: Runtime, *, attempt_id: int, owner: str) -> None:
    """Go to imaging, then power-cycle: the machine may ask for its boot script within a second.

    Killed in between, the sweeper finds a job in imaging that was never powered on and starts it again.
    """
    target = _target(runtime, attempt_id=attempt_id)
    if target.status is JobStatus.ASSIGNED:
        with runtime.unit_of_work() as session:
            jobs.transition(
                session,
                job_id=target.job_id,
                source=JobStatus.ASSIGNED,
                target=JobStatus.IMAGING,
                due_in=runtime.budgets.imaging,
            )
            # The move gave the right to the step back; this worker still holds it.
            jobs.claim_step(session, attempt_id=attempt_id, owner=owner, status=JobStatus.IMAGING, lease=LEASE)
    console = runtime.paths.console(attempt_id)
    try:
        target.driver.cycle(timeout_s=POWER_TIMEOUT_S, console=console)
    except PowerError as error:
        _collect(
            runtime,
            job_id=target.job_id,
            source=JobStatus.IMAGING,
            failure_class=FailureClass.INFRASTRUCTURE,
            message=f"power-on of {target.machine.name}: {error}",
        )
        return
    with runtime.unit_of_work() as session:
        session.get_one(Attempt, attempt_id).powered_on_at = func.now()
        jobs.note(session, job_id=target.job_id, attempt_id=attempt_id, kind="powered_on")


def prepare_attempt(runtime: Runtime, *, attempt_id: int) -> None:
    """Run Ansible against the booted machine, store the state manifest, let the agent begin."""
    target = _target(runtime, attempt_id=attempt_id)
    options = target.machine.options
    try:
        manifest = preparer(target.machine.driver)(
            address=str(options.get("ssh_host", "127.0.0.1")),
            port=int(options.get("ssh_port", 22)),
            private_key=runtime.paths.ssh_key,
            expected=Expected(release=target.release, attempt_id=attempt_id, image_id=target.attempt.image_id),
            payload=Payload(programs=PROGRAMS, server_url=GUEST_SERVER_URL, token=target.attempt.token or ""),
            timeout_s=runtime.budgets.preparing.total_seconds(),
        )
    except PrepareError as error:
        _collect(
            runtime,
            job_id=target.job_id,
            source=JobStatus.PREPARING,
            failure_class=FailureClass.INFRASTRUCTURE,
            message=str(error),
        )
        return
    with runtime.unit_of_work() as session:
        session.get_one(Attempt, attempt_id).state_manifest = dict(manifest)
        phases = phases_of_job(session, job_id=target.job_id)
        jobs.transition(
            session,
            job_id=target.job_id,
            source=JobStatus.PREPARING,
            target=JobStatus.RUNNING,
            due_in=runtime.budgets.running(phase_timeouts_s=[phase.limit_s for phase in phases]),
        )


def finish_attempt(runtime: Runtime, *, attempt_id: int) -> None:
    """Power off, whatever happened before, then release the machine."""
    target = _target(runtime, attempt_id=attempt_id)
    power_failure = None
    try:
        target.driver.off(timeout_s=POWER_TIMEOUT_S)
    except PowerError as error:
        power_failure = str(error)
        log.error("machine not switched off", machine=target.machine.name, error=power_failure)
    with runtime.unit_of_work() as session:
        jobs.finish_attempt(session, attempt_id=attempt_id, power_failure=power_failure)
