# SPDX-License-Identifier: GPL-2.0-or-later
"""`kdyno up` as its user meets it: refusals, crashes, and nothing left behind."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from email.message import EmailMessage
from pathlib import Path

import httpx
import psycopg
import pytest

from kdyno.config import Paths
from kdyno.mail.mailbox import list_mails
from kdyno.mail.transport import send
from kdyno.supervisor.postgres import database_url, postgres_sockets
from kdyno.supervisor.state import LabReport, LabState, read_report
from kdyno_lab.power.process import is_alive
from tests.running_lab import RunningLab, free_port, running_lab, wait_for

pytestmark = pytest.mark.integration

TREE_END_S = 25.0


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningLab]:
    """One lab for the tests of this module, which kill parts of it; the virtual machines stay off."""
    data_dir = tmp_path_factory.mktemp("lab")
    settings = {"KDYNO_ACCELERATOR": "tcg"}
    with running_lab(data_dir, settings=settings, port=free_port(), request_defaults={}) as running:
        yield running


def report_of(lab: RunningLab) -> LabReport:
    report = read_report(lab.paths.up_json)
    assert report is not None
    return report


def kdyno(lab: RunningLab, *arguments: str, **changes: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "kdyno.cli.main", *arguments],
        env={**lab.environment, **changes},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def healthy(lab: RunningLab) -> bool:
    try:
        return httpx.get(f"{lab.url}/healthz", timeout=5).status_code == 200
    except httpx.TransportError:
        return False


def processes_of(data_dir: Path) -> list[str]:
    """Command lines and environments that name the data directory; our own and zombies have none."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            content = (process / "cmdline").read_bytes() + (process / "environ").read_bytes()
        except OSError:
            continue
        if os.fsencode(data_dir) in content and int(process.name) != os.getpid():
            found.append(f"{process.name}: {(process / 'cmdline').read_bytes()[:200]!r}")
    return found


def test_status_shows_every_process_and_its_memory(lab: RunningLab) -> None:
    shown = kdyno(lab, "status", "--json")
    assert shown.returncode == 0
    status = json.loads(shown.stdout)
    assert status["state"] == "ready"
    names = {"postgres", "valkey", "server", "worker-build", "worker-lab", "beat", "console", "mail"}
    assert set(status["children"]) == names
    assert set(status["memory_bytes"]) == names | {"supervisor"}
    assert all(size > 0 for size in status["memory_bytes"].values())
    assert "ready" in kdyno(lab, "status").stdout


def test_the_lab_is_idle_within_its_memory(lab: RunningLab) -> None:
    status = json.loads(kdyno(lab, "status", "--json").stdout)
    assert status["memory_total_bytes"] <= 600 * 1024**2, status["memory_bytes"]


def test_a_second_up_is_refused_and_told_of_the_first(lab: RunningLab) -> None:
    second = kdyno(lab, "up", KDYNO_PORT=str(free_port()))
    assert second.returncode == 3
    assert f"already running (pid {lab.supervisor.pid})" in second.stderr
    assert healthy(lab)


def test_a_taken_port_is_named_with_its_holder_and_setting(lab: RunningLab, tmp_path: Path) -> None:
    port = lab.environment["KDYNO_PORT"]
    other = kdyno(lab, "up", KDYNO_DATA_DIR=str(tmp_path), KDYNO_SMTP_PORT=str(free_port()))
    assert other.returncode == 3
    assert f"port {port} on 127.0.0.1 is taken by" in other.stderr
    assert f"pid {report_of(lab).children['server'].identity.pid}" in other.stderr  # type: ignore[union-attr]
    assert "set KDYNO_PORT to a free port" in other.stderr
    assert processes_of(tmp_path) == []


def test_a_wrong_setting_is_named(lab: RunningLab) -> None:
    refused = kdyno(lab, "up", KDYNO_PORT="0")
    assert refused.returncode == 2
    assert refused.stderr.startswith("kdyno: KDYNO_PORT: ")


