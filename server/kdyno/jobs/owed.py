# SPDX-License-Identifier: GPL-2.0-or-later
"""What is owed to a job when the process that should have done it is gone. Pure; the sweeper acts on it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from kdyno.jobs.states import JobStatus


class Step(StrEnum):
    """Work of the lab worker on an attempt; the value is the Celery task that does it."""

    START = "lab.start"
    PREPARE = "lab.prepare"
    FINISH = "lab.finish"


# A hint is on its way for this long after a status change; only then the sweeper sends another.
GRACE = timedelta(seconds=4)


@dataclass(frozen=True)
class StepState:
    """What the tables say about an attempt's present step."""

    status: JobStatus
    status_since: datetime
    step_lease_expires_at: datetime | None
    powered_on: bool


def owed_step(state: StepState, *, now: datetime) -> Step | None:
    """The step that nobody is doing now, or None.

    START and FINISH only switch power and may be repeated, PREPARE proves the same facts again.
    """
    if now - state.status_since < GRACE:
        return None
    if state.step_lease_expires_at is not None and state.step_lease_expires_at > now:
        return None
    match state.status:
        case JobStatus.ASSIGNED:
            return Step.START
        case JobStatus.IMAGING if not state.powered_on:
            return Step.START
        case JobStatus.PREPARING:
            return Step.PREPARE
        case JobStatus.COLLECTING:
            return Step.FINISH
        case _:
            return None
