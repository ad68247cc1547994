# SPDX-License-Identifier: GPL-2.0-or-later
"""The contract every way to switch power keeps.

A driver is idempotent (`on` of a machine that is on changes nothing), bounded in time (each call has its own
`timeout_s`) and honest: it reads the state back before it returns, and raises when the machine did not follow.
"""

from enum import StrEnum
from pathlib import Path
from typing import Protocol


class PowerState(StrEnum):
    """What a driver reads back."""

    ON = "on"
    OFF = "off"


class PowerError(Exception):
    """The machine could not be switched, or did not follow: a fault of the lab, never of the patch."""


class PowerTimeoutError(PowerError):
    """The machine may still follow, but not within the time it was given."""


class PowerConfigError(PowerError):
    """The machine's power options in the inventory are wrong; says which and why."""


class PowerDriver(Protocol):
    """One machine's power switch."""

    def on(self, *, timeout_s: float, console: Path | None = None) -> None:
        """Switch on. A driver that owns the serial console appends it to `console` from the first byte on.

        A machine that is already on is left as it is, with the console it has: use `cycle` for a fresh start.
        """

    def off(self, *, timeout_s: float) -> None:
        """Switch off, hard: returns when the machine no longer runs."""

    def cycle(self, *, timeout_s: float, console: Path | None = None) -> None:
        """Off, then on, within one time limit."""

    def state(self, *, timeout_s: float) -> PowerState:
        """Read the power state from the machine itself, never from memory of what was asked."""
