# SPDX-License-Identifier: GPL-2.0-or-later
"""What the page of a job shows of its figures: each key metric of one boot, how sure it is, and what came with it."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, Field, FiniteFloat, ValidationError
from sqlalchemy import Row, func, select
from sqlalchemy.orm import Session

from kdyno.analysis.text import quantity
from kdyno.results.models import Metric, Run, Sample
from kdyno.results.roles import MetricRole
from kdyno.workloads.labels import series_label

MOST_FIGURES = 1000
FEW = 5


@dataclass(frozen=True)
class Figure:
    """One metric. value: what its harness quotes, by which estimator; low, high: 95 % interval of the median, if known.

    remarks: what a reader should know before believing it.
    """

    workload: str
    label: str
    unit: str
    value: float
    estimator: str
    median: float
    low: float | None
    high: float | None
    samples: int
    remarks: tuple[str, ...]


class _Headline(BaseModel):
    estimator: str = Field(max_length=40)
    value: FiniteFloat


class _Mode(BaseModel):
    share: FiniteFloat
    median: FiniteFloat


class _Companion(BaseModel):
    fastest_quarter: FiniteFloat
    slowest_quarter: FiniteFloat


class _Beside(BaseModel):
    """Of a metric's summary, what is shown. Machines under test send it: nothing in it is taken for granted."""

    headline: _Headline | None = None
    median_low: FiniteFloat | None = None
    median_high: FiniteFloat | None = None
    modes: list[_Mode] = Field(default=[], max_length=20)
    tainted: int | None = None
    explained_by: str | None = Field(default=None, max_length=40)
    explaining: _Companion | None = None


def figures_of(session: Session, *, attempt_id: int) -> tuple[list[Figure], int]:
    """The key metrics of an attempt in the order in which they were measured, and how many more there are."""
    samples = select(func.count()).where(Sample.metric_id == Metric.id).scalar_subquery()
    counts = Metric.summary["sample_counts"]
    query = (
        select(
            Run.phase,
            Run.benchmark,
            Run.placement,
            Run.parameters,
            Metric.name,
            Metric.unit,
            Metric.median,
            Metric.converged,
            Metric.summary["headline"].label("headline"),
            Metric.summary["median_low"].label("median_low"),
            Metric.summary["median_high"].label("median_high"),
            Metric.summary["modes"].label("modes"),
            Metric.summary["noise"]["tainted"].label("tainted"),
            counts["explained_by"].label("explained_by"),
            counts[counts["explained_by"].astext].label("explaining"),
            samples.label("samples"),
        )
        .join(Metric, Metric.run_id == Run.id)
        .where(Run.attempt_id == attempt_id, Metric.role == MetricRole.KEY.value)
        .order_by(Run.id, Metric.id)
    )
    rows = session.execute(query.limit(MOST_FIGURES)).all()
    more = 0
    if len(rows) == MOST_FIGURES:
        more = session.scalar(select(func.count()).select_from(query.order_by(None).subquery())) or 0
        more -= MOST_FIGURES
    return [_figure(row) for row in rows], more


def tables(figures: list[Figure]) -> dict[str, list[Figure]]:
    """One table, named "", for the workloads that have a few figures; one each, behind it, for those that have many."""
    of_workload: dict[str, list[Figure]] = {}
    for figure in figures:
        of_workload.setdefault(figure.workload, []).append(figure)
    together = [figure for found in of_workload.values() if len(found) <= FEW for figure in found]
    apart = {workload: found for workload, found in of_workload.items() if len(found) > FEW}
    return ({"": together} if together else {}) | apart


def _figure(row: Row[Any]) -> Figure:
    beside = _beside(row)
    return Figure(
        workload=row.phase,
        label=series_label(
            workload=row.phase,
            benchmark=row.benchmark,
            placement=row.placement,
            parameters=row.parameters,
            metric=row.name,
        ),
        unit=row.unit,
        value=beside.headline.value if beside.headline else row.median,
        estimator=beside.headline.estimator if beside.headline else "median",
        median=row.median,
        low=beside.median_low,
        high=beside.median_high,
        samples=row.samples,
        remarks=tuple(_remarks(beside, converged=row.converged, samples=row.samples)),
    )


def _beside(row: Row[Any]) -> _Beside:
    found = {name: getattr(row, name) for name in _Beside.model_fields}
    try:
        return _Beside.model_validate({name: value for name, value in found.items() if value is not None})
    except ValidationError:
        return _Beside()


def _remarks(beside: _Beside, *, converged: bool, samples: int) -> Iterator[str]:
    if not converged:
        yield "not converged"
    if beside.tainted:
        yield f"{beside.tainted} of {samples} samples disturbed"
    if len(beside.modes) > 1:
        modes = ", ".join(f"{quantity(mode.median)} ({mode.share:.0%})" for mode in beside.modes)
        yield f"{len(beside.modes)} modes: {modes}"
    if beside.explained_by and beside.explaining:
        name = beside.explained_by.replace("_", " ")
        slow, fast = beside.explaining.slowest_quarter, beside.explaining.fastest_quarter
        yield f"slow samples have more {name} ({slow:.3g} an operation, fast ones {fast:.3g})"
