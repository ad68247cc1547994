# SPDX-License-Identifier: GPL-2.0-or-later
"""kbench as it ships."""

import subprocess
from pathlib import Path

import pytest

from kdyno.checkout import ROOT


@pytest.fixture(scope="session")
def kbench() -> Path:
    subprocess.run(["make", "--silent", "-j2", "-C", ROOT / "bench-c", "build/kbench"], check=True, timeout=600)
    return ROOT / "bench-c/build/kbench"
