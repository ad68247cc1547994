# SPDX-License-Identifier: GPL-2.0-or-later
"""reaim's document (bench-c/reaim/schema/reaim-1.schema.json), brought to benchmarks and metrics.

Jobs per minute is the key metric of a mix. The time of a job in each sub-test and the times of the children are
details: they say where a change of the key figure comes from. With one user, each sub-test has a rate and no JPM; then
the key metric is the geometric mean of the rates, whose ratio between two kernels is the mean ratio of the rates.
Jobs per minute and child is not kept as a metric: it is the key figure divided by a constant.
"""

import hashlib
import math
import statistics
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import PurePosixPath
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import BaseModel, Field, FiniteFloat, model_validator

from kdyno.results.roles import MetricRole
from kdyno.results.schemas import MAX_SAMPLES_PER_METRIC, BenchmarkDocument, MetricDocument, Name, Text

JPM = "jpm"
MEAN_RATE = "mean_rate"
_PER_CHILD = "jpm_per_child"
_OPERATION_RATE = "operation_rate"

_Histogram = list[tuple[Annotated[int, Field(ge=0)], Annotated[int, Field(ge=1)]]]


class _Workfile(BaseModel):
    path: Text
    total_weight: int


class _Subtest(BaseModel):
    """A line of the workfile."""

    name: Name
    weight: int


class _Times(BaseModel):
    """What is kept of a sub-test in one pass beside its mean: how many jobs took how long."""

    name: Name
    histogram: Annotated[_Histogram, Field(max_length=2000)] = Field(default_factory=list)


class _Pass(BaseModel):
    """One pass of all users. Figures that are no metrics of their own are kept beside the key figure."""

    users: Annotated[int, Field(ge=1)]
    jobs_per_child: Annotated[int, Field(ge=1)]
    parent_s: FiniteFloat
    kernel_share: FiniteFloat
    std_dev_percent: FiniteFloat
    jti: int
    child_min_s: FiniteFloat
    child_max_s: FiniteFloat
    start_skew_s: FiniteFloat
    subtests: Annotated[list[_Times], Field(max_length=500)]


class _Skipped(BaseModel):
    name: Name


class _Metric(BaseModel):
    name: Name
    users: Annotated[int, Field(ge=1)]
    subtest: Name
    unit: Name
    direction: Literal["lower", "higher"]
    samples: Annotated[list[FiniteFloat], Field(min_length=1, max_length=MAX_SAMPLES_PER_METRIC)]


