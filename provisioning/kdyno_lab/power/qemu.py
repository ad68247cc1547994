# SPDX-License-Identifier: GPL-2.0-or-later
"""Virtual machines: power on is starting QEMU, power off is ending it.

QEMU is a session of its own and outlives whoever started it. What a later process needs to find it again is in
the machine's directory: QEMU's pidfile (locked by QEMU while it lives), its monitor socket, and our record of pid
and start time. The starter may die between any two steps; `_find` recovers from the pidfile and the command line.
"""

import fcntl
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import pairwise
from pathlib import Path

from kdyno_lab.power import process, qmp
from kdyno_lab.power.deadline import Deadline
from kdyno_lab.power.driver import PowerError, PowerState, PowerTimeoutError
from kdyno_lab.power.options import QemuOptions
from kdyno_lab.power.qemu_command import DISK_NAME, LOG_NAME, PIDFILE_NAME, QMP_NAME, qemu_command

_POLL_S = 0.02
_QUIT_S = 3.0


class QemuPower:
    """Power switch of one QEMU machine."""

    def __init__(self, options: QemuOptions) -> None:
        self._options = options
        self._directory = options.directory
        self._record = self._directory / "process.json"
        self._children: list[subprocess.Popen[bytes]] = []

    def on(self, *, timeout_s: float, console: Path | None = None) -> None:
        deadline = Deadline(timeout_s)
        with self._locked(deadline=deadline):
            self._on(console=console, deadline=deadline)

    def off(self, *, timeout_s: float) -> None:
        deadline = Deadline(timeout_s)
        with self._locked(deadline=deadline):
            self._off(deadline=deadline)

    def cycle(self, *, timeout_s: float, console: Path | None = None) -> None:
        deadline = Deadline(timeout_s)
        with self._locked(deadline=deadline):
            self._off(deadline=deadline)
            self._on(console=console, deadline=deadline)

    def state(self, *, timeout_s: float) -> PowerState:
        Deadline(timeout_s).check(f"{self._options.name}: state")
        return PowerState.ON if self._find() is not None else PowerState.OFF

    def guest_status(self, *, timeout_s: float) -> str:
        """QEMU's own word for what the guest does: "running", "paused", "internal-error", ..."""
        return str(self._ask("query-status", deadline=Deadline(timeout_s))["status"])

    def _on(self, *, console: Path | None, deadline: Deadline) -> None:
        if self._find() is not None:
            return
        prepared = self._prepare(console or self._directory / "console.log")
        # A socket or pidfile left by a dead QEMU stays: QEMU replaces both itself, the pidfile under its lock.
        child = self._spawn(qemu_command(self._options, console=prepared, as_root=os.geteuid() == 0))
        self._wait_running(child, deadline=deadline)

    def _off(self, *, deadline: Deadline) -> None:
        found = self._find()
        if found is None:
            return
        polite = Deadline(min(_QUIT_S, deadline.remaining_s() / 2))
        with suppress(PowerError, OSError):
            self._ask("quit", deadline=polite)
        if not process.wait_gone(found, timeout_s=polite.remaining_s()):
            process.kill(found)
            if not process.wait_gone(found, timeout_s=deadline.remaining_s()):
                raise PowerTimeoutError(f"{self._options.name}: QEMU (pid {found.pid}) does not end")
        self._reap()
        self._record.unlink(missing_ok=True)

    def _find(self) -> process.ProcessIdentity | None:
        """The QEMU process of this machine, if it runs."""
        self._reap()
        recorded = process.load(self._record)
        if recorded is not None and process.is_alive(recorded):
            return recorded
        pidfile = self._directory / PIDFILE_NAME
        try:
            pid = int(pidfile.read_text(encoding="ascii"))
        except (OSError, ValueError):
            return None
        identity = process.identify(pid)
        # The starter died before it wrote the record: the pid alone proves nothing, the command line names the pidfile.
        arguments = process.command_line(pid)
        if identity is None or ("-pidfile", str(pidfile)) not in pairwise(arguments):
            return None
        process.save(identity, path=self._record)
        return identity

    def _prepare(self, console: Path) -> Path:
        """Make what QEMU needs: directory, console file, and the disk, sparse, never shrunk."""
        self._directory.mkdir(parents=True, exist_ok=True)
        console = console.absolute()
        console.parent.mkdir(parents=True, exist_ok=True)
        console.touch(mode=0o600)
        disk = self._directory / DISK_NAME
        disk.touch(mode=0o600)
        if disk.stat().st_size < self._options.disk_bytes:
            os.truncate(disk, self._options.disk_bytes)
        return console

    def _spawn(self, command: list[str]) -> subprocess.Popen[bytes]:
        with (self._directory / LOG_NAME).open("ab") as log:
            try:
                child = subprocess.Popen(
                    command,
                    cwd=self._directory,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    start_new_session=True,
                    umask=0o077,
                )
            except OSError as error:
                raise PowerError(f"{self._options.name}: cannot start {command[0]}: {error}") from error
        self._children.append(child)
        return child

    def _wait_running(self, child: subprocess.Popen[bytes], *, deadline: Deadline) -> None:
        identity = process.identify(child.pid)
        if identity is not None:
            process.save(identity, path=self._record)
        while True:
            if child.poll() is not None:
                raise PowerError(
                    f"{self._options.name}: QEMU ended at once with status {child.returncode}: {self._last_words()}"
                )
            try:
                if self._ask("query-status", deadline=Deadline(min(1.0, deadline.remaining_s())))["running"]:
                    return
            except (OSError, PowerTimeoutError, qmp.QmpError):
                pass
            deadline.pause(_POLL_S, what=f"{self._options.name}: power on")

    def _ask(self, command: str, *, deadline: Deadline) -> dict[str, object]:
        return qmp.execute(self._directory / QMP_NAME, command, deadline=deadline)

    def _last_words(self) -> str:
        text = (self._directory / LOG_NAME).read_text(encoding="utf-8", errors="replace")
        return " / ".join(text.strip().splitlines()[-3:]) or "no message"

    def _reap(self) -> None:
        """Collect ended children, so that they do not stay as zombies of a long-lived worker."""
        self._children = [child for child in self._children if child.poll() is None]

    @contextmanager
    def _locked(self, *, deadline: Deadline) -> Iterator[None]:
        """One switching at a time per machine, over all processes; the kernel drops the lock of a dead one."""
        self._directory.mkdir(parents=True, exist_ok=True)
        with (self._directory / "power.lock").open("w") as lock:
            while True:
                try:
                    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                except BlockingIOError:
                    deadline.pause(_POLL_S, what=f"{self._options.name}: waiting for another power command")
            yield
