# SPDX-License-Identifier: GPL-2.0-or-later
"""What a hostile build gets out of the real sandbox: nothing, and not for long."""

import io
import os
import socket
import threading
import time
from pathlib import Path

import psutil
import pytest

from kdyno.kernels.errors import BuildHostError
from kdyno.kernels.sandbox import (
    MIB,
    Ending,
    Outcome,
    Sandbox,
    SandboxLimits,
    check_sandbox,
    command_line,
    explain_refusal,
    run,
)

SHORT = SandboxLimits(wall_s=20)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "obj"
    path.mkdir()
    return path


def shell(script: str, folder: Path, *, limits: SandboxLimits = SHORT, **asked: object) -> tuple[Outcome, str]:
    log = io.BytesIO()
    sandbox = Sandbox(argv=["sh", "-c", script], cwd="/build/obj", writable={"/build/obj": folder}, limits=limits)
    outcome = run(sandbox, log=log, **asked)  # type: ignore[arg-type]
    return outcome, log.getvalue().decode(errors="replace")


def test_it_works_here() -> None:
    check_sandbox()


def test_nothing_of_the_host_is_visible(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KDYNO_SECRET", "hunter2")
    secret = tmp_path / "secret"
    secret.write_text("hunter2")
    outcome, text = shell(
        f"env; id -u; ls -a ~ /root /home {tmp_path}; cat {secret} /etc/shadow /proc/{os.getpid()}/environ; ls /proc",
        folder,
    )
    assert outcome.ending in (Ending.DONE, Ending.FAILED)
    assert "hunter2" not in text and "KDYNO" not in text
    assert "0" not in text.splitlines(), "it must not run as root"
    assert len([line for line in text.splitlines() if line.isdigit()]) < 10, "only its own processes are visible"


def test_it_writes_nowhere_else(folder: Path) -> None:
    outcome, text = shell(
        "for p in / /usr /usr/bin /etc /build /build/src /proc/sys/kernel /sys /dev/shm; do "
        "  touch $p/kdyno-test 2>/dev/null && echo wrote $p; done; touch mine; echo x > /proc/sys/kernel/core_pattern",
        folder,
    )
    assert [line for line in text.splitlines() if line.startswith("wrote")] in ([], ["wrote /dev/shm"])
    assert (folder / "mine").exists()
    assert outcome.ending is Ending.FAILED


def test_sources_are_read_only(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "Makefile").write_text("all:\n\techo hi > Makefile\n")
    log = io.BytesIO()
    sandbox = Sandbox(
        argv=["make", "-C", "/build/src"],
        cwd="/build/obj",
        read_only={"/build/src": tmp_path / "src"},
        writable={"/build/obj": folder},
    )
    assert run(sandbox, log=log).ending is Ending.FAILED
    assert b"Read-only file system" in log.getvalue()


def test_there_is_no_network(folder: Path) -> None:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        server.settimeout(0.1)
        port = server.getsockname()[1]
        script = f"import socket; socket.create_connection(('127.0.0.1', {port}), 3)"
        outcome, text = shell(f'/usr/bin/python3 -c "{script}"', folder)
        assert outcome.ending is Ending.FAILED
        assert "refused" in text or "unreachable" in text
        with pytest.raises(TimeoutError):
            server.accept()


def test_sleeping_for_ever_ends(folder: Path) -> None:
    outcome, _ = shell("sleep 1000", folder, limits=SandboxLimits(wall_s=0.5))
    assert outcome.ending is Ending.TIMEOUT
    assert outcome.seconds < 5


def test_endless_output_ends(folder: Path) -> None:
    outcome, text = shell("yes", folder, limits=SandboxLimits(wall_s=20, log_bytes=100_000))
    assert outcome.ending is Ending.OUTPUT_LIMIT
    assert len(text) == outcome.log_bytes == 100_000


def test_too_many_processes_end_it(folder: Path) -> None:
    flood = "for i in $(seq 80); do sleep 20 & done; wait"
    outcome, _ = shell(flood, folder, limits=SandboxLimits(wall_s=30, processes=60))
    assert outcome.ending is Ending.PROCESS_LIMIT


def test_a_fork_bomb_is_held_and_leaves_nothing(folder: Path) -> None:
    """The kernel refuses to fork at twice the limit, so the bomb either fizzles out or stands there to be seen."""
    before = {process.pid for process in psutil.process_iter()}
    shell("f() { f | f & }; f; sleep 3", folder, limits=SandboxLimits(wall_s=20, processes=60))
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        new = [p for p in psutil.process_iter(["cmdline"]) if p.pid not in before]
        left = [p for p in new if "f | f" in str(p.info["cmdline"])]
        if not left:
            return
        time.sleep(0.1)
    pytest.fail(f"processes survived: {left}")


def test_memory_of_one_process_and_of_all_together_is_limited(folder: Path) -> None:
    limits = SandboxLimits(wall_s=30, memory_bytes=256 * MIB)
    outcome, text = shell("tail /dev/zero", folder, limits=limits)
    # The process meets its own limit at about the size at which the watch ends them all.
    assert outcome.ending is Ending.MEMORY_LIMIT or (outcome.ending is Ending.FAILED and "memory exhausted" in text)
    hog = "dd if=/dev/zero of=/dev/null bs=120M count=10000 2>/dev/null &"
    outcome, _ = shell(f"{hog} {hog} {hog} wait", folder, limits=limits)
    assert outcome.ending is Ending.MEMORY_LIMIT


def test_disk_is_limited(folder: Path) -> None:
    limits = SandboxLimits(wall_s=30, file_bytes=4 * MIB, disk_bytes=8 * MIB)
    outcome, text = shell("dd if=/dev/zero of=big bs=1M count=9", folder, limits=limits)
    assert outcome.ending is Ending.FAILED
    assert "File size limit exceeded" in text or (folder / "big").stat().st_size == 4 * MIB
    many = "for i in 1 2 3 4 5; do dd if=/dev/zero of=f$i bs=1M count=3 2>/dev/null; done; sleep 20"
    outcome, _ = shell(many, folder, limits=limits)
    assert outcome.ending is Ending.DISK_LIMIT


def test_the_caller_can_stop_it(folder: Path) -> None:
    asked = threading.Event()
    lines: list[str] = []

    def see(line: str) -> None:
        lines.append(line)
        asked.set()

    outcome, _ = shell("echo one; sleep 100", folder, on_line=see, cancelled=asked.is_set)
    assert outcome.ending is Ending.CANCELLED
    assert lines == ["one"]


def test_exit_codes_come_through(folder: Path) -> None:
    outcome, text = shell("echo no newline at the end | tr -d '\\n'; exit 7", folder)
    assert (outcome.ending, outcome.exit_code, text) == (Ending.FAILED, 7, "no newline at the end")


def test_a_missing_mount_is_the_hosts_fault(tmp_path: Path) -> None:
    sandbox = Sandbox(argv=["true"], cwd="/", read_only={"/build/src": tmp_path / "missing"})
    with pytest.raises(BuildHostError, match="cannot start"):
        run(sandbox, log=io.BytesIO())


def test_refused_namespaces_come_with_advice() -> None:
    advice = explain_refusal("bwrap: setting up uid map: Permission denied")
    assert "apparmor_restrict_unprivileged_userns" in advice


@pytest.mark.parametrize("as_root", [True, False])
def test_the_command_line_names_every_wall(as_root: bool) -> None:
    line = " ".join(command_line(Sandbox(argv=["make"], cwd="/", limits=SHORT), as_root=as_root))
    for wall in (
        "--unshare-net",
        "--unshare-pid",
        "--die-with-parent",
        "--new-session",
        "--clearenv",
        "--cap-drop ALL",
    ):
        assert wall in line
    assert ("setpriv" in line) is as_root
    assert ("--unshare-user" in line) is not as_root
