# SPDX-License-Identifier: GPL-2.0-or-later
"""What an agent may send, and the documents of kbench and of the profiler. Unknown keys stay out of the tables."""

import json
from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, FiniteFloat, field_validator

from kdyno.results.roles import MetricRole

Name = Annotated[str, Field(max_length=200)]
Text = Annotated[str, Field(max_length=8192)]

MAX_SAMPLES_PER_METRIC = 100_000
MAX_EVENTS_PER_REPORT = 1000
MAX_PARAMETERS_LENGTH = 2000  # of their JSON: they are part of a unique index


class EventKind(StrEnum):
    """What an agent reports."""

    JOB_STARTED = "job_started"
    PHASE_STARTED = "phase_started"
    RESULT = "result"
    PHASE_FINISHED = "phase_finished"
    JOB_FINISHED = "job_finished"


class PhaseOutcome(StrEnum):
    """How a phase, or the whole job, ended on the machine."""

    DONE = "done"
    ERROR = "error"
    TIMEOUT = "timeout"
    OUTPUT_LIMIT = "output_limit"


class MetricDocument(BaseModel):
    """One metric: every sample, in order, in `unit`. All that kbench measures is key."""

    name: Name
    unit: Name
    direction: Literal["lower", "higher"]
    operations_per_sample: FiniteFloat = 1.0
    samples: Annotated[list[FiniteFloat], Field(min_length=1, max_length=MAX_SAMPLES_PER_METRIC)]
    median: FiniteFloat
    converged: bool
    role: MetricRole = MetricRole.KEY

    model_config = ConfigDict(extra="allow")

    def summary(self) -> dict[str, Any]:
        """The harness's own figures (quantiles, MAD, interval), which are kept beside the samples."""
        return dict(self.model_extra or {})


class BenchmarkDocument(BaseModel):
    """One benchmark, as kbench prints it and as other documents are brought to."""

    name: Name
    placement: Text = "free"
    parameters: dict[str, Any] = Field(default_factory=dict)
    status: Literal["done", "error", "skip"]
    reason: Text = ""
    metrics: Annotated[list[MetricDocument], Field(max_length=500)] = Field(default_factory=list)
    counts_per_op: dict[str, FiniteFloat] = Field(default_factory=dict)

    @field_validator("parameters")
    @classmethod
    def _bounded(cls, value: dict[str, Any]) -> dict[str, Any]:
        if len(json.dumps(value)) > MAX_PARAMETERS_LENGTH:
            raise ValueError(f"parameters of more than {MAX_PARAMETERS_LENGTH} characters")
        return value


class KbenchDocument(BaseModel):
    """kbench's JSON document, version 1."""

    schema_: Literal["kdyno.kbench/1"] = Field(alias="schema")
    harness: dict[str, Any]
    host: dict[str, Any]
    clock: dict[str, Any]
    benchmarks: Annotated[list[BenchmarkDocument], Field(max_length=500)]

    @field_validator("benchmarks")
    @classmethod
    def _no_series_twice(cls, value: list[BenchmarkDocument]) -> list[BenchmarkDocument]:
        seen: set[tuple[str, str, str]] = set()
        for found in value:
            identity = (found.name, found.placement, json.dumps(found.parameters, sort_keys=True))
            if identity in seen:
                raise ValueError(f"{found.name} is there twice with the same placement and parameters")
            seen.add(identity)
        return value

    @property
    def provenance(self) -> dict[str, Any]:
        """What is kept with each run: what measured, where, by which clock."""
        return {"harness": self.harness, "host": self.host, "clock": self.clock}


class ProfileDocument(BaseModel):
    """What the profiler prints: counters of the kernel, end minus begin of the pass, and perf's report if there is one.

    The agent's output limit bounds it as a whole.
    """

    schema_: Literal["kdyno.profile/1"] = Field(alias="schema")
    command: Annotated[list[Text], Field(max_length=256)]
    interval_s: Annotated[FiniteFloat, Field(ge=0)]
    counters: dict[Name, dict[Name, FiniteFloat]]
    perf: str = ""
    notes: Annotated[list[Text], Field(max_length=100)] = Field(default_factory=list)


class AgentEvent(BaseModel):
    """One event; (attempt, phase, seq) is its identity."""

    phase: Annotated[str, Field(max_length=191)]
    seq: Annotated[int, Field(ge=1, le=1_000_000)]
    kind: EventKind
    at_ns: int
    boot_id: Annotated[str, Field(max_length=64)] = ""
    uname_release: Annotated[str, Field(max_length=128)] = ""
    outcome: PhaseOutcome | None = None
    exit_code: int | None = None
    signal: int | None = None
    duration_ms: int | None = None
    reason: Text = ""
    stderr_tail: Text = ""
    facts: dict[str, Any] | None = None
    document: dict[str, Any] | None = None


class AgentReport(BaseModel):
    """A batch of events of one attempt."""

    attempt_id: int
    events: Annotated[list[AgentEvent], Field(min_length=1, max_length=MAX_EVENTS_PER_REPORT)]


class Acknowledged(BaseModel):
    """An event that is safely stored; the agent may forget it."""

    phase: str
    seq: int


class AgentReply(BaseModel):
    """Answer to a report."""

    acked: list[Acknowledged]
