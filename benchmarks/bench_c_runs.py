# SPDX-License-Identifier: GPL-2.0-or-later
"""Runs kbench for the benchmarks of kbench itself."""

import atexit
import json
import secrets
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

BENCH_C = Path(__file__).parents[1] / "bench-c"
MOST_S = 180  # of one benchmark, whatever it does
ROUNDS = 4  # of each benchmark of a run, as a suite has them

Document = dict[str, Any]


@dataclass(frozen=True)
class Form:
    """How thorough a run is."""

    runs: int
    budget_s: float
    all_rows: bool
    repeats: int
    turns: int  # of the probe and kbench each: A B B A is two
    suites: bool


class Progress:
    """One line on a terminal, rewritten."""

    def __init__(self) -> None:
        self.shown = sys.stderr.isatty()
        self.begin_s = time.monotonic()

    def say(self, text: str) -> None:
        if self.shown:
            print(f"\r\033[K{time.monotonic() - self.begin_s:5.0f} s  {text}", end="", file=sys.stderr, flush=True)

    def wipe(self) -> None:
        if self.shown:
            print("\r\033[K", end="", file=sys.stderr, flush=True)


@cache
def program() -> str:
    """A copy, which a build meanwhile does not change."""
    subprocess.run(["make", "--silent", "-C", BENCH_C, "build/kbench"], check=True)
    folder = tempfile.mkdtemp(prefix="bench-c-")
    atexit.register(shutil.rmtree, folder)
    return shutil.copy(BENCH_C / "build/kbench", folder)


def kbench(*arguments: str, timeout_s: float = MOST_S) -> Document:
    """What it says; a benchmark that was skipped or failed is in the document, not an end."""
    done = subprocess.run(
        [program(), *arguments, "--json"], capture_output=True, text=True, check=False, timeout=timeout_s
    )
    if not done.stdout:
        raise SystemExit(f"kbench {' '.join(arguments)}: {done.stderr.strip()}")
    document: Document = json.loads(done.stdout)
    return document


def new_seed() -> str:
    return str(secrets.randbelow(2**31 - 1) + 1)


def run_many(runs: list[tuple[str, str]], budget_s: float) -> Document:
    """All of them, words and placement each, by one kbench that goes round them as a suite does."""
    named = [f"{words}:placement={placement}" for words, placement in runs]
    plan = ("--rounds", str(ROUNDS), "--time-budget", str(budget_s), "--seed", new_seed())
    return kbench("run", *named, *plan, timeout_s=MOST_S + 10 * len(runs))


def run_one(words: str, budget_s: float, placement: str = "same-cpu") -> Document:
    """A process of its own, with a seed of its own."""
    document = kbench("run", words, "--placement", placement, "--time-budget", str(budget_s), "--seed", new_seed())
    result: Document = document["benchmarks"][0]
    return result


def figure_of(result: Document) -> float | None:
    """Nanoseconds per operation, or per byte."""
    if result["status"] != "done":
        return None
    metric = result["metrics"][0]
    value = float(metric["headline"]["value"])
    return value if metric["direction"] == "lower" else 1e9 / value
