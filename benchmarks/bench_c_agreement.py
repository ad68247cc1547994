# SPDX-License-Identifier: GPL-2.0-or-later
"""kbench's figures beside those of a small program that shares no code with it, bench_c_probe/."""

import fnmatch
import json
import os
import statistics
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench_c_runs import MOST_S, Document, Form, Progress, figure_of, run_one

PROBE = Path(__file__).parent / "bench_c_probe"
AGREEMENT_PERCENT = 5.0

# The probe's name of an operation, and what kbench run takes for the same one. {file} is a file that both are given.
SAME_OPERATION = {
    "loop": "lat_loop",
    "getppid": "lat_syscall_getppid",
    "gettid": "lat_syscall_gettid",
    "enosys": "lat_syscall_enosys",
    "read": "lat_syscall_read",
    "write": "lat_syscall_write",
    "stat": "lat_syscall_stat:path={file}",
    "open": "lat_syscall_open:path={file}",
    "dup": "lat_syscall_dup",
    "getfl": "lat_syscall_fcntl_getfl",
    "clock": "lat_clock",
    "clock-syscall": "lat_clock:source=clock_gettime_syscall",
    "yield": "lat_sched_yield",
    "getrandom": "lat_getrandom",
    "sigaction": "lat_signal_install",
    "kill": "lat_signal_dispatch",
    "select": "lat_select",
    "poll": "lat_poll",
    "epoll": "lat_epoll_wait",
    "timer-arm": "lat_timer_arm",
    "flock": "lat_flock",
    "memfd": "lat_memfd_create",
    "socketpair": "lat_socketpair_create",
    "map": "lat_mmap:backing=anonymous",
    "protect": "lat_mprotect",
    "fault": "lat_fault_anonymous",
    "fork": "lat_fork_exit",
    "vfork": "lat_vfork_exit",
    "thread": "lat_thread_create",
    "pipe": "lat_pipe",
    "unix": "lat_unix_stream",
    "eventfd": "lat_eventfd",
    "semaphore": "lat_sem_posix",
    "tcp": "lat_tcp",
    "udp": "lat_udp",
    "chase": "lat_mem:size_bytes=256k",
    "copy": "bw_mem_copy",
    "clear": "bw_mem_zero",
}
# What kbench takes off, which the probe measures as an operation of its own.
SUBTRACTED = {"kill": "kill-nothing"}


@contextmanager
def probe_program() -> Iterator[tuple[Path, Path]]:
    """The probe, and a file where kbench keeps its own, as deep: the path decides what opening costs."""
    parent = os.environ.get("TMPDIR", "/var/tmp")  # noqa: S108 -- as kbench does
    with tempfile.TemporaryDirectory(prefix="kbench-", dir=parent) as folder:
        program, file = Path(folder, "probe"), Path(folder, "file")
        file.touch()
        flags = ["-std=gnu17", "-D_GNU_SOURCE", "-O2", "-falign-loops=64", "-static", "-pthread"]
        subprocess.run(["gcc", *flags, "-o", program, *sorted(PROBE.glob("*.c"))], check=True)
        yield program, file


def probed(program: Path, file: Path, name: str, budget_s: float) -> float:
    """On the CPU that kbench takes for the placement same-cpu: the highest."""
    names = [name, *([SUBTRACTED[name]] if name in SUBTRACTED else [])]
    cpu = str(max(os.sched_getaffinity(0)))
    command: list[str | Path] = [program, cpu, str(budget_s / len(names)), file, *names]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=MOST_S)
    answer: dict[str, float] = json.loads(done.stdout)
    return answer[name] - sum(answer[other] for other in names[1:])


def agreement(form: Form, only: str, progress: Progress) -> Document:
    """Some processes of both in turn.

    Where a process, or the hour, is on one of several levels, the middle turns may be on different ones. Then it is
    looked whether at least the best ones agree.
    """
    found: Document = {}
    names = [name for name, words in SAME_OPERATION.items() if fnmatch.fnmatch(words.split(":")[0], only)]
    if not names:
        return found
    print(f"\n== {len(names)} operations by an independent probe; promised: within {AGREEMENT_PERCENT:.0f} %")
    print(f"{'operation':<15}{'kbench run':<42}{'kbench ns':>12}{'probe ns':>12}{'ratio':>8}{'of best':>9}")
    with probe_program() as (program, file):
        for name in names:
            ours: list[float] = []
            theirs: list[float] = []
            words = SAME_OPERATION[name].format(file=file)
            for turn in range(form.turns):
                progress.say(f"probe: {name}")
                if turn % 2 == 1:
                    theirs.append(probed(program, file, name, form.budget_s))
                value = figure_of(run_one(words, form.budget_s))
                ours += [] if value is None else [value]
                if turn % 2 == 0:
                    theirs.append(probed(program, file, name, form.budget_s))
            progress.wipe()
            if not ours or min(theirs) <= 0:  # a difference
                print(f"{name:<15}{SAME_OPERATION[name]:<42}not measured")
                continue
            ratio = statistics.median(ours) / statistics.median(theirs)
            of_best = min(ours) / min(theirs)
            found[name] = {"kbench_ns": ours, "probe_ns": theirs, "ratio": ratio, "ratio_of_best": of_best}
            note = "" if _is_near(ratio) else "  levels" if _is_near(of_best) else "  off"
            print(
                f"{name:<15}{SAME_OPERATION[name]:<42}{statistics.median(ours):>12.5g}"
                f"{statistics.median(theirs):>12.5g}{ratio:>8.3f}{of_best:>9.3f}{note}"
            )
    middle = sum(_is_near(row["ratio"]) for row in found.values())
    either = sum(_is_near(row["ratio"]) or _is_near(row["ratio_of_best"]) for row in found.values())
    print(f"{middle} of {len(found)} agree in the middle turn, {either} there or in the best")
    return found


def _is_near(ratio: float) -> bool:
    return 100 * abs(ratio - 1) <= AGREEMENT_PERCENT
