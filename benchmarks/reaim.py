# SPDX-License-Identifier: GPL-2.0-or-later
"""What reaim itself costs, how much its figures wander from run to run, and whether a mix moves them as the paper says.

Five parts, each a table on stdout:

* overhead: the null sub-test, time per job (target 200 ns) and start skew of 64 users (target 1 ms)
* variation: coefficient of variation of jobs per minute over ten runs, with one seed and with a new one each run,
  on a file system in memory (target 1 % for mixes of user time on quiet processors)
* mixes: what more short jobs, another weight and more users do to jobs per minute, as in tables 3, 4 and 5 of
  "Performance Testing the Linux Kernel" (C. White, 2003)
* period: change between three single-user runs for several periods, as in its table 6

    python benchmarks/reaim.py              # under two minutes
    python benchmarks/reaim.py --long       # the paper's periods and user counts, half an hour
    python benchmarks/reaim.py overhead     # one part

A busy machine shows in the figures: `steal` is the time that the hypervisor took meanwhile, `load` the load average.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Any

BENCH_C = Path(__file__).parents[1] / "bench-c"
PROGRAM = BENCH_C / "build/reaim"
WORKFILES = BENCH_C / "reaim/workfiles"
IN_MEMORY = Path("/dev/shm")  # noqa: S108 -- a file system in memory is the point
SEED = 20030723
LARGE_FILES = "--filesize=2m"  # disk sub-tests alone, on files of 10 KiB, are over too soon to be timed
SKEW_USERS = 64
NULL_TARGET_NS = 200
SKEW_TARGET_MS = 1.0
CV_TARGET_PERCENT = 1.0
DISK_TESTS = ("disk_rr", "disk_rw")
MATH_TESTS = ("mul_int", "mul_long")  # short ones: table 4 calls its math tests short too
MATH_PREFIXES = ("add_", "mul_", "div_")
# A few of each kind, all short enough to complete many loops a second.
PERIOD_TESTS = ("mul_int", "fun_cal", "pipe_cpy", "signal_test")

Document = dict[str, Any]
Mix = dict[str, int]


@dataclass(frozen=True)
class Form:
    """How thorough a run is."""

    runs: int
    skew_runs: int
    null_jobs: int
    mix_users: tuple[int, ...]
    system_users: tuple[int, ...]
    periods_s: tuple[int, ...]


SHORT = Form(runs=10, skew_runs=10, null_jobs=1_000_000, mix_users=(2, 4), system_users=(2, 4, 6), periods_s=(1, 2))
LONG = Form(
    runs=10,
    skew_runs=30,
    null_jobs=1_000_000,
    mix_users=(10, 20),
    system_users=(10, 20, 30, 40, 50),
    periods_s=(2, 4, 8, 15, 30, 45),
)


@dataclass(frozen=True)
class Bench:
    """reaim in a directory of its own, in memory where there is one."""

    folder: Path

    def run(self, workfile: Path, *arguments: str) -> Document:
        command: list[str | Path] = [PROGRAM, "--json", "--skip-unavailable", f"-f{workfile}"]
        if not any(argument.startswith("--filesize") for argument in arguments):
            command += ["--filesize=10k", "--poolsize=100k"]
        done = subprocess.run([*command, *arguments], cwd=self.folder, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise SystemExit(f"{workfile.name}: {done.stderr.strip()}")
        document: Document = json.loads(done.stdout)
        return document

    def mix(self, weights: Mix) -> Path:
        path = self.folder / "mix"
        path.write_text("".join(f"{weight} {name}\n" for name, weight in weights.items()), encoding="utf-8")
        return path

    def last_pass(self, workfile: Path, *arguments: str) -> Document:
        row: Document = self.run(workfile, *arguments)["passes"][-1]
        return row


@contextmanager
def bench() -> Iterator[Bench]:
    parent = IN_MEMORY if os.access(IN_MEMORY, os.W_OK) else None
    with tempfile.TemporaryDirectory(prefix="reaim-benchmark-", dir=parent) as folder:
        yield Bench(Path(folder))


def cv_percent(values: list[float]) -> float:
    return 100 * statistics.stdev(values) / statistics.fmean(values)


def verdict(value: float, target: float) -> str:
    return "met" if value <= target else "NOT MET"


def stolen_s() -> float:
    fields = Path("/proc/stat").read_text(encoding="ascii").split("\n", 1)[0].split()
    return float(fields[8]) / float(os.sysconf("SC_CLK_TCK"))


def overhead(reaim: Bench, form: Form) -> None:
    print("\n== overhead of the driver")
    runs = [reaim.last_pass(reaim.mix({"null": 1}), f"-j{form.null_jobs}", "-s1") for _ in range(5)]
    per_job_ns = min(1e9 * row["parent_s"] / row["jobs_per_child"] for row in runs)
    print(f"null sub-test          {per_job_ns:7.1f} ns a job, best of {len(runs)}; target {NULL_TARGET_NS}: "
          f"{verdict(per_job_ns, NULL_TARGET_NS)}")  # fmt: skip
    passes = [reaim.last_pass(reaim.mix({"null": 1}), f"-s{SKEW_USERS}") for _ in range(form.skew_runs)]
    skews_ms = sorted(1e3 * row["start_skew_s"] for row in passes)
    print(f"start skew, {SKEW_USERS} users   {skews_ms[0]:7.3f} ms best, {statistics.median(skews_ms):.3f} median, "
          f"{skews_ms[-1]:.3f} worst of {form.skew_runs}; target {SKEW_TARGET_MS}: "
          f"{verdict(statistics.median(skews_ms), SKEW_TARGET_MS)}")  # fmt: skip
    print(f"waking them            {1e3 * statistics.median(row['release_s'] for row in passes):7.3f} ms median")
    unfair = reaim.last_pass(WORKFILES / "workfile.short", f"-s{SKEW_USERS // 4}", "-j17")
    print(f"fairness, {SKEW_USERS // 4} users     first child done after {unfair['child_min_s']:.3f} s, "
          f"last after {unfair['child_max_s']:.3f} s (workfile.short)")  # fmt: skip


def variation(reaim: Bench, form: Form) -> None:
    users = len(os.sched_getaffinity(0))
    print(f"\n== variation over {form.runs} runs, {users} users; percent, target {CV_TARGET_PERCENT} for user time")
    print(f"{'workfile':<14}{'JPM':>12}{'CV, one seed':>14}{'CV, any seed':>14}{'CV user time':>14}{'kernel %':>10}")
    for name in ("alltests", "compute", "shared", "disk"):
        workfile = WORKFILES / f"workfile.{name}"
        files = [LARGE_FILES] if name == "disk" else []
        seeded, unseeded = (
            [reaim.last_pass(workfile, f"-s{users}", *files, *seed) for _ in range(form.runs)]
            for seed in ((f"--seed={SEED}",), ())
        )
        cvs = [
            cv_percent([row["jpm"] for row in seeded]),
            cv_percent([row["jpm"] for row in unseeded]),
            cv_percent([row["user_s"] for row in seeded]),
        ]
        jpm = statistics.median(row["jpm"] for row in seeded)
        share = 100 * statistics.median(row["kernel_share"] for row in seeded)
        print(f"{name:<14}{jpm:>12.0f}{''.join(f'{cv:>14.2f}' for cv in cvs)}{share:>10.1f}")


def weights_of(name: str) -> Mix:
    lines = (WORKFILES / f"workfile.{name}").read_text(encoding="utf-8").splitlines()
    rows = [line.split() for line in lines if line and line[0].isdigit()]
    return {test: int(weight) for weight, test in rows}


def jobs_per_minute(row: Document) -> float:
    return float(row["jpm"])


def jobs_per_cpu_minute(row: Document) -> float:
    """The same by processor time, which other programs on the machine take less from."""
    return 60 * float(row["jobs_per_child"]) * float(row["users"]) / (float(row["user_s"]) + float(row["system_s"]))


def compare_mixes(reaim: Bench, form: Form, mixes: dict[str, Mix], *files: str) -> None:
    print(f"{'mix':<26}{'users':>6}{'seconds':>10}{'JPM':>10}{'ratio':>8}{'ratio by CPU time':>19}")
    base: dict[int, tuple[float, float]] = {}
    for label, mix in mixes.items():
        for users in form.mix_users:
            rows = [reaim.last_pass(reaim.mix(mix), f"-s{users}", f"--seed={SEED}", *files) for _ in range(3)]
            jpm, per_cpu = (statistics.median(map(figure, rows)) for figure in (jobs_per_minute, jobs_per_cpu_minute))
            parent_s = statistics.median(row["parent_s"] for row in rows)
            base.setdefault(users, (jpm, per_cpu))
            ratio, cpu_ratio = jpm / base[users][0], per_cpu / base[users][1]
            print(f"{label:<26}{users:>6}{parent_s:>10.3f}{jpm:>10.0f}{ratio:>8.2f}{cpu_ratio:>19.2f}")


def mixes(reaim: Bench, form: Form) -> None:
    dbase = weights_of("dbase")
    no_math = {name: weight for name, weight in dbase.items() if not name.startswith(MATH_PREFIXES)}
    short_math = no_math | dict.fromkeys(("mul_int", "mul_long", "mul_short"), 20)
    print("\n== more sub-tests in a list of 100 jobs (paper, table 3: short math tests make 1.33 of it)")
    compare_mixes(
        reaim, form, {"dbase without math": no_math, "with short math": short_math, "dbase as released": dbase}
    )
    print("\n== weight of long and short sub-tests (paper, table 4, 10 users: long 4:1 makes 0.68, 1:4 makes 1.48)")
    compare_mixes(
        reaim,
        form,
        {
            "equal weight": dict.fromkeys(DISK_TESTS + MATH_TESTS, 10),
            "disk by math 4:1": dict.fromkeys(DISK_TESTS, 40) | dict.fromkeys(MATH_TESTS, 10),
            "disk by math 1:4": dict.fromkeys(DISK_TESTS, 10) | dict.fromkeys(MATH_TESTS, 40),
        },
        LARGE_FILES,
    )
    print("\n== high system time (paper, table 5: system time twice user time, both in proportion to users)")
    print(f"{'users':>6}{'seconds':>10}{'system s':>10}{'user s':>10}{'ratio':>8}{'system s a user':>18}")
    for users in form.system_users:
        row = reaim.last_pass(WORKFILES / "workfile.high_systime", f"-s{users}", f"--seed={SEED}")
        print(f"{users:>6}{row['parent_s']:>10.2f}{row['system_s']:>10.2f}{row['user_s']:>10.2f}"
              f"{row['system_s'] / row['user_s']:>8.2f}{row['system_s'] / users:>18.3f}")  # fmt: skip


def period(reaim: Bench, form: Form) -> None:
    print(
        "\n== single-user mode: mean change of a sub-test between three runs (paper, table 6: 2.39 % at 2 s, 1.5 at 15)"
    )
    workfile = reaim.mix(dict.fromkeys(PERIOD_TESTS, 10))
    for period_s in form.periods_s:
        document = reaim.run(workfile, "-o", f"-p{period_s}", "-r3", f"--seed={SEED}")
        changes = [
            abs(one - other) / min(one, other)
            for metric in document["metrics"]
            for one, other in combinations(metric["samples"], 2)
        ]
        print(f"{period_s:>4} s{100 * statistics.fmean(changes):>9.2f} %")


PARTS: dict[str, Callable[[Bench, Form], None]] = {
    "overhead": overhead,
    "variation": variation,
    "mixes": mixes,
    "period": period,
}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("parts", nargs="*", choices=[*PARTS, []], help="which parts (all)")
    parser.add_argument("--long", action="store_true", help="the paper's periods and user counts")
    arguments = parser.parse_args()
    subprocess.run(["make", "--silent", "-C", BENCH_C, "build/reaim"], check=True)
    before_s = stolen_s()
    with bench() as reaim:
        for part in arguments.parts or PARTS:
            PARTS[part](reaim, LONG if arguments.long else SHORT)
    cpus = len(os.sched_getaffinity(0))
    print(f"\nload {os.getloadavg()[0]:.2f}, {cpus} processors, steal {stolen_s() - before_s:.1f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
