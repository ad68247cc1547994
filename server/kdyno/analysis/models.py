# SPDX-License-Identifier: GPL-2.0-or-later
"""Stored verdicts: one row per compared metric of a submission."""

from sqlalchemy import CheckConstraint, ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from kdyno.db.base import Base, BigId, CreatedAt, Json, in_values
from kdyno.results.roles import MetricRole
from kdyno.workloads.labels import series_label


class MetricVerdict(Base):
    """What the patch did to one metric: effect with interval, verdict, and why."""

    __tablename__ = "metric_verdicts"
    __table_args__ = (
        CheckConstraint(in_values("role", MetricRole), name="role"),
        UniqueConstraint(
            "submission_id",
            "workload",
            "benchmark",
            "placement",
            "parameters",
            "metric",
            name="uq_metric_verdicts_series",
        ),
    )

    id: Mapped[BigId]
    submission_id: Mapped[int] = mapped_column(ForeignKey("submissions.id"))
    workload: Mapped[str]
    benchmark: Mapped[str]
    placement: Mapped[str]
    parameters: Mapped[Json] = mapped_column(server_default="{}")
    metric: Mapped[str]
    unit: Mapped[str]
    direction: Mapped[str]
    role: Mapped[str] = mapped_column(default=MetricRole.KEY.value, server_default=MetricRole.KEY.value)
    base_median: Mapped[float]
    patched_median: Mapped[float]
    effect: Mapped[float]
    interval_low: Mapped[float | None]
    interval_high: Mapped[float | None]
    verdict: Mapped[str]
    reason: Mapped[str]
    details: Mapped[Json]
    created_at: Mapped[CreatedAt]

    @property
    def label(self) -> str:
        """What people read."""
        return series_label(
            workload=self.workload,
            benchmark=self.benchmark,
            placement=self.placement,
            parameters=self.parameters,
            metric=self.metric,
        )
