# SPDX-License-Identifier: GPL-2.0-or-later
"""Switching machines on and off: one small contract, one file per way to do it."""

from kdyno_lab.power.driver import PowerConfigError, PowerDriver, PowerError, PowerState, PowerTimeoutError
from kdyno_lab.power.registry import PowerKind, build_driver

__all__ = [
    "PowerConfigError",
    "PowerDriver",
    "PowerError",
    "PowerKind",
    "PowerState",
    "PowerTimeoutError",
    "build_driver",
]
