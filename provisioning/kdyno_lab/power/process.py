# SPDX-License-Identifier: GPL-2.0-or-later
"""A process identified so that a recycled process id is never taken for it: pid + start time + boot of the host."""

import json
import os
import select
import signal
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True)
class ProcessIdentity:
    """`start_ticks` is field 22 of /proc/<pid>/stat: clock ticks since the host booted."""

    pid: int
    start_ticks: int
    host_boot_id: str


def host_boot_id() -> str:
    return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()


def identify(pid: int) -> ProcessIdentity | None:
    """The identity of a running process; None when there is none or only its zombie is left."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    # The command name, in parentheses, may itself hold spaces and parentheses: fields count from the last ")".
    fields = stat.rpartition(")")[2].split()
    if len(fields) < 20 or fields[0] in {"Z", "X"}:
        return None
    return ProcessIdentity(pid=pid, start_ticks=int(fields[19]), host_boot_id=host_boot_id())


def is_alive(identity: ProcessIdentity) -> bool:
    return identify(identity.pid) == identity


def command_line(pid: int) -> list[str]:
    """The arguments a process was started with; empty when it is gone."""
    try:
        raw = Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return []
    return [os.fsdecode(part) for part in raw.split(b"\0") if part]


def save(identity: ProcessIdentity, *, path: Path) -> None:
    """Write the identity so that a reader sees all of it or none."""
    temporary = path.with_suffix(f".tmp{os.getpid()}")
    temporary.write_text(json.dumps(asdict(identity)) + "\n", encoding="utf-8")
    temporary.replace(path)


def load(path: Path) -> ProcessIdentity | None:
    """The identity saved earlier; None when there is none or it cannot be read."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        return ProcessIdentity(
            pid=int(content["pid"]),
            start_ticks=int(content["start_ticks"]),
            host_boot_id=str(content["host_boot_id"]),
        )
    except (OSError, ValueError, KeyError, TypeError):
        return None


def wait_gone(identity: ProcessIdentity, *, timeout_s: float) -> bool:
    """Wait until the process has ended; reaps it when it is a child of ours. Returns whether it is gone."""
    try:
        descriptor = os.pidfd_open(identity.pid)
    except ProcessLookupError:
        return True
    try:
        if not is_alive(identity):
            return True
        select.select([descriptor], [], [], timeout_s)
    finally:
        os.close(descriptor)
    with suppress(ChildProcessError):
        os.waitpid(identity.pid, os.WNOHANG)
    return not is_alive(identity)


def kill(identity: ProcessIdentity, *, signal_number: signal.Signals = signal.SIGKILL) -> None:
    """Signal exactly this process: the pidfd is taken first, so the pid cannot be recycled between check and signal."""
    try:
        descriptor = os.pidfd_open(identity.pid)
    except ProcessLookupError:
        return
    try:
        if is_alive(identity):
            with suppress(ProcessLookupError):
                signal.pidfd_send_signal(descriptor, signal_number)
    finally:
        os.close(descriptor)
