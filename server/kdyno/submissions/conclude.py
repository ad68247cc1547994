# SPDX-License-Identifier: GPL-2.0-or-later
"""Ends a submission: a verdict from its samples or the failure that prevented one, and the mail that says so."""

from dataclasses import replace
from itertools import groupby

from sqlalchemy import select
from sqlalchemy.orm import Session

from kdyno.alerts import service as alerts
from kdyno.analysis import service as analysis
from kdyno.analysis import stored
from kdyno.analysis.compare import Comparison, SubmissionComparison
from kdyno.analysis.details import compare_details
from kdyno.analysis.documents.kbench import UNJUDGED_BENCHMARKS
from kdyno.analysis.machine_kind import MachineKind
from kdyno.analysis.plot import samples_figure
from kdyno.analysis.samples import SamplesError
from kdyno.analysis.service import SubmissionSamples
from kdyno.analysis.text import percent, verdict_table
from kdyno.analysis.verdicts import MOVED, severity
from kdyno.jobs.models import Job
from kdyno.jobs.states import Failure, FailureClass, JobStatus
from kdyno.kernels.status import BuildStatus
from kdyno.results.skips import skip_counts, skip_reasons
from kdyno.submissions import service as submissions
from kdyno.submissions.models import Submission
from kdyno.submissions.status import SubmissionStatus
from kdyno.workloads.benchmarks import PREFIX

# So much of each kind is named in a mail; the page has all.
MOST_NAMED = 12
MOST_ROWS = 30
MOST_PANELS = 12


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
        why = f"none can be compared: {samples.faults[0]}" if samples.faults else "all were skipped"
        return Failure(FailureClass.TEST, f"no benchmark gave samples on both kernels: {why}")
    try:
        result = analysis.compare_samples(samples)
    except SamplesError as error:
        return Failure(FailureClass.BUG, f"the samples cannot be compared: {error}")
    analysis.store_verdicts(session, submission_id=submission.id, keys=samples.keys, result=result)
    compare_details(session, submission=submission)
    reason = result.verdict.meaning + _left_out(session, submission=submission, samples=samples)
    submissions.finish(session, submission=submission, verdict=result.verdict.value, reason=reason, failure=None)
    if submission.mail:
        alerts.owe_mail(
            session,
            dedupe_key=f"submission-{submission.id}",
            recipient=submission.mail,
            subject=_verdict_subject(submission, result),
            body_text=_body(
                submission,
                text=_table(result) + _moved(session, submission=submission) + _note(samples.noise_kind),
                url=url,
            ),
            picture_png=_picture(samples, result),
        )
    return None


def _left_out(session: Session, *, submission: Submission, samples: SubmissionSamples) -> str:
    """What was asked for and gave no figure to compare; what is never judged is not missed."""
    compared = {key.workload for key in samples.keys}
    unjudged = UNJUDGED_BENCHMARKS | {f"{PREFIX}{name}" for name in UNJUDGED_BENCHMARKS}
    missing = [name for name in submission.workloads if name not in compared | unjudged]
    words = ""
    if missing:
        reasons = skip_reasons(session, submission_id=submission.id)
        named = [f"{name} ({reasons[name]})" if name in reasons else name for name in missing]
        words += f"; skipped, or not done alike on both kernels: {_first(named)}"
    for name, count in skip_counts(session, submission_id=submission.id).items():
        if name in compared:
            words += f"; {count} of {name} skipped or failed, the page of each boot says why"
    if samples.faults:
        words += f"; cannot be compared: {_first([str(fault) for fault in samples.faults])}"
    return words


def _first(names: list[str]) -> str:
    more = f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
    return ", ".join(names[:MOST_NAMED]) + more


def _weightiest(result: SubmissionComparison, *, most: int) -> list[int]:
    """Places of the comparisons that a mail has room for, in the order of the request."""

    def weight(place: int) -> tuple[bool, int, float]:
        item: Comparison = result.comparisons[place]
        return item.verdict in MOVED, severity(item.verdict), abs(item.effect)

    places = range(len(result.comparisons))
    return sorted(sorted(places, key=weight, reverse=True)[:most])


def _table(result: SubmissionComparison) -> str:
    places = _weightiest(result, most=MOST_ROWS)
    shown = verdict_table(replace(result, comparisons=tuple(result.comparisons[place] for place in places)))
    more = len(result.comparisons) - len(places)
    return shown + (f"\n{more} more metrics, which weigh less, are on the page.\n" if more else "")


def _picture(samples: SubmissionSamples, result: SubmissionComparison) -> bytes:
    places = _weightiest(result, most=MOST_PANELS)
    shown = replace(result, comparisons=tuple(result.comparisons[place] for place in places))
    return samples_figure([samples.pairs[place] for place in places], shown)


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
