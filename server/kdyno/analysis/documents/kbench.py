# SPDX-License-Identifier: GPL-2.0-or-later
"""Documents of kbench (bench-c/README.md): one file is one boot."""

from enum import StrEnum
from typing import Any

from pydantic import BaseModel, ConfigDict

from kdyno.analysis.documents.measured import (
    FailedRun,
    MeasuredDocument,
    MeasuredSeries,
    Name,
    Samples,
    SeriesIdentity,
    state_in_head,
    validated,
)
from kdyno.analysis.verdicts import Direction

SCHEMA = "kdyno.kbench/1"
# The harness's own cost is shown but never judged: a kernel patch cannot change it.
UNJUDGED_BENCHMARKS = frozenset({"null", "lat_loop"})


class RunStatus(StrEnum):
    """How a benchmark ended."""

    DONE = "done"
    ERROR = "error"
    SKIP = "skip"


class _Part(BaseModel):
    # kbench may say more than is read here
    model_config = ConfigDict(extra="ignore", frozen=True)


class KbenchMetric(_Part):
    name: Name
    unit: Name
    direction: Direction
    samples: Samples


class KbenchRun(_Part):
    name: Name
    placement: str
    parameters: dict[str, Any]
    status: RunStatus
    reason: str
    metrics: list[KbenchMetric]


class KbenchDocument(_Part):
    harness: dict[str, Any]
    host: dict[str, Any]
    benchmarks: list[KbenchRun]


def read_kbench(content: Any, *, source: str) -> MeasuredDocument:
    """Raises DocumentError."""
    document = validated(KbenchDocument, content, source=source)
    return MeasuredDocument(
        source=source,
        series=[
            MeasuredSeries(_identity(run, metric), metric.unit, metric.direction, [metric.samples])
            for run in document.benchmarks
            if run.status is RunStatus.DONE
            for metric in run.metrics
        ],
        failed=[
            FailedRun(run.name, _identity(run).conditions, run.status is RunStatus.SKIP, run.reason)
            for run in document.benchmarks
            if run.status is not RunStatus.DONE
        ],
        state=state_in_head(content),  # the clock is measured anew by every run
    )


def _identity(run: KbenchRun, metric: KbenchMetric | None = None) -> SeriesIdentity:
    parameters = tuple(sorted((name, str(value)) for name, value in run.parameters.items()))
    return SeriesIdentity(run.name, metric.name if metric else "", run.placement, parameters)
