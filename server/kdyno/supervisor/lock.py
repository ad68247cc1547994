# SPDX-License-Identifier: GPL-2.0-or-later
"""One supervisor per data directory."""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from kdyno.supervisor.errors import LabError


class AlreadyRunningError(LabError):
    """Another `kdyno up` has this data directory."""


@contextmanager
def exclusive(path: Path) -> Iterator[None]:
    """Hold the lock; the kernel drops that of a dead process, so a crash leaves nothing to clean up."""
    with path.open("a+", encoding="ascii") as file:
        if not _acquire(file):
            file.seek(0)
            holder = file.read().strip() or "unknown"
            raise AlreadyRunningError(
                f"the lab in {path.parent} is already running (pid {holder}).\n"
                f"See it with `kdyno status`, end it with `kill {holder}`, "
                f"or start another lab with KDYNO_DATA_DIR and other ports."
            )
        file.truncate(0)
        file.write(f"{os.getpid()}\n")
        file.flush()
        yield
        file.truncate(0)


def _acquire(file: TextIO) -> bool:
    """Try for a moment: `is_held` of another process takes the lock for an instant."""
    for _ in range(5):
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        except BlockingIOError:
            time.sleep(0.05)
    return False


def is_held(path: Path) -> bool:
    """Whether somebody holds the lock."""
    try:
        with path.open("r", encoding="ascii") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except BlockingIOError:
        return True
    return False
