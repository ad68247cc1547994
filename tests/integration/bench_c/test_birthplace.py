# SPDX-License-Identifier: GPL-2.0-or-later
"""A benchmark's address space has never run on another CPU than the one where it is measured."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

pytestmark = pytest.mark.integration

NEW_PROGRAM = b"--as-child-with-result"
NO_BENCHMARK = b"none"  # only to see whether the program can be started anew


def where_new_programs_may_run(kbench: "subprocess.Popen[str]") -> Iterator[str]:
    """Looks at the children, as often as possible, from their first moment on."""
    children = Path(f"/proc/{kbench.pid}/task/{kbench.pid}/children")
    while kbench.poll() is None:
        for pid in children.read_text().split():
            try:
                words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
                status = Path(f"/proc/{pid}/status").read_text()
            except (FileNotFoundError, ProcessLookupError):
                continue
            if NEW_PROGRAM in words and NO_BENCHMARK not in words:
                yield status.split("Cpus_allowed_list:")[1].split()[0]


@pytest.mark.skipif(len(os.sched_getaffinity(0)) < 2, reason="needs two CPUs")
def test_a_benchmark_is_born_on_its_cpu(kbench: Path) -> None:
    cpu = str(max(os.sched_getaffinity(0)))
    command = [kbench, "run", "lat_loop", "lat_clock", "--time-budget", "0.1", "--rounds", "8"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, text=True) as running:
        seen = list(where_new_programs_may_run(running))
    assert running.returncode == 0
    assert set(seen) == {cpu}  # how often it was looked is a matter of luck, but it was
