# SPDX-License-Identifier: GPL-2.0-or-later
"""Stored verdicts: one row per compared metric of a submission."""

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from kdyno.db.base import Base, BigId, CreatedAt, Json


class MetricVerdict(Base):
    """What the patch did to one metric: effect with interval, verdict, and why."""

    __tablename__ = "metric_verdicts"
    __table_args__ = (UniqueConstraint("submission_id", "workload", "benchmark", "placement", "metric"),)

    id: Mapped[BigId]
    submission_id: Mapped[int] = mapped_column(ForeignKey("submissions.id"))
    workload: Mapped[str]
    benchmark: Mapped[str]
    placement: Mapped[str]
    metric: Mapped[str]
    unit: Mapped[str]
    direction: Mapped[str]
    base_median: Mapped[float]
    patched_median: Mapped[float]
    effect: Mapped[float]
    interval_low: Mapped[float | None]
    interval_high: Mapped[float | None]
    verdict: Mapped[str]
    reason: Mapped[str]
    details: Mapped[Json]
    created_at: Mapped[CreatedAt]
