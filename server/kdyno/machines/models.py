# SPDX-License-Identifier: GPL-2.0-or-later
"""Machines under test, their leases, and the golden images they are reset to."""

from sqlalchemy import CheckConstraint, ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from kdyno.db.base import Base, BigId, CreatedAt, Json, Timestamp, in_values
from kdyno.machines.health import MachineHealth

# An image id becomes a folder's name and a part of URLs.
IMAGE_ID_PATTERN = r"^[a-z0-9][a-z0-9.-]{0,127}$"


class Machine(Base):
    """One computer under test (DUT) and how its lab controls it.

    `machine_type` is what a request names; `noise_kind` (analysis.machine_kind.MachineKind) is how its boots scatter.
    """

    __tablename__ = "machines"
    __table_args__ = (
        UniqueConstraint("name"),
        UniqueConstraint("mac"),
        CheckConstraint(in_values("health", MachineHealth), name="health"),
    )

    id: Mapped[BigId]
    name: Mapped[str]
    machine_type: Mapped[str]
    noise_kind: Mapped[str]
    lab_name: Mapped[str]
    mac: Mapped[str]
    driver: Mapped[str]
    options: Mapped[Json]
    health: Mapped[str] = mapped_column(default=MachineHealth.GOOD.value)
    health_reason: Mapped[str] = mapped_column(default="")
    created_at: Mapped[CreatedAt]


class Lease(Base):
    """The right of one job to one machine. The primary key makes a double owner impossible."""

    __tablename__ = "leases"
    __table_args__ = (UniqueConstraint("job_id"),)

    machine_id: Mapped[int] = mapped_column(ForeignKey("machines.id"), primary_key=True)
    job_id: Mapped[int] = mapped_column(ForeignKey("jobs.id"))
    acquired_at: Mapped[CreatedAt]


class Image(Base):
    """A golden image known to the lab; the newest one is what machines are reset to."""

    __tablename__ = "images"

    id: Mapped[str] = mapped_column(primary_key=True)
    root_hash: Mapped[str]
    manifest: Mapped[Json]
    created_at: Mapped[CreatedAt]
    selected_at: Mapped[Timestamp]
