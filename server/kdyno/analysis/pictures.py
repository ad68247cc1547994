# SPDX-License-Identifier: GPL-2.0-or-later
"""What the pictures of the analysis have in common: canvas, axes, and how far a spike may squeeze the rest."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

DPI = 120
GREY = "#8a8a8a"
NOTE: dict[str, Any] = {"fontsize": 7.5, "color": "#666666"}


def new_figure(*, width_inch: float, height_inch: float) -> Figure:
    """An empty figure that needs no display."""
    # only who draws pays for matplotlib: it would double the memory of an idle process
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width_inch, height_inch), dpi=DPI, layout="constrained")
    FigureCanvasAgg(figure)
    return figure


def as_png(figure: Figure) -> bytes:
    """The figure as a PNG file; the same figure gives the same bytes."""
    png = io.BytesIO()
    figure.savefig(png, format="png", metadata={"Software": None})
    return png.getvalue()


def plain_axes(axes: Axes, *, grid: Literal["x", "y"]) -> None:
    """No frame but where the figures stand, and a light grid along `grid`."""
    axes.grid(axis=grid, color="#e8e8e8", lw=0.7, zorder=0)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)
    axes.tick_params(labelsize=8)


def bulk(values: NDArray[np.float64], *, share: float) -> tuple[float, float]:
    """Lowest and highest value when `share` of the values is left out at either end."""
    low, high = np.quantile(values, (share, 1 - share))
    return float(low), float(high)


def with_air(low: float, high: float, *, air: float) -> tuple[float, float]:
    """A range with room around it, `air` as a share of it; a range of no width gets some."""
    room = air * (high - low) or 0.02 * abs(high) or 1.0
    return low - room, high + room


def plain_text(text: str) -> str:
    """Text of which no character has a meaning to the typesetter, and each has a glyph or a stand-in."""
    return "".join(character if character.isprintable() else "?" for character in text).replace("$", r"\$")
