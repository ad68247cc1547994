# SPDX-License-Identifier: GPL-2.0-or-later
"""How a page shows the rows of a result: all at once while they are few, else what moved first and the rest folded."""

from collections.abc import Sequence
from dataclasses import dataclass

from kdyno.analysis.verdicts import MOVED, Verdict
from kdyno.submissions.schemas import ResultRow

# More rows than this are grouped, and more plots than this are drawn one by one when they are asked for.
FEW = 12


@dataclass(frozen=True)
class PlacedRow:
    """A row, and its place among all: where its samples are in the document of samples."""

    place: int
    row: ResultRow


@dataclass(frozen=True)
class ResultGroup:
    """Rows that are shown or folded together; without a title it is the only group."""

    title: str
    rows: list[PlacedRow]
    unfolded: bool


@dataclass(frozen=True)
class ShownResult:
    """The groups of a result, and which of its plots are drawn at once."""

    groups: list[ResultGroup]
    drawn: list[PlacedRow]
    on_demand: list[PlacedRow]


def grouped(rows: Sequence[ResultRow]) -> ShownResult:
    """The rows in the order given, and of each group what changed most first where there are many."""
    placed = [PlacedRow(place, row) for place, row in enumerate(rows)]
    if len(placed) <= FEW:
        return ShownResult([ResultGroup("", placed, unfolded=True)] if placed else [], drawn=placed, on_demand=[])
    by_size = sorted(placed, key=lambda item: -abs(item.row.effect_percent))
    found = [
        ("moved", [item for item in by_size if item.row.verdict in MOVED]),
        ("need more runs", [item for item in by_size if item.row.verdict == Verdict.NEED_MORE]),
        ("did not change", [item for item in by_size if item.row.verdict == Verdict.NO_CHANGE]),
    ]
    groups = [ResultGroup(title, items, unfolded=title == "moved") for title, items in found if items]
    drawn = found[0][1][:FEW]
    return ShownResult(groups, drawn=drawn, on_demand=[item for item in placed if item not in drawn])
