# SPDX-License-Identifier: GPL-2.0-or-later
"""The life of jobs against a real PostgreSQL: the moves, the retries, exactly-once ingest, the verdict, the mail."""

import itertools

import pytest
from sqlalchemy import func, select

from kdyno.alerts.models import OutboxMail
from kdyno.db.engine import Hint
from kdyno.jobs import service as jobs
from kdyno.jobs.imaging import ImagerReportRefused
from kdyno.jobs.models import Attempt, Job, JobEvent
from kdyno.jobs.states import Failure, FailureClass, JobStatus
from kdyno.kernels.models import Build
from kdyno.machines.models import Lease, Machine
from kdyno.results.models import AgentMessage, Sample
from kdyno.submissions import service as submissions
from kdyno.submissions.conclude import conclude
from kdyno.submissions.models import Submission
from tests.lab_rows import LabRows, agent_events

pytestmark = pytest.mark.integration

FAST = [100.0, 101.0, 99.0, 100.5, 100.2] * 4
SLOW = [value * 3 for value in FAST]


def submission(lab: LabRows, submission_id: int) -> Submission:
    with lab.unit_of_work() as session:
        return session.get_one(Submission, submission_id)


def test_a_slower_patch_ends_in_a_regression_and_one_mail(lab: LabRows) -> None:
    submission_id = lab.submit(mail="dev@example.org")
    for order_no, samples in enumerate((FAST, SLOW, SLOW, FAST), start=1):
        lab.run_job(submission_id, order_no, samples=samples)
    for _ in range(2):  # a repeated conclusion is harmless
        with lab.unit_of_work() as session:
            conclude(session, submission_id=submission_id, url="http://lab")
    ended = submission(lab, submission_id)
    assert (ended.status, ended.verdict, ended.failure_class) == ("finished", "regression", None)
    with lab.unit_of_work() as session:
        mails = session.scalars(select(OutboxMail)).all()
        assert [mail.recipient for mail in mails] == ["dev@example.org"]
        assert "regression" in mails[0].subject
        assert "counts instructions" in mails[0].body_text
        assert mails[0].picture_png is not None
        assert mails[0].picture_png.startswith(b"\x89PNG")
        assert session.scalar(select(func.count()).select_from(Lease)) == 0


def test_jobs_of_a_submission_stay_on_one_machine_in_abba_order(lab: LabRows) -> None:
    submission_id = lab.submit()
    for order_no in range(1, 5):
        lab.run_job(submission_id, order_no, samples=FAST)
    with lab.unit_of_work() as session:
        used = session.scalars(select(Job.machine_id).where(Job.submission_id == submission_id)).all()
        assert len(set(used)) == 1


def test_two_submissions_run_on_two_machines(lab: LabRows) -> None:
    first, second = lab.submit(), lab.submit()
    lab.tick()
    assert lab.job(first).machine_id != lab.job(second).machine_id
    assert lab.job(first, 2).status == JobStatus.QUEUED


def test_nothing_runs_before_both_kernels_are_built(lab: LabRows, hints: list[Hint]) -> None:
    submission_id = lab.submit(built=False)
    lab.tick()
    assert lab.job(submission_id).status == JobStatus.QUEUED


def test_a_stale_move_is_refused(lab: LabRows) -> None:
    submission_id = lab.submit()
    lab.tick()
    job = lab.job(submission_id)
    lab.power_on(job)
    with pytest.raises(jobs.StaleTransition):
        lab.power_on(job)
    with pytest.raises(jobs.IllegalTransition), lab.unit_of_work() as session:
        jobs.transition(session, job_id=job.id, source=JobStatus.IMAGING, target=JobStatus.RUNNING)


def test_every_move_leaves_an_event(lab: LabRows) -> None:
    submission_id = lab.submit()
    lab.run_job(submission_id, 1, samples=FAST)
    with lab.unit_of_work() as session:
        query = select(JobEvent).where(JobEvent.kind == "status").order_by(JobEvent.id)
        moves = [(event.from_status, event.to_status) for event in session.scalars(query)]
    statuses = [str(status) for status in JobStatus]
    assert moves == list(itertools.pairwise(statuses))


