# SPDX-License-Identifier: GPL-2.0-or-later
"""Keeps a right to work alive while a long task runs: a killed worker stops refreshing, and the right lapses."""

import os
import socket
import threading
from collections.abc import Callable
from datetime import timedelta
from types import TracebackType
from typing import Self

import structlog

log = structlog.get_logger(__name__)

LEASE = timedelta(seconds=20)
REFRESH_S = 5.0


def owner_name(task_id: str) -> str:
    """Who does a step: host, process and task, readable in the tables."""
    return f"{socket.gethostname()}:{os.getpid()}:{task_id}"


class LeaseKeeper:
    """Calls `refresh` every few seconds in a thread; `lost` is set when the right is gone.

    A refresh that raises (the database is away) is tried again until the lease has certainly lapsed.
    """

    def __init__(self, refresh: Callable[[], bool]) -> None:
        self._refresh = refresh
        self._stop = threading.Event()
        self.lost = threading.Event()
        self._thread = threading.Thread(target=self._run, name="lease-keeper", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join(timeout=REFRESH_S)

    def _run(self) -> None:
        failures = 0
        while not self._stop.wait(REFRESH_S):
            try:
                alive = self._refresh()
                failures = 0
            except Exception as error:
                failures += 1
                log.warning("lease not refreshed", error=str(error), failures=failures)
                alive = failures * REFRESH_S < LEASE.total_seconds()
            if not alive:
                self.lost.set()
                return
