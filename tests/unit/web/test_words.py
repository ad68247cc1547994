# SPDX-License-Identifier: GPL-2.0-or-later
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kdyno.analysis.verdicts import Verdict
from kdyno.jobs.models import JobEvent
from kdyno.jobs.states import FailureClass, JobStatus
from kdyno.web.job_timeline import stays
from kdyno.web.render import duration
from kdyno.web.samples import decimate
from kdyno.web.wording import BLAME, STATUS_MEANINGS, badge_of

START = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(-3, "0 s"), (0.9, "0 s"), (59.9, "59 s"), (60, "1 min 00 s"), (3599, "59 min 59 s"), (3660, "1 h 01 min")],
)
def test_lengths_of_time(seconds: float, words: str) -> None:
    assert duration(seconds) == words


def test_every_status_verdict_and_failure_has_words() -> None:
    assert set(STATUS_MEANINGS) == set(JobStatus)
    assert set(BLAME) == set(FailureClass)
    signs = [badge_of(verdict).sign for verdict in Verdict]
    assert len(set(signs)) == len(signs)


def move(source: JobStatus, target: JobStatus, *, seconds: int) -> JobEvent:
    return JobEvent(
        kind="status", from_status=source.value, to_status=target.value, at=START + timedelta(seconds=seconds)
    )


def test_stays_are_the_times_between_moves() -> None:
    events = [
        move(JobStatus.QUEUED, JobStatus.ASSIGNED, seconds=5),
        JobEvent(kind="powered_on", at=START + timedelta(seconds=6)),
        move(JobStatus.ASSIGNED, JobStatus.IMAGING, seconds=7),
    ]
    found = stays(created_at=START, events=events)
    assert [stay.status for stay in found] == ["queued", "assigned", "imaging"]
    assert found[1].until == found[2].since == START + timedelta(seconds=7)
    assert found[2].until is None


def test_nobody_stays_in_finished() -> None:
    events = [move(JobStatus.QUEUED, JobStatus.FINISHED, seconds=5)]
    assert [stay.status for stay in stays(created_at=START, events=events)] == ["queued"]


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=300), st.integers(2, 300))
def test_decimation_keeps_order_extremes_and_its_limit(values: list[float], keep: int) -> None:
    kept = decimate(values, keep=keep)
    assert len(kept) <= max(keep, 2)
    assert {min(values), max(values)} <= set(kept)
    places = iter(values)
    assert all(any(value == other for other in places) for value in kept)
