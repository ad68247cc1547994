# SPDX-License-Identifier: GPL-2.0-or-later
"""The console reader as a process: killed again and again while a machine writes, no line is lost or repeated."""

import subprocess
import sys
import threading
import time
from pathlib import Path

import psutil
import pytest

from fakes.console_server import TOKEN, ConsoleServer, serving

pytestmark = pytest.mark.integration

RSS_LIMIT_BYTES = 64 * 1024 * 1024
LINES = 3000


def start(url: str, *, tmp_path: Path) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "kdyno_lab.console", "--server", url]
    command += ["--token-file", str(tmp_path / "token"), "--consoles", str(tmp_path / "consoles")]
    return subprocess.Popen(command)


def write_slowly(path: Path) -> None:
    with path.open("ab", buffering=0) as console:
        for number in range(LINES):
            console.write(f"line {number}".encode())
            if number % 10 == 0:
                time.sleep(0.01)
            console.write(b"\r\n")


def test_kill_9_loses_and_repeats_nothing(tmp_path: Path) -> None:
    (tmp_path / "token").write_text(f"{TOKEN}\n")
    (tmp_path / "consoles").mkdir()
    server = ConsoleServer()
    writer = threading.Thread(target=write_slowly, args=(tmp_path / "consoles" / "7.log",))
    with serving(server) as url:
        writer.start()
        while writer.is_alive():
            reader = start(url, tmp_path=tmp_path)
            time.sleep(0.9)
            reader.kill()
            reader.wait()
        asked = server.requests
        reader = start(url, tmp_path=tmp_path)
        try:
            deadline_s = time.monotonic() + 20
            while server.requests == asked or len(server.lines.get(7, [])) < LINES:
                assert time.monotonic() < deadline_s, "time limit reached"
                time.sleep(0.1)
            rss_bytes = psutil.Process(reader.pid).memory_info().rss
        finally:
            reader.terminate()
            assert reader.wait(timeout=15) == 0
    assert server.lines[7] == [f"line {number}" for number in range(LINES)]
    assert rss_bytes < RSS_LIMIT_BYTES
    print(f"\nconsole reader: {rss_bytes / 2**20:.1f} MiB resident")  # noqa: T201
