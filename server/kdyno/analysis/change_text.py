# SPDX-License-Identifier: GPL-2.0-or-later
"""Changes of a series as plain text: a sentence, a small picture, a table."""

import itertools
from collections.abc import Sequence
from statistics import median
from typing import TYPE_CHECKING

from kdyno.analysis.changepoints import ChangeKind, ReportKind
from kdyno.analysis.text import percent, quantity, table

if TYPE_CHECKING:
    from kdyno.analysis.changepoints import Change, Detection, Report
    from kdyno.analysis.searched import SearchedSeries

WIDTH = 76
HEADINGS = ("", "point", "between", "change", "95 % interval", "kind", "confidence", "from → to")
_BLOCKS = "▁▂▃▄▅▆▇█"
# What lies beyond this share of the blocks, at either end, is drawn as high or low as the line goes.
_SHOWN_SHARE = 0.04
_SURE = 0.999


def changes_text(series: "SearchedSeries", detection: "Detection") -> str:
    """What was found in a whole series."""
    picture = [sparkline(series.values), marks(detection.changes, size=detection.size)]
    lines = [headline(series, count=len(detection.changes)), "", *(line for line in picture if line.strip())]
    if detection.changes:
        numbered = enumerate(detection.changes, 1)
        lines += ["", *table(HEADINGS, [(str(number), *_cells(series, change)) for number, change in numbered])]
        kinds = [kind for kind in ChangeKind if any(change.kind is kind for change in detection.changes)]
        lines += ["", *(f"{kind}: {kind.meaning}." for kind in kinds)]
    elif detection.segments:
        segment = detection.segments[0]
        lines += [
            "",
            f"Level {quantity(segment.level)}, spread {quantity(segment.spread)}, from the first point to the last.",
        ]
    return "\n".join(lines) + "\n"


def headline(series: "SearchedSeries", *, count: int) -> str:
    """What was searched, and how much was found."""
    fewest, most = series.repetitions
    each = "" if most == 1 else f" ({fewest if fewest == most else f'{fewest} to {most}'} values each)"
    unit = f", in {series.unit}" if series.unit else ""
    found = f"{count} change{'s' if count > 1 else ''}" if count else "No change"
    return f"{found} in {len(series.points)} points{each} of {series.source}{unit}"


def report_text(series: "SearchedSeries", report: "Report") -> str:
    """One line about a growing series: what its newest point confirmed or took back."""
    change = report.change
    what = f"{change.kind} at {series.name(change.index)} (between {change.low} and {change.high})"
    said = f"at point {series.name(report.at)}: {report.kind}: {what}"
    if report.kind is ReportKind.RETRACTED:
        return said
    return f"{said}, {percent(change.effect)} ({_interval(change)})"


def _cells(series: "SearchedSeries", change: "Change") -> tuple[str, ...]:
    between = str(change.low) if change.low == change.high else f"{change.low} .. {change.high}"
    if series.labels is not None and change.low != change.high:
        between += f" ({series.label(change.low)} .. {series.label(change.high)})"
    return (
        series.name(change.index),
        between,
        percent(change.effect),
        _interval(change),
        str(change.kind),
        f"> {100 * _SURE:g} %" if change.confidence > _SURE else f"{100 * change.confidence:.1f} %",
        f"{quantity(change.before)} → {quantity(change.after)}",
    )


def _interval(change: "Change") -> str:
    return f"{percent(change.effect_low)} .. {percent(change.effect_high)}"


def sparkline(values: Sequence[float], *, width: int = WIDTH) -> str:
    """A series as one line of blocks, each the median of an equal share of the points."""
    if not values:
        return ""
    bins = min(width, len(values))
    edges = [round(number * len(values) / bins) for number in range(bins + 1)]
    levels = [median(values[start:stop]) for start, stop in itertools.pairwise(edges)]
    ordered = sorted(levels)
    cut = int(_SHOWN_SHARE * len(levels))
    low, high = ordered[cut], ordered[-1 - cut]
    # halves, because the difference of two numbers may be none
    reach = (high / 2 - low / 2) or 1.0
    shares = [min(max((level / 2 - low / 2) / reach, 0.0), 1.0) for level in levels]
    return "".join(_BLOCKS[round(share * (len(_BLOCKS) - 1))] for share in shares)


def marks(changes: Sequence["Change"], *, size: int, width: int = WIDTH) -> str:
    """The line below a sparkline: the number of each change under its place, ^ from the tenth on."""
    line = [" "] * min(width, size)
    for number, change in enumerate(changes, 1):
        at = min(change.index * len(line) // size, len(line) - 1)
        line[at] = str(number) if number < 10 else "^"
    return "".join(line).rstrip()
