# SPDX-License-Identifier: GPL-2.0-or-later
"""kdyno's own form for measurements of any program: one metric, all samples of every boot.

    {"schema": "kdyno.samples/1", "metric": "jobs_per_minute", "unit": "1/min", "direction": "higher",
     "boots": [[5012.3, 5020.1], [4987.0, 5001.5]]}

docs/schemas/ has the JSON Schema, which is made from the model below.
"""

from typing import Annotated, Any, Literal

from pydantic import Field

from kdyno.analysis.documents.measured import (
    Document,
    MeasuredDocument,
    MeasuredSeries,
    Name,
    Samples,
    SeriesIdentity,
    validated,
)
from kdyno.analysis.verdicts import Direction

SCHEMA = "kdyno.samples/1"
MOST_BOOTS = 1000


class SamplesDocument(Document):
    """One metric of one arm, or of a part of its boots: several files of an arm add up."""

    schema_name: Annotated[Literal["kdyno.samples/1"], Field(alias="schema", description="May be left out.")] = (
        "kdyno.samples/1"
    )
    metric: Annotated[Name, Field(description="Equal names in both arms are compared.")]
    unit: Annotated[Name, Field(description="As printed; it must be the same everywhere, nothing is converted.")]
    direction: Annotated[Direction, Field(description="Which way is the good one.")]
    boots: Annotated[
        list[Samples],
        Field(min_length=1, max_length=MOST_BOOTS, description="Samples in the order taken, one list per boot."),
    ]


def read_samples(content: Any, *, source: str) -> MeasuredDocument:
    """Raises DocumentError."""
    document = validated(SamplesDocument, content, source=source)
    identity = SeriesIdentity(document.metric, "")
    return MeasuredDocument(source, [MeasuredSeries(identity, document.unit, document.direction, document.boots)])
