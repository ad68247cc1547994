# SPDX-License-Identifier: GPL-2.0-or-later
"""Draws the answer to a test request, and says which exit code it is."""

from collections import Counter
from enum import IntEnum
from itertools import groupby

from rich.console import Console
from rich.table import Table
from rich.text import Text

from kdyno.analysis.text import quantity
from kdyno.analysis.verdicts import EXIT_CODES, MOVED, Verdict
from kdyno.jobs.states import FailureClass
from kdyno.submissions.schemas import ResultRow, SubmissionView

_MOST_NAMED = 12
# What a screen holds; the page has all.
_MOST_ROWS = 30

_STYLES = {
    Verdict.REGRESSION: "bold red",
    Verdict.IMPROVEMENT: "bold green",
    Verdict.NO_CHANGE: "",
    Verdict.NEED_MORE: "yellow",
}
# The patch does not build, its kernel dies, or the asker took the request back.
_FAILURES_OF_THE_REQUEST = frozenset({FailureClass.USER, FailureClass.PANIC, FailureClass.CANCELLED})


class ExitCode(IntEnum):
    """Exit codes of `kdyno submit`; those of verdicts are the analysis' own."""

    NO_REGRESSION = 0
    REGRESSION = 1
    USAGE = 2
    LAB_FAILURE = 3
    NEED_MORE = 4


def exit_code(view: SubmissionView) -> int:
    """What the outcome of a finished submission means to a shell."""
    if view.verdict is None:
        at_fault = view.failure is not None and view.failure.failure_class in _FAILURES_OF_THE_REQUEST
        return ExitCode.USAGE if at_fault else ExitCode.LAB_FAILURE
    return EXIT_CODES[Verdict(view.verdict)]


def print_outcome(console: Console, view: SubmissionView) -> None:
    """Verdict table and overall verdict, or the failure and whose problem it is."""
    if view.rows:
        _print_rows(console, view.rows)
        _print_moved(console, view.details)
        if view.machine_caveat:
            console.print(f"Note: {view.machine_caveat}.", highlight=False, markup=False, style="dim")
    if view.verdict is not None:
        verdict = Verdict(view.verdict)
        words = f"Overall: {verdict} ({view.verdict_reason or verdict.meaning})"
        console.print(Text(words, style=_STYLES[verdict]), soft_wrap=True)
    elif view.failure is not None:
        whose = "the request's" if view.failure.failure_class in _FAILURES_OF_THE_REQUEST else "the lab's"
        words = f"No verdict: {view.failure.failure_class}: {view.failure.message} (this is {whose} problem)"
        console.print(Text(words, style="red"), soft_wrap=True)


def _print_rows(console: Console, rows: list[ResultRow]) -> None:
    """All rows with the reasons of those that say more than "no change"; of a suite's many rows those that moved."""
    shown = sorted(rows, key=lambda row: row.verdict not in MOVED)[:_MOST_ROWS]
    explained = MOVED | {Verdict.NEED_MORE} if len(rows) <= _MOST_ROWS else MOVED
    console.print(_table(shown))
    for row in shown:
        if row.reason and row.verdict in explained:
            console.print(f"{row.label}: {row.reason}", highlight=False, markup=False)
    left = Counter(row.verdict for row in rows)
    left.subtract(row.verdict for row in shown)
    if len(rows) > len(shown):
        words = ", ".join(f"{count} {verdict}" for verdict, count in left.items() if count)
        console.print(f"{len(rows) - len(shown)} more rows are on the page: {words}", highlight=False, markup=False)


def _print_moved(console: Console, details: list[ResultRow]) -> None:
    """One line for each workload whose parts were compared: those that moved, the largest first."""
    for workload, found in groupby(details, key=lambda row: row.workload):
        parts = list(found)
        moved = [f"{row.metric} {_percent(row.effect_percent)} %" for row in parts if row.verdict in MOVED]
        shown = ", ".join(moved[:_MOST_NAMED]) or f"none of {len(parts)} parts"
        more = f" and {len(moved) - _MOST_NAMED} more" if len(moved) > _MOST_NAMED else ""
        console.print(f"Moved inside of {workload}: {shown}{more}", highlight=False, markup=False)


def _table(rows: list[ResultRow]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in ("workload", "base", "patched", "change", "95 % interval", "verdict"):
        is_word = heading in {"workload", "verdict"}
        table.add_column(heading, justify="left" if is_word else "right", no_wrap=not is_word, overflow="fold")
    for row in rows:
        style = _STYLES.get(Verdict(row.verdict), "")
        table.add_row(
            row.label,
            f"{quantity(row.base_median)} {row.unit}",
            quantity(row.patched_median),
            f"{_percent(row.effect_percent)} %",
            _interval(row),
            Text(row.verdict, style=style),
        )
    return table


def _interval(row: ResultRow) -> str:
    if row.interval_low_percent is None or row.interval_high_percent is None:
        return "unknown"
    return f"{_percent(row.interval_low_percent)} … {_percent(row.interval_high_percent)}"


def _percent(value: float) -> str:
    """As many digits as mean something, so that the table fits 80 columns."""
    digits = 2 if abs(value) < 10 else 1 if abs(value) < 100 else 0
    return f"{value:+.{digits}f}"
