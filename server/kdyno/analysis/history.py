# SPDX-License-Identifier: GPL-2.0-or-later
"""What a machine's past says about the noise between its boots, series by series."""

from collections import defaultdict
from collections.abc import Iterable

from sqlalchemy import select
from sqlalchemy.orm import Session

from kdyno.analysis.noise import BootPrior, learn_prior
from kdyno.analysis.series import SeriesKey
from kdyno.jobs.models import Attempt, Job
from kdyno.results.models import Metric, Run
from kdyno.submissions.models import Arm, Submission
from kdyno.submissions.status import SubmissionStatus

REMEMBERED_SUBMISSIONS = 30


def learned_priors(
    session: Session, *, submission: Submission, keys: Iterable[SeriesKey], fallback: BootPrior
) -> dict[SeriesKey, BootPrior]:
    """A prior per series from the boots of earlier finished submissions on the same machine with the same kconfig.

    A group is one arm of one submission: the same build booted several times. Where the past is too short, the
    fallback.
    """
    past = (
        select(Submission.id)
        .where(
            Submission.machine_id == submission.machine_id,
            Submission.kconfig == submission.kconfig,
            Submission.status == SubmissionStatus.FINISHED.value,
            Submission.id < submission.id,
        )
        .order_by(Submission.id.desc())
        .limit(REMEMBERED_SUBMISSIONS)
    )
    query = (
        select(Arm.id, Run, Metric)
        .join(Job, Job.arm_id == Arm.id)
        .join(Attempt, Attempt.id == Job.current_attempt_id)
        .join(Run, Run.attempt_id == Attempt.id)
        .join(Metric, Metric.run_id == Run.id)
        .where(Arm.submission_id.in_(past), Run.status == "done", Job.failure_class.is_(None), Metric.median > 0)
        .order_by(Arm.id, Metric.id)
    )
    medians: dict[SeriesKey, dict[int, list[float]]] = defaultdict(lambda: defaultdict(list))
    for arm_id, run, metric in session.execute(query).all():
        medians[SeriesKey.of(run, metric)][arm_id].append(metric.median)
    return {key: learn_prior(list(medians[key].values()), fallback=fallback) for key in keys}
