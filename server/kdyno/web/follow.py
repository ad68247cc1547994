# SPDX-License-Identifier: GPL-2.0-or-later
"""What the page of a submission shows, and the cheap token that says whether any of it has changed."""

import hashlib
import shlex
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from kdyno.jobs.models import Attempt, ConsoleLine, Job, JobEvent
from kdyno.jobs.states import HOLDS_MACHINE
from kdyno.kernels.models import Build
from kdyno.machines.models import Machine
from kdyno.runtime import Runtime
from kdyno.submissions.models import Arm, Submission
from kdyno.submissions.progress import view_of
from kdyno.submissions.schemas import StepState, SubmissionView
from kdyno.submissions.status import SubmissionStatus
from kdyno.web.render import fragment
from kdyno.web.result_groups import grouped
from kdyno.web.stream import Update
from kdyno_lab.console.patterns import FATAL_KINDS

TAIL_LINES = 40
_DEATHS = [kind.value for kind in FATAL_KINDS]
_ACTIVE = [status.value for status in HOLDS_MACHINE]


@dataclass(frozen=True)
class ConsoleTail:
    """The last console lines of the job that runs now."""

    job_id: int
    order_no: int
    machine: str
    lines: list[str]


@dataclass(frozen=True)
class Panic:
    """A kernel that died: the boot, what it said, and the decoded lines."""

    job_id: int
    order_no: int
    title: str
    lines: list[str]


@dataclass(frozen=True)
class Token:
    """Two short words that change with what the page shows."""

    steps: str
    console: str

    def __str__(self) -> str:
        return f"{self.steps}.{self.console}"


def token_of(session: Session, *, submission_id: int) -> tuple[Token, bool]:
    """The present token, and whether the submission has ended. One statement; indexes answer all of it."""
    jobs = select(Job.id).where(Job.submission_id == submission_id)
    running = (
        select(Job.current_attempt_id)
        .where(Job.submission_id == submission_id, Job.status.in_(_ACTIVE))
        .order_by(Job.order_no)
        .limit(1)
        .scalar_subquery()
    )
    progress = func.concat_ws(":", Build.id, Build.status, Build.objects_done, Build.objects_expected, Build.release)
    row = session.execute(
        select(
            Submission.status,
            Submission.cancel_requested,
            select(func.max(JobEvent.id)).where(JobEvent.job_id.in_(jobs)).scalar_subquery(),
            select(func.string_agg(progress, " "))
            .join(Arm, Arm.build_id == Build.id)
            .where(Arm.submission_id == submission_id)
            .scalar_subquery(),
            running,
            select(func.max(ConsoleLine.line_no)).where(ConsoleLine.attempt_id == running).scalar_subquery(),
        ).where(Submission.id == submission_id)
    ).one()
    status, cancelled, event_id, builds, attempt_id, line_no = row
    token = Token(steps=_word(status, cancelled, event_id, builds), console=_word(attempt_id, line_no))
    return token, status == SubmissionStatus.FINISHED.value


def _word(*parts: object) -> str:
    return hashlib.blake2b(repr(parts).encode(), digest_size=6).hexdigest()


def look(runtime: Runtime, *, submission_id: int, seen: str) -> Update:
    """The fragments that changed since `seen`; called once a second for each open page."""
    seen_steps, _, seen_console = seen.partition(".")
    with runtime.unit_of_work() as session:
        token, ended = token_of(session, submission_id=submission_id)
        fragments: list[tuple[str, str]] = []
        if token.steps != seen_steps:
            values = page_values(session, runtime=runtime, submission=session.get_one(Submission, submission_id))
            fragments += [(name, fragment(f"submission/{name}.html", **values)) for name in ("status", "steps")]
            if ended:
                fragments.append(("result", fragment("submission/result.html", **values)))
        if token.console != seen_console:
            tail = console_tail(session, submission_id=submission_id)
            fragments.append(("console", fragment("submission/console.html", tail=tail)))
        return Update(seen=str(token), fragments=fragments, ended=ended)


def page_values(session: Session, *, runtime: Runtime, submission: Submission) -> dict[str, Any]:
    """Everything that the templates of a submission need, apart from the console."""
    view = view_of(session, submission=submission, base_url=runtime.settings.public_url)
    return {
        "submission": submission,
        "view": view,
        "shown": grouped(view.rows),
        "builds": {arm.name: arm.build for arm in submission.arms},
        "boots": boot_counts(view),
        "panics": panics_of(session, submission_id=submission.id),
        "rerun": rerun_command(submission),
    }


def boot_counts(view: SubmissionView) -> tuple[int, int]:
    """Boots that are through, and all of them."""
    boots = [step for step in view.progress.steps if step.job_id is not None]
    return sum(step.state in (StepState.DONE, StepState.FAILED) for step in boots), len(boots)


def console_tail(session: Session, *, submission_id: int) -> ConsoleTail | None:
    """The console of the job that holds a machine, or None when none does."""
    found = session.execute(
        select(Job.id, Job.order_no, Machine.name, Attempt.id)
        .join(Attempt, Attempt.id == Job.current_attempt_id)
        .join(Machine, Machine.id == Attempt.machine_id)
        .where(Job.submission_id == submission_id, Job.status.in_(_ACTIVE))
        .order_by(Job.order_no)
        .limit(1)
    ).one_or_none()
    if found is None:
        return None
    job_id, order_no, machine, attempt_id = found
    newest = (
        select(ConsoleLine.text)
        .where(ConsoleLine.attempt_id == attempt_id)
        .order_by(ConsoleLine.line_no.desc())
        .limit(TAIL_LINES)
    )
    lines = list(reversed(session.scalars(newest).all()))
    return ConsoleTail(job_id=job_id, order_no=order_no, machine=machine, lines=lines)


def panics_of(session: Session, *, submission_id: int) -> list[Panic]:
    """Kernels that died in this submission, in the order of the boots."""
    query = (
        select(Job.id, Job.order_no, JobEvent.detail)
        .join(Job, Job.id == JobEvent.job_id)
        .where(Job.submission_id == submission_id, JobEvent.kind.in_(_DEATHS))
        .order_by(Job.order_no, JobEvent.id)
    )
    return [
        Panic(
            job_id=job_id,
            order_no=order_no,
            title=str(detail.get("title") or "kernel panic"),
            lines=[str(line) for line in detail.get("lines", [])],
        )
        for job_id, order_no, detail in session.execute(query)
    ]


def rerun_command(submission: Submission) -> str:
    """The command that asks for the same measurement again, ready for a shell."""
    options: list[tuple[str, ...]] = [
        ("--tree", submission.tree_name),
        ("--patch", f"submission-{submission.id}.patch"),
        ("--base", submission.base_commit),
        ("--kconfig", submission.kconfig),
        *(("--workload", str(name)) for name in submission.workloads),
        ("--machine-type", submission.machine_type),
        ("--boots", str(submission.boots_per_arm)),
        *([("--profile",)] if submission.profile else []),
    ]
    return " \\\n  ".join(["kdyno submit --wait", *(shlex.join(option) for option in options)])
