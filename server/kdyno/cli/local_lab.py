# SPDX-License-Identifier: GPL-2.0-or-later
"""A lab that a command starts for itself, in its own process tree, and ends when it ends."""

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from kdyno.config import Settings
from kdyno.supervisor.child import ChildSpec, describe_end, spawn
from kdyno.supervisor.errors import LabError
from kdyno.supervisor.lab import make_layout
from kdyno.supervisor.lock import is_held
from kdyno.supervisor.plan import child_environment, kdyno_command
from kdyno.supervisor.state import LabState, read_report

READY_TIMEOUT_S = 240.0
STOP_TIMEOUT_S = 90.0
_POLL_S = 0.2
_TAIL_LINES = 30


@dataclass(frozen=True)
class LocalLab:
    """A running lab; `process` is None when somebody else had started it."""

    process: subprocess.Popen[bytes] | None

    def wait(self) -> None:
        """Return when the lab has ended; for ever when it is not ours to end."""
        while self.process is None or self.process.poll() is None:
            time.sleep(1.0)


@contextmanager
def local_lab(settings: Settings) -> Iterator[LocalLab]:
    """The lab of the data directory: the one that runs there, else one for the time of the block.

    Raises:
        LabError: it did not become ready; the message holds what it said.
    """
    make_layout(settings.paths)
    if is_held(settings.paths.lock):
        _wait_ready(settings, None)
        yield LocalLab(process=None)
        return
    log = settings.paths.log("up")
    settings.paths.up_json.unlink(missing_ok=True)
    with log.open("wb") as output:
        process = spawn(_up(settings), output=output.fileno())
    try:
        _wait_ready(settings, process)
        yield LocalLab(process=process)
    finally:
        _stop(process)


def _up(settings: Settings) -> ChildSpec:
    return ChildSpec(
        name="up",
        argv=kdyno_command("up"),
        about="the lab",
        environment=child_environment(settings),
        working_directory=settings.data_dir,
        death_signal=signal.SIGTERM,
    )


def _wait_ready(settings: Settings, process: subprocess.Popen[bytes] | None) -> None:
    deadline_s = time.monotonic() + READY_TIMEOUT_S
    while True:
        if process is not None and process.poll() is not None:
            raise LabError(f"the lab ended with {describe_end(process.returncode)}:\n{_last_words(settings)}")
        report = read_report(settings.paths.up_json)
        if report is not None and report.state is LabState.READY:
            return
        if time.monotonic() > deadline_s:
            raise LabError(f"the lab was not ready within {READY_TIMEOUT_S:.0f} s:\n{_last_words(settings)}")
        time.sleep(_POLL_S)


def _stop(process: subprocess.Popen[bytes]) -> None:
    """Ask for an orderly end. A further Ctrl-C must not cut it short and leave machines running."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=STOP_TIMEOUT_S)
    except subprocess.TimeoutExpired:
        process.kill()  # the kernel then ends its children
        process.wait()
    finally:
        signal.signal(signal.SIGINT, before)


def _last_words(settings: Settings) -> str:
    try:
        text = settings.paths.log("up").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
    return os.linesep.join(f"    {line}" for line in text.splitlines()[-_TAIL_LINES:])
