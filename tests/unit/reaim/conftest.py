# SPDX-License-Identifier: GPL-2.0-or-later
"""The program under test, built as it ships."""

import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="session")
def reaim_program() -> Path:
    subprocess.run(["make", "--silent", "-C", ROOT / "bench-c", "build/reaim"], check=True, timeout=250)
    return ROOT / "bench-c/build/reaim"
