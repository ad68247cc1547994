# SPDX-License-Identifier: GPL-2.0-or-later
"""Can the statistics be believed? Prints each figure beside what is promised, and fails when a promise is broken.

    python benchmarks/analysis.py             short form, within two minutes on a small machine
    python benchmarks/analysis.py --long      form of docs/statistics.md: 10,000 submissions of 1, 20 and 200 metrics
    python benchmarks/analysis.py --long --plots docs/images

Seeds are fixed: the same form prints the same figures, times apart. All tables but that of change points run the
production rule on simulated boots (benchmarks/simulation/families.py says why that is the same as simulating samples).
"""

import argparse
import sys
import time
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from simulation import alternatives, coverage, false_verdicts, naming, plots, power, speed
from simulation.families import make_banks
from simulation.submissions import make_histories


@dataclass(frozen=True)
class Form:
    """How much is simulated."""

    bank_boots: int
    submissions: dict[int, int]
    hard_submissions: int
    power_submissions: int
    power_metrics: tuple[int, ...]
    coverage_repeats: int
    named_metrics: int
    stopping_submissions: int
    speed_repeats: int


MOST_WITH_HISTORY = 400_000
SHORT = Form(300, {1: 2000, 20: 400, 200: 60}, 300, 300, (1, 20), 400, 60, 4000, 3)
LONG = Form(2000, {1: 10_000, 20: 10_000, 200: 10_000}, 10_000, 3000, (1, 20), 4000, 1000, 40_000, 5)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    size = parser.add_mutually_exclusive_group()
    size.add_argument("--short", action="store_true", help="the default")
    size.add_argument("--long", action="store_true", help="about a quarter of an hour")
    parser.add_argument("--plots", type=Path, metavar="FOLDER", help="also write analysis-*.png there")
    arguments = parser.parse_args()
    form = LONG if arguments.long else SHORT
    began = time.perf_counter()
    banks = make_banks(seed=1, boots=form.bank_boots)
    histories = make_histories(seed=2)
    rows = false_verdicts.table(
        submissions=form.submissions,
        hard_submissions=form.hard_submissions,
        most_with_history=MOST_WITH_HISTORY,
        banks=banks,
        histories=histories,
    )
    cells = power.table(submissions=form.power_submissions, metrics=form.power_metrics)
    alternatives.table(submissions=form.stopping_submissions)
    covered = coverage.table(
        repeats=form.coverage_repeats, banks=banks, histories=histories, tail_boots=form.bank_boots
    )
    naming.table(metrics=form.named_metrics)
    speed.table(repeats=form.speed_repeats)
    if find_spec("changepoint_table"):
        sys.path.append(str(Path(__file__).parents[1]))
        from changepoint_table import print_table

        print("6. Change points")
        print_table(short=not arguments.long)
    if arguments.plots:
        plots.save_all(arguments.plots, rows=rows, cells=cells, coverage=covered)
    print(f"{time.perf_counter() - began:.0f} s")


if __name__ == "__main__":
    main()
