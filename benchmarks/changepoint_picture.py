# SPDX-License-Identifier: GPL-2.0-or-later
"""Draws what detectors find in one history of each family, for docs/statistics.md.

The series come from fixed labels and were not chosen: a step of 5 % at CV 2 %, 10 % where the level drifts or the noise
has memory.
"""

import argparse
from pathlib import Path

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
from changepoint_series import FAMILIES, Step, generator, history
from changepoint_table import SIZE, Detector, otava, ours

STEP_AT = 120
COLUMNS = 2
COLOURS = {"kdyno": "#c0562a", "otava": "#7a7a7a"}


def draw(path: Path, *, detectors: dict[str, Detector]) -> None:
    """Small multiples: points, the true step, and below the points each detector's marks."""
    figure, axes = plt.subplots(len(FAMILIES) // COLUMNS, COLUMNS, figsize=(11, 7), sharex=True, layout="constrained")
    for axis, family in zip(axes.flat, FAMILIES, strict=True):
        effect = 0.10 if family in {"AR(1)", "drift"} else 0.05
        steps = [Step(STEP_AT, effect)]
        values = history(family, size=SIZE, cv=0.02, steps=steps, rng=generator("picture", family))
        axis.plot(values, ".", markersize=3, color="#2f4b73")
        axis.axvline(STEP_AT - 0.5, color="#9db3a5", linewidth=5, alpha=0.6, label="true step", zorder=0)
        low, high = values.min(), min(values.max(), 130.0)
        axis.set_ylim(low - 0.25 * (high - low), high + 0.05 * (high - low))
        for row, (name, detector) in enumerate(detectors.items(), start=1):
            (places,) = detector([values])
            height = [low - (0.02 + 0.09 * row) * (high - low)] * len(places)
            axis.plot(places, height, "^", color=COLOURS[name], markersize=7, label=name)
        axis.set_title(f"{family}, step of {effect:.0%}", fontsize=10, loc="left")
        axis.spines[["top", "right"]].set_visible(False)
    handles, labels = axes.flat[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=len(labels), frameon=False)
    for axis in axes[-1]:
        axis.set_xlabel("point")
    figure.savefig(path, dpi=90)
    plt.close(figure)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("path", type=Path, help="the PNG to write")
    path = parser.parse_args().path
    with otava() as other:
        draw(path, detectors={"kdyno": ours} | ({} if other is None else {"otava": other}))


if __name__ == "__main__":
    main()
