# SPDX-License-Identifier: GPL-2.0-or-later
"""Documents of reaim (bench-c/reaim/README.md): one file is one boot. Metrics and roles are the lab's."""

from collections.abc import Iterator
from typing import Any

from kdyno.analysis.documents.measured import (
    FailedRun,
    MeasuredDocument,
    MeasuredSeries,
    SeriesIdentity,
    state_in_head,
    validated,
)
from kdyno.analysis.verdicts import Direction
from kdyno.results.reaim import ReaimDocument
from kdyno.results.schemas import BenchmarkDocument

SCHEMA = ReaimDocument.SCHEMA


def read_reaim(content: Any, *, source: str) -> MeasuredDocument:
    """Raises DocumentError."""
    document = validated(ReaimDocument, content, source=source)
    benchmarks = document.benchmarks
    return MeasuredDocument(
        source=source,
        series=[series for run in benchmarks if run.status == "done" for series in _series(run)],
        failed=[
            FailedRun(run.name, f"{document.mode}, seed={document.seed}", run.status == "skip", run.reason)
            for run in benchmarks
            if run.status != "done"
        ],
        state=state_in_head(content),
    )


def _series(run: BenchmarkDocument) -> Iterator[MeasuredSeries]:
    parameters = tuple(sorted((name, str(value)) for name, value in run.parameters.items()))
    for metric in run.metrics:
        identity = SeriesIdentity(run.name, metric.name, run.placement, parameters)
        yield MeasuredSeries(identity, metric.unit, Direction(metric.direction), [metric.samples], metric.role)
