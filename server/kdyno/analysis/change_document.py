# SPDX-License-Identifier: GPL-2.0-or-later
"""Changes of a series for programs: the JSON document of `kdyno analyze changepoints`."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from kdyno.analysis.changepoints import ChangeKind, ReportKind

if TYPE_CHECKING:
    from kdyno.analysis.changepoints import Change, Detection, Report
    from kdyno.analysis.searched import SearchedSeries


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, populate_by_name=True, serialize_by_alias=True)


class ChangePart(_Part):
    """One change. Indices count points from 0; effects are relative, 0.05 is +5 %."""

    index: Annotated[int, Field(description="First point of the new level.")]
    label: str | None
    low: Annotated[int, Field(description="First index at which it may plausibly lie.")]
    low_label: str | None
    high: Annotated[int, Field(description="Last index at which it may plausibly lie.")]
    high_label: str | None
    kind: ChangeKind
    effect: float
    effect_low: Annotated[float, Field(description="Lower end of the 95 % interval of the effect.")]
    effect_high: float
    confidence: Annotated[float, Field(ge=0, le=1)]
    before: Annotated[float, Field(description="Level before, in the unit of the series.")]
    after: float


class SegmentPart(_Part):
    """Points start to stop - 1 share a level."""

    start: int
    stop: int
    level: float
    spread: Annotated[float, Field(description="Robust standard deviation around the level, same unit.")]


class ReportPart(_Part):
    """What a new point confirmed, or took back."""

    kind: ReportKind
    at: Annotated[int, Field(description="Index of the point whose arrival showed it.")]
    at_label: str | None
    change: ChangePart


class ChangePointsDocument(_Part):
    """What was found in one series."""

    schema_name: Annotated[Literal["kdyno.changepoints/1"], Field(alias="schema")] = "kdyno.changepoints/1"
    source: str
    unit: str | None
    points: int
    changes: list[ChangePart]
    segments: list[SegmentPart]
    reports: Annotated[
        list[ReportPart] | None, Field(description="With --online: in the order they were made. Otherwise null.")
    ]


def change_document(
    series: "SearchedSeries", detection: "Detection", *, reports: "Sequence[Report] | None" = None
) -> ChangePointsDocument:
    """Everything found in a series, ready for model_dump_json."""
    return ChangePointsDocument(
        source=series.source,
        unit=series.unit,
        points=detection.size,
        changes=[_change(series, change) for change in detection.changes],
        segments=[
            SegmentPart(start=item.start, stop=item.stop, level=item.level, spread=item.spread)
            for item in detection.segments
        ],
        reports=None if reports is None else [_report(series, report) for report in reports],
    )


def _change(series: "SearchedSeries", change: "Change") -> ChangePart:
    return ChangePart(
        index=change.index,
        label=series.label(change.index),
        low=change.low,
        low_label=series.label(change.low),
        high=change.high,
        high_label=series.label(change.high),
        kind=change.kind,
        effect=change.effect,
        effect_low=change.effect_low,
        effect_high=change.effect_high,
        confidence=change.confidence,
        before=change.before,
        after=change.after,
    )


def _report(series: "SearchedSeries", report: "Report") -> ReportPart:
    return ReportPart(
        kind=report.kind,
        at=report.at,
        at_label=series.label(report.at),
        change=_change(series, report.change),
    )