def test_the_benchmarks_that_requests_may_name_are_listed(lab: RunningLab) -> None:
    listed = kdyno(lab, "workload", "benchmarks")
    assert listed.returncode == 0, listed.stderr
    assert "lat_pipe" in listed.stdout and "bw_mem_copy" in listed.stdout
    one = kdyno(lab, "workload", "benchmarks", "lat_pipe")
    assert one.stdout.startswith("lat_pipe: ")
    assert "ns/op, lower is better" in one.stdout
    assert "placements: same-cpu, cross-cpu" in one.stdout
    assert "message_bytes" in one.stdout
    unknown = kdyno(lab, "workload", "benchmarks", "lat_pip")
    assert unknown.returncode == 2
    assert "did you mean 'lat_pipe'?" in unknown.stderr


def test_secrets_are_for_their_owner_only(lab: RunningLab) -> None:
    for path in (lab.paths.cli_token, lab.paths.lab_token):
        assert path.stat().st_mode & 0o077 == 0
    assert postgres_sockets(lab.paths).stat().st_mode & 0o077 == 0


def test_mail_is_kept_in_the_mailbox(lab: RunningLab) -> None:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "a@example.org", "b@example.org", "hello"
    message.set_content("body\n")
    send(message, smtp_url=f"smtp://127.0.0.1:{lab.environment['KDYNO_SMTP_PORT']}")
    assert [mail.subject for mail in list_mails(lab.paths.mail).mails] == ["hello"]


@pytest.mark.parametrize("name", ["mail", "postgres"])
def test_a_killed_process_is_started_again(lab: RunningLab, name: str) -> None:
    before = report_of(lab).children[name]
    lab.kill(name)

    def back() -> bool:
        now = report_of(lab).children[name]
        return now.restarts > before.restarts and now.identity is not None and healthy(lab)

    wait_for(f"{name} back", back, timeout_s=30)
    assert report_of(lab).children[name].last_end != ""


def test_after_a_killed_supervisor_the_next_one_goes_on(lab: RunningLab) -> None:
    """Kept to the end of the module: from here on the lab is another process."""
    with psycopg.connect(database_url(postgres_sockets(lab.paths)), autocommit=True) as connection:
        connection.execute("CREATE TABLE marker AS SELECT 42 AS answer")
    identities = [child.identity for child in report_of(lab).children.values() if child.identity]
    lab.supervisor.send_signal(signal.SIGKILL)
    lab.supervisor.wait()
    wait_until(lambda: not any(is_alive(identity) for identity in identities))
    assert processes_of(lab.paths.data_dir) == []

    lab.supervisor = start_again(lab)
    assert healthy(lab)
    with psycopg.connect(database_url(postgres_sockets(lab.paths))) as connection:
        assert connection.execute("SELECT answer FROM marker").fetchone() == (42,)

    lab.supervisor.send_signal(signal.SIGTERM)
    assert lab.supervisor.wait(timeout=TREE_END_S) == 0
    assert report_of(lab).state is LabState.STOPPED
    assert processes_of(lab.paths.data_dir) == []
    with socket.create_server(("127.0.0.1", int(lab.environment["KDYNO_PORT"]))):
        pass
    assert kdyno(lab, "status").returncode == 3


def start_again(lab: RunningLab) -> subprocess.Popen[bytes]:
    process = subprocess.Popen([sys.executable, "-m", "kdyno.cli.main", "up"], env=lab.environment)
    wait_for("the lab again", lambda: process.poll() is not None or is_ready(lab.paths, process.pid), timeout_s=60)
    assert process.poll() is None
    return process


def is_ready(paths: Paths, pid: int) -> bool:
    report = read_report(paths.up_json)
    ours = report is not None and report.supervisor is not None and report.supervisor.pid == pid
    return ours and report is not None and report.state is LabState.READY


def wait_until(check: Callable[[], bool]) -> None:
    deadline_s = time.monotonic() + TREE_END_S
    while not check():
        assert time.monotonic() < deadline_s
        time.sleep(0.05)
