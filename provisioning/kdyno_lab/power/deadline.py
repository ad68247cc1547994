# SPDX-License-Identifier: GPL-2.0-or-later
"""Time limits that are passed down: a step never gets more time than the whole has left."""

import time

from kdyno_lab.power.driver import PowerTimeoutError


class Deadline:
    """A point on the monotonic clock."""

    def __init__(self, seconds: float) -> None:
        self._end_s = time.monotonic() + seconds

    def remaining_s(self) -> float:
        """Seconds left, never negative."""
        return max(0.0, self._end_s - time.monotonic())

    def expired(self) -> bool:
        return self.remaining_s() <= 0.0

    def check(self, what: str) -> None:
        """Raise when the time is over, saying what was being done."""
        if self.expired():
            raise PowerTimeoutError(f"{what}: time limit reached")

    def pause(self, seconds: float, *, what: str) -> None:
        """Sleep, but not past the end."""
        self.check(what)
        time.sleep(min(seconds, self.remaining_s()))
