# SPDX-License-Identifier: GPL-2.0-or-later
"""Makes the rows of a small lab and moves jobs through it by the services that the lab itself uses."""

from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import select, update

from kdyno.analysis.machine_kind import MachineKind
from kdyno.db.engine import UnitOfWork
from kdyno.jobs import imaging, sweeper
from kdyno.jobs import service as jobs
from kdyno.jobs.budgets import StatusBudgets
from kdyno.jobs.imaging import ImagerEvent
from kdyno.jobs.models import Attempt, Deadline, Job
from kdyno.jobs.scheduler import interleave
from kdyno.jobs.states import JobStatus
from kdyno.kernels import service as kernels
from kdyno.kernels.models import Build
from kdyno.kernels.status import BuildStatus
from kdyno.machines import service as machines
from kdyno.results import service as results
from kdyno.results.schemas import AgentReport
from kdyno.submissions.models import Arm, Submission

ROOT_HASH = "ab" * 32
WORKLOADS = ["syscall-getppid"]


@dataclass
class LabRows:
    """A lab that exists as rows only."""

    unit_of_work: UnitOfWork
    budgets: StatusBudgets

    def furnish(self) -> None:
        """A tree, an image and two machines."""
        with self.unit_of_work() as session:
            kernels.register_tree(session, name="linux", source="here", default_revision="HEAD", head_commit="0" * 40)
            machines.select_image(session, image_id="cafe0001", root_hash=ROOT_HASH, manifest={})
            for number in (1, 2):
                machines.register_machine(
                    session,
                    name=f"vm{number}",
                    machine_type="virtual",
                    noise_kind=MachineKind.VIRTUAL_ICOUNT,
                    lab_name="local",
                    mac=f"52:54:00:00:00:0{number}",
                    driver="fake",
                    options={},
                )

    def submit(
        self,
        *,
        boots_per_arm: int = 2,
        mail: str | None = None,
        built: bool = True,
        workloads: list[str] | None = None,
        profile: bool = False,
    ) -> int:
        """A submission whose kernels are built, unless told otherwise; its id."""
        with self.unit_of_work() as session:
            submission = Submission(
                title="a patch",
                tree_name="linux",
                base_revision="HEAD",
                base_commit="0" * 40,
                patch="",
                patchset_hash="1" * 64,
                kconfig="tinyconfig+virt-min",
                workloads=workloads or WORKLOADS,
                profile=profile,
                machine_type="virtual",
                boots_per_arm=boots_per_arm,
                mail=mail,
                requested_by="test",
                request_sha256="",
                image_id="cafe0001",
            )
            session.add(submission)
            session.flush()
            arms = {}
            for letter, name in (("A", "base"), ("B", "patched")):
                build = Build(
                    tree_name="linux",
                    commit="0" * 40,
                    kconfig="tinyconfig+virt-min",
                    status=(BuildStatus.DONE if built else BuildStatus.QUEUED).value,
                    key=f"{letter.lower()}" * 64,
                    release=f"6.1.0-kdyno-{name}",
                )
                session.add(build)
                session.flush()
                arms[letter] = Arm(submission_id=submission.id, name=name, build_id=build.id)
                session.add(arms[letter])
                session.flush()
            for order_no, letter in enumerate(interleave(boots_per_arm), start=1):
                jobs.create_job(session, submission_id=submission.id, arm_id=arms[letter].id, order_no=order_no)
            return submission.id

    def tick(self) -> None:
        """What beat asks for every two seconds."""
        with self.unit_of_work() as session:
            sweeper.fire_deadlines(session, budgets=self.budgets)
            sweeper.stop_doomed(session, budgets=self.budgets)
            sweeper.assign_machines(session, budgets=self.budgets)
            sweeper.hint_owed(session)

    def job(self, submission_id: int, order_no: int = 1) -> Job:
        """A job as it is now."""
        with self.unit_of_work() as session:
            query = select(Job).where(Job.submission_id == submission_id, Job.order_no == order_no)
            return session.scalars(query).one()

    def attempt(self, job: Job) -> Attempt:
        """The current attempt of a job."""
        with self.unit_of_work() as session:
            return session.get_one(Attempt, job.current_attempt_id)

    def power_on(self, job: Job) -> None:
        """What the lab worker's first step does to the rows."""
        with self.unit_of_work() as session:
            jobs.transition(
                session,
                job_id=job.id,
                source=JobStatus.ASSIGNED,
                target=JobStatus.IMAGING,
                due_in=self.budgets.imaging,
            )

    def verify_image(self, job: Job, *, root: str = ROOT_HASH) -> bool:
        """What the imager's last report does."""
        report = {"root": root, "rewritten_chunks": 1, "duration_ms": 5, "total_bytes": 7, "message": ""}
        with self.unit_of_work() as session:
            attempt = session.get_one(Attempt, job.current_attempt_id)
            return imaging.handle_report(
                session, attempt=attempt, event=ImagerEvent.VERIFIED, report=report, budgets=self.budgets
            )

    def run_to_agent(self, job: Job) -> None:
        """From assigned to running."""
        self.power_on(job)
        assert self.verify_image(job)
        with self.unit_of_work() as session:
            for source, target in (
                (JobStatus.BOOTING, JobStatus.PREPARING),
                (JobStatus.PREPARING, JobStatus.RUNNING),
            ):
                jobs.transition(session, job_id=job.id, source=source, target=target, due_in=self.budgets.preparing)

    def report(self, job: Job, *events: dict[str, object]) -> list[tuple[str, int]]:
        """Send agent events; what was acknowledged."""
        with self.unit_of_work() as session:
            attempt = session.get_one(Attempt, job.current_attempt_id)
            report = AgentReport.model_validate({"attempt_id": attempt.id, "events": events})
            return results.ingest(session, attempt=attempt, report=report, budgets=self.budgets)

    def finish(self, job: Job, *, power_failure: str | None = None) -> None:
        """What the lab worker's last step does to the rows."""
        assert job.current_attempt_id is not None
        with self.unit_of_work() as session:
            jobs.finish_attempt(session, attempt_id=job.current_attempt_id, power_failure=power_failure)

    def run_job(self, submission_id: int, order_no: int, *, samples: list[float]) -> None:
        """One job from the queue to its end, with these samples."""
        self.run_phases(submission_id, order_no, phases={WORKLOADS[0]: kbench_document(samples)})

    def run_phases(self, submission_id: int, order_no: int, *, phases: dict[str, object]) -> None:
        """One job from the queue to its end, with a document of each phase."""
        self.tick()
        job = self.job(submission_id, order_no)
        self.run_to_agent(job)
        self.report(job, *phase_events(self.release(job), phases=phases))
        self.finish(job)

    def release(self, job: Job) -> str:
        """What `uname -r` must say on this job."""
        with self.unit_of_work() as session:
            query = select(Build.release).join(Arm, Arm.build_id == Build.id).where(Arm.id == job.arm_id)
            return session.scalars(query).one() or ""

    def age_deadline(self, job: Job) -> None:
        """Let the present status overrun."""
        with self.unit_of_work() as session:
            session.execute(
                update(Deadline).where(Deadline.job_id == job.id).values(due_at=datetime(2000, 1, 1, tzinfo=UTC))
            )


