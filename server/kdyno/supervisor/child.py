# SPDX-License-Identifier: GPL-2.0-or-later
"""One child process: what it is, how it starts, and how it is told to end."""

import ctypes
import os
import signal
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from kdyno.supervisor.user import ServiceUser

Probe = Callable[[], bool]

_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36
_libc = ctypes.CDLL(None, use_errno=True)


@dataclass(frozen=True)
class StopStep:
    """Send `signal_number`, then give the child `wait_s` to end before the next step; after the last comes KILL."""

    signal_number: signal.Signals
    wait_s: float


@dataclass(frozen=True)
class ChildSpec:
    """What a child is.

    It is ready when `ready` says so and its output holds `ready_words`; without either, once it runs.
    `death_signal` is what the kernel sends it when the supervisor itself is killed.
    """

    name: str
    argv: tuple[str, ...]
    about: str
    environment: Mapping[str, str]
    working_directory: Path
    user: ServiceUser | None = None
    ready: Probe | None = None
    ready_words: str = ""
    ready_timeout_s: float = 120.0
    stop: tuple[StopStep, ...] = field(default=(StopStep(signal.SIGTERM, 5.0),))
    death_signal: signal.Signals = signal.SIGKILL


def become_subreaper() -> None:
    """Let orphans below us become our children, so that the end of the lab finds them."""
    _libc.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def spawn(spec: ChildSpec, *, output: int) -> subprocess.Popen[bytes]:
    """Start a child in a session of its own, with `output` as its stdout and stderr.

    Must be called from the main thread: the death signal follows the thread that started the child.
    """
    parent = os.getpid()

    def before_exec() -> None:
        # runs after the change of user, which would reset the death signal
        _libc.prctl(_PR_SET_PDEATHSIG, int(spec.death_signal), 0, 0, 0)
        if os.getppid() != parent:
            os._exit(1)

    return subprocess.Popen(
        spec.argv,
        env=dict(spec.environment),
        cwd=spec.working_directory,
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=output,
        start_new_session=True,
        user=spec.user.uid if spec.user else None,
        group=spec.user.gid if spec.user else None,
        extra_groups=[] if spec.user else None,
        umask=0o077 if spec.user else -1,
        preexec_fn=before_exec,  # noqa: PLW1509  (the supervisor has one thread)
    )


def signal_group(pid: int, signal_number: signal.Signals) -> None:
    """Signal a child's process group; a group that is gone is no error."""
    try:
        os.killpg(pid, signal_number)
    except (ProcessLookupError, PermissionError):
        return


def describe_end(returncode: int) -> str:
    """How a process ended, in words."""
    if returncode < 0:
        try:
            return f"killed by {signal.Signals(-returncode).name}"
        except ValueError:  # a real-time signal has no name
            return f"killed by signal {-returncode}"
    return f"exit code {returncode}"