class ReaimDocument(BaseModel):
    """What `reaim --json` prints, version 1, as far as it is stored."""

    SCHEMA: ClassVar[str] = "kdyno.reaim/1"

    schema_: Literal["kdyno.reaim/1"] = Field(alias="schema")
    harness: dict[str, Any]
    host: dict[str, Any]
    mode: Literal["multiuser", "oneuser"]
    status: Literal["done", "error", "skip"]
    reason: Text
    seed: int
    parameters: dict[str, Any]
    workfile: _Workfile
    subtests: Annotated[list[_Subtest], Field(max_length=500)]
    skipped: Annotated[list[_Skipped], Field(max_length=500)]
    passes: Annotated[list[_Pass], Field(max_length=10_000)] = Field(default_factory=list)
    single: Annotated[list[_Times], Field(max_length=10_000)] = Field(default_factory=list)
    metrics: Annotated[list[_Metric], Field(max_length=5000)]

    @model_validator(mode="after")
    def _every_number_of_users_has_a_key_figure(self) -> Self:
        """Details alone would never be judged, and a rate of zero has no geometric mean."""
        needed = JPM if self.mode == "multiuser" else _OPERATION_RATE
        keys = [metric for metric in self.metrics if metric.name == needed]
        if without := {metric.users for metric in self.metrics} - {metric.users for metric in keys}:
            raise ValueError(f"metrics: no {needed} for {min(without)} users")
        for metric in keys:
            if min(metric.samples) <= 0:
                raise ValueError(f"metrics: {f'{needed} {metric.subtest}'.strip()} is not greater than 0")
        return self

    @property
    def workload(self) -> str:
        """The workfile, by its short name."""
        return PurePosixPath(self.workfile.path).name.removeprefix("workfile.")

    @property
    def provenance(self) -> dict[str, Any]:
        """What is kept with each run: what measured, and where."""
        return {"harness": self.harness, "host": self.host}

    @property
    def benchmarks(self) -> list[BenchmarkDocument]:
        """One for each number of users, which is part of what was measured; without figures a single one says why."""
        users = sorted({metric.users for metric in self.metrics})
        if self.status != "done" or not users:
            reason = self.reason or "it printed no figures"
            return [self._benchmark(status="error" if self.status == "done" else self.status, reason=reason)]
        return [self._of_users(count) for count in users]

    def _of_users(self, users: int) -> BenchmarkDocument:
        found = [metric for metric in self.metrics if metric.users == users and metric.name != _PER_CHILD]
        passes = [one for one in self.passes if one.users == users]
        metrics = [_metric(metric, passes=passes, times=self._times(metric.subtest, passes)) for metric in found]
        if self.mode == "oneuser":
            metrics.insert(0, _mean_rate([metric for metric in found if metric.name == _OPERATION_RATE]))
        return self._benchmark(status="done", users=users, metrics=metrics)

    def _times(self, subtest: str, passes: Sequence[_Pass]) -> list[_Times]:
        measured = [times for one in passes for times in one.subtests] + self.single
        return [times for times in measured if times.name == subtest]

    def _benchmark(
        self,
        *,
        status: Literal["done", "error", "skip"],
        reason: str = "",
        users: int | None = None,
        metrics: Iterable[MetricDocument] = (),
    ) -> BenchmarkDocument:
        # a mix with sub-tests left out is another mix: no comparison may pair it with the whole one
        left_out = ", ".join(sorted(self._left_out()))
        counted = f"{users} user{'' if users == 1 else 's'}{' without ' if left_out else ''}{left_out}"
        identity = {
            "mode": self.mode,
            "seed": self.seed,
            "total_weight": self.workfile.total_weight,
            "mix": _mix(self.subtests),
        }
        return BenchmarkDocument(
            name=self.workload,
            placement=counted if users is not None else "",
            parameters=self.parameters | identity,
            status=status,
            reason=reason,
            metrics=list(metrics),
        )

    def _left_out(self) -> set[str]:
        """Sub-tests without figures: those left out beforehand, and in single-user mode those that could not run."""
        rated = {metric.subtest for metric in self.metrics}
        return {skipped.name for skipped in self.skipped} | {times.name for times in self.single} - rated


def _mix(subtests: Iterable[_Subtest]) -> str:
    """A short name for sub-tests and weights: workfiles of one file name and total weight may hold different ones."""
    lines = sorted(f"{subtest.weight} {subtest.name}" for subtest in subtests)
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:8]


def _metric(metric: _Metric, *, passes: Sequence[_Pass], times: Sequence[_Times]) -> MetricDocument:
    is_key = metric.name == JPM
    beside: dict[str, Any] = {}
    if is_key:
        beside["passes"] = [one.model_dump(exclude={"subtests"}) for one in passes]
    elif metric.subtest:
        beside["quantity"] = metric.name
        beside["histogram_ns"] = _merged(times)
    return MetricDocument(
        name=metric.subtest or metric.name,
        unit=metric.unit,
        direction=metric.direction,
        samples=metric.samples,
        median=statistics.median(metric.samples),
        converged=True,
        role=MetricRole.KEY if is_key else MetricRole.DETAIL,
        **beside,
    )


def _merged(times: Iterable[_Times]) -> list[list[int]]:
    """The histograms of all passes in one: [from_ns, jobs] of each bucket, in order."""
    jobs: Counter[int] = Counter()
    for one in times:
        for from_ns, count in one.histogram:
            jobs[from_ns] += count
    return [[from_ns, count] for from_ns, count in sorted(jobs.items())]


def _mean_rate(rates: Sequence[_Metric]) -> MetricDocument:
    """One sample for each repetition: the geometric mean over the sub-tests."""
    samples = [
        math.exp(statistics.fmean(map(math.log, turn))) for turn in zip(*(m.samples for m in rates), strict=False)
    ]
    return MetricDocument(
        name=MEAN_RATE,
        unit=rates[0].unit,
        direction="higher",
        samples=samples,
        median=statistics.median(samples),
        converged=True,
    )
