# SPDX-License-Identifier: GPL-2.0-or-later
"""The real playbook over the real ssh, against a sandboxed machine."""

import functools
import hashlib
import http.server
import io
import json
import os
import platform
import re
import tarfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psutil
import pytest

from fakes.sandboxed_machine import SandboxedMachine, free_port, sandboxed_machine, why_not
from kdyno_lab.prepare import (
    Expected,
    Mismatch,
    Payload,
    PrepareError,
    PrepareTimeout,
    Unreachable,
    prepare_machine,
)
from kdyno_lab.prepare import (
    machine as real,
)

pytestmark = [pytest.mark.integration, pytest.mark.skipif(bool(missing := why_not()), reason=missing)]

RELEASE = platform.release()
TOKEN = "a-very-secret-token"
IMAGE_ID = "cafe0001"
WORKFILE = b"20 page_test\n"
COMMAND_LINE = f"console=ttyS0 kdyno.attempt=7 kdyno.token={TOKEN} root=/dev/vda kdyno.build={RELEASE}"
EXPECTED = Expected(release=RELEASE, attempt_id=7, image_id=IMAGE_ID)
START = "start --no-block kdyno-agent.service"


class Programs(http.server.SimpleHTTPRequestHandler):
    """Serves the programs without a word."""

    def log_message(self, format: str, *args: Any) -> None: ...


@pytest.fixture(scope="module")
def payload(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Payload]:
    """Programs, one of them an archive, and the server that has them."""
    directory = tmp_path_factory.mktemp("server")
    programs = directory / "boot" / "payload"
    programs.mkdir(parents=True)
    files = {name: programs / name for name in ("kdyno-agent", "kbench", "reaim.tar")}
    for name in ("kdyno-agent", "kbench"):
        files[name].write_text(f"#!/bin/sh\necho {name}\n", encoding="ascii")
    with tarfile.open(files["reaim.tar"], "w") as archive:
        workfile = tarfile.TarInfo("reaim/workfiles/short")
        workfile.size = len(WORKFILE)
        archive.addfile(workfile, io.BytesIO(WORKFILE))
    handler = functools.partial(Programs, directory=str(directory))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}"
        yield Payload(programs=files, server_url=url, token=TOKEN)
        server.shutdown()


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[SandboxedMachine]:
    with sandboxed_machine(tmp_path, command_line=COMMAND_LINE, image_id=IMAGE_ID) as started:
        yield started


def prepare(machine: SandboxedMachine, payload: Payload, **changes: Any) -> dict[str, Any]:
    arguments: dict[str, Any] = {"address": "127.0.0.1", "port": machine.port, "private_key": machine.private_key}
    return prepare_machine(**(arguments | {"expected": EXPECTED, "payload": payload, "timeout_s": 60.0} | changes))


def blake2b(path: Path) -> str:
    return hashlib.blake2b(path.read_bytes(), digest_size=32).hexdigest()


def test_a_machine_is_proven_tuned_and_set_to_work(machine: SandboxedMachine, payload: Payload) -> None:
    told: list[str] = []
    manifest = prepare(machine, payload, event=told.append)
    assert manifest["schema"] == "kdyno.state/1"
    assert (manifest["release"], manifest["build"], manifest["attempt"]) == (RELEASE, RELEASE, "7")
    assert manifest["image_id"] == IMAGE_ID
    assert manifest["thp"] == "madvise"
    assert manifest["governors"] == ["performance"]
    assert manifest["swaps"] == []
    assert manifest["services"] == ["ssh.service"]
    assert manifest["timers"] == ["odd.timer"]
    assert manifest["mitigations"] == {"meltdown": "Mitigation: PTI", "srbds": "Not affected"}
    assert manifest["clocksource"] == "tsc"
    assert manifest["randomize_va_space"] in (0, 1, 2)
    assert manifest["cpus"] == os.cpu_count()
    assert manifest["memory_kb"] > 1000
    assert re.fullmatch(r"[0-9a-f-]{36}", manifest["boot_id"])
    assert manifest["kernel_version"].startswith("Linux version")
    assert manifest["cmdline"] == COMMAND_LINE.replace(TOKEN, "***")
    assert manifest["programs"] == {name: blake2b(path) for name, path in payload.programs.items()}
    assert [call.split()[0] for call in machine.systemctl_calls()] == ["list-units", "stop", "start"]
    assert machine.systemctl_calls()[1:] == ["stop cron.service man-db.timer", START]
    assert any("Prove" in step for step in told)

    found = machine.run("""
        /opt/kdyno/kdyno-agent; /opt/kdyno/kbench; stat -c %a /run/kdyno /run/kdyno/token
        cat /opt/kdyno/reaim/workfiles/short; stat -c %F /var/lib/kdyno/scratch
        cat /run/kdyno/token; grep ExecStart= /run/systemd/system/kdyno-agent.service""").splitlines()
    start = f"ExecStart=/opt/kdyno/kdyno-agent --server {payload.server_url} --attempt 7"
    start += " --token-file /run/kdyno/token --spool /var/lib/kdyno/spool"
    unpacked = [*WORKFILE.decode().splitlines(), "directory"]
    assert found == ["kdyno-agent", "kbench", "700", "600", *unpacked, TOKEN, start]


