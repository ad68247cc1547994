# SPDX-License-Identifier: GPL-2.0-or-later
"""A lab that a test started with `kdyno up`: real processes in a data directory and on ports of their own."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from kdyno.config import Paths

READY_TIMEOUT_S = 120.0
STOP_TIMEOUT_S = 60.0


def free_port() -> int:
    """A port of the loopback that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def wait_for(what: str, check: Callable[[], Any], *, timeout_s: float, pause_s: float = 0.1) -> Any:
    """Ask again and again until the answer is true; the answer."""
    end = time.monotonic() + timeout_s
    while time.monotonic() < end:
        answer = check()
        if answer:
            return answer
        time.sleep(pause_s)
    raise AssertionError(f"not within {timeout_s:.0f} s: {what}")


@dataclass
class RunningLab:
    """A running lab, and what a test does to it."""

    paths: Paths
    url: str
    environment: dict[str, str]
    supervisor: subprocess.Popen[bytes]
    request_defaults: dict[str, Any]

    def client(self) -> httpx.Client:
        token = self.paths.cli_token.read_text(encoding="ascii").strip()
        return httpx.Client(base_url=self.url, headers={"Authorization": f"Bearer {token}"}, timeout=20)

    def call(self, method: str, path: str, **arguments: Any) -> Any:
        """One API call; the server may be just restarting."""

        def attempt() -> Any:
            try:
                with self.client() as client:
                    answer = client.request(method, path, **arguments)
            except httpx.TransportError:
                return None
            assert answer.status_code < 500 or answer.status_code == 503, answer.text
            return answer if answer.status_code != 503 else None

        answer = wait_for(f"{method} {path}", attempt, timeout_s=60)
        assert answer.status_code < 400, answer.text
        return answer.json()

    def submit(self, patch: str, **changes: Any) -> int:
        body = {"patch": patch, "mail": "dev@example.org", **self.request_defaults, **changes}
        return int(self.call("POST", "/api/v1/submissions", json=body)["id"])

    def view(self, submission_id: int) -> dict[str, Any]:
        view: dict[str, Any] = self.call("GET", f"/api/v1/submissions/{submission_id}")
        return view

    def steps(self, submission_id: int) -> list[dict[str, Any]]:
        steps: list[dict[str, Any]] = self.view(submission_id)["progress"]["steps"]
        return steps

    def wait_finished(self, submission_id: int, *, timeout_s: float = 150) -> dict[str, Any]:
        view: dict[str, Any] = wait_for(
            f"end of submission {submission_id}",
            lambda: (v := self.view(submission_id))["state"] == "finished" and v,
            timeout_s=timeout_s,
        )
        return view

    def kill(self, child: str) -> None:
        """kill -9 one process of the lab; the supervisor restarts it."""
        report = json.loads(self.paths.up_json.read_text(encoding="utf-8"))
        os.kill(report["children"][child]["identity"]["pid"], signal.SIGKILL)


@contextmanager
def running_lab(
    data_dir: Path, *, settings: Mapping[str, str], port: int, request_defaults: dict[str, Any]
) -> Iterator[RunningLab]:
    """Start `kdyno up` and wait until it is ready; at the end it stops with all that it started."""
    paths = Paths(data_dir)
    foreign = ("KDYNO_", "DATABASE_URL", "REDIS_URL", "SMTP_URL")
    environment = {
        **{key: value for key, value in os.environ.items() if not key.startswith(foreign)},
        "KDYNO_DATA_DIR": str(data_dir),
        "KDYNO_PORT": str(port),
        "KDYNO_SMTP_PORT": str(free_port()),
        **settings,
    }
    ready = data_dir / "ready"
    ready.unlink(missing_ok=True)
    with (data_dir / "up.log").open("ab") as log:
        supervisor = subprocess.Popen(
            [sys.executable, "-m", "kdyno.cli.main", "up", "--ready-file", str(ready)],
            env=environment,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    lab = RunningLab(paths, f"http://127.0.0.1:{port}", environment, supervisor, request_defaults)
    try:
        wait_for("the lab", lambda: ready.exists() or supervisor.poll() is not None, timeout_s=READY_TIMEOUT_S)
        if supervisor.poll() is not None:
            raise AssertionError(f"kdyno up ended:\n{(data_dir / 'up.log').read_text(encoding='utf-8')[-4000:]}")
        yield lab
    finally:
        supervisor.terminate()
        supervisor.wait(timeout=STOP_TIMEOUT_S)
