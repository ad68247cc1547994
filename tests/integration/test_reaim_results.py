# SPDX-License-Identifier: GPL-2.0-or-later
"""reaim's figures and profiles in the database: what is judged, what is only shown, what costs nothing if it fails."""

from typing import Any

import pytest
from sqlalchemy import func, select

from fakes.agent_server import contract_validator
from kdyno.alerts.models import OutboxMail
from kdyno.analysis import stored
from kdyno.analysis.models import MetricVerdict
from kdyno.jobs.document import job_document
from kdyno.jobs.models import Attempt, JobEvent
from kdyno.jobs.states import FailureClass
from kdyno.results.models import Metric, Profile, Run, Sample
from kdyno.submissions.conclude import conclude
from kdyno.submissions.models import Submission
from kdyno.web import profiles
from tests.lab_rows import LabRows, kbench_document, phase_events
from tests.reaim_document import TIMES_NS, broken_document, reaim_document

pytestmark = pytest.mark.integration

WORKLOAD = "reaim-short"
PROFILE_PHASE = f"profile:{WORKLOAD}"
PROFILE = {
    "schema": "kdyno.profile/1",
    "command": ["/opt/kdyno/reaim/reaim", "-s2"],
    "interval_s": 1.5,
    "counters": {"stat": {"ctxt": 1234, "processes": 56}, "vmstat": {"pgfault": 7890, "nr_free_pages": -12}},
    "perf": "",
    "notes": ["perf is not on this machine"],
}


def measure(lab: LabRows, *, slower: dict[str, float], mail: str | None = None) -> Submission:
    """A whole submission: base and patched in turn, `slower` sub-tests on the patched kernel."""
    submission_id = lab.submit(workloads=[WORKLOAD], mail=mail)
    for order_no in range(1, 5):
        patched = slower if order_no in (2, 3) else {}
        lab.run_phases(submission_id, order_no, phases={WORKLOAD: reaim_document(seed=order_no, slower=patched)})
    return concluded(lab, submission_id)


def concluded(lab: LabRows, submission_id: int) -> Submission:
    with lab.unit_of_work() as session:
        conclude(session, submission_id=submission_id, url="http://lab")
        return session.get_one(Submission, submission_id)


def rows(lab: LabRows, submission_id: int) -> tuple[list[MetricVerdict], list[MetricVerdict]]:
    with lab.unit_of_work() as session:
        key = stored.verdict_rows(session, submission_id=submission_id)
        return key, stored.detail_rows(session, submission_id=submission_id)


def test_a_slower_sub_test_shows_in_the_key_figure_and_is_named(lab: LabRows) -> None:
    submission = measure(lab, slower={"tcp_test": 1.5}, mail="dev@example.org")
    assert submission.verdict == "regression"
    key, details = rows(lab, submission.id)
    assert [(row.metric, row.placement, row.unit, row.verdict) for row in key] == [
        ("jpm", "2 users", "jobs/min", "regression")
    ]
    assert key[0].effect < -0.05, "fewer jobs per minute"
    found = {row.metric: row.verdict for row in details}
    assert found.keys() == {*TIMES_NS, "child_time", "child_system_time", "child_user_time"}
    assert {name for name in TIMES_NS if found[name] == "regression"} == {"tcp_test"}
    assert details[0].metric == "tcp_test", "what moved most comes first"
    with lab.unit_of_work() as session:
        mail = session.scalars(select(OutboxMail)).one()
    assert "reaim-short -" in mail.subject
    assert "Moved inside of reaim-short: tcp_test +50.0 %" in mail.body_text


def test_sub_tests_that_cancel_out_leave_the_verdict_alone_and_are_still_seen(lab: LabRows) -> None:
    gained = TIMES_NS["tcp_test"] * 0.5 / TIMES_NS["fork_test"]
    submission = measure(lab, slower={"tcp_test": 1.5, "fork_test": 1 - gained})
    assert submission.verdict == "no-change"
    _, details = rows(lab, submission.id)
    moved = {row.metric: row.verdict for row in details if row.verdict != "no-change"}
    assert (moved["tcp_test"], moved["fork_test"]) == ("regression", "improvement")


