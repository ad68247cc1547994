# SPDX-License-Identifier: GPL-2.0-or-later
"""Do kbench's figures repeat, and are they right? Prints each beside what is promised.

* figures: of every benchmark with its defaults, those of several tasks on several CPUs as well: the quoted figure, its
  coefficient of variation over runs of kbench (each with a seed of its own, and going round all the benchmarks as a
  suite does), samples and seconds of a run
* null and calibration: nothing must cost nothing, and the batch must be chosen the same each time
* probe: the same operations by a small program that shares no code with kbench (bench_c_probe/), in the order A B B A
* delay: known delays as `kbench selftest` finds them
* suites: how long they take

    python benchmarks/bench_c.py                  # some twenty-five minutes
    python benchmarks/bench_c.py --short          # about two
    python benchmarks/bench_c.py --only 'lat_p*'  # these figures; probe rows of the same name

Nothing here fails because of a time: a busy machine shows in the figures, and in `load` and `steal` at the end.
"""

import argparse
import fnmatch
import json
import os
import statistics
import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from bench_c_agreement import agreement
from bench_c_runs import Document, Form, Progress, kbench, program, run_many, run_one

QUIET_CV_PERCENT = 1.0
NOISY_CV_PERCENT = 3.0
NULL_LIMIT_NS = 0.2
REPEATS = 20
SUITE_LIMITS_S = {"quick": 60, "paper": 70}

SHORT = Form(runs=4, budget_s=0.1, all_rows=False, repeats=REPEATS, turns=2, suites=False)
WHOLE = Form(runs=10, budget_s=0.3, all_rows=True, repeats=REPEATS, turns=8, suites=True)


@dataclass
class Row:
    """One benchmark at one placement, and what its runs said."""

    words: str
    placement: str
    estimator: str = ""
    unit: str = ""
    values: list[float] = field(default_factory=list)
    samples: list[int] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    evidence: list[str] = field(default_factory=list)
    reason: str = ""

    @property
    def is_cpu_bound(self) -> bool:
        """One CPU does all the work, and nothing but noise can add to its time."""
        return self.estimator in ("decile", "percentile")

    @property
    def is_known(self) -> bool:
        return len(self.values) > 1 and self.words != "null"

    @property
    def cv_percent(self) -> float:
        return cv_percent(self.values)

    def add(self, result: Document) -> None:
        if result["status"] != "done":
            self.reason = f"{result['status']}: {result['reason']}"
            return
        metric = result["metrics"][0]
        self.estimator = metric["headline"]["estimator"]
        self.unit = metric["unit"]
        self.values.append(metric["headline"]["value"])
        self.samples.append(len(metric["samples"]))
        self.seconds.append(result["spent_s"])
        self.evidence.append(metric["evidence"])

    def as_document(self) -> Document:
        return {
            "benchmark": self.words,
            "placement": self.placement,
            "estimator": self.estimator,
            "unit": self.unit,
            "values": self.values,
            "cv_percent": self.cv_percent if self.is_known else None,
            "samples": self.samples,
            "seconds": self.seconds,
            "evidence": self.evidence,
            "reason": self.reason,
        }


def cv_percent(values: list[float]) -> float:
    return 100 * statistics.stdev(values) / abs(statistics.fmean(values))


def verdict(value: float, target: float) -> str:
    return "met" if value <= target else "NOT MET"


def listed(suite: str) -> list[tuple[str, str]]:
    done = subprocess.run([program(), "suite", suite, "--list"], capture_output=True, text=True, check=True)
    return [(words, placement) for words, placement in map(str.split, done.stdout.splitlines())]


def rows_of(form: Form, only: str) -> list[Row]:
    """All with their defaults, and what has several tasks on several CPUs; else the quick ones."""
    if form.all_rows:
        wanted = [
            (words, placement)
            for words, placement in listed("micro")
            if ":" not in words and placement in ("same-cpu", "cross-cpu")
        ]
    else:
        wanted = listed("quick")
    return [Row(words, placement) for words, placement in wanted if fnmatch.fnmatch(words.split(":")[0], only)]


def take_figures(form: Form, only: str, progress: Progress) -> list[Row]:
    rows = rows_of(form, only)
    by_run = {(row.words, row.placement): row for row in rows}
    for turn in range(form.runs):
        progress.say(f"figures, run {turn + 1} of {form.runs}")
        for result in run_many(list(by_run), form.budget_s)["benchmarks"]:
            by_run[result["run"], result["placement"]].add(result)
    progress.wipe()
    return rows


