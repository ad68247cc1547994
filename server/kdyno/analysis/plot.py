# SPDX-License-Identifier: GPL-2.0-or-later
"""The picture beside the verdict table: every sample of every boot, as PNG for mails."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from kdyno.analysis.compare import Comparison, MetricPair, SubmissionComparison
from kdyno.analysis.pictures import as_png, new_figure
from kdyno.analysis.text import interval, percent

if TYPE_CHECKING:
    from matplotlib.axes import Axes

BASE_COLOUR, PATCHED_COLOUR = "#4c6a92", "#c4622d"
PANEL_WIDTH_INCH, PANEL_HEIGHT_INCH = 7.2, 2.6
SHOWN_PERCENTILES = (1, 99)
JITTER = 0.32
CAPTION = "dot: sample    bar: median of a boot    dashed: level of an arm    band: 95 % interval of the change"
SEED = 1


def samples_figure(pairs: Sequence[MetricPair], result: SubmissionComparison) -> bytes:
    """One panel per metric: all samples by boot, a bar at each boot's median, a line and band at each arm's level.

    Samples beyond the shown range (spikes) are counted in the corner instead of squeezing the rest.
    """
    if not pairs:
        raise ValueError("nothing to draw: no metrics")
    figure = new_figure(width_inch=PANEL_WIDTH_INCH, height_inch=PANEL_HEIGHT_INCH * len(pairs))
    panels = figure.subplots(len(pairs), squeeze=False)[:, 0]
    for axes, pair, comparison in zip(panels, pairs, result.comparisons, strict=True):
        _panel(axes, pair, comparison)
    figure.supxlabel(CAPTION, fontsize=7, color="#666666")
    return as_png(figure)


def _panel(axes: Axes, pair: MetricPair, comparison: Comparison) -> None:
    rng = np.random.default_rng(SEED)
    labels: list[str] = []
    drawn: list[np.ndarray] = []
    levels = (comparison.base_level, comparison.patched_level)
    for arm, colour, level in zip((pair.base, pair.patched), (BASE_COLOUR, PATCHED_COLOUR), levels, strict=True):
        first = len(labels)
        for boot in arm.boots:
            values = np.asarray(boot.samples, dtype=np.float64)
            across = len(labels) + rng.uniform(-JITTER, JITTER, values.size)
            axes.plot(across, values, ".", color=colour, markersize=2.5, alpha=0.35, markeredgewidth=0, zorder=2)
            axes.hlines(
                np.median(values), len(labels) - JITTER, len(labels) + JITTER, color="#222222", lw=1.6, zorder=4
            )
            labels.append(f"{arm.name}\n{boot.boot_id}")
            drawn.append(values)
        axes.hlines(level, first - 0.5, len(labels) - 0.5, color=colour, lw=1, ls="--", zorder=3)
        if arm is pair.patched and comparison.low is not None and comparison.high is not None:
            low, high = (comparison.base_level * (1 + edge) for edge in (comparison.low, comparison.high))
            axes.fill_between([first - 0.5, len(labels) - 0.5], low, high, color=colour, alpha=0.13, lw=0, zorder=1)
    _limits(axes, drawn)
    axes.set_xlim(-0.5, len(labels) - 0.5)
    axes.set_xticks(range(len(labels)), labels, fontsize=8)
    axes.set_ylabel(comparison.metric.unit, fontsize=8)
    axes.tick_params(axis="y", labelsize=8)
    axes.grid(axis="y", color="#e6e6e6", lw=0.6, zorder=0)
    axes.spines[["top", "right"]].set_visible(False)
    title = f"{comparison.metric.name}: {comparison.verdict}, {percent(comparison.effect)} ({interval(comparison)})"
    axes.set_title(title, fontsize=9, loc="left")


def _limits(axes: Axes, drawn: Sequence[np.ndarray]) -> None:
    """Show the bulk of every boot with some air, and say how many samples lie outside."""
    lowest = min(float(np.percentile(values, SHOWN_PERCENTILES[0])) for values in drawn)
    highest = max(float(np.percentile(values, SHOWN_PERCENTILES[1])) for values in drawn)
    air = 0.15 * (highest - lowest) or 0.05 * abs(highest) or 1.0
    axes.set_ylim(lowest - air, highest + air)
    outside = sum(int(np.count_nonzero((values < lowest - air) | (values > highest + air))) for values in drawn)
    if outside:
        note = f"{outside} sample{'s' if outside > 1 else ''} outside"
        axes.annotate(note, (0.995, 0.97), xycoords="axes fraction", ha="right", va="top", fontsize=7, color="#666666")
