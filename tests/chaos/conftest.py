# SPDX-License-Identifier: GPL-2.0-or-later
"""A whole lab (`kdyno up`) whose machines are scripts: real processes, database, broker and builds, fast boots."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Select, select

from kdyno.config import Paths
from kdyno.db.engine import create_database_engine
from kdyno.jobs.models import Job
from kdyno.jobs.states import JobStatus
from kdyno.kernels.models import Build
from kdyno.kernels.status import BuildStatus
from kdyno.submissions.models import Arm
from kdyno.supervisor.postgres import database_url, postgres_sockets
from kdyno_lab.images.manifest import format_manifest, hash_image
from tests.running_lab import RunningLab, free_port, running_lab, wait_for

TESTS = Path(__file__).resolve().parents[1]
GUEST = TESTS / "fakes" / "guest.py"
TINY_TREE = TESTS / "fakes" / "tiny_tree"
IMAGE_ID = "cafe0001"


class FakeLab(RunningLab):
    """A running lab with fake machines."""

    def wait_for_status(self, submission_id: int, status: JobStatus) -> None:
        """Wait until a job of the submission is in `status`."""
        self._wait_for_row(
            f"a job that is {status}", select(Job.id).where(Job.submission_id == submission_id, Job.status == status)
        )

    def wait_for_build(self, submission_id: int) -> None:
        """Wait until a build of the submission is under way."""
        under_way = select(Build.id).join(Arm, Arm.build_id == Build.id)
        self._wait_for_row(
            "a build under way",
            under_way.where(Arm.submission_id == submission_id, Build.status == BuildStatus.BUILDING),
        )

    def _wait_for_row(self, what: str, query: Select[tuple[int]]) -> None:
        """Ask the database itself, to be in time for what is short."""
        engine = create_database_engine(database_url(postgres_sockets(self.paths)))

        def met() -> bool:
            with engine.connect() as connection:
                return connection.scalar(query.limit(1)) is not None

        wait_for(what, met, timeout_s=90, pause_s=0.02)
        engine.dispose()

    def set_guest(self, *, fault: str = "") -> None:
        """What goes wrong on the machines from now on."""
        (self.paths.data_dir / "fault").write_text(fault, encoding="utf-8")


def write_image(paths: Paths) -> None:
    """A golden image of three chunks, one of them empty."""
    directory = paths.image(IMAGE_ID)
    directory.mkdir(parents=True)
    (directory / "disk.img").write_bytes(os.urandom(2**20) + bytes(2**20) + os.urandom(2**19))
    manifest = hash_image(directory / "disk.img", image_id=IMAGE_ID, chunk_bytes=2**20)
    (directory / "manifest.txt").write_text(format_manifest(manifest), encoding="ascii")
    (directory / "manifest.json").write_text("{}", encoding="ascii")


def write_tree(paths: Paths) -> None:
    """A bare repository of the tiny kernel tree."""
    work = paths.data_dir / "tiny-work"
    identity = ["-c", "user.name=t", "-c", "user.email=t@example.org"]
    subprocess.run(["cp", "-r", str(TINY_TREE), str(work)], check=True)
    for arguments in (["init", "-q", "-b", "main"], ["add", "."], [*identity, "commit", "-q", "-m", "start"]):
        subprocess.run(["git", "-C", str(work), *arguments], check=True)
    paths.trees.mkdir(parents=True)
    subprocess.run(["git", "clone", "-q", "--bare", str(work), str(paths.tree("tiny"))], check=True)


def write_machines(paths: Paths, *, port: int) -> Path:
    """Two machines played by scripts."""
    listed = [
        {
            "name": f"fake{number}",
            "machine_type": "fake",
            "noise_kind": "virtual-icount",
            "mac": f"52:54:00:00:00:0{number}",
            "driver": "fake",
            "options": {
                "name": f"fake{number}",
                "directory": str(paths.machine(f"fake{number}")),
                "mac": f"52:54:00:00:00:0{number}",
                "guest_command": [sys.executable, str(GUEST)],
                "guest_environment": {
                    "KDYNO_GUEST_SERVER": f"http://127.0.0.1:{port}",
                    "KDYNO_GUEST_FAULT_FILE": str(paths.data_dir / "fault"),
                    "KDYNO_GUEST_PAUSE_S": "0.15",
                    "KDYNO_GUEST_PHASE_S": "0.2",
                    "KDYNO_GUEST_MODEL": '{"default": {"noise": 0.0005, "boot_noise": 0.00005}}',
                },
            },
        }
        for number in (1, 2)
    ]
    path = paths.data_dir / "machines.json"
    path.write_text(json.dumps(listed), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def fake_lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FakeLab]:
    """One lab for a module: started once, its processes killed by the tests, stopped at the end."""
    paths = Paths(tmp_path_factory.mktemp("lab"))
    port = free_port()
    write_image(paths)
    write_tree(paths)
    settings = {
        "KDYNO_MACHINES_FILE": str(write_machines(paths, port=port)),
        "KDYNO_BUILD_JOBS": "1",
        # these tests kill one process more often than any lab should have to bear
        "KDYNO_LIMITS__CHILD_DEATHS": "100",
    }
    defaults = {"tree": "tiny", "kconfig": "tinyconfig"}
    with running_lab(paths.data_dir, settings=settings, port=port, request_defaults=defaults) as lab:
        lab.call("POST", "/api/v1/images", json={"id": IMAGE_ID})
        lab.call("POST", "/api/v1/trees", json={"name": "tiny", "source": "tests"})
        yield FakeLab(lab.paths, lab.url, lab.environment, lab.supervisor, defaults)
