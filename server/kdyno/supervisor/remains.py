# SPDX-License-Identifier: GPL-2.0-or-later
"""What a lab leaves when it is killed, and what must go when it ends: old children, virtual machines, orphans."""

import os
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from kdyno.supervisor.errors import LabError
from kdyno.supervisor.state import LabReport
from kdyno_lab.power import process
from kdyno_lab.power.driver import PowerDriver, PowerError, PowerState
from kdyno_lab.power.registry import PowerKind, build_driver

# The kernel has told them to end when their supervisor was killed; PostgreSQL may be writing its last checkpoint.
_OLD_CHILD_WAIT_S = 20.0
_POWER_OFF_S = 15.0
_ORPHAN_TERM_S = 3.0
_ORPHAN_KILL_S = 2.0
FAKE_STATE_NAME = "state.json"

Say = Callable[[str], None]


def end_old_children(report: LabReport | None, *, say: Say) -> None:
    """Wait for the children of a supervisor that was killed; end those that do not go.

    Raises:
        LabError: one of them cannot be ended.
    """
    for name, child in (report.children if report else {}).items():
        if child.identity is None or not process.is_alive(child.identity):
            continue
        say(f"{name} of the previous run is still there (pid {child.identity.pid}): waiting for its end")
        if not process.wait_gone(child.identity, timeout_s=_OLD_CHILD_WAIT_S):
            process.kill(child.identity)
            if not process.wait_gone(child.identity, timeout_s=5.0):
                raise LabError(f"{name} of the previous run (pid {child.identity.pid}) does not end, not even by KILL")


def running_machines(machines_dir: Path) -> list[str]:
    """Names of machines that are on. They outlive a killed supervisor, and their jobs go on."""
    names = []
    for directory in _machine_directories(machines_dir):
        with suppress(PowerError):
            if _driver(directory).state(timeout_s=5.0) is PowerState.ON:
                names.append(directory.name)
    return names


def power_off_machines(machines_dir: Path, *, say: Say) -> None:
    """Switch off every machine that was ever switched on below `machines_dir`."""
    for directory in _machine_directories(machines_dir):
        try:
            _driver(directory).off(timeout_s=_POWER_OFF_S)
        except PowerError as error:
            say(f"machine {directory.name}: {error}")


def _machine_directories(machines_dir: Path) -> list[Path]:
    return sorted(path for path in machines_dir.glob("*") if path.is_dir())


def _driver(directory: Path) -> PowerDriver:
    """A driver good for finding and ending a machine of this host, which needs its name and directory only."""
    options: dict[str, object] = {"name": directory.name, "directory": str(directory)}
    if (directory / FAKE_STATE_NAME).exists():
        return build_driver(PowerKind.FAKE, options)
    unused = {"mac": "52:54:00:00:00:00", "ssh_port": 1, "server_port": 1, "accelerator": "tcg"}
    return build_driver(PowerKind.QEMU, options | unused)


def end_descendants() -> None:
    """End every process below this one, politely first. As its subreaper, we are the parent of all orphans by now."""
    for number, wait_s in ((signal.SIGTERM, _ORPHAN_TERM_S), (signal.SIGKILL, _ORPHAN_KILL_S)):
        deadline_s = time.monotonic() + wait_s
        told: set[int] = set()
        # the orphans of what ends appear as our children, so we look until there are none
        while pids := _descendants(os.getpid()):
            for pid in set(pids) - told:
                with suppress(ProcessLookupError, PermissionError):
                    os.kill(pid, number)
            told.update(pids)
            with suppress(ChildProcessError):
                while os.waitpid(-1, os.WNOHANG)[0]:
                    pass
            if time.monotonic() > deadline_s:
                break
            time.sleep(0.01)


def _descendants(pid: int) -> list[int]:
    children = _children(pid)
    return children + [found for child in children for found in _descendants(child)]


def _children(pid: int) -> list[int]:
    try:
        text = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii")
    except OSError:
        return []
    return [int(word) for word in text.split()]
