# SPDX-License-Identifier: GPL-2.0-or-later
"""The verdict table as plain text for mails; page and terminal draw the same rows in their own way."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import astuple, dataclass
from typing import TYPE_CHECKING

from kdyno.analysis.verdicts import MOVED, Verdict

if TYPE_CHECKING:  # pages use the formats below, and need none of the arithmetic
    from kdyno.analysis.compare import Comparison, SubmissionComparison
    from kdyno.analysis.diagnostics import SampleWarning

HEADINGS = ("metric", "base", "patched", "change", "95 % interval", "boots", "verdict")


@dataclass(frozen=True)
class VerdictRow:
    """One metric in words and figures ready to print, in the order of HEADINGS."""

    metric: str
    base: str
    patched: str
    change: str
    interval: str
    boots: str
    verdict: Verdict


def verdict_rows(result: SubmissionComparison) -> list[VerdictRow]:
    """One row per metric, in the order of the submission."""
    return [
        VerdictRow(
            metric=item.metric.name,
            base=f"{quantity(item.base_level)} {item.metric.unit}",
            patched=f"{quantity(item.patched_level)} {item.metric.unit}",
            change=percent(item.effect),
            interval=interval(item),
            boots=f"{item.base_boots}+{item.patched_boots}",
            verdict=item.verdict,
        )
        for item in result.comparisons
    ]


def verdict_table(result: SubmissionComparison) -> str:
    """The whole answer as text: overall verdict, table, then what was assumed, advised and noticed per metric."""
    rows = [tuple(str(cell) for cell in astuple(row)) for row in verdict_rows(result)]
    head = f"Overall: {result.verdict} ({result.verdict.meaning})"
    return "\n".join([head, "", *table(HEADINGS, rows), "", *_notes(result)]) + "\n"


def moved_text(result: SubmissionComparison, *, workload: str) -> str:
    """The details of a workload that moved, the largest change first; one line when none did."""
    count = len(result.comparisons)
    rows = [row for row in zip(result.comparisons, verdict_rows(result), strict=True) if row[0].verdict in MOVED]
    if not rows:
        return f"Moved inside of {workload}: none of {count} parts\n"
    rows.sort(key=lambda row: -abs(math.log1p(row[0].effect)))
    shown = [(*astuple(row)[:-1], "worse" if item.slowdown > 0 else "better") for item, row in rows]
    head = f"Moved inside of {workload}, which has no part in the verdict: {len(rows)} of {count} parts"
    return "\n".join([head, "", *table((*HEADINGS[:-1], "moved"), shown)]) + "\n"


def table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """Lines of an aligned table with a ruler below its headings."""
    lines = [headings, *rows]
    widths = [max(len(line[column]) for line in lines) for column in range(len(headings))]
    shown = ["  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines]
    return [shown[0], "  ".join("-" * width for width in widths), *shown[1:]]


def _notes(result: SubmissionComparison) -> list[str]:
    """Reasons per metric, then warnings; a warning shared by several metrics is said once."""
    notes = [f"{item.metric.name}: {item.reason}. {noise_words(item)}." for item in result.comparisons]
    metrics_by_warning: dict[SampleWarning, list[str]] = {}
    for item in result.comparisons:
        for warning in item.warnings:
            metrics_by_warning.setdefault(warning, []).append(item.metric.name)
    if metrics_by_warning:
        notes.append("")
    for warning, metrics in metrics_by_warning.items():
        shared = len(metrics) == len(result.comparisons) > 1
        notes.append(f"Warning, {'all metrics' if shared else ', '.join(metrics)}: {warning.kind}: {warning.text}.")
    return notes


def noise_words(item: Comparison) -> str:
    """What between-boot noise the interval rests on."""
    source = "the boots alone"
    if item.prior_used:
        source = "the boots and " + ("this machine's history" if item.prior.learned else "what is usual for its kind")
    return f"Noise between boots {100 * item.boot_sd:.2g} %, from {source}"


def percent(effect: float) -> str:
    """A relative effect as a signed percentage with as many digits as mean something."""
    value = 100 * effect
    digits = 2 if abs(value) < 10 else 1 if abs(value) < 100 else 0
    return f"{value:+.{digits}f} %"


def interval(item: Comparison) -> str:
    """The 95 % interval, or "unknown" where the boots allow none."""
    if item.low is None or item.high is None:
        return "unknown"
    return f"{percent(item.low)} .. {percent(item.high)}"


def quantity(value: float) -> str:
    """Four significant digits, without an exponent for everyday sizes."""
    if not 1e-3 <= abs(value) < 1e9:
        return f"{value:.3e}"
    if abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{value:.4g}"
