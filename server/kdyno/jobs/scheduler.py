# SPDX-License-Identifier: GPL-2.0-or-later
"""Which job runs on which machine next. Pure: takes values, returns values; the caller locks rows.

Rules, in this order:
1. jobs of one submission run one after another in their A B B A order, all on one machine: arms that are
   interleaved on one machine share its slow phases, which would otherwise be taken for an effect;
2. a machine whose submission has begun serves no other submission until that one is through;
3. otherwise first come, first served, on the free healthy machine of the wanted type whose name sorts first.
"""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class ReadyJob:
    """The next job of a submission whose builds are all done."""

    job_id: int
    submission_id: int
    machine_type: str
    pinned_machine_id: int | None  # where the submission's earlier jobs ran


@dataclass(frozen=True)
class FreeMachine:
    """A healthy machine without a lease."""

    machine_id: int
    name: str
    machine_type: str
    pinned_submission_id: int | None  # the unfinished submission that has begun on it


@dataclass(frozen=True)
class Assignment:
    """One job gets one machine."""

    job_id: int
    submission_id: int
    machine_id: int


def schedule(machines: Sequence[FreeMachine], jobs: Sequence[ReadyJob]) -> list[Assignment]:
    """Assign free machines to ready jobs; each machine and each submission at most once."""
    free = {machine.machine_id: machine for machine in machines}
    assignments: list[Assignment] = []
    for job in sorted(jobs, key=lambda item: item.submission_id):
        chosen = _choose(free, job)
        if chosen is not None:
            del free[chosen.machine_id]
            assignments.append(
                Assignment(job_id=job.job_id, submission_id=job.submission_id, machine_id=chosen.machine_id)
            )
    return assignments


def _choose(free: dict[int, FreeMachine], job: ReadyJob) -> FreeMachine | None:
    if job.pinned_machine_id is not None:
        return free.get(job.pinned_machine_id)
    candidates = [
        machine
        for machine in free.values()
        if machine.machine_type == job.machine_type and machine.pinned_submission_id is None
    ]
    return min(candidates, key=lambda machine: machine.name, default=None)


def interleave(boots_per_arm: int) -> list[str]:
    """The order of arms, as letters: A B, then each pair turned round, so that drift meets both arms alike.

    >>> interleave(3)
    ['A', 'B', 'B', 'A', 'A', 'B']
    """
    order: list[str] = []
    for pair in range(boots_per_arm):
        order += ["A", "B"] if pair % 2 == 0 else ["B", "A"]
    return order
