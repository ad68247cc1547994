# SPDX-License-Identifier: GPL-2.0-or-later
"""REST API for machines and golden images."""

import json

from fastapi import APIRouter, HTTPException
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import select

from kdyno.dependencies import DbSession, Requester, RuntimeDep
from kdyno.machines import service
from kdyno.machines.health import MachineHealth
from kdyno.machines.models import IMAGE_ID_PATTERN, Lease, Machine
from kdyno_lab.images.manifest import parse_manifest

router = APIRouter(prefix="/api/v1", tags=["machines"])


class MachineView(BaseModel):
    """A machine as clients see it; `job_id` is the job that holds it."""

    name: str
    machine_type: str
    lab_name: str
    health: MachineHealth
    health_reason: str
    job_id: int | None


class HealthChange(BaseModel):
    """A person's word on a machine, with the reason that the machines page shows."""

    health: MachineHealth
    reason: str = Field(min_length=3, max_length=500)


class ImageSelection(BaseModel):
    """A golden image that `kdyno image build` has put into the data directory."""

    model_config = ConfigDict(extra="forbid")

    id: str = Field(pattern=IMAGE_ID_PATTERN)


@router.get("/machines")
def list_machines(session: DbSession, _: Requester) -> list[MachineView]:
    """All machines by name."""
    query = select(Machine, Lease.job_id).outerjoin(Lease, Lease.machine_id == Machine.id).order_by(Machine.name)
    return [_view(machine, job_id) for machine, job_id in session.execute(query).all()]


@router.post("/machines/{name}/health")
def change_health(name: str, change: HealthChange, session: DbSession, requester: Requester) -> MachineView:
    """Mark a machine good or broken."""
    machine = session.scalar(select(Machine).where(Machine.name == name))
    if machine is None:
        raise HTTPException(404, f"there is no machine {name!r}")
    reason = f"{requester}: {change.reason}"
    service.set_health(session, machine_id=machine.id, health=change.health, reason=reason)
    return _view(machine, session.scalar(select(Lease.job_id).where(Lease.machine_id == machine.id)))


@router.post("/images", status_code=201)
def select_image(selection: ImageSelection, session: DbSession, runtime: RuntimeDep, _: Requester) -> ImageSelection:
    """Make a built image the one that new submissions run on."""
    directory = runtime.paths.image(selection.id)
    try:
        manifest = parse_manifest((directory / "manifest.txt").read_text(encoding="ascii"))
        details = json.loads((directory / "manifest.json").read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise HTTPException(404, f"image {selection.id} is not whole in {directory}: {error}") from error
    service.select_image(session, image_id=selection.id, root_hash=manifest.root, manifest=details)
    return selection


def _view(machine: Machine, job_id: int | None) -> MachineView:
    return MachineView(
        name=machine.name,
        machine_type=machine.machine_type,
        lab_name=machine.lab_name,
        health=MachineHealth(machine.health),
        health_reason=machine.health_reason,
        job_id=job_id,
    )
