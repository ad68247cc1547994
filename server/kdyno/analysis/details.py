# SPDX-License-Identifier: GPL-2.0-or-later
"""Compares the detail metrics of a submission: which sub-test moved? They take no part in the verdict.

The key metrics alone share the submission's false-alarm rate. Holm's levels over some sixty sub-tests more would make
the key figure need more boots for an answer that most people do not ask for, and sub-tests are parts of the key figure:
judging both would count one effect twice. Each workload's details form a family of their own at the same rate, so that
"this sub-test moved" is not said by chance either: of a hundred workloads that did not change, at most one names any.
"""

from itertools import groupby

from sqlalchemy.orm import Session

from kdyno.analysis import service
from kdyno.analysis.compare import MetricPair
from kdyno.analysis.series import SeriesKey
from kdyno.analysis.service import SubmissionSamples
from kdyno.results.roles import MetricRole
from kdyno.submissions.models import Submission


def compare_details(session: Session, *, submission: Submission) -> None:
    """Store one row for each detail metric that can be compared, workload by workload."""
    samples = service.load_samples(session, submission=submission, role=MetricRole.DETAIL)
    pairs = zip(samples.keys, samples.pairs, strict=True)
    for _, family in groupby(pairs, key=lambda found: found[0].workload):
        _compare_family(session, submission=submission, family=list(family), whole=samples)


def _compare_family(
    session: Session, *, submission: Submission, family: list[tuple[SeriesKey, MetricPair]], whole: SubmissionSamples
) -> None:
    keys, pairs = [key for key, _ in family], [pair for _, pair in family]
    result = service.compare_samples(SubmissionSamples(keys, pairs, whole.noise_kind, whole.minutes_per_boot))
    service.store_verdicts(session, submission_id=submission.id, keys=keys, result=result, role=MetricRole.DETAIL)
