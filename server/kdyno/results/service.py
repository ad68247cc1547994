# SPDX-License-Identifier: GPL-2.0-or-later
"""Ingests what agents report: each (attempt, phase, sequence) exactly once, samples by COPY."""

from collections.abc import Iterator
from typing import Any

import structlog
from pydantic import ValidationError
from sqlalchemy import ColumnElement, and_, insert, select
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session

from kdyno.db.engine import copy_rows
from kdyno.jobs import service as jobs
from kdyno.jobs.budgets import StatusBudgets
from kdyno.jobs.document import PROFILE_PREFIX, phases_of_job
from kdyno.jobs.models import Attempt, Job
from kdyno.jobs.states import Failure, FailureClass, JobStatus
from kdyno.kernels.models import Build
from kdyno.results.models import AgentMessage, Metric, Profile, Run, Sample
from kdyno.results.reaim import ReaimDocument
from kdyno.results.schemas import (
    AgentEvent,
    AgentReport,
    BenchmarkDocument,
    EventKind,
    KbenchDocument,
    PhaseOutcome,
    ProfileDocument,
)
from kdyno.submissions.models import Arm
from kdyno.workloads.catalog import is_suite

log = structlog.get_logger(__name__)

# What the agent says of a phase that something else than the phase brought down (agent-contract.json).
INTERRUPTED_REASONS = frozenset(
    {
        "the agent died during this phase",
        "the agent was told to stop",
        "the machine was restarted during the job",
    }
)


def ingest(session: Session, *, attempt: Attempt, report: AgentReport, budgets: StatusBudgets) -> list[tuple[str, int]]:
    """Store a report; returns what the agent may forget: the new events and those already known.

    The caller's commit makes the acknowledgement true. A late report of an attempt that has ended is
    acknowledged and dropped: its machine may already run something else.
    """
    job = session.scalars(select(Job).where(Job.id == attempt.job_id).with_for_update()).one()
    current = job.current_attempt_id == attempt.id
    for event in report.events:
        # asked for each event: one that ends the job makes the rest of the batch worthless
        if current and job.status == JobStatus.RUNNING.value and _is_new(session, attempt_id=attempt.id, event=event):
            _accept(session, job=job, attempt=attempt, event=event, budgets=budgets)
    return [(event.phase, event.seq) for event in report.events]


def _is_new(session: Session, *, attempt_id: int, event: AgentEvent) -> bool:
    body = event.model_dump(mode="json", exclude={"document", "phase", "seq", "kind"}, exclude_none=True)
    statement = upsert(AgentMessage).values(
        attempt_id=attempt_id, phase=event.phase, seq=event.seq, kind=event.kind.value, body=body
    )
    return session.scalar(statement.on_conflict_do_nothing().returning(AgentMessage.seq)) is not None


def _accept(session: Session, *, job: Job, attempt: Attempt, event: AgentEvent, budgets: StatusBudgets) -> None:
    jobs.note(
        session,
        job_id=job.id,
        attempt_id=attempt.id,
        kind=event.kind.value,
        phase=event.phase,
        outcome=event.outcome.value if event.outcome else None,
        duration_ms=event.duration_ms,
    )
    match event.kind:
        case EventKind.JOB_STARTED:
            attempt.agent_facts = event.facts or {}
            _prove_release(session, job=job, attempt=attempt, event=event, budgets=budgets)
        case EventKind.RESULT:
            if event.phase.startswith(PROFILE_PREFIX):
                _store_profile(session, attempt=attempt, event=event)
            else:
                _store_result(session, attempt=attempt, event=event)
        case EventKind.JOB_FINISHED:
            failure = _failure_of_job(session, attempt=attempt, event=event)
            jobs.collect(session, job_id=job.id, failure=failure, budgets=budgets)
        case EventKind.PHASE_STARTED | EventKind.PHASE_FINISHED:
            pass


def _prove_release(session: Session, *, job: Job, attempt: Attempt, event: AgentEvent, budgets: StatusBudgets) -> None:
    """The agent's own view of `uname -r` is the last proof before any sample counts."""
    expected = session.scalar(select(Build.release).join(Arm, Arm.build_id == Build.id).where(Arm.id == job.arm_id))
    if event.uname_release != expected:
        message = f"the agent runs on kernel {event.uname_release!r}, the build under test is {expected!r}"
        failure = Failure(FailureClass.INFRASTRUCTURE, message)
        jobs.collect(session, job_id=job.id, failure=failure, budgets=budgets)


def _store_result(session: Session, *, attempt: Attempt, event: AgentEvent) -> None:
    of_reaim = (event.document or {}).get("schema") == ReaimDocument.SCHEMA
    try:
        document = (ReaimDocument if of_reaim else KbenchDocument).model_validate(event.document)
        benchmarks = document.benchmarks
    except ValidationError as error:
        reason = f"result is not {'reaim' if of_reaim else 'kbench'} JSON: {_first_problem(error)}"
        values = _run_values(attempt.id, event.phase, harness={})
        session.execute(insert(Run).values(**values, benchmark="", placement="", status="error", reason=reason))
        return
    for benchmark in benchmarks:
        _store_benchmark(
            session, attempt_id=attempt.id, phase=event.phase, harness=document.provenance, benchmark=benchmark
        )