def test_a_wrong_disk_hash_is_the_labs_failure_and_tried_again_three_times_at_most(lab: LabRows) -> None:
    submission_id = lab.submit()
    for attempt_no in range(1, 4):
        lab.tick()
        job = lab.job(submission_id)
        attempt = lab.attempt(job)
        assert attempt.attempt_no == attempt_no
        lab.power_on(job)
        assert not lab.verify_image(job, root="00" * 32)
        lab.finish(job)
    assert lab.job(submission_id).status == JobStatus.FINISHED
    lab.tick()
    with lab.unit_of_work() as session:
        conclude(session, submission_id=submission_id, url="")
    ended = submission(lab, submission_id)
    assert ended.failure_class == FailureClass.INFRASTRUCTURE
    assert "root hash" in (ended.failure_message or "")
    assert lab.job(submission_id, 2).status == JobStatus.FINISHED


def test_the_right_hash_reported_twice_is_answered_twice(lab: LabRows) -> None:
    submission_id = lab.submit()
    lab.tick()
    job = lab.job(submission_id)
    with pytest.raises(ImagerReportRefused):
        lab.verify_image(job)
    lab.power_on(job)
    assert lab.verify_image(job)
    assert lab.verify_image(job)


def test_an_overrun_deadline_collects_the_job(lab: LabRows) -> None:
    submission_id = lab.submit()
    lab.tick()
    job = lab.job(submission_id)
    lab.power_on(job)
    lab.age_deadline(job)
    lab.tick()
    assert lab.job(submission_id).status == JobStatus.COLLECTING
    assert lab.attempt(job).failure_class == FailureClass.INFRASTRUCTURE
    lab.finish(job)
    lab.tick()
    assert lab.attempt(lab.job(submission_id)).attempt_no == 2


def test_reports_are_stored_exactly_once(lab: LabRows) -> None:
    submission_id = lab.submit()
    lab.tick()
    job = lab.job(submission_id)
    lab.run_to_agent(job)
    events = agent_events(lab.release(job), samples=FAST)[:-1]
    for _ in range(3):
        acknowledged = lab.report(job, *events)
        assert len(acknowledged) == len(events)
    with lab.unit_of_work() as session:
        assert session.scalar(select(func.count()).select_from(Sample)) == len(FAST)
        assert session.scalar(select(func.count()).select_from(AgentMessage)) == len(events)


def test_another_kernel_than_the_build_under_test_gives_no_number(lab: LabRows) -> None:
    submission_id = lab.submit()
    lab.tick()
    job = lab.job(submission_id)
    lab.run_to_agent(job)
    lab.report(job, *agent_events("6.1.0-something-else", samples=FAST))
    assert lab.attempt(job).failure_class == FailureClass.INFRASTRUCTURE
    with lab.unit_of_work() as session:
        assert session.scalar(select(func.count()).select_from(Sample)) == 0
    lab.finish(job)
    assert lab.job(submission_id).status == JobStatus.QUEUED


def test_a_phase_that_overran_is_named(lab: LabRows) -> None:
    submission_id = lab.submit()
    lab.tick()
    job = lab.job(submission_id)
    lab.run_to_agent(job)
    events = agent_events(lab.release(job), samples=FAST)
    events[3]["outcome"] = "timeout"
    lab.report(job, *events)
    attempt = lab.attempt(job)
    assert attempt.failure_class == FailureClass.TIMEOUT
    assert "syscall-getppid" in (attempt.failure_message or "")


def test_an_agent_that_gives_up_is_no_success(lab: LabRows) -> None:
    submission_id = lab.submit()
    lab.tick()
    job = lab.job(submission_id)
    lab.run_to_agent(job)
    started, *_, finished = agent_events(lab.release(job), samples=FAST)
    lab.report(job, started, {**finished, "outcome": "error", "reason": "the machine was restarted during the job"})
    assert lab.attempt(job).failure_class == FailureClass.INFRASTRUCTURE


