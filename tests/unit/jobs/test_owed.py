# SPDX-License-Identifier: GPL-2.0-or-later
"""What the sweeper finds when a worker is gone."""

from datetime import UTC, datetime, timedelta

import pytest

from kdyno.jobs.owed import GRACE, Step, StepState, owed_step
from kdyno.jobs.states import JobStatus

NOW = datetime(2026, 1, 1, tzinfo=UTC)
LONG_AGO = NOW - timedelta(minutes=1)


def state(
    status: JobStatus, *, since: datetime = LONG_AGO, lease: datetime | None = None, powered_on: bool = False
) -> StepState:
    return StepState(status=status, status_since=since, step_lease_expires_at=lease, powered_on=powered_on)


@pytest.mark.parametrize(
    ("status", "powered_on", "step"),
    [
        (JobStatus.QUEUED, False, None),
        (JobStatus.ASSIGNED, False, Step.START),
        (JobStatus.IMAGING, False, Step.START),  # killed between the move and the power switch
        (JobStatus.IMAGING, True, None),  # the machine's turn
        (JobStatus.BOOTING, True, None),
        (JobStatus.PREPARING, True, Step.PREPARE),
        (JobStatus.RUNNING, True, None),
        (JobStatus.COLLECTING, True, Step.FINISH),
        (JobStatus.FINISHED, True, None),
    ],
)
def test_each_status_owes_its_own_step(status: JobStatus, powered_on: bool, step: Step | None) -> None:
    assert owed_step(state(status, powered_on=powered_on), now=NOW) is step


def test_a_step_that_somebody_is_doing_is_not_owed() -> None:
    assert owed_step(state(JobStatus.PREPARING, lease=NOW + timedelta(seconds=1)), now=NOW) is None


def test_a_step_whose_worker_went_silent_is_owed_again() -> None:
    assert owed_step(state(JobStatus.PREPARING, lease=NOW - timedelta(seconds=1)), now=NOW) is Step.PREPARE


def test_a_fresh_status_gives_its_hint_time_to_arrive() -> None:
    assert owed_step(state(JobStatus.ASSIGNED, since=NOW - GRACE / 2), now=NOW) is None
