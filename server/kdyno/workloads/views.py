# SPDX-License-Identifier: GPL-2.0-or-later
"""REST API for the catalogue of workloads."""

from fastapi import APIRouter
from pydantic import BaseModel, Field

from kdyno.dependencies import Requester
from kdyno.workloads.benchmarks import Benchmark, benchmarks
from kdyno.workloads.catalog import WorkloadKind, catalog

router = APIRouter(prefix="/api/v1/workloads", tags=["workloads"])


class WorkloadView(BaseModel):
    """A workload as clients see it."""

    name: str
    title: str
    about: str
    kind: WorkloadKind
    by_default: bool = Field(description="Whether a request that names no workloads gets it.")
    suite: bool = Field(description="Whether it has many benchmarks, whose figures go by their own names.")
    timeout_s: int = Field(description="What one boot may spend on it at most.")


@router.get("")
def list_workloads(_: Requester) -> list[WorkloadView]:
    """All workloads by name."""
    return [WorkloadView.model_validate(workload, from_attributes=True) for workload in catalog().values()]


@router.get("/benchmarks")
def list_benchmarks(_: Requester) -> list[Benchmark]:
    """What a request may name as `kbench:NAME[:parameter=value]...`, with units, directions and parameters."""
    return list(benchmarks().values())
