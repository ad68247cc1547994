# SPDX-License-Identifier: GPL-2.0-or-later
"""What a submission looks like on the wire: the request, its errors, and the view that clients follow."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, field_validator


class SubmissionRequest(BaseModel):
    """A test request as the web form, the REST API and the CLI send it. Meaning is checked by the service."""

    model_config = ConfigDict(extra="forbid")

    tree: str = Field(description="Name of a tree of this lab.")
    base: str = Field(default="", description="Revision the patch applies to; empty: the tree's default.")
    patch: str = Field(description="The patch: `git format-patch` output, an mbox, or a plain unified diff.")
    kconfig: str = Field(default="tinyconfig+virt-min", description="`tinyconfig` or `defconfig`, then +fragments.")
    workloads: list[str] = Field(
        default_factory=list,
        description="Names from the catalogue, or `kbench:NAME[:parameter=value]...` for single benchmarks; "
        "empty: the catalogue's default ones.",
    )
    machine_type: str = Field(default="", description="Type of machine; empty when the lab has one type only.")
    boots_per_arm: int = Field(default=2, description="Boots of each kernel; they are interleaved A B B A.")
    profile: bool = Field(default=False, description="Run each workload once more at the end of a boot, profiled.")
    mail: str | None = Field(default=None, description="Where to send the verdict.")
    title: str = Field(default="", max_length=200, description="Empty: the subject of the patch.")

    @field_validator("*")
    @classmethod
    def _no_nul(cls, value: object) -> object:
        if isinstance(value, str) and "\0" in value:
            raise ValueError("a NUL character cannot be stored")
        return value


class FieldProblem(BaseModel):
    """One thing wrong with a request: which field, and what to do about it."""

    field: str
    reason: str


class StepState(StrEnum):
    """Where one step of a submission is, for progress displays."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    SKIPPED = "skipped"  # never began, because something before it failed


class StepView(BaseModel):
    """One step of a submission: a build or a boot. `done` of `total` is its progress in its own units."""

    name: str
    state: StepState
    started_at: datetime | None = None
    finished_at: datetime | None = None
    done: int = 0
    total: int | None = None
    detail: str = ""
    job_id: int | None = None
    build_id: int | None = None


class ProgressView(BaseModel):
    """All steps in the order in which they happen."""

    steps: list[StepView]


class FailureView(BaseModel):
    """Why a submission has no verdict, and whose problem it is."""

    model_config = ConfigDict(populate_by_name=True)

    failure_class: Annotated[str, Field(alias="class")]
    message: str


class ResultRow(BaseModel):
    """What the patch did to one metric. Effects and interval ends are percentages of the base."""

    label: str = Field(description="What people read: the workload, and what of it this is where it has more.")
    workload: str
    benchmark: str
    placement: str
    parameters: dict[str, Any] = Field(default_factory=dict)
    metric: str
    unit: str
    direction: str
    base_median: float
    patched_median: float
    effect_percent: float
    interval_low_percent: float | None
    interval_high_percent: float | None
    verdict: str
    reason: str


class SubmissionView(BaseModel):
    """A submission as clients see it."""

    id: int
    url: str
    title: str
    state: str
    tree: str
    base_commit: str
    kconfig: str
    workloads: list[str]
    machine_type: str
    machine: str | None
    machine_caveat: str = Field(
        default="", description="What a reader of this machine's figures must know; may be empty."
    )
    boots_per_arm: int
    profile: bool = False
    created_at: datetime
    finished_at: datetime | None
    progress: ProgressView
    verdict: str | None
    verdict_reason: str | None
    rows: list[ResultRow]
    details: list[ResultRow] = Field(
        default_factory=list, description="What moved inside of the judged figures, such as sub-tests; not judged."
    )
    failure: FailureView | None
