# SPDX-License-Identifier: GPL-2.0-or-later
"""Where this source checkout is: kdyno runs from it, and takes migrations and programs built in place from it."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
MIGRATIONS = ROOT / "migrations"
IMAGE_RECIPE = ROOT / "provisioning" / "images"
# What is installed on machines under test, by its name there; an archive is unpacked beside itself.
PROGRAMS = {
    "kdyno-agent": ROOT / "agent" / "build" / "kdyno-agent",
    "profile": ROOT / "agent" / "hooks" / "profile",
    "kbench": ROOT / "bench-c" / "build" / "kbench",
    "reaim.tar": ROOT / "bench-c" / "build" / "reaim.tar",
}
EXAMPLE_PATCHES = ROOT / "examples" / "patches"
