# SPDX-License-Identifier: GPL-2.0-or-later
"""What a machine's network boot ROM is told: pure functions from values to iPXE scripts."""

from kdyno_lab.boot.profile import (
    BootError,
    BootMachine,
    ImagerProfile,
    KernelProfile,
    LocalDiskProfile,
    NotAllowedProfile,
    Profile,
)
from kdyno_lab.boot.script import render_boot, render_chain

__all__ = [
    "BootError",
    "BootMachine",
    "ImagerProfile",
    "KernelProfile",
    "LocalDiskProfile",
    "NotAllowedProfile",
    "Profile",
    "render_boot",
    "render_chain",
]
