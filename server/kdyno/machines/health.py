# SPDX-License-Identifier: GPL-2.0-or-later
"""Machine health, which is not machine state: health says whether results from it can be trusted."""

from enum import StrEnum


class MachineHealth(StrEnum):
    """Whether the scheduler may use a machine."""

    GOOD = "good"  # jobs may run
    BROKEN = "broken"  # the lab cannot control it; a person or a passing check must say otherwise
