# SPDX-License-Identifier: GPL-2.0-or-later
"""The picture of a series and its changes: points, levels, bands of spread, marks; as PNG."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from kdyno.analysis.change_text import headline
from kdyno.analysis.changepoints import ChangeKind, ReportKind
from kdyno.analysis.pictures import GREY, NOTE, as_png, bulk, new_figure, plain_axes, plain_text, with_air
from kdyno.analysis.text import percent

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from kdyno.analysis.changepoints import Change, Detection, Report
    from kdyno.analysis.searched import SearchedSeries

POINT_COLOUR, LEVEL_COLOUR = "#4c6a92", "#1f3a5f"
KIND_COLOURS = {ChangeKind.STEP: "#c4622d", ChangeKind.DRIFT: "#7a5195", ChangeKind.VARIANCE: "#2f8f83"}
REPORT_STYLES: dict[ReportKind, dict[str, Any]] = {
    ReportKind.CONFIRMED: {"marker": "^", "color": "#2f7d32"},
    ReportKind.RETRACTED: {"marker": "X", "color": "#b3261e"},
}
WIDTH_INCH, HEIGHT_INCH = 10.5, 4.6
BAND_SPREADS = 2
# What lies further from every level, and is not of the bulk, is shown at the edge as a triangle.
SHOWN_SPREADS, SHOWN_SHARE, AIR = 5, 0.025, 0.1
MOST_LABELS = 24
LABEL_TIERS, TIER_POINTS = 3, 22
LABEL_WIDTH = 0.085  # as a share of the picture
MOST_TICKS, MOST_CHARACTERS = 9, 16


def change_figure(series: SearchedSeries, detection: Detection, *, reports: Sequence[Report] = ()) -> bytes:
    """Draw a series with what was found in it; `reports` are those of a replay, in their order."""
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    figure = new_figure(width_inch=WIDTH_INCH, height_inch=HEIGHT_INCH)
    axes = figure.subplots()
    plain_axes(axes, grid="y")
    axes.set_xlim(-0.5, max(detection.size, 1) - 0.5)
    _limit(axes, series, detection)
    _points(axes, series)
    _levels(axes, detection)
    for change in detection.changes:
        _mark(axes, change)
    tiers = _labels(axes, series, detection.changes)
    _reports(axes, reports)
    axes.set_ylabel(plain_text(series.unit or "value"), fontsize=9)
    axes.xaxis.set_major_locator(MaxNLocator(nbins=MOST_TICKS, integer=True))
    if series.labels is not None:
        axes.xaxis.set_major_formatter(FuncFormatter(lambda at, _: _tick(series, at)))
    axes.set_xlabel("point" if series.labels is None else "point and its label", fontsize=9)
    axes.set_title(
        plain_text(headline(series, count=len(detection.changes))), fontsize=10, loc="left", pad=8 + TIER_POINTS * tiers
    )
    figure.legend(
        *_legend(axes),
        loc="outside lower center",
        ncols=8,
        fontsize=7.5,
        columnspacing=1.4,
        handletextpad=0.5,
        frameon=False,
    )
    return as_png(figure)


def _limit(axes: Axes, series: SearchedSeries, detection: Detection) -> None:
    """Choose the range of values to show."""
    edges = bulk(np.array(series.values), share=SHOWN_SHARE)
    for segment in detection.segments:
        reach = SHOWN_SPREADS * segment.spread
        edges = (min(edges[0], segment.level - reach), max(edges[1], segment.level + reach))
    axes.set_ylim(*with_air(*edges, air=AIR))


def _points(axes: Axes, series: SearchedSeries) -> None:
    """Every value, and the median of each point that has several."""
    values = np.array(series.values)
    low, high = axes.get_ylim()
    size = 5.0 if len(values) <= 400 else 3.0 if len(values) <= 3000 else 1.5
    style: dict[str, Any] = {"ls": "", "marker": ".", "markeredgewidth": 0}
    if series.repetitions[1] > 1:
        across = np.repeat(np.arange(len(values)), [len(point) for point in series.points])
        every = np.concatenate([np.asarray(point, dtype=np.float64) for point in series.points])
        axes.plot(across, every, color=GREY, markersize=size, alpha=0.35, zorder=2, label="repetition", **style)
    name = "median of a point" if series.repetitions[1] > 1 else "point"
    axes.plot(np.arange(len(values)), values, color=POINT_COLOUR, markersize=1.6 * size, zorder=3, label=name, **style)
    for outside, edge, marker in ((values > high, high, "^"), (values < low, low, "v")):
        at = np.flatnonzero(outside)
        if at.size:
            axes.plot(at, np.full(at.size, edge), marker, color=POINT_COLOUR, markersize=5, clip_on=False, zorder=6)
    beyond = int(np.count_nonzero((values < low) | (values > high)))
    if beyond:
        note = f"{beyond} point{'s' if beyond > 1 else ''} beyond the edge"
        axes.annotate(note, (0.995, 0.02), xycoords="axes fraction", ha="right", va="bottom", zorder=7, **NOTE)


def _levels(axes: Axes, detection: Detection) -> None:
    """The level of each segment with its band of spread."""
    label: str | None = f"level ± {BAND_SPREADS} spreads"
    for segment in detection.segments:
        inside = [change for change in detection.changes if segment.start <= change.index < segment.stop]
        drift = next((change for change in inside if change.kind is ChangeKind.DRIFT), None)
        ends, levels = [segment.start, segment.stop], [segment.level, segment.level]
        if drift is not None:
            ends, levels = [drift.low, drift.high + 1], [drift.before, drift.after]
        axes.plot(np.array(ends) - 0.5, levels, color=LEVEL_COLOUR, lw=2, solid_capstyle="butt", zorder=4, label=label)
        label = None
        scatter = [
            change for change in inside if change.kind is ChangeKind.VARIANCE and ends[0] < change.index < ends[1]
        ]
        edges = [ends[0], *(change.index for change in scatter), ends[1]]
        spreads = [scatter[0].before, *(change.after for change in scatter)] if scatter else [segment.spread]
        for spread, at in zip(spreads, itertools.pairwise(edges), strict=True):
            middle = np.interp(at, ends, levels)
            band = BAND_SPREADS * spread
            across = np.array(at) - 0.5
            axes.fill_between(across, middle - band, middle + band, color=LEVEL_COLOUR, alpha=0.12, lw=0, zorder=1)


def _mark(axes: Axes, change: Change) -> None:
    """A line where the new level begins, and a shade over where it may begin."""
    colour = KIND_COLOURS[change.kind]
    # the change lies between two points: half a step before the first point of the new level
    alpha = 0.08 if change.kind is ChangeKind.DRIFT else 0.18
    axes.axvspan(change.low - 0.75, change.high - 0.25, color=colour, alpha=alpha, lw=0, zorder=1)
    style = "-" if change.kind is ChangeKind.STEP else "--"
    axes.axvline(change.index - 0.5, color=colour, lw=1.2, ls=style, zorder=5, label=f"{change.kind} and its interval")


def _labels(axes: Axes, series: SearchedSeries, changes: Sequence[Change]) -> int:
    """The effect above each mark, in tiers so that neighbours do not cover each other. Returns the tiers used."""
    shown = sorted(changes, key=lambda change: -abs(change.effect))[:MOST_LABELS]
    free = [-1.0] * LABEL_TIERS
    for change in sorted(shown, key=lambda change: change.index):
        at = (change.index + 0.5) / max(len(series.points), 1)
        tier = next((number for number, end in enumerate(free) if end <= at), None)
        if tier is None:
            continue
        free[tier] = at + LABEL_WIDTH
        axes.annotate(
            f"{percent(change.effect)}\n{_short(series.name(change.index))}",
            (change.index - 0.5, 1.0),
            xycoords=("data", "axes fraction"),
            xytext=(0, 4 + TIER_POINTS * tier),
            textcoords="offset points",
            ha="center",
            va="bottom",
            fontsize=7.5,
            linespacing=1.1,
            color=KIND_COLOURS[change.kind],
            annotation_clip=False,
        )
    return sum(end > -1 for end in free)


def _reports(axes: Axes, reports: Sequence[Report]) -> None:
    """When each change was told, and which were taken back: from its place to the point that showed it."""
    for report in reports:
        style = REPORT_STYLES[report.kind]
        height = 0.035 if report.kind is ReportKind.CONFIRMED else 0.075
        where: dict[str, Any] = {"transform": axes.get_xaxis_transform(), "zorder": 6, "clip_on": False}
        axes.plot([report.change.index - 0.5, report.at], [height] * 2, color=style["color"], lw=1, **where)
        axes.plot([report.at], [height], ls="", markersize=7, label=str(report.kind), **style, **where)
        if report.kind is ReportKind.RETRACTED:
            axes.axvline(report.change.index - 0.5, color=style["color"], lw=0.8, ls=":", zorder=4)


def _legend(axes: Axes) -> tuple[list[Any], list[str]]:
    """Each kind of mark once."""
    handles, names = axes.get_legend_handles_labels()
    once = dict(zip(reversed(names), reversed(handles), strict=True))
    order = list(dict.fromkeys(names))
    return [once[name] for name in order], order


def _tick(series: SearchedSeries, at: float) -> str:
    index = round(at)
    return f"{index}\n{_short(series.label(index) or '')}" if 0 <= index < len(series.points) else ""


def _short(text: str) -> str:
    """Commits and dates fit; other names are cut."""
    return plain_text(text if len(text) <= MOST_CHARACTERS else text[: MOST_CHARACTERS - 1] + "…")
