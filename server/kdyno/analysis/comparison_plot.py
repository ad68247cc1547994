# SPDX-License-Identifier: GPL-2.0-or-later
"""The picture of a comparison: per metric its interval against the margin, and the boots that it rests on; as PNG."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from kdyno.analysis.pictures import GREY, NOTE, as_png, new_figure, plain_axes, plain_text
from kdyno.analysis.plot import BASE_COLOUR, PATCHED_COLOUR
from kdyno.analysis.text import interval, percent
from kdyno.analysis.verdicts import Verdict, severity

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from kdyno.analysis.compare import ArmSamples, Comparison, MetricPair, SubmissionComparison

VERDICT_COLOURS = {
    Verdict.REGRESSION: "#b3261e",
    Verdict.IMPROVEMENT: "#2f7d32",
    Verdict.NO_CHANGE: "#4c6a92",
    Verdict.NEED_MORE: "#9a6b00",
}
MOST_ROWS, MOST_CHARACTERS = 60, 44
WIDTH_INCH, ROW_INCH, FRAME_INCH = 11.0, 0.42, 1.75
# Effects that differ more than this in size share a picture only on a logarithmic scale.
LINEAR_MARGINS = 50
LINEAR_SHARE = 3
OFFSET = 0.17
SEED = 1


def comparison_figure(pairs: Sequence[MetricPair], result: SubmissionComparison) -> bytes:
    """One row per metric, the weightiest first: left the effect with its interval over the margin, right the boots.

    With more than MOST_ROWS metrics the least remarkable are left out, and counted below.
    """
    if not pairs:
        raise ValueError("nothing to draw: no metrics")
    both = list(zip(pairs, result.comparisons, strict=True))
    both.sort(key=lambda row: (-severity(row[1].verdict), -abs(row[1].effect)))
    rows = both[:MOST_ROWS]
    figure = new_figure(width_inch=WIDTH_INCH, height_inch=FRAME_INCH + ROW_INCH * len(rows))
    left, right = figure.subplots(1, 2, sharey=True, width_ratios=(3, 2))
    for axes in (left, right):
        plain_axes(axes, grid="x")
    left.set_ylim(len(rows) - 0.4, -0.6)
    # before anything is drawn: the margins of a picture depend on its scale
    _scales(left, right, [comparison for _, comparison in rows])
    _effects(left, [comparison for _, comparison in rows])
    for row, (pair, comparison) in enumerate(rows):
        _boots(right, pair, comparison, row=row)
    left.set_yticks(range(len(rows)), [_name(comparison) for _, comparison in rows], fontsize=8, linespacing=1.25)
    left.set_title(f"{result.verdict}: {result.verdict.meaning}", fontsize=10, loc="left")
    right.set_title("boots: the level of each", fontsize=9, loc="left", color="#444444")
    handles, names = left.get_legend_handles_labels()
    more_handles, more_names = right.get_legend_handles_labels()
    named = dict(zip([*names, *more_names], [*handles, *more_handles], strict=True))
    figure.legend(named.values(), named.keys(), loc="outside lower center", ncols=7, fontsize=7.5, frameon=False)
    if len(both) > len(rows):
        figure.supxlabel(f"{len(both) - len(rows)} more metrics, less remarkable, are not drawn", **NOTE)
    return as_png(figure)


def _effects(axes: Axes, comparisons: Sequence[Comparison]) -> None:
    """Intervals and effects in per cent, over the band in which nothing is of interest."""
    margin = 100 * comparisons[0].margin
    axes.axvspan(-margin, margin, color=GREY, alpha=0.16, lw=0, zorder=1, label=f"margin ±{margin:g} %")
    axes.axvline(0, color=GREY, lw=0.8, zorder=1)
    for row, item in enumerate(comparisons):
        colour = VERDICT_COLOURS[item.verdict]
        face = "white"
        if item.low is not None and item.high is not None:
            axes.plot([100 * item.low, 100 * item.high], [row, row], color=colour, lw=2.4, zorder=3)
            face = colour
        style: dict[str, Any] = {"marker": "o", "ls": "", "color": colour, "markerfacecolor": face, "markersize": 6}
        axes.plot([100 * item.effect], [row], zorder=4, label=str(item.verdict), **style)
    axes.set_xlabel("change, %, with its 95 % interval", fontsize=8.5)


def _boots(axes: Axes, pair: MetricPair, comparison: Comparison, *, row: int) -> None:
    """The level of every boot, relative to the base's, base above patched."""
    rng = np.random.default_rng(SEED)
    for arm, colour, side in ((pair.base, BASE_COLOUR, -1), (pair.patched, PATCHED_COLOUR, 1)):
        levels = _levels(arm, quantile=pair.metric.quantile)
        across = row + side * OFFSET + rng.uniform(-0.05, 0.05, levels.size)
        shown = 100 * (levels / comparison.base_level - 1)
        axes.plot(
            shown, across, "o", color=colour, markersize=4.5, alpha=0.75, markeredgewidth=0, label=f"{arm.name} boot"
        )


def _levels(arm: ArmSamples, *, quantile: float) -> np.ndarray:
    return np.array([np.quantile(np.asarray(boot.samples, dtype=np.float64), quantile) for boot in arm.boots])


def _scales(left: Axes, right: Axes, comparisons: Sequence[Comparison]) -> None:
    """Percent on both sides; symmetric-logarithmic where one effect would squeeze all others."""
    reaches = [
        100 * abs(edge) for item in comparisons for edge in (item.effect, item.low, item.high) if edge is not None
    ]
    linear = 100 * (comparisons[0].margin or 0.01) * LINEAR_SHARE
    right.axvline(0, color=GREY, lw=0.8, zorder=1)
    right.set_xlabel("difference from the base's level, %", fontsize=8.5)
    if max(reaches) > LINEAR_MARGINS * linear / LINEAR_SHARE:
        for axes in (left, right):
            axes.set_xscale("symlog", linthresh=linear)
            axes.xaxis.set_major_formatter("{x:g}")


def _name(item: Comparison) -> str:
    """Name, change and interval of a row."""
    name = (
        item.metric.name if len(item.metric.name) <= MOST_CHARACTERS else item.metric.name[: MOST_CHARACTERS - 1] + "…"
    )
    return f"{plain_text(name)}\n{percent(item.effect)} ({interval(item)})"
