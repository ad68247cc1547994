# SPDX-License-Identifier: GPL-2.0-or-later
"""A comparison of files for programs: the JSON document of `kdyno analyze compare`."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from kdyno.analysis.verdicts import Direction, Verdict

if TYPE_CHECKING:
    from kdyno.analysis.compare import Comparison, SubmissionComparison
    from kdyno.analysis.documents.arms import JoinedArms, JoinedSeries
    from kdyno.analysis.documents.measured import SeriesIdentity


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, populate_by_name=True, serialize_by_alias=True)


class WarningPart(_Part):
    """Something odd about the samples."""

    kind: str
    text: str


class MetricPart(_Part):
    """One metric. Effects are relative and signed as measured: 0.05 is +5 %."""

    metric: str
    benchmark: str
    placement: str
    parameters: dict[str, str]
    quantile: float
    unit: str
    direction: Direction
    verdict: Verdict
    reason: str
    base_level: float
    patched_level: float
    effect: float
    low: Annotated[float | None, Field(description="95 % interval of the effect; null when the boots allow none.")]
    high: float | None
    margin: float
    p_value: Annotated[float, Field(description="Of 'the effect lies within the margin', before correction.")]
    level: Annotated[float, Field(description="What p_value is held against after Holm's correction.")]
    base_boots: int
    patched_boots: int
    base_samples: int
    patched_samples: int
    boot_sd: Annotated[float, Field(description="Between-boot noise used, relative.")]
    prior_used: bool
    prior_learned: Annotated[bool, Field(description="Whether the prior comes from the machine's own history.")]
    more_boots: Annotated[int | None, Field(description="Further boots per arm that should settle it.")]
    warnings: list[WarningPart]


class LeftOutPart(_Part):
    """Something that is not compared."""

    what: str
    reason: str
    open: Annotated[bool, Field(description="Whether the answer is incomplete without it.")]


class StatePart(_Part):
    """The state of one boot differs from that of another."""

    source: str
    reference: str
    path: list[str | int]
    difference_class: Annotated[str, Field(alias="class")]
    before: Any
    after: Any
    reason: str


class ComparisonDocument(_Part):
    """What comparing two arms gave."""

    schema_name: Annotated[Literal["kdyno.comparison/1"], Field(alias="schema")] = "kdyno.comparison/1"
    verdict: Annotated[Verdict, Field(description="The worst among the metrics that were compared.")]
    complete: Annotated[bool, Field(description="Whether nothing is left open.")]
    alpha: Annotated[float, Field(description="False-alarm rate of the whole comparison.")]
    more_boots: int | None
    metrics: list[MetricPart]
    details: Annotated[
        list[MetricPart],
        Field(
            description="Parts of the metrics, such as sub-tests. The details of a benchmark with its parameters are "
            "held together against alpha; their verdicts say what moved, and have no part in that of the comparison."
        ),
    ]
    left_out: list[LeftOutPart]
    state_differences: list[StatePart]


def comparison_document(
    result: "SubmissionComparison", details: Sequence["SubmissionComparison"], joined: "JoinedArms"
) -> ComparisonDocument:
    """Everything about a comparison, ready for model_dump_json. Metrics and details are in the order of `joined`."""
    return ComparisonDocument(
        verdict=result.verdict,
        complete=joined.complete,
        alpha=result.alpha,
        more_boots=result.more_boots,
        metrics=_metrics(result, joined),
        details=[
            part for inside, family in zip(details, joined.details, strict=True) for part in _metrics(inside, family)
        ],
        left_out=[LeftOutPart(what=item.what, reason=item.reason, open=item.open) for item in joined.left_out],
        state_differences=[
            StatePart(
                source=finding.source,
                reference=finding.reference,
                path=list(finding.difference.path),
                difference_class=finding.difference.difference_class,
                before=finding.difference.before,
                after=finding.difference.after,
                reason=finding.difference.reason,
            )
            for finding in joined.state
        ],
    )


def _metrics(result: "SubmissionComparison", series: "JoinedSeries") -> list[MetricPart]:
    return [_metric(item, identity) for item, identity in zip(result.comparisons, series.identities, strict=True)]


def _metric(item: "Comparison", identity: "SeriesIdentity") -> MetricPart:
    return MetricPart(
        metric=item.metric.name,
        benchmark=identity.benchmark,
        placement=identity.placement,
        parameters=dict(identity.parameters),
        quantile=item.metric.quantile,
        unit=item.metric.unit,
        direction=item.metric.direction,
        verdict=item.verdict,
        reason=item.reason,
        base_level=item.base_level,
        patched_level=item.patched_level,
        effect=item.effect,
        low=item.low,
        high=item.high,
        margin=item.margin,
        p_value=item.p_value,
        level=item.level,
        base_boots=item.base_boots,
        patched_boots=item.patched_boots,
        base_samples=item.base_samples,
        patched_samples=item.patched_samples,
        boot_sd=item.boot_sd,
        prior_used=item.prior_used,
        prior_learned=item.prior.learned,
        more_boots=item.more_boots,
        warnings=[WarningPart(kind=str(warning.kind), text=warning.text) for warning in item.warnings],
    )
