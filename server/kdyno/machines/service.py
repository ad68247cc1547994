# SPDX-License-Identifier: GPL-2.0-or-later
"""Machines: registration, health, leases, and the golden image they are reset to."""

from typing import Any

from sqlalchemy import delete, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from kdyno.machines.health import MachineHealth
from kdyno.machines.models import Image, Lease, Machine


class NoImage(LookupError):
    """The lab has no golden image yet."""


def register_machine(
    session: Session,
    *,
    name: str,
    machine_type: str,
    noise_kind: str,
    lab_name: str,
    mac: str,
    driver: str,
    options: dict[str, Any],
) -> None:
    """Make a machine known, or bring what is known of it up to date; its health is left alone."""
    facts = {
        "machine_type": machine_type,
        "noise_kind": noise_kind,
        "lab_name": lab_name,
        "mac": mac.lower(),
        "driver": driver,
        "options": options,
    }
    statement = insert(Machine).values(name=name, health=MachineHealth.GOOD.value, health_reason="", **facts)
    session.execute(statement.on_conflict_do_update(index_elements=[Machine.name], set_=facts))


def machine_types(session: Session) -> list[str]:
    """Types that a healthy machine has, sorted."""
    query = select(Machine.machine_type).where(Machine.health == MachineHealth.GOOD).distinct()
    return sorted(session.scalars(query))


def machine_by_mac(session: Session, *, mac: str) -> Machine | None:
    """The machine with this network address, which is compared in lower case."""
    return session.scalar(select(Machine).where(Machine.mac == mac.strip().lower()))


def set_health(session: Session, *, machine_id: int, health: MachineHealth, reason: str) -> None:
    """Change what the scheduler thinks of a machine, with the reason that the machines page shows."""
    machine = session.get_one(Machine, machine_id, with_for_update=True)
    machine.health = health.value
    machine.health_reason = reason
    session.flush()


def acquire_lease(session: Session, *, machine_id: int, job_id: int) -> bool:
    """Take a free machine for a job; False when somebody else holds it."""
    statement = insert(Lease).values(machine_id=machine_id, job_id=job_id).on_conflict_do_nothing()
    return session.scalar(statement.returning(Lease.machine_id)) is not None


def release_lease(session: Session, *, job_id: int) -> None:
    """Give back whatever the job holds; harmless when it holds nothing."""
    session.execute(delete(Lease).where(Lease.job_id == job_id))


def select_image(session: Session, *, image_id: str, root_hash: str, manifest: dict[str, Any]) -> None:
    """Make `image_id` the image that new submissions are run on."""
    statement = insert(Image).values(id=image_id, root_hash=root_hash, manifest=manifest, selected_at=func.now())
    session.execute(statement.on_conflict_do_update(index_elements=[Image.id], set_={"selected_at": func.now()}))


def current_image(session: Session) -> Image:
    """The image selected last.

    Raises:
        NoImage: none was built yet.
    """
    image = session.scalar(select(Image).order_by(Image.selected_at.desc()).limit(1))
    if image is None:
        raise NoImage("this lab has no golden image yet: run `kdyno image build`")
    return image