def test_nothing_moved(lab: LabRows) -> None:
    submission = measure(lab, slower={})
    assert submission.verdict == "no-change"
    _, details = rows(lab, submission.id)
    assert {row.verdict for row in details} == {"no-change"}


def test_all_samples_are_stored_with_their_role(lab: LabRows) -> None:
    submission_id = lab.submit(workloads=[WORKLOAD])
    lab.run_phases(submission_id, 1, phases={WORKLOAD: reaim_document(users=3)})
    with lab.unit_of_work() as session:
        run = session.scalars(select(Run)).one()
        assert (run.phase, run.benchmark, run.placement, run.status) == (WORKLOAD, "short", "3 users", "done")
        assert run.harness["host"]["machine"] == "x86_64"
        counted = (
            select(Metric.role, func.count(Metric.name.distinct()), func.count())
            .join(Sample, Sample.metric_id == Metric.id)
            .group_by(Metric.role)
        )
        # of the details, the two processor times have a sample for each pass, the others one for each child and pass
        assert {row[0]: tuple(row[1:]) for row in session.execute(counted)} == {
            "key": (1, 5),
            "detail": (len(TIMES_NS) + 3, 15 * (len(TIMES_NS) + 1) + 2 * 5),
        }


def test_a_time_of_zero_costs_only_its_own_comparison(lab: LabRows) -> None:
    submission_id = lab.submit(workloads=[WORKLOAD])
    for order_no in range(1, 5):
        document = reaim_document(seed=order_no)
        for metric in document["metrics"]:
            if metric["name"] == "child_system_time":
                metric["samples"][0] = 0.0
        lab.run_phases(submission_id, order_no, phases={WORKLOAD: document})
    assert concluded(lab, submission_id).verdict == "no-change"
    _, details = rows(lab, submission_id)
    assert "child_system_time" not in {row.metric for row in details}
    assert "child_user_time" in {row.metric for row in details}


def test_a_run_that_broke_is_the_tests_failure_and_no_number(lab: LabRows) -> None:
    submission_id = lab.submit(workloads=[WORKLOAD])
    lab.run_phases(submission_id, 1, phases={WORKLOAD: broken_document("child 1: link_test: link: No space left")})
    job = lab.job(submission_id)
    assert job.failure_class == FailureClass.TEST
    assert "child 1: link_test: link: No space left" in (job.failure_message or "")
    with lab.unit_of_work() as session:
        assert session.scalar(select(func.count()).select_from(Sample)) == 0


@pytest.mark.parametrize(
    ("change", "reason"),
    [({"metrics": None}, "result is not reaim JSON: metrics"), ({"schema": "kdyno.reaim/9"}, "is not kbench JSON")],
)
def test_a_document_that_cannot_be_read_says_where(lab: LabRows, change: dict[str, Any], reason: str) -> None:
    submission_id = lab.submit(workloads=[WORKLOAD])
    lab.run_phases(submission_id, 1, phases={WORKLOAD: reaim_document() | change})
    assert reason in (lab.job(submission_id).failure_message or "")


def test_kernels_that_did_not_do_the_same_mix_are_not_compared(lab: LabRows) -> None:
    submission_id = lab.submit(workloads=["syscall-getppid", WORKLOAD])
    for order_no in range(1, 5):
        document = reaim_document(seed=order_no)
        if order_no in (2, 3):
            document["skipped"] = [{"name": "io_uring_rr", "reason": "this kernel has no io_uring"}]
        samples = [100 + 0.1 * step for step in range(20)]
        phases = {"syscall-getppid": kbench_document(samples), WORKLOAD: document}
        lab.run_phases(submission_id, order_no, phases=phases)
    submission = concluded(lab, submission_id)
    assert submission.verdict == "no-change"
    assert (submission.verdict_reason or "").endswith("; skipped, or not done alike on both kernels: reaim-short")


def profiled_job(lab: LabRows, *, profile: object) -> int:
    submission_id = lab.submit(workloads=[WORKLOAD], profile=True)
    lab.run_phases(submission_id, 1, phases={WORKLOAD: reaim_document(), PROFILE_PHASE: profile})
    return submission_id


