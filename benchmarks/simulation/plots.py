# SPDX-License-Identifier: GPL-2.0-or-later
"""The benchmark's figures as pictures for the documents."""

from pathlib import Path

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from kdyno.analysis.noise import FloatArray
from kdyno.analysis.sequential import SequentialDesign
from simulation.coverage import BOOTS
from simulation.false_verdicts import Row
from simulation.families import FAMILIES
from simulation.power import Cell, Setting

COLOURS = ("#4c6a92", "#c4622d", "#5b8c5a", "#8a5a83", "#b59b3b", "#666666")
SHOWN_CV = 0.005


def save_all(
    folder: Path,
    *,
    rows: list[Row],
    cells: dict[Setting, list[Cell]],
    coverage: dict[str, dict[int, FloatArray]],
) -> None:
    """Write analysis-*.png into the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    _false_verdicts(rows).savefig(folder / "analysis-false-verdicts.png")
    _blocks(cells).savefig(folder / "analysis-blocks.png")
    _coverage(coverage).savefig(folder / "analysis-coverage.png")


def _figure(columns: int, *, height: float = 2.9) -> tuple[Figure, list]:  # type: ignore[type-arg]
    figure = Figure(figsize=(7.2, height), dpi=100, layout="constrained")
    FigureCanvasAgg(figure)
    panels = list(figure.subplots(1, columns, squeeze=False)[0])
    for axes in panels:
        axes.spines[["top", "right"]].set_visible(False)
        axes.tick_params(labelsize=8)
        axes.grid(axis="y", color="#e6e6e6", lw=0.6)
    return figure, panels


def _false_verdicts(rows: list[Row]) -> Figure:
    """Rate with its interval, one line per case."""
    figure, (axes,) = _figure(1, height=0.9 + 0.17 * len(rows))
    for place, row in enumerate(reversed(rows)):
        colour = COLOURS[0] if row.case.promised else COLOURS[1]
        axes.plot([100 * row.low, 100 * row.high], [place, place], color=colour, lw=1.5)
        axes.plot([100 * row.rate], [place], "o", color=colour, ms=4)
    axes.set_yticks(range(len(rows)), [f"{row.case.name}, {row.metrics}" for row in reversed(rows)], fontsize=7)
    axes.axvline(100 * SequentialDesign().alpha, color="#222222", lw=1, ls="--")
    axes.set_xlim(left=0)
    axes.set_xlabel("false changes per submission, %; dashed: promised; orange: not promised there", fontsize=8)
    return figure


def _blocks(cells: dict[Setting, list[Cell]]) -> Figure:
    """Blocks used beside fixed designs of equal power, at one boot CV."""
    chosen = [setting for setting in cells if setting.boot_cv == SHOWN_CV]
    figure, panels = _figure(len(chosen))
    for axes, setting in zip(panels, chosen, strict=True):
        row = cells[setting]
        places = np.arange(len(row))
        axes.bar(places - 0.2, [cell.blocks for cell in row], 0.4, color=COLOURS[0], label="used")
        axes.bar(places + 0.2, [cell.fixed_blocks or 0 for cell in row], 0.4, color=COLOURS[1], label="fixed")
        axes.set_xticks(places, [f"{100 * cell.effect:g}" for cell in row])
        axes.set_xlabel("true effect, %", fontsize=8)
        past = f"history {setting.history:.0f} df" if setting.history else "no history"
        axes.set_title(f"{setting.metrics} metric{'s' * (setting.metrics > 1)}, {past}", fontsize=8, loc="left")
        axes.set_ylim(0, SequentialDesign().max_blocks)
    panels[0].set_ylabel(f"blocks, boot CV {SHOWN_CV:.1%}", fontsize=8)
    panels[0].legend(fontsize=7, frameon=False)
    return figure


def _coverage(coverage: dict[str, dict[int, FloatArray]]) -> Figure:
    """Mean and least coverage by boots, one line per family."""
    figure, (axes,) = _figure(1)
    for family, colour in zip(FAMILIES, COLOURS, strict=True):
        row = coverage[family]
        axes.plot(BOOTS, [100 * row[boots].mean() for boots in BOOTS], "o-", color=colour, ms=3, lw=1.2, label=family)
        axes.plot(BOOTS, [100 * row[boots].min() for boots in BOOTS], ":", color=colour, lw=1)
    axes.axhline(95, color="#222222", lw=1, ls="--")
    axes.set_xscale("log")
    axes.set_xticks(BOOTS, [str(boots) for boots in BOOTS])
    axes.minorticks_off()
    axes.set_ylim(90, 100)
    axes.set_xlabel("boots per arm; solid: mean over the cells, dotted: least", fontsize=8)
    axes.set_ylabel("95 % intervals that hold the truth, %", fontsize=8)
    axes.legend(fontsize=7, frameon=False, ncols=2)
    return figure
