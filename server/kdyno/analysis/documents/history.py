# SPDX-License-Identifier: GPL-2.0-or-later
"""A machine's past, as a file: boot medians of earlier arms, from which its between-boot noise is learned.

{"schema": "kdyno.history/1", "metrics": [
    {"metric": "lat_pipe", "unit": "ns/op", "arms": [[6402.1, 6391.8], [6420.0, 6433.9, 6425.2]]}]}
"""

from collections.abc import Iterable
from typing import Annotated, Literal

from pydantic import Field

from kdyno.analysis.documents.measured import Document, DocumentError, Name, Samples, parse_json, validated
from kdyno.analysis.noise import BootPrior, learn_prior
from kdyno.analysis.samples import Metric

SCHEMA = "kdyno.history/1"


class MetricHistory(Document):
    """One metric's past on one machine."""

    metric: Annotated[Name, Field(description="As the comparison names it.")]
    unit: Name
    arms: Annotated[
        list[Samples],
        Field(min_length=1, description="Per past arm (one build, one submission) the median of each of its boots."),
    ]


class HistoryDocument(Document):
    """The past of one machine."""

    schema_name: Annotated[Literal["kdyno.history/1"], Field(alias="schema", description="May be left out.")] = (
        "kdyno.history/1"
    )
    metrics: Annotated[list[MetricHistory], Field(min_length=1)]


def read_history(text: str, *, source: str) -> HistoryDocument:
    """Raises DocumentError."""
    document = validated(HistoryDocument, parse_json(text, source=source), source=source)
    names = [entry.metric for entry in document.metrics]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise DocumentError(f"{source}: {', '.join(twice)} stands there twice; put all arms in one entry")
    return document


def learned_priors(
    history: HistoryDocument, *, metrics: Iterable[Metric], fallback: BootPrior, source: str
) -> dict[str, BootPrior]:
    """The prior of each metric that the history knows, by name; a short history gives the fallback.

    Raises DocumentError for a unit that is not the comparison's.
    """
    by_name = {entry.metric: entry for entry in history.metrics}
    priors = {}
    for metric in metrics:
        entry = by_name.get(metric.name)
        if entry is None:
            continue
        if entry.unit != metric.unit:
            raise DocumentError(f"{source}: {metric.name} is in {entry.unit}, the comparison in {metric.unit}")
        priors[metric.name] = learn_prior(entry.arms, fallback=fallback)
    return priors