def print_figures(rows: list[Row], form: Form) -> Document:
    print(f"\n== figures of {form.runs} runs, {form.budget_s} s each")
    print(f"{'benchmark':<40}{'placement':<11}{'figure':>12} {'unit':<6}{'of':<7}{'CV %':>7}{'samples':>9}{'s':>7}")
    for row in rows:
        if not row.values:
            print(f"{row.words:<40}{row.placement:<11}{row.reason}")
            continue
        cv = f"{row.cv_percent:7.2f}" if row.is_known else f"{'-':>7}"
        print(f"{row.words:<40}{row.placement:<11}{statistics.median(row.values):>12.5g} {row.unit:<6}"
              f"{row.estimator:<7}{cv}{statistics.median(row.samples):>9.0f}{statistics.fmean(row.seconds):>7.2f}"
              f"{'  ' + row.reason if row.reason else ''}")  # fmt: skip
    known = [row for row in rows if row.is_known]
    groups = {"all": known, "CPU-bound": [row for row in known if row.is_cpu_bound]}
    medians: Document = {}
    for name, group in groups.items():
        if not group:
            continue
        cvs = [row.cv_percent for row in group]
        medians[name] = statistics.median(cvs)
        within = ", ".join(
            f"{sum(cv <= limit for cv in cvs)} within {limit} %" for limit in (QUIET_CV_PERCENT, NOISY_CV_PERCENT)
        )
        print(f"median CV, {name:<12}{medians[name]:7.2f} %  of {len(cvs)} rows, {within}")
    if "CPU-bound" in medians:
        cv = medians["CPU-bound"]
        print(f"promised: {QUIET_CV_PERCENT} % on a quiet machine ({verdict(medians['all'], QUIET_CV_PERCENT)}), "
              f"CPU-bound {NOISY_CV_PERCENT} % on a noisy virtual one ({verdict(cv, NOISY_CV_PERCENT)})")  # fmt: skip
    failed = [row for row in rows if row.reason.startswith("error")]
    evidence = Counter(kind for row in rows for kind in row.evidence)
    print(f"evidence of the runs: {', '.join(f'{count} {kind}' for kind, count in evidence.most_common())}")
    never = sum(not row.values for row in rows)
    print(f"{len(known)} measured, {len(failed)} failed at least once, {never} never got one")
    return {"rows": [row.as_document() for row in rows], "median_cv_percent": medians}


def null_and_calibration(form: Form, progress: Progress) -> Document:
    nulls: list[float] = []
    batches: list[int] = []
    for turn in range(form.repeats):
        progress.say(f"null and calibration, {turn + 1} of {form.repeats}")
        nulls.append(run_one("null", form.budget_s)["metrics"][0]["headline"]["value"])
        batches.append(run_one("lat_syscall_getppid", form.budget_s)["metrics"][0]["operations_per_sample"])
    progress.wipe()
    within = sum(abs(value) <= NULL_LIMIT_NS for value in nulls)
    same = batches.count(statistics.mode(batches))
    print("\n== null and calibration")
    print(
        f"null within {NULL_LIMIT_NS} ns of zero: {within} of {len(nulls)} (from {min(nulls):.3f} to {max(nulls):.3f})"
    )
    chosen = ", ".join(map(str, sorted(set(batches))))
    print(f"the same batch, of lat_syscall_getppid: {same} of {len(batches)} ({chosen})")
    return {"null_ns": nulls, "operations_per_sample": batches}


def delay(progress: Progress) -> Document:
    progress.say("kbench selftest")
    document = kbench("selftest")
    progress.wipe()
    print("\n== kbench selftest")
    for check in document["checks"]:
        again = f" (attempt {check['attempts']})" if check["attempts"] > 1 else ""
        print(f"{'ok' if check['ok'] else 'FAILED':<8}{check['name']:<13}{check['promise']:<40}{check['found']}{again}")
    return {"checks": document["checks"]}


def suites(progress: Progress) -> Document:
    print("\n== suites")
    found: Document = {}
    for name, limit_s in SUITE_LIMITS_S.items():
        progress.say(f"kbench suite {name}")
        begin_s = time.monotonic()
        rows = kbench("suite", name)["benchmarks"]
        took_s = time.monotonic() - begin_s
        progress.wipe()
        counts = {status: sum(row["status"] == status for row in rows) for status in ("done", "skip", "error")}
        print(f"{name:<8}{took_s:7.1f} s, limit {limit_s}: {verdict(took_s, limit_s)}; "
              f"{counts['done']} done, {counts['skip']} skipped, {counts['error']} errors")  # fmt: skip
        for row in rows:
            if row["status"] != "done":
                print(f"        {row['name']}: {row['status']}: {row['reason']}")
        found[name] = {"seconds": took_s, **counts}
    return found


def stolen_s() -> float:
    fields = Path("/proc/stat").read_text(encoding="ascii").split("\n", 1)[0].split()
    return float(fields[8]) / float(os.sysconf("SC_CLK_TCK"))


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--short", action="store_true", help="the quick suite's rows, few runs: about two minutes")
    parser.add_argument("--runs", type=int, metavar="N", help="runs of kbench (10; short: 4)")
    parser.add_argument("--budget", type=float, metavar="S", help="seconds of each (0.3; short: 0.1)")
    parser.add_argument("--only", default="*", metavar="PATTERN", help="benchmarks of such a name; no other parts")
    parser.add_argument("--json", type=Path, metavar="FILE", help="all figures into FILE")
    return parser.parse_args()


def main() -> int:
    arguments = parse()
    usual = SHORT if arguments.short else WHOLE
    whole = arguments.only == "*"
    form = Form(
        runs=arguments.runs or usual.runs,
        budget_s=arguments.budget or usual.budget_s,
        all_rows=usual.all_rows or not whole,
        repeats=usual.repeats,
        turns=usual.turns,
        suites=usual.suites,
    )
    program()
    progress = Progress()
    before_s, begin_s = stolen_s(), time.monotonic()
    found: Document = {"figures": print_figures(take_figures(form, arguments.only, progress), form)}
    if whole:
        found["steady"] = null_and_calibration(form, progress)
    found["agreement"] = agreement(form, arguments.only, progress)
    if whole:
        found["selftest"] = delay(progress)
    if whole and form.suites:
        found["suites"] = suites(progress)
    found["load"], found["steal_s"] = os.getloadavg()[0], stolen_s() - before_s
    found["seconds"] = time.monotonic() - begin_s
    print(f"\n{found['seconds']:.0f} s, load {found['load']:.2f}, {len(os.sched_getaffinity(0))} processors, "
          f"steal {found['steal_s']:.1f} s")  # fmt: skip
    if arguments.json:
        arguments.json.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
