# SPDX-License-Identifier: GPL-2.0-or-later
"""The pure scheduler: same answer in whatever order its inputs come, one owner per machine."""

from hypothesis import given
from hypothesis import strategies as st

from kdyno.jobs.scheduler import FreeMachine, ReadyJob, interleave, schedule


def machine(number: int, *, kind: str = "virtual", pinned: int | None = None) -> FreeMachine:
    return FreeMachine(machine_id=number, name=f"vm{number}", machine_type=kind, pinned_submission_id=pinned)


def job(number: int, *, kind: str = "virtual", pinned: int | None = None) -> ReadyJob:
    return ReadyJob(job_id=100 + number, submission_id=number, machine_type=kind, pinned_machine_id=pinned)


def test_first_come_first_served_on_the_first_machine() -> None:
    chosen = schedule([machine(2), machine(1)], [job(8), job(7)])
    assert [(c.submission_id, c.machine_id) for c in chosen] == [(7, 1), (8, 2)]


def test_a_begun_submission_waits_for_its_own_machine() -> None:
    assert schedule([machine(2)], [job(7, pinned=1)]) == []


def test_a_machine_whose_submission_has_begun_takes_no_other() -> None:
    chosen = schedule([machine(1, pinned=9)], [job(7), job(9, pinned=1)])
    assert [(c.submission_id, c.machine_id) for c in chosen] == [(9, 1)]


def test_types_must_match() -> None:
    assert schedule([machine(1, kind="arm")], [job(7)]) == []


ids = st.integers(1, 6)
machines = st.lists(
    st.builds(machine, ids, kind=st.sampled_from("ab"), pinned=st.none() | ids), unique_by=lambda m: m.machine_id
)
jobs = st.lists(st.builds(job, ids, kind=st.sampled_from("ab"), pinned=st.none() | ids), unique_by=lambda j: j.job_id)


@given(machines=machines, jobs=jobs, data=st.data())
def test_no_double_owner_and_no_dependence_on_order(
    machines: list[FreeMachine], jobs: list[ReadyJob], data: st.DataObject
) -> None:
    chosen = schedule(machines, jobs)
    assert len({c.machine_id for c in chosen}) == len(chosen)
    assert len({c.job_id for c in chosen}) == len(chosen)
    shuffled = schedule(data.draw(st.permutations(machines)), data.draw(st.permutations(jobs)))
    assert shuffled == chosen


@given(boots=st.integers(1, 30))
def test_arms_are_interleaved_evenly(boots: int) -> None:
    order = interleave(boots)
    assert order.count("A") == order.count("B") == boots
    assert all(set(order[i : i + 2]) == {"A", "B"} for i in range(0, len(order), 2))


def test_the_smallest_comparison_is_abba() -> None:
    assert "".join(interleave(2)) == "ABBA"
