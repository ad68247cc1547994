# SPDX-License-Identifier: GPL-2.0-or-later
"""A series as it is shown beside the changes that were found in it."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median


@dataclass(frozen=True)
class SearchedSeries:
    """`points`: the values of each point, one or several; `labels`: what to call each of them, where it has a name."""

    source: str
    unit: str | None
    points: Sequence[Sequence[float]]
    labels: Sequence[str] | None = None

    @property
    def values(self) -> list[float]:
        """One value per point."""
        return [point[0] if len(point) == 1 else median(point) for point in self.points]

    @property
    def repetitions(self) -> tuple[int, int]:
        """Fewest and most values of a point."""
        counts = [len(point) for point in self.points]
        return min(counts, default=0), max(counts, default=0)

    def label(self, index: int) -> str | None:
        return None if self.labels is None else self.labels[index]

    def name(self, index: int) -> str:
        """A point in words: `57`, or `57 a1b2c3d`."""
        label = self.label(index)
        return str(index) if label is None else f"{index} {label}"
