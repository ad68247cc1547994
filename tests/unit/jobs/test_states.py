# SPDX-License-Identifier: GPL-2.0-or-later
"""The table of job states, walked whole."""

from itertools import pairwise, product

import pytest

from kdyno.jobs.states import (
    HOLDS_MACHINE,
    MAX_ATTEMPTS,
    TIMEOUT_CLASS,
    TRANSITIONS,
    Failure,
    FailureClass,
    JobStatus,
    is_legal,
    is_retried,
)

HAPPY_PATH = list(JobStatus)


def test_every_status_has_a_row() -> None:
    assert set(TRANSITIONS) == set(JobStatus)


def test_the_statuses_in_their_order_are_the_happy_path() -> None:
    assert all(is_legal(source, target) for source, target in pairwise(HAPPY_PATH))


@pytest.mark.parametrize(("source", "target"), list(product(JobStatus, JobStatus)))
def test_no_move_goes_backwards_but_the_retry(source: JobStatus, target: JobStatus) -> None:
    backwards = HAPPY_PATH.index(target) <= HAPPY_PATH.index(source)
    retry = (source, target) == (JobStatus.COLLECTING, JobStatus.QUEUED)
    assert not (is_legal(source, target) and backwards and not retry)


@pytest.mark.parametrize("status", sorted(HOLDS_MACHINE - {JobStatus.COLLECTING}))
def test_a_job_that_holds_a_machine_leaves_it_through_collecting_only(status: JobStatus) -> None:
    assert is_legal(status, JobStatus.COLLECTING)
    assert not is_legal(status, JobStatus.FINISHED)
    assert not is_legal(status, JobStatus.QUEUED)


def test_finished_is_final() -> None:
    assert not TRANSITIONS[JobStatus.FINISHED]


def test_every_status_with_a_deadline_says_who_is_late() -> None:
    assert set(TIMEOUT_CLASS) == HOLDS_MACHINE - {JobStatus.COLLECTING}


@pytest.mark.parametrize("failure_class", list(FailureClass))
@pytest.mark.parametrize("attempts_made", [1, MAX_ATTEMPTS - 1, MAX_ATTEMPTS])
def test_only_the_labs_failures_are_retried_and_not_for_ever(failure_class: FailureClass, attempts_made: int) -> None:
    expected = failure_class is FailureClass.INFRASTRUCTURE and attempts_made < MAX_ATTEMPTS
    assert is_retried(Failure(failure_class, "why"), attempts_made=attempts_made) is expected


def test_success_is_not_retried() -> None:
    assert not is_retried(None, attempts_made=1)
