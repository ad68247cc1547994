# SPDX-License-Identifier: GPL-2.0-or-later
"""The web server as a process, like in a real lab, and what a test does to it."""

import os
import subprocess
import sys

import httpx

from kdyno.config import Settings
from tests.running_lab import wait_for


class Server:
    """The server of one lab; it can be killed and started again on the same port."""

    def __init__(self, settings: Settings) -> None:
        self.url = settings.server_url
        self._settings = settings
        self._log = settings.data_dir / "server.log"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it and wait until it answers."""
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "kdyno.cli.main", "serve"],
                env={**os.environ, **self._settings.environment()},
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        wait_for("the server", self._answers, timeout_s=120)

    def kill(self) -> None:
        """End it as a crash would."""
        assert self._process is not None
        self._process.kill()
        self._process.wait(timeout=30)

    def _answers(self) -> bool:
        assert self._process is not None
        if self._process.poll() is not None:
            raise AssertionError(self._log.read_text(encoding="utf-8")[-3000:])
        try:
            return httpx.get(f"{self.url}/healthz", timeout=5).status_code == 200
        except httpx.TransportError:
            return False