def test_a_second_run_changes_nothing(machine: SandboxedMachine, payload: Payload) -> None:
    """A lab worker that dies is followed by one that does its step again."""
    first = prepare(machine, payload)
    units = ("kdyno-agent.service", "odd.timer", "ssh.service")
    (machine.directory / "units").write_text("".join(f"{unit} loaded active running x\n" for unit in units))
    listing = "find /opt /run /var -type f -exec stat -c '%n %Y %i %a' {} + | sort"
    before = machine.run(listing)
    assert prepare(machine, payload) == first
    assert machine.run(listing) == before
    assert machine.systemctl_calls()[-1] == START
    assert "daemon-reload" not in machine.systemctl_calls()


@pytest.mark.parametrize(
    ("expected", "fact", "wanted", "seen"),
    [
        (Expected(release="6.1.0-other", attempt_id=7, image_id=IMAGE_ID), "kernel release", "6.1.0-other", RELEASE),
        (Expected(release=RELEASE, attempt_id=8, image_id=IMAGE_ID), "kernel argument kdyno.attempt", "8", "7"),
        (Expected(release=RELEASE, attempt_id=7, image_id="beef0002"), "image id", "beef0002", IMAGE_ID),
    ],
)
def test_another_machine_than_asked_for_gets_no_agent(
    machine: SandboxedMachine, payload: Payload, expected: Expected, fact: str, wanted: str, seen: str
) -> None:
    with pytest.raises(Mismatch) as caught:
        prepare(machine, payload, expected=expected)
    assert (caught.value.fact, caught.value.expected, caught.value.seen) == (fact, wanted, seen)
    assert machine.systemctl_calls() == []
    assert machine.run("find /opt /run /var -type f") == ""


def test_a_kernel_argument_that_stands_twice_proves_nothing(tmp_path: Path, payload: Payload) -> None:
    twice = f"{COMMAND_LINE} kdyno.attempt=8"
    with sandboxed_machine(tmp_path, command_line=twice, image_id=IMAGE_ID) as machine:
        with pytest.raises(Mismatch) as caught:
            prepare(machine, payload)
        assert caught.value.seen == "7 8"


def test_a_machine_that_does_not_take_its_tuning_gets_no_agent(machine: SandboxedMachine, payload: Payload) -> None:
    huge_pages = machine.directory / "sys/kernel/mm/transparent_hugepage/enabled"
    huge_pages.unlink()
    huge_pages.symlink_to("/proc/sys/kernel/ostype")  # can be read, cannot be written
    with pytest.raises(Mismatch, match="transparent huge pages: expected madvise, seen Linux"):
        prepare(machine, payload)
    assert START not in machine.systemctl_calls()


@pytest.mark.parametrize("name", ["kbench", "reaim.tar"])
def test_a_program_that_is_not_the_one_sent_is_not_installed(
    machine: SandboxedMachine, payload: Payload, tmp_path: Path, name: str
) -> None:
    newer = tmp_path / "newer"
    newer.write_bytes(b"built since the server looked")
    wrong = Payload(programs={**payload.programs, name: newer}, server_url=payload.server_url, token=TOKEN)
    with pytest.raises(Mismatch) as caught:
        prepare(machine, wrong)
    assert caught.value.fact == f"blake2b of {name}"
    assert (caught.value.expected, caught.value.seen) == (blake2b(newer), blake2b(payload.programs[name]))
    assert START not in machine.systemctl_calls()
    assert machine.run("ls -d /opt/kdyno/kbench /opt/kdyno/reaim /run/kdyno/token 2>/dev/null || :") == ""


