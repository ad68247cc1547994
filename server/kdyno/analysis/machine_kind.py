# SPDX-License-Identifier: GPL-2.0-or-later
"""Kinds of machine, as far as noise goes. Apart from the arithmetic, so that naming a kind loads no numpy."""

from enum import StrEnum


class MachineKind(StrEnum):
    """Kinds of machine that differ in how their boots scatter."""

    HARDWARE = "hardware"
    VIRTUAL_WALL = "virtual-wall"
    VIRTUAL_ICOUNT = "virtual-icount"

    @property
    def caveat(self) -> str:
        """What a reader of this kind's figures must know; empty when they mean what they say."""
        return CAVEATS.get(self, "")


CAVEATS: dict[MachineKind, str] = {
    MachineKind.VIRTUAL_WALL: "virtual machine: figures depend on what else its host does",
    MachineKind.VIRTUAL_ICOUNT: (
        "emulated machine whose clock counts instructions: its nanoseconds compare with each other only, and caches, "
        "branch prediction and contention do not show"
    ),
}
