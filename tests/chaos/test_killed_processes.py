# SPDX-License-Identifier: GPL-2.0-or-later
"""kill -9 of any process in the middle of any step: the submission still ends in its verdict, once."""

import subprocess
from pathlib import Path

import pytest
from sqlalchemy import func, select

from kdyno.db.engine import create_database_engine
from kdyno.jobs.models import Job
from kdyno.jobs.states import JobStatus
from kdyno.machines.models import Lease
from kdyno.results.models import AgentMessage, Metric, Run, Sample
from kdyno.supervisor.postgres import database_url, postgres_sockets
from tests.chaos.conftest import FakeLab
from tests.running_lab import wait_for

pytestmark = [pytest.mark.integration, pytest.mark.timeout(300)]

SAMPLES_PER_BENCHMARK = 40


@pytest.fixture
def patch(request: pytest.FixtureRequest, fake_lab: FakeLab) -> str:
    """A patch of its own for each test, so that each has something to build."""
    work = fake_lab.paths.data_dir / "tiny-work"
    source = next(iter(sorted(Path(work).rglob("*.c"))))
    before = source.read_text(encoding="utf-8")
    source.write_text(before + f"/* {request.node.name} */\n", encoding="utf-8")
    diff = subprocess.run(["git", "-C", str(work), "diff"], check=True, capture_output=True, text=True).stdout
    source.write_text(before, encoding="utf-8")
    return diff


def assert_nothing_lost_and_nothing_doubled(lab: FakeLab, submission_id: int) -> None:
    """Every sample of every boot is there exactly once, no lease is held, one mail arrived."""
    engine = create_database_engine(database_url(postgres_sockets(lab.paths)))
    with engine.connect() as connection:
        boots = connection.scalar(
            select(func.count()).select_from(Job).where(Job.submission_id == submission_id, Job.status == "finished")
        )
        samples = (
            connection.execute(
                select(func.count())
                .select_from(Sample)
                .join(Metric, Metric.id == Sample.metric_id)
                .join(Run, Run.id == Metric.run_id)
                .join(Job, Job.current_attempt_id == Run.attempt_id)
                .where(Job.submission_id == submission_id)
                .group_by(Sample.metric_id)
            )
            .scalars()
            .all()
        )
        finished = connection.scalar(
            select(func.count())
            .select_from(AgentMessage)
            .join(Job, Job.current_attempt_id == AgentMessage.attempt_id)
            .where(Job.submission_id == submission_id, AgentMessage.kind == "job_finished")
        )
        leases = connection.scalar(select(func.count()).select_from(Lease))
    engine.dispose()
    assert boots == 4
    assert finished == 4
    assert set(samples) == {SAMPLES_PER_BENCHMARK}
    assert leases == 0

    def mails() -> int:
        texts = [path.read_text(encoding="utf-8") for path in lab.paths.mail.glob("*.eml")]
        return sum(f"/submissions/{submission_id}\n" in text for text in texts)

    assert wait_for("the mail", mails, timeout_s=60) == 1


def end_well(lab: FakeLab, submission_id: int) -> None:
    view = lab.wait_finished(submission_id)
    assert view["failure"] is None, view["failure"]
    assert view["verdict"] == "no-change"
    assert_nothing_lost_and_nothing_doubled(lab, submission_id)


def test_undisturbed(fake_lab: FakeLab, patch: str) -> None:
    end_well(fake_lab, fake_lab.submit(patch))


def test_the_build_worker_dies_in_a_build(fake_lab: FakeLab, patch: str) -> None:
    submission_id = fake_lab.submit(patch)
    fake_lab.wait_for_build(submission_id)
    fake_lab.kill("worker-build")
    end_well(fake_lab, submission_id)


@pytest.mark.parametrize("status", ["imaging", "booting", "preparing", "running", "collecting"])
def test_the_lab_worker_dies(fake_lab: FakeLab, patch: str, status: str) -> None:
    submission_id = fake_lab.submit(patch)
    if status == "collecting":
        # Too short to be met by looking: the power switch is told to hang, the worker dies at it.
        fake_lab.wait_for_status(submission_id, JobStatus.RUNNING)
        for machine in fake_lab.paths.machines.iterdir():
            (machine / "control.json").write_text('{"off": ["hang", "ok"]}', encoding="utf-8")
    fake_lab.wait_for_status(submission_id, JobStatus(status))
    fake_lab.kill("worker-lab")
    for machine in fake_lab.paths.machines.iterdir():
        (machine / "control.json").unlink(missing_ok=True)
    end_well(fake_lab, submission_id)


@pytest.mark.parametrize("status", ["imaging", "running"])
def test_the_server_dies_while_a_machine_reports(fake_lab: FakeLab, patch: str, status: str) -> None:
    submission_id = fake_lab.submit(patch)
    fake_lab.wait_for_status(submission_id, JobStatus(status))
    fake_lab.kill("server")
    end_well(fake_lab, submission_id)


@pytest.mark.parametrize("child", ["beat", "console", "valkey", "postgres"])
def test_another_process_dies_while_a_job_boots(fake_lab: FakeLab, patch: str, child: str) -> None:
    submission_id = fake_lab.submit(patch)
    fake_lab.wait_for_status(submission_id, JobStatus.BOOTING)
    fake_lab.kill(child)
    end_well(fake_lab, submission_id)