def test_a_server_without_the_programs_is_named(machine: SandboxedMachine, payload: Payload) -> None:
    away = f"http://127.0.0.1:{free_port()}"
    with pytest.raises(PrepareError, match=r"Install.*curl: \(7\)"):
        prepare(machine, Payload(programs=payload.programs, server_url=away, token=TOKEN))
    assert START not in machine.systemctl_calls()


def test_nobody_there_is_unreachable_in_bounded_time(machine: SandboxedMachine, payload: Payload) -> None:
    started_s = time.monotonic()
    with pytest.raises(Unreachable, match="Connection refused"):
        prepare(machine, payload, port=free_port(), timeout_s=15.0)
    assert time.monotonic() - started_s < 15


def test_a_stranger_is_not_let_in(machine: SandboxedMachine, payload: Payload) -> None:
    (machine.directory / "authorized_keys").write_text("")
    with pytest.raises(Unreachable, match="Permission denied"):
        prepare(machine, payload, timeout_s=8.0)


def test_a_machine_that_hangs_meets_the_time_limit(machine: SandboxedMachine, payload: Payload) -> None:
    (machine.directory / "bin" / "systemctl").write_text("#!/bin/sh\nsleep 60\n")
    started_s = time.monotonic()
    with pytest.raises(PrepareTimeout, match=r"not done within 8 s.*Tune"):
        prepare(machine, payload, timeout_s=8.0)
    assert time.monotonic() - started_s < 12
    assert START not in machine.systemctl_calls()


@contextmanager
def watched_arguments() -> Iterator[set[str]]:
    """The arguments of every process that is seen on this computer during the block."""
    seen: set[str] = set()
    stop = threading.Event()

    def watch() -> None:
        while not stop.wait(0.005):
            for path in Path("/proc").glob("[0-9]*/cmdline"):
                try:
                    seen.add(path.read_bytes().replace(b"\0", b" ").decode(errors="replace"))
                except OSError:
                    continue

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield seen
    finally:
        stop.set()
        watcher.join()


def test_the_token_is_in_no_argument_no_output_and_no_file_that_stays(
    machine: SandboxedMachine, payload: Payload, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = tmp_path / "kept"

    @contextmanager
    def kept_directory() -> Iterator[Path]:
        """The real private directory; its files are copied before it goes."""
        with real_directory() as directory:
            yield directory
            (directory / "token").unlink()
            kept.write_bytes(b"\0".join(path.read_bytes() for path in directory.rglob("*") if path.is_file()))
        assert not directory.exists()

    real_directory = real.private_directory
    monkeypatch.setattr(real, "private_directory", kept_directory)
    told: list[str] = []
    with watched_arguments() as arguments:
        manifest = prepare(machine, payload, event=told.append)
    assert any("ansible-playbook" in line for line in arguments)
    assert any(line.startswith("ssh ") for line in arguments)
    assert not [line for line in arguments if TOKEN in line]
    assert TOKEN not in json.dumps(manifest)
    assert TOKEN not in "".join(told)
    assert len(kept.read_bytes()) > 100
    assert TOKEN.encode() not in kept.read_bytes()


def test_nothing_of_ours_is_left_on_the_machine_but_the_agent(machine: SandboxedMachine, payload: Payload) -> None:
    prepare(machine, payload)
    deadline_s = time.monotonic() + 5
    while sessions := ssh_sessions(machine):
        assert time.monotonic() < deadline_s, f"still open: {sessions}"
        time.sleep(0.05)


def ssh_sessions(machine: SandboxedMachine) -> list[str]:
    """The titles of sshd's processes that serve somebody."""
    titles = []
    for process in psutil.Process(machine.sshd.pid).children(recursive=True):
        with suppress(psutil.NoSuchProcess):
            titles.append(" ".join(process.cmdline()))
    return [title for title in titles if title.startswith("sshd: root")]