def test_an_agent_that_skips_a_phase_is_our_bug(lab: LabRows) -> None:
    submission_id = lab.submit()
    lab.tick()
    job = lab.job(submission_id)
    lab.run_to_agent(job)
    started, *_, finished = agent_events(lab.release(job), samples=FAST)
    lab.report(job, started, finished)
    assert lab.attempt(job).failure_class == FailureClass.BUG


def test_a_machine_that_cannot_be_switched_off_is_broken(lab: LabRows) -> None:
    submission_id = lab.submit()
    lab.tick()
    job = lab.job(submission_id)
    lab.run_to_agent(job)
    lab.report(job, *agent_events(lab.release(job), samples=FAST))
    lab.finish(job, power_failure="relay stuck")
    with lab.unit_of_work() as session:
        machine = session.get_one(Machine, job.machine_id)
        assert (machine.health, machine.health_reason) == ("broken", "power-off: relay stuck")
    lab.tick()
    with lab.unit_of_work() as session:
        conclude(session, submission_id=submission_id, url="")
    assert submission(lab, submission_id).failure_class == FailureClass.INFRASTRUCTURE


def test_cancelling_powers_off_what_runs_and_drops_what_waits(lab: LabRows) -> None:
    submission_id = lab.submit()
    lab.tick()
    job = lab.job(submission_id)
    lab.power_on(job)
    with lab.unit_of_work() as session:
        assert submissions.cancel(session, submission_id=submission_id)
    lab.tick()
    assert lab.job(submission_id).status == JobStatus.COLLECTING
    assert lab.job(submission_id, 2).status == JobStatus.FINISHED
    lab.finish(job)
    with lab.unit_of_work() as session:
        conclude(session, submission_id=submission_id, url="")
    assert submission(lab, submission_id).failure_class == FailureClass.CANCELLED


def test_cancelling_ends_builds_that_nobody_wants(lab: LabRows) -> None:
    submission_id = lab.submit(built=False)
    with lab.unit_of_work() as session:
        assert submissions.cancel(session, submission_id=submission_id)
    lab.tick()
    with lab.unit_of_work() as session:
        assert set(session.scalars(select(Build.failure_class))) == {"cancelled"}
        conclude(session, submission_id=submission_id, url="")
    assert submission(lab, submission_id).failure_class == FailureClass.CANCELLED


def test_the_first_outcome_stands(lab: LabRows) -> None:
    submission_id = lab.submit()
    lab.tick()
    job = lab.job(submission_id)
    lab.run_to_agent(job)
    panic = Failure(FailureClass.PANIC, "Kernel panic")
    for failure, collected in ((panic, True), (Failure(FailureClass.TEST, "late"), False)):
        with lab.unit_of_work() as session:
            done = jobs.collect(session, job_id=job.id, failure=failure, budgets=lab.budgets)
            assert done is collected
    assert lab.attempt(job).failure_message == "Kernel panic"


def test_a_steps_right_belongs_to_one_worker(lab: LabRows) -> None:
    submission_id = lab.submit()
    lab.tick()
    attempt = lab.attempt(lab.job(submission_id))
    lease = lab.budgets.assigned

    def claim(owner: str) -> bool:
        with lab.unit_of_work() as session:
            return jobs.claim_step(session, attempt_id=attempt.id, owner=owner, status=JobStatus.ASSIGNED, lease=lease)

    assert claim("one")
    assert not claim("two")
    with lab.unit_of_work() as session:
        assert not jobs.refresh_step(session, attempt_id=attempt.id, owner="two", lease=lease)
        jobs.release_step(session, attempt_id=attempt.id, owner="one")
    assert claim("two")


def test_a_token_ends_with_its_attempt(lab: LabRows) -> None:
    submission_id = lab.submit()
    lab.run_job(submission_id, 1, samples=FAST)
    with lab.unit_of_work() as session:
        assert session.scalars(select(Attempt.token)).all() == [None]
