# SPDX-License-Identifier: GPL-2.0-or-later
"""Judges the change-point detector on synthetic histories, beside Apache Otava in the same run.

False changes, steps found, reports while points arrive, and CPU time. `--long` for the figures of docs/statistics.md.
Otava pins other versions of its libraries than kdyno does, so it runs in an environment of its own, made by uv.
"""

import argparse
import json
import math
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TextIO

import numpy as np
from changepoint_series import FAMILIES, HELD_OUT, FloatArray, Step, generator, history

from kdyno.analysis.changepoints import ChangeKind, OnlineDetector, ReportKind, detect

OTAVA = "apache-otava==0.8.0"
SIZE = 200
CVS = (0.01, 0.02, 0.03)
NEAR = 5
# A report this soon after a step, or about a place this near to it, is about that step.
ONLINE_NEAR = 10
EDGE = 20
PAIR_DISTANCE = 30

Detector = Callable[[Sequence[FloatArray]], list[list[int]]]


def ours(batch: Sequence[FloatArray]) -> list[list[int]]:
    return [[change.index for change in detect(values).changes] for values in batch]


@contextmanager
def otava() -> Iterator[Detector | None]:
    """Otava with its default settings, in a process of its own; None, and a line that says why, where it cannot run."""
    uv = Path(sys.executable).with_name("uv")
    command = [str(uv), "run", "--quiet", "--no-project", "--isolated", "--with", OTAVA, "python"]
    with tempfile.TemporaryFile("w+") as complaints:
        try:
            worker = subprocess.Popen(
                [*command, str(Path(__file__).with_name("otava_worker.py"))],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=complaints,
                text=True,
            )
        except OSError as error:
            print(f"SKIP Otava: {error}\n")
            yield None
            return
        try:
            yield _answering(worker, complaints=complaints)
        finally:
            worker.kill()
            worker.communicate()


def _answering(worker: "subprocess.Popen[str]", *, complaints: TextIO) -> Detector | None:
    assert worker.stdin is not None and worker.stdout is not None
    requests, answers = worker.stdin, worker.stdout

    def detector(batch: Sequence[FloatArray]) -> list[list[int]]:
        print(json.dumps([values.tolist() for values in batch]), file=requests, flush=True)
        found: list[list[int]] = json.loads(answers.readline())
        return found

    try:
        detector([history("normal", size=50, cv=0.01, rng=generator("trial"))])
    except (OSError, ValueError):
        worker.wait(timeout=60)
        complaints.seek(0)
        words = complaints.read().strip().splitlines()
        print(f"SKIP Otava: it cannot be installed or run here ({words[-1] if words else 'no answer'})\n")
        return None
    return detector


@dataclass(frozen=True)
class Task:
    """A column of the table: a kind of series, and which of its steps must be found."""

    name: str
    cv: float
    effects: tuple[float, ...]


TASKS = (
    Task("5 % at CV 2 %", 0.02, (0.05,)),
    Task("10 % at CV 2 %", 0.02, (0.10,)),
    Task("10 % at CV 3 %", 0.03, (0.10,)),
    Task("two of 10 %", 0.02, (0.10, 0.10)),
)


@dataclass
class Row:
    """What a detector did in one family."""

    false_per_1000: float = 0.0
    found: list[float] = field(default_factory=list)

    def line(self) -> str:
        return f"{self.false_per_1000:10.3f}" + "".join(f"{100 * share:16.1f}" for share in self.found)


def steps_of(task: Task, *, rng: np.random.Generator) -> list[Step]:
    last = SIZE - EDGE - PAIR_DISTANCE * (len(task.effects) - 1)
    first = int(rng.integers(EDGE, last))
    return [
        Step(first + PAIR_DISTANCE * number, effect * float(rng.choice([-1.0, 1.0])))
        for number, effect in enumerate(task.effects)
    ]


def judge(detector: Detector, family: str, *, quiet: int, loud: int) -> Row:
    """quiet: series without a step, for false changes. loud: series per task."""
    rng = generator(family, "quiet")
    batch = [history(family, size=SIZE, cv=CVS[number % len(CVS)], rng=rng) for number in range(quiet)]
    row = Row(1000 * sum(map(len, detector(batch))) / (quiet * SIZE))
    for task in TASKS:
        rng = generator(family, task.name)
        truths = [steps_of(task, rng=rng) for _ in range(loud)]
        found = detector([history(family, size=SIZE, cv=task.cv, steps=steps, rng=rng) for steps in truths])
        hits = [
            all(any(abs(place - step.index) <= NEAR for place in places) for step in steps)
            for steps, places in zip(truths, found, strict=True)
        ]
        row.found.append(sum(hits) / loud)
    return row


def offline_table(detectors: dict[str, Detector], *, quiet: int, loud: int) -> None:
    print(
        f"Series of {SIZE} points. False: changes per 1000 points of series without any, CV 1 to 3 % (aim: 0.1 at most,"
    )
    print(f"but drift). Then the share in % of series whose steps were all found within ±{NEAR} points.")
    print(f"{'family':16}{'detector':10}{'false':>10}" + "".join(f"{task.name:>16}" for task in TASKS))
    for family in (*FAMILIES, *HELD_OUT):
        for name, detector in detectors.items():
            print(f"{family:16}{name:10}{judge(detector, family, quiet=quiet, loud=loud).line()}", flush=True)


