# SPDX-License-Identifier: GPL-2.0-or-later
"""The played machine keeps the contract: it boots by our scripts, images, reboots, and reports as the agent does."""

import hashlib
import json
import sys
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from kdyno_lab.boot import BootMachine, ImagerProfile, KernelProfile, LocalDiskProfile, render_boot, render_chain
from kdyno_lab.console.panic import ConsoleParser
from kdyno_lab.power.fake import FakePower
from kdyno_lab.power.options import FakeOptions

GUEST = Path(__file__).parents[2] / "fakes" / "guest.py"
MAC = "52:54:00:6b:64:01"
SERVER_URL = "http://10.0.2.100:80"
ROOT = hashlib.blake2b(b"image", digest_size=32).hexdigest()
MANIFEST = (
    f"kdyno-image 1\nimage i1\nsize_bytes 1048576\nchunk_bytes 1048576\nhash blake2b-256\nroot {ROOT}\n0 aa data\n"
)
JOB = {
    "schema": "kdyno.job/1",
    "attempt_id": 7,
    "phases": [
        {"name": "getppid", "argv": ["/k", "run", "lat_syscall_getppid", "--json"], "result_format": "kbench"},
        {"name": "sync", "argv": ["/bin/sync"], "result_format": "none"},
    ],
}


class PlayedServer:
    """Just enough of the server for one attempt."""

    def __init__(self) -> None:
        self.status = "imaging"
        self.imager: list[dict[str, Any]] = []
        self.events: list[dict[str, Any]] = []
        self.job_asked = 0
        self.failures = 0

    def answer(self, method: str, path: str, document: Any) -> tuple[int, str]:
        if self.failures:
            self.failures -= 1
            return 503, "{}"
        page = path.partition("?")[0]
        if method == "POST":
            return self._reported(page, document)
        if page == "/boot/ipxe":
            return 200, render_chain(server_url=SERVER_URL)
        if page == "/boot/machine":
            return 200, self._script()
        if page.endswith("/manifest.txt"):
            return 200, MANIFEST
        if page == "/api/v1/agent/job":
            self.job_asked += 1
            return (425, "{}") if self.job_asked < 3 else (200, json.dumps(JOB))
        return 404, "{}"

    def _script(self) -> str:
        common: dict[str, Any] = {"server_url": SERVER_URL, "attempt_id": 7, "token": "t"}
        machine = BootMachine(name="vm1", mac=MAC)
        if self.status == "imaging":
            return render_boot(machine, ImagerProfile(**common, image_id="i1"))
        if self.status == "booting":
            return render_boot(machine, KernelProfile(**common, build_key="b1", release="6.1.0-patched"))
        return render_boot(machine, LocalDiskProfile())

    def _reported(self, page: str, document: Any) -> tuple[int, str]:
        if page == "/imager/7/events":
            self.imager.append(document)
            if document["event"] != "verified":
                return 200, "{}"
            if document["root"] != ROOT:
                return 409, json.dumps({"detail": "wrong root"})
            self.status = "booting"
            return 200, json.dumps({"next": "reboot"})
        self.events.extend(document["events"])
        acked = [{"phase": event["phase"], "seq": event["seq"]} for event in document["events"]]
        return 200, json.dumps({"acked": acked})


@pytest.fixture
def server() -> Iterator[tuple[PlayedServer, str]]:
    played = PlayedServer()

    class Handler(BaseHTTPRequestHandler):
        def _do(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            document = json.loads(self.rfile.read(length)) if length else None
            status, text = played.answer(self.command, self.path, document)
            self.send_response(status)
            self.end_headers()
            self.wfile.write(text.encode())

        do_GET = do_POST = _do

        def log_message(self, format: str, *args: Any) -> None:
            """Quiet."""

    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=http.serve_forever, args=(0.02,), daemon=True).start()
    yield played, f"http://127.0.0.1:{http.server_address[1]}"
    http.shutdown()
    http.server_close()


def machine(directory: Path, *, url: str, **settings: str) -> FakePower:
    environment = {"SERVER": url, "PAUSE_S": "0", "PHASE_S": "0", "RETRY_S": "0.01", "SEED": "1", **settings}
    return FakePower(
        FakeOptions(
            name="vm1",
            directory=directory,
            mac=MAC,
            guest_command=(sys.executable, str(GUEST)),
            guest_environment={f"KDYNO_GUEST_{name}": value for name, value in environment.items()},
        )
    )


def console_kinds(console: Path) -> list[str]:
    parser = ConsoleParser(attempt_id=7)
    lines = console.read_text(encoding="utf-8").splitlines()
    events = [parser.feed(line, line_no=number) for number, line in enumerate(lines, start=1)]
    return [event.kind for event in events if event is not None]


def wait_for(condition: Any) -> None:
    deadline_s = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline_s, "time limit reached"
        time.sleep(0.01)


def test_a_whole_attempt(server: tuple[PlayedServer, str], tmp_path: Path) -> None:
    played, url = server
    played.failures = 2
    model = {"*-patched/lat_*": {"mean": 120.0, "noise": 0.0, "boot_noise": 0.0, "samples": 5}}
    power = machine(tmp_path, url=url, MODEL=json.dumps(model))
    try:
        power.cycle(timeout_s=5, console=tmp_path / "7.log")
        wait_for(lambda: played.events and played.events[-1]["kind"] == "job_finished")
    finally:
        power.off(timeout_s=5)
    assert [report["event"] for report in played.imager] == ["started", *["progress"] * 3, "verified"]
    assert [(event["phase"], event["seq"], event["kind"]) for event in played.events] == [
        ("", 1, "job_started"),
        ("getppid", 1, "phase_started"),
        ("getppid", 2, "result"),
        ("getppid", 3, "phase_finished"),
        ("sync", 1, "phase_started"),
        ("sync", 2, "phase_finished"),
        ("", 2, "job_finished"),
    ]
    [benchmark] = played.events[2]["document"]["benchmarks"]
    assert (benchmark["name"], benchmark["metrics"][0]["samples"]) == ("lat_syscall_getppid", [120.0] * 5)
    assert console_kinds(tmp_path / "7.log") == ["ready"]


@pytest.mark.parametrize(
    ("fault", "kinds"), [("panic@kernel", ["oops", "panic"]), ("panic@phase", ["ready", "oops", "panic"])]
)
def test_it_panics_where_told(server: tuple[PlayedServer, str], tmp_path: Path, fault: str, kinds: list[str]) -> None:
    _, url = server
    power = machine(tmp_path, url=url, FAULT=fault)
    console = tmp_path / "7.log"
    try:
        power.cycle(timeout_s=5, console=console)
        wait_for(lambda: "end Kernel panic" in console.read_text(encoding="utf-8"))
    finally:
        power.off(timeout_s=5)
    assert console_kinds(console) == kinds


def test_a_lie_about_the_root_stops_at_the_server(server: tuple[PlayedServer, str], tmp_path: Path) -> None:
    played, url = server
    power = machine(tmp_path, url=url, FAULT="lie-root")
    console = tmp_path / "7.log"
    try:
        power.cycle(timeout_s=5, console=console)
        wait_for(lambda: "server refused" in console.read_text(encoding="utf-8"))
    finally:
        power.off(timeout_s=5)
    assert played.status == "imaging"
