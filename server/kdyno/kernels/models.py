# SPDX-License-Identifier: GPL-2.0-or-later
"""Source trees and builds of kernels."""

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from kdyno.db.base import Base, BigId, CreatedAt, Json, Timestamp, in_values
from kdyno.kernels.status import BuildStatus


class Tree(Base):
    """A named git repository of kernel source, mirrored on the build host."""

    __tablename__ = "trees"

    name: Mapped[str] = mapped_column(primary_key=True)
    source: Mapped[str]
    default_revision: Mapped[str]
    head_commit: Mapped[str]
    created_at: Mapped[CreatedAt]


class Build(Base):
    """A request to build one kernel. Equal content shares one artifact: `key` addresses it, once the build
    host has added its toolchain to what the request fixes."""

    __tablename__ = "builds"
    __table_args__ = (
        CheckConstraint(in_values("status", BuildStatus), name="status"),
        Index("ix_builds_open", "id", postgresql_where="status IN ('queued', 'building')"),
    )

    id: Mapped[BigId]
    tree_name: Mapped[str] = mapped_column(ForeignKey("trees.name"))
    commit: Mapped[str]
    patch: Mapped[str | None]
    patchset_hash: Mapped[str | None]
    kconfig: Mapped[str]
    status: Mapped[str] = mapped_column(default=BuildStatus.QUEUED.value)
    key: Mapped[str | None] = mapped_column(index=True)
    release: Mapped[str | None]
    toolchain: Mapped[str | None]
    objects_done: Mapped[int] = mapped_column(default=0)
    objects_expected: Mapped[int | None]
    reused: Mapped[bool] = mapped_column(default=False)
    details: Mapped[Json] = mapped_column(default=dict)
    failure_class: Mapped[str | None]
    failure_message: Mapped[str | None]
    owner: Mapped[str | None]
    lease_expires_at: Mapped[Timestamp | None]
    tries: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[CreatedAt]
    started_at: Mapped[Timestamp | None]
    finished_at: Mapped[Timestamp | None]
