# SPDX-License-Identifier: GPL-2.0-or-later
"""Submissions (in the UI: test requests) and their arms."""

from sqlalchemy import CheckConstraint, ForeignKey, UniqueConstraint, false
from sqlalchemy.orm import Mapped, mapped_column, relationship

from kdyno.db.base import Base, BigId, CreatedAt, JsonList, Timestamp, in_values
from kdyno.kernels.models import Build
from kdyno.submissions.status import ArmName, SubmissionStatus


class Submission(Base):
    """What a developer asked for, and what came out of it."""

    __tablename__ = "submissions"
    __table_args__ = (
        CheckConstraint(in_values("status", SubmissionStatus), name="status"),
        UniqueConstraint("requested_by", "idempotency_key"),
    )

    id: Mapped[BigId]
    title: Mapped[str]
    tree_name: Mapped[str] = mapped_column(ForeignKey("trees.name"))
    base_revision: Mapped[str]
    base_commit: Mapped[str]
    patch: Mapped[str]
    patchset_hash: Mapped[str]
    kconfig: Mapped[str]
    workloads: Mapped[JsonList]
    machine_type: Mapped[str]
    boots_per_arm: Mapped[int]
    profile: Mapped[bool] = mapped_column(default=False, server_default=false())
    mail: Mapped[str | None]
    requested_by: Mapped[str]
    idempotency_key: Mapped[str | None]
    request_sha256: Mapped[str]
    image_id: Mapped[str | None] = mapped_column(ForeignKey("images.id"))
    machine_id: Mapped[int | None] = mapped_column(ForeignKey("machines.id"))
    status: Mapped[str] = mapped_column(default=SubmissionStatus.OPEN.value, index=True)
    cancel_requested: Mapped[bool] = mapped_column(default=False)
    verdict: Mapped[str | None]
    verdict_reason: Mapped[str | None]
    failure_class: Mapped[str | None]
    failure_message: Mapped[str | None]
    created_at: Mapped[CreatedAt]
    finished_at: Mapped[Timestamp | None]

    arms: Mapped[list["Arm"]] = relationship(order_by="Arm.id")


class Arm(Base):
    """One side of a comparison: one build, booted several times."""

    __tablename__ = "arms"
    __table_args__ = (
        CheckConstraint(in_values("name", ArmName), name="name"),
        UniqueConstraint("submission_id", "name"),
    )

    id: Mapped[BigId]
    submission_id: Mapped[int] = mapped_column(ForeignKey("submissions.id"), index=True)
    name: Mapped[str]
    build_id: Mapped[int] = mapped_column(ForeignKey("builds.id"), index=True)

    build: Mapped[Build] = relationship()
