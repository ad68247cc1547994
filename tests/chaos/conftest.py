# SPDX-License-Identifier: GPL-2.0-or-later
"""A whole lab (`kdyno up`) whose machines are scripts: real processes, database, broker and builds, fast boots."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import func, select

from kdyno.config import Paths
from kdyno.db.engine import create_database_engine
from kdyno.jobs.models import Job
from kdyno.jobs.states import JobStatus
from kdyno.supervisor.postgres import database_url, postgres_sockets
from kdyno_lab.images.manifest import format_manifest, hash_image
from tests.running_lab import RunningLab, free_port, running_lab, wait_for

TESTS = Path(__file__).resolve().parents[1]
GUEST = TESTS / "fakes" / "guest.py"
TINY_TREE = TESTS / "fakes" / "tiny_tree"
IMAGE_ID = "cafe0001"


class FakeLab(RunningLab):
    """A running lab with fake machines."""

    def wait_for_status(self, submission_id: int, status: JobStatus, *, timeout_s: float = 90) -> None:
        """Wait until a job of the submission is in `status`; asks the database, to be in time for short ones."""
        engine = create_database_engine(database_url(postgres_sockets(self.paths)))
        query = select(func.count()).select_from(Job).where(Job.submission_id == submission_id, Job.status == status)

        def met() -> bool:
            with engine.connect() as connection:
                return bool(connection.scalar(query))

        wait_for(f"a job that is {status}", met, timeout_s=timeout_s, pause_s=0.02)
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
    settings = {"KDYNO_MACHINES_FILE": str(write_machines(paths, port=port)), "KDYNO_BUILD_JOBS": "1"}
    defaults = {"tree": "tiny", "kconfig": "tinyconfig"}
    with running_lab(paths.data_dir, settings=settings, port=port, request_defaults=defaults) as lab:
        lab.call("POST", "/api/v1/images", json={"id": IMAGE_ID})
        lab.call("POST", "/api/v1/trees", json={"name": "tiny", "source": "tests"})
        yield FakeLab(lab.paths, lab.url, lab.environment, lab.supervisor, defaults)