def _store_profile(session: Session, *, attempt: Attempt, event: AgentEvent) -> None:
    """Keep a profile; one that cannot be read costs the job nothing but the profile."""
    try:
        document = ProfileDocument.model_validate(event.document)
    except ValidationError as error:
        jobs.note(
            session,
            job_id=attempt.job_id,
            attempt_id=attempt.id,
            kind="profile_refused",
            phase=event.phase,
            reason=_first_problem(error),
        )
        return
    values = {"attempt_id": attempt.id, "phase": event.phase, "document": document.model_dump(exclude={"schema_"})}
    session.execute(insert(Profile).values(**values))


def _first_problem(error: ValidationError) -> str:
    first = error.errors()[0]
    return f"{'.'.join(map(str, first['loc']))}: {first['msg']}"


def _run_values(attempt_id: int, phase: str, *, harness: dict[str, Any]) -> dict[str, Any]:
    return {"attempt_id": attempt_id, "phase": phase, "harness": harness, "parameters": {}, "counts_per_op": {}}


def _store_benchmark(
    session: Session, *, attempt_id: int, phase: str, harness: dict[str, Any], benchmark: BenchmarkDocument
) -> None:
    values = _run_values(attempt_id, phase, harness=harness) | {
        "benchmark": benchmark.name,
        "placement": benchmark.placement,
        "parameters": benchmark.parameters,
        "status": benchmark.status,
        "reason": benchmark.reason,
        "counts_per_op": benchmark.counts_per_op,
    }
    run_id = session.scalars(insert(Run).values(**values).returning(Run.id)).one()
    if benchmark.status != "done":
        return
    for metric in benchmark.metrics:
        metric_id = session.scalars(
            insert(Metric)
            .values(
                run_id=run_id,
                name=metric.name,
                unit=metric.unit,
                direction=metric.direction,
                role=metric.role.value,
                operations_per_sample=metric.operations_per_sample,
                median=metric.median,
                converged=metric.converged,
                summary=metric.summary(),
            )
            .returning(Metric.id)
        ).one()
        copy_rows(session, "COPY samples (metric_id, idx, value) FROM STDIN", _sample_rows(metric_id, metric.samples))


def _sample_rows(metric_id: int, samples: list[float]) -> Iterator[tuple[int, int, float]]:
    for idx, value in enumerate(samples):
        yield metric_id, idx, value


def _failure_of_job(session: Session, *, attempt: Attempt, event: AgentEvent) -> Failure | None:
    """Why a job that its agent calls finished has no number, or None when every measured phase ended well."""
    failure, unprofiled = _failure_of_phases(session, attempt_id=attempt.id)
    if failure is not None:
        return failure
    broken = _broken_run(session, attempt_id=attempt.id)
    if broken is not None:
        return Failure(FailureClass.TEST, f"{broken.phase}/{broken.benchmark}: {broken.reason}")
    # without a reason, the agent says only that some phase was no good: that was a profile
    if event.outcome is not PhaseOutcome.DONE and (event.reason or not unprofiled):
        return Failure(FailureClass.INFRASTRUCTURE, f"the agent gave up: {event.reason or 'it does not say why'}")
    ended = set(session.scalars(select(AgentMessage.phase).where(_phase_ends(attempt.id))))
    missing = [phase.name for phase in phases_of_job(session, job_id=attempt.job_id) if phase.name not in ended]
    if missing:
        return Failure(FailureClass.BUG, f"the agent finished without {', '.join(missing)}")
    return None


def _broken_run(session: Session, *, attempt_id: int) -> Run | None:
    """The first run that failed and may not; of a suite some may, as long as others succeed."""
    done = select(Run.phase).where(Run.attempt_id == attempt_id, Run.status == "done").distinct()
    succeeded = set(session.scalars(done))
    failed = select(Run).where(Run.attempt_id == attempt_id, Run.status == "error").order_by(Run.id)
    for run in session.scalars(failed):
        if run.phase not in succeeded or not is_suite(run.phase):
            return run
    return None


def _failure_of_phases(session: Session, *, attempt_id: int) -> tuple[Failure | None, bool]:
    """The first measured phase that did not end well, as a failure; and whether some profile did not.

    The samples are taken when the profiles begin, so a profile that fails takes nothing from them.
    """
    query = select(AgentMessage).where(_phase_ends(attempt_id)).order_by(AgentMessage.received_at, AgentMessage.seq)
    unprofiled = False
    for message in session.scalars(query):
        outcome = PhaseOutcome(message.body.get("outcome") or PhaseOutcome.ERROR.value)
        if outcome is PhaseOutcome.DONE:
            continue
        if not message.phase.startswith(PROFILE_PREFIX):
            return _failure_of_phase(message, outcome), unprofiled
        unprofiled = True
    return None, unprofiled


def _failure_of_phase(message: AgentMessage, outcome: PhaseOutcome) -> Failure:
    if outcome is PhaseOutcome.TIMEOUT:
        return Failure(FailureClass.TIMEOUT, f"phase {message.phase}: overran its time limit and was killed")
    reason = str(message.body.get("reason") or "")
    why = reason or message.body.get("stderr_tail") or "see the job's events"
    failure_class = FailureClass.INFRASTRUCTURE if reason in INTERRUPTED_REASONS else FailureClass.TEST
    return Failure(failure_class, f"phase {message.phase}: {outcome.value}: {str(why)[-500:]}")


def _phase_ends(attempt_id: int) -> ColumnElement[bool]:
    return and_(AgentMessage.attempt_id == attempt_id, AgentMessage.kind == EventKind.PHASE_FINISHED.value)


def samples_of(session: Session, *, metric_id: int) -> list[float]:
    """All samples of a metric in the order measured, in the metric's unit."""
    return list(session.scalars(select(Sample.value).where(Sample.metric_id == metric_id).order_by(Sample.idx)))