def online_row(family: str, *, series: int) -> str:
    """Reports that are near no true step, per 1000 points, and how long the true ones took."""
    rng = generator(family, "online")
    points = false = retracted = missed = 0
    delays: list[int] = []
    for number in range(series):
        effects = ((), (0.05,), (0.10,))[number % 3]
        steps = [
            Step(int(rng.integers(60, SIZE - EDGE)), effect * float(rng.choice([-1.0, 1.0]))) for effect in effects
        ]
        values = history(family, size=SIZE, cv=0.02, steps=steps, rng=rng)
        reports = OnlineDetector().extend(values.tolist())
        points += SIZE
        first = {step.index: SIZE for step in steps}
        for report in reports:
            near = [
                s.index for s in steps if abs(report.change.index - s.index) <= ONLINE_NEAR and report.at >= s.index
            ]
            retracted += report.kind is ReportKind.RETRACTED
            if not near:
                false += 1
            elif report.kind is ReportKind.CONFIRMED:
                first[near[0]] = min(first[near[0]], report.at - near[0])
        delays += [delay for delay in first.values() if delay < SIZE]
        missed += sum(delay == SIZE for delay in first.values())
    median = statistics.median(delays) if delays else math.nan
    return f"{family:16}{1000 * false / points:10.3f}{median:12.1f}{missed:10d}{retracted:12d}"


def online_table(*, series: int) -> None:
    print(f"\nThe same point by point, {series} series per family, a third each with no step, 5 % and 10 % at CV 2 %.")
    print(f"{'family':16}{'false/1000':>10}{'delay':>12}{'missed':>10}{'retracted':>12}   (aim: 0.5 at most; 8 points)")
    for family in (*FAMILIES, *HELD_OUT):
        print(online_row(family, series=series), flush=True)


def kinds_table(*, series: int) -> None:
    """What a drift and a changed scatter are called."""
    print("\nWhat is found in series of 200 points that drift by 4 to 10 %, or whose scatter triples half-way (CV 1 %)")
    counts: dict[str, dict[ChangeKind, int]] = {"drift": dict.fromkeys(ChangeKind, 0)}
    counts["scatter × 3"] = dict.fromkeys(ChangeKind, 0)
    for number in range(series):
        rng = generator("kinds", number)
        drifting = history("drift", size=SIZE, cv=0.01, rng=rng)
        wild = history("normal", size=SIZE, cv=0.01, rng=rng)
        wild[SIZE // 2 :] = wild.mean() + 3 * (wild[SIZE // 2 :] - wild.mean())
        for name, values in (("drift", drifting), ("scatter × 3", wild)):
            for change in detect(values).changes:
                counts[name][change.kind] += 1
    for name, kinds in counts.items():
        print(f"{name:16}" + "".join(f"{kind}: {count / series:.2f} per series   " for kind, count in kinds.items()))


def speed_table(sizes: Sequence[int]) -> None:
    print("\nCPU time on AR(1) series with a step every 500 points (aim: 100 ms per 1000; growth at most n log n)")
    print(f"{'points':>10}{'CPU s':>10}{'ms per 1000':>14}{'against n log n':>18}{'online ms per 1000':>20}")
    base = 0.0
    for size in sizes:
        rng = generator("speed", size)
        steps = [Step(index, 0.05 if index % 1000 else -0.05) for index in range(500, size, 500)]
        values = history("AR(1)", size=size, cv=0.02, steps=steps, rng=rng)
        detect(values[:500])
        took = _cpu(lambda values=values: detect(values))
        base = base or took / (size * math.log(size))
        ratio = took / (size * math.log(size)) / base
        online = _cpu(lambda values=values: OnlineDetector().extend(values[:2000].tolist())) * 1000 / min(size, 2000)
        print(f"{size:10d}{took:10.3f}{1e6 * took / size:14.1f}{ratio:18.2f}{1e3 * online:20.1f}", flush=True)


def _cpu(work: Callable[[], object]) -> float:
    begin = time.process_time()
    work()
    return time.process_time() - begin


def print_table(*, short: bool = True) -> None:
    """The whole judgement; the short form takes less than a minute."""
    with otava() as other:
        detectors = {"kdyno": ours} | ({} if other is None else {"otava": other})
        offline_table(detectors, quiet=15 if short else 1500, loud=6 if short else 400)
    online_table(series=3 if short else 120)
    kinds_table(series=10 if short else 300)
    speed_table((1000, 10_000) if short else (1000, 10_000, 100_000))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--long", action="store_true", help="enough series for error rates (about an hour)")
    began = time.perf_counter()
    print_table(short=not parser.parse_args().long)
    print(f"\n{time.perf_counter() - began:.0f} s")


if __name__ == "__main__":
    main()