def test_profiles_come_after_everything_that_is_measured(lab: LabRows) -> None:
    submission_id = lab.submit(workloads=["syscall-getppid", WORKLOAD], profile=True)
    lab.tick()
    job = lab.job(submission_id)
    with lab.unit_of_work() as session:
        attempt = session.get_one(Attempt, job.current_attempt_id)
        attempt.state_manifest = {"cpus": 3}
        document = job_document(session, attempt=attempt)
    contract_validator("job").validate(document)
    phases = document["phases"]
    assert [phase["name"] for phase in phases] == [
        "syscall-getppid",
        WORKLOAD,
        "profile:syscall-getppid",
        PROFILE_PHASE,
    ]
    assert "-s6" in phases[1]["argv"], "two users for each processor"
    assert "-r1" in phases[3]["argv"] and "-r5" in phases[1]["argv"]


def test_a_profile_is_kept_and_is_no_sample(lab: LabRows) -> None:
    submission_id = profiled_job(lab, profile=PROFILE)
    job = lab.job(submission_id)
    assert job.failure_class is None
    with lab.unit_of_work() as session:
        assert session.scalars(select(Run.phase)).all() == [WORKLOAD]
        (view,) = profiles.profiles_of(session, attempt_id=job.current_attempt_id or 0)
    assert (view.workload, view.interval_s, view.notes) == (WORKLOAD, 1.5, ("perf is not on this machine",))
    assert view.groups[0].counters == [("ctxt", 1234.0), ("processes", 56.0)]
    assert view.groups[1].counters == [("pgfault", 7890.0), ("nr_free_pages", -12.0)]


def test_figures_of_a_profiled_run_never_become_samples(lab: LabRows) -> None:
    """Whatever a profile phase prints, even a document that would count anywhere else."""
    submission_id = profiled_job(lab, profile=reaim_document())
    job = lab.job(submission_id)
    assert job.failure_class is None
    with lab.unit_of_work() as session:
        assert session.scalars(select(Run.phase)).all() == [WORKLOAD]
        assert session.scalar(select(func.count()).select_from(Profile)) == 0
        refused = session.scalars(select(JobEvent).where(JobEvent.kind == "profile_refused")).one()
        assert refused.detail["reason"].startswith("schema: ")
        (view,) = profiles.profiles_of(session, attempt_id=job.current_attempt_id or 0)
    assert "cannot be read" in view.problem


@pytest.mark.parametrize("outcome", ["error", "timeout", "output_limit"])
def test_a_profile_that_fails_takes_nothing_from_what_was_measured(lab: LabRows, outcome: str) -> None:
    submission_id = lab.submit(workloads=[WORKLOAD], profile=True)
    lab.tick()
    job = lab.job(submission_id)
    lab.run_to_agent(job)
    *events, _ = phase_events(lab.release(job), phases={WORKLOAD: reaim_document()})
    end = {"phase": PROFILE_PHASE, "seq": 1, "kind": "phase_finished", "at_ns": 6, "outcome": outcome}
    last = {"phase": "", "seq": 2, "kind": "job_finished", "at_ns": 7, "outcome": "error"}
    lab.report(job, *events, end | {"reason": "exit status 1", "stderr_tail": "profile: no room"}, last)
    lab.finish(job)
    assert lab.job(submission_id).failure_class is None
    with lab.unit_of_work() as session:
        (view,) = profiles.profiles_of(session, attempt_id=job.current_attempt_id or 0)
    assert view.problem == f"{outcome}: exit status 1: profile: no room"


def test_an_agent_that_gave_up_is_the_labs_failure_with_profiles_too(lab: LabRows) -> None:
    submission_id = lab.submit(workloads=[WORKLOAD], profile=True)
    lab.tick()
    job = lab.job(submission_id)
    lab.run_to_agent(job)
    *events, _ = phase_events(lab.release(job), phases={WORKLOAD: reaim_document()})
    end = {"phase": PROFILE_PHASE, "seq": 1, "kind": "phase_finished", "at_ns": 6, "outcome": "error"}
    last = {"phase": "", "seq": 2, "kind": "job_finished", "at_ns": 7, "outcome": "error", "reason": "told to stop"}
    lab.report(job, *events, end, last)
    assert lab.attempt(job).failure_class == FailureClass.INFRASTRUCTURE