def kbench_document(samples: list[float]) -> dict[str, object]:
    """What kbench prints for one benchmark."""
    return kbench_documents([kbench_benchmark("lat_syscall_getppid", samples, placement="free")])


def kbench_documents(benchmarks: list[dict[str, object]]) -> dict[str, object]:
    """What kbench prints for several benchmarks."""
    return {
        "schema": "kdyno.kbench/1",
        "harness": {"version": "test"},
        "host": {},
        "clock": {},
        "benchmarks": benchmarks,
    }


def kbench_benchmark(
    name: str, samples: list[float], *, placement: str = "same-cpu", parameters: dict[str, object] | None = None
) -> dict[str, object]:
    """One benchmark of a document that was done."""
    return {
        "name": name,
        "placement": placement,
        "parameters": parameters or {},
        "status": "done",
        "metrics": [
            {
                "name": "latency",
                "unit": "ns/op",
                "direction": "lower",
                "operations_per_sample": 1000,
                "samples": samples,
                "median": sorted(samples)[len(samples) // 2],
                "converged": True,
            }
        ],
        "counts_per_op": {"minor_faults": 0.0},
    }


def agent_events(release: str, *, samples: list[float]) -> list[dict[str, object]]:
    """Everything that an agent reports of a job with one phase."""
    return phase_events(release, phases={WORKLOADS[0]: kbench_document(samples)})


def phase_events(release: str, *, phases: dict[str, object]) -> list[dict[str, object]]:
    """Everything that an agent reports of a job whose phases print these documents, and all end well."""
    events: list[dict[str, object]] = [
        {"phase": "", "seq": 1, "kind": "job_started", "at_ns": 1, "uname_release": release, "facts": {}}
    ]
    for phase, document in phases.items():
        events += [
            {"phase": phase, "seq": 1, "kind": "phase_started", "at_ns": 2},
            {"phase": phase, "seq": 2, "kind": "result", "at_ns": 3, "document": document},
            {"phase": phase, "seq": 3, "kind": "phase_finished", "at_ns": 4, "outcome": "done", "exit_code": 0},
        ]
    return [*events, {"phase": "", "seq": 2, "kind": "job_finished", "at_ns": 5, "outcome": "done"}]
