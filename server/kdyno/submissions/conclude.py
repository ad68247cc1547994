# SPDX-License-Identifier: GPL-2.0-or-later
"""Ends a submission: a verdict from its samples or the failure that prevented one, and the mail that says so."""

from itertools import groupby

from sqlalchemy import select
from sqlalchemy.orm import Session

from kdyno.alerts import service as alerts
from kdyno.analysis import service as analysis
from kdyno.analysis import stored
from kdyno.analysis.compare import SubmissionComparison
from kdyno.analysis.details import compare_details
from kdyno.analysis.documents.kbench import UNJUDGED_BENCHMARKS
from kdyno.analysis.machine_kind import MachineKind
from kdyno.analysis.plot import samples_figure
from kdyno.analysis.samples import SamplesError
from kdyno.analysis.text import percent, verdict_table
from kdyno.analysis.verdicts import MOVED
from kdyno.jobs.models import Job
from kdyno.jobs.states import Failure, FailureClass, JobStatus
from kdyno.kernels.status import BuildStatus
from kdyno.submissions import service as submissions
from kdyno.submissions.models import Submission
from kdyno.submissions.status import SubmissionStatus

# So many moved details are named in a mail; the page has all.
MOST_NAMED = 12


def conclude(session: Session, *, submission_id: int, url: str) -> None:
    """Store the verdict or the failure and owe the mail, in one transaction. Does nothing before all jobs are
    through, or a second time."""
    submission = session.scalar(select(Submission).where(Submission.id == submission_id).with_for_update())
    if submission is None or submission.status != SubmissionStatus.OPEN.value:
        return
    jobs = session.scalars(select(Job).where(Job.submission_id == submission_id).order_by(Job.order_no)).all()
    if any(job.status != JobStatus.FINISHED.value for job in jobs):
        return
    failure = failure_of(submission, jobs=list(jobs))
    if failure is None:
        failure = _judge(session, submission=submission, url=url)
    if failure is not None:
        submissions.finish(session, submission=submission, verdict=None, reason="", failure=failure)
        _owe_failure_mail(session, submission=submission, failure=failure, url=url)


def failure_of(submission: Submission, *, jobs: list[Job]) -> Failure | None:
    """Why a submission can have no verdict: the first cause, not what followed from it."""
    if submission.cancel_requested:
        return Failure(FailureClass.CANCELLED, "cancelled on request")
    for arm in submission.arms:
        if arm.build.status == BuildStatus.FAILED.value:
            failure_class = FailureClass(arm.build.failure_class or FailureClass.BUG)
            return Failure(failure_class, f"the {arm.name} kernel was not built: {arm.build.failure_message}")
    arm_names = {arm.id: arm.name for arm in submission.arms}
    for job in jobs:
        if job.failure_class is not None:
            where = f"boot {job.order_no} ({arm_names[job.arm_id]} kernel)"
            return Failure(FailureClass(job.failure_class), f"{where}: {job.failure_message}")
    return None


def _judge(session: Session, *, submission: Submission, url: str) -> Failure | None:
    samples = analysis.load_samples(session, submission=submission)
    if not samples.pairs:
        return Failure(FailureClass.TEST, "no benchmark gave samples on both kernels: all were skipped")
    try:
        result = analysis.compare_samples(samples)
    except SamplesError as error:
        return Failure(FailureClass.BUG, f"the samples cannot be compared: {error}")
    analysis.store_verdicts(session, submission_id=submission.id, keys=samples.keys, result=result)
    compare_details(session, submission=submission)
    reason = result.verdict.meaning + _left_out(submission, compared={key.workload for key in samples.keys})
    submissions.finish(session, submission=submission, verdict=result.verdict.value, reason=reason, failure=None)
    if submission.mail:
        alerts.owe_mail(
            session,
            dedupe_key=f"submission-{submission.id}",
            recipient=submission.mail,
            subject=_verdict_subject(submission, result),
            body_text=_body(
                submission,
                text=verdict_table(result) + _moved(session, submission=submission) + _note(samples.noise_kind),
                url=url,
            ),
            picture_png=samples_figure(samples.pairs, result),
        )
    return None


def _left_out(submission: Submission, *, compared: set[str]) -> str:
    """The workloads that gave no figure to compare; the one that is never judged has its benchmark's name."""
    missing = [name for name in submission.workloads if name not in compared | UNJUDGED_BENCHMARKS]
    return f"; skipped, or not done alike on both kernels: {', '.join(missing)}" if missing else ""


def _moved(session: Session, *, submission: Submission) -> str:
    """The details that moved, a line for each workload that has any."""
    rows = [row for row in stored.detail_rows(session, submission_id=submission.id) if row.verdict in MOVED]
    lines = []
    for workload, found in groupby(rows, key=lambda row: row.workload):
        moved = list(found)
        shown = ", ".join(f"{row.metric} {percent(row.effect)}" for row in moved[:MOST_NAMED])
        more = f" and {len(moved) - MOST_NAMED} more" if len(moved) > MOST_NAMED else ""
        lines.append(f"Moved inside of {workload}: {shown}{more}")
    return "".join(f"\n{line}\n" for line in lines)


def _verdict_subject(submission: Submission, result: SubmissionComparison) -> str:
    strongest = max(result.comparisons, key=lambda item: (item.verdict is result.verdict, abs(item.effect)))
    return f"[kdyno] {result.verdict}: {submission.title}: {strongest.metric.name} {100 * strongest.effect:+.1f} %"


def _owe_failure_mail(session: Session, *, submission: Submission, failure: Failure, url: str) -> None:
    if submission.mail:
        text = f"No verdict. Failure class: {failure.failure_class}\n\n{failure.message}\n"
        alerts.owe_mail(
            session,
            dedupe_key=f"submission-{submission.id}",
            recipient=submission.mail,
            subject=f"[kdyno] no verdict ({failure.failure_class}): {submission.title}",
            body_text=_body(submission, text=text, url=url),
            picture_png=None,
        )


def _note(kind: MachineKind) -> str:
    return f"\nNote: {kind.caveat}.\n" if kind.caveat else ""


def _body(submission: Submission, *, text: str, url: str) -> str:
    return "\n".join(
        [
            submission.title,
            "",
            text,
            f"tree {submission.tree_name}, base {submission.base_commit[:12]}, kconfig {submission.kconfig}",
            f"machine type {submission.machine_type}, {submission.boots_per_arm} boots of each kernel, interleaved",
            "",
            f"All samples, consoles and build logs: {url}/submissions/{submission.id}",
            "",
        ]
    )
