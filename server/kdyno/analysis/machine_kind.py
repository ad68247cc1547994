# SPDX-License-Identifier: GPL-2.0-or-later
"""Kinds of machine, as far as noise goes. Apart from the arithmetic, so that naming a kind loads no numpy."""

from enum import StrEnum


class MachineKind(StrEnum):
    """Kinds of machine that differ in how their boots scatter."""

    HARDWARE = "hardware"
    VIRTUAL_WALL = "virtual-wall"
    VIRTUAL_ICOUNT = "virtual-icount"
