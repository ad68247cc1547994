# SPDX-License-Identifier: GPL-2.0-or-later
"""How often the whole procedure, stopping when it likes, says something false."""

import time
from dataclasses import dataclass

from scipy.stats import beta

from kdyno.analysis.sequential import SequentialDesign
from simulation.families import Banks
from simulation.submissions import Histories, Outcome, World, heavy, run, two_levels

CONFIDENCE = 0.95


@dataclass(frozen=True)
class Case:
    """A world and a design in which every change called is false. promised: whether alpha is promised in it."""

    name: str
    world: World
    margin: float
    history: bool = False
    promised: bool = True


DEFAULT_MARGIN = SequentialDesign().margin
CASES = (
    Case("A/A, default margin", World(), DEFAULT_MARGIN),
    Case("A/A, margin 0", World(), 0.0),
    Case("A/A, margin 0, learned prior", World(), 0.0, history=True),
    Case("all metrics exactly at the margin", World(effect=DEFAULT_MARGIN, everywhere=True), DEFAULT_MARGIN),
    Case("at the margin, learned prior", World(effect=DEFAULT_MARGIN, everywhere=True), DEFAULT_MARGIN, history=True),
)
HARD_CASES = (
    Case("heavy-tailed boots (t3), margin 0", World(scatter=heavy), 0.0),
    Case("boots on two levels, default margin", World(scatter=two_levels), DEFAULT_MARGIN, promised=False),
    Case("boots on two levels, margin 0", World(scatter=two_levels), 0.0, promised=False),
    Case("patched boots scatter 3 times more, margin 0", World(patched_factor=3), 0.0, promised=False),
    Case("machine 2 times noisier than its history", World(today=2), 0.0, history=True, promised=False),
)


@dataclass(frozen=True)
class Row:
    """Rates of one case: changes per submission with its interval, false "no change" per metric, mean blocks."""

    case: Case
    metrics: int
    submissions: int
    rate: float
    low: float
    high: float
    false_equal: float | None
    blocks: float


def clopper_pearson(count: int, out_of: int) -> tuple[float, float]:
    """Exact binomial interval (Clopper and Pearson, Biometrika 26, 1934)."""
    tail = (1 - CONFIDENCE) / 2
    low = float(beta.ppf(tail, count, out_of - count + 1)) if count else 0.0
    high = float(beta.ppf(1 - tail, count + 1, out_of - count)) if count < out_of else 1.0
    return low, high


def measure(case: Case, *, metrics: int, submissions: int, banks: Banks, histories: Histories) -> Row:
    """Run one case."""
    outcome: Outcome = run(
        seed=[1, metrics, *case.name.encode()],
        submissions=submissions,
        metrics=metrics,
        design=SequentialDesign(margin=case.margin),
        world=case.world,
        banks=banks,
        histories=histories if case.history else None,
    )
    low, high = clopper_pearson(outcome.any_change, outcome.submissions)
    return Row(
        case,
        metrics,
        outcome.submissions,
        outcome.any_change / outcome.submissions,
        low,
        high,
        outcome.equal / outcome.metrics if case.world.effect else None,
        outcome.blocks / outcome.submissions,
    )


def table(
    *,
    submissions: dict[int, int],
    hard_submissions: int,
    most_with_history: int,
    banks: Banks,
    histories: Histories,
) -> list[Row]:
    """Print and return all rows. submissions: how many for each number of metrics; most_with_history: metrics times
    submissions of a case with a learned prior, which takes twice as long."""
    alpha = SequentialDesign().alpha
    print(f"1. False verdicts per submission, promised at most {alpha:.0%}; 95 % interval by Clopper and Pearson")
    print(f"{'case':46}{'metrics':>8}{'subm.':>7}{'false':>8}{'interval':>16}{'no-change*':>11}{'blocks':>7}{'s':>6}")
    plan = [
        (case, metrics, min(number, most_with_history // metrics) if case.history else number)
        for metrics, number in submissions.items()
        for case in CASES
    ]
    plan += [(case, 20, hard_submissions) for case in HARD_CASES]
    rows = []
    for case, metrics, number in plan:
        began = time.perf_counter()
        row = measure(case, metrics=metrics, submissions=number, banks=banks, histories=histories)
        rows.append(row)
        equal = "-" if row.false_equal is None else f"{row.false_equal:.2%}"
        mark = " " if case.promised else "†"
        print(
            f"{case.name:46}{metrics:8d}{row.submissions:7d}{row.rate:8.2%}{mark}{row.low:7.2%} .. {row.high:.2%}"
            f"{equal:>9}{row.blocks:8.1f}{time.perf_counter() - began:6.0f}",
            flush=True,
        )
    print("* false claims of no change, per metric, where the truth is at the margin    † alpha is not promised here\n")
    broken = [row for row in rows if row.case.promised and (row.low > alpha or (row.false_equal or 0) > alpha)]
    assert not broken, f"the promise of {alpha:.0%} is broken: {broken}"
    return rows
