# SPDX-License-Identifier: GPL-2.0-or-later
"""What agents report: messages (exactly once each), runs, metrics, every sample, and profiles."""

from sqlalchemy import CheckConstraint, ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from kdyno.db.base import Base, BigId, CreatedAt, Json, in_values
from kdyno.results.roles import MetricRole


class AgentMessage(Base):
    """One event of an agent. The primary key is what makes a repeated report harmless."""

    __tablename__ = "agent_messages"

    attempt_id: Mapped[int] = mapped_column(ForeignKey("attempts.id"), primary_key=True)
    phase: Mapped[str] = mapped_column(primary_key=True)
    seq: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str]
    body: Mapped[Json]
    received_at: Mapped[CreatedAt]


class Run(Base):
    """One execution of one benchmark in one phase of one attempt."""

    __tablename__ = "runs"
    __table_args__ = (
        UniqueConstraint("attempt_id", "phase", "benchmark", "placement", "parameters", name="uq_runs_series"),
    )

    id: Mapped[BigId]
    attempt_id: Mapped[int] = mapped_column(ForeignKey("attempts.id"))
    phase: Mapped[str]
    benchmark: Mapped[str]
    placement: Mapped[str]
    parameters: Mapped[Json]
    status: Mapped[str]
    reason: Mapped[str]
    harness: Mapped[Json]
    counts_per_op: Mapped[Json]
    created_at: Mapped[CreatedAt]


class Metric(Base):
    """One measured quantity of a run, with its unit, the direction that is better, and what it is there for."""

    __tablename__ = "metrics"
    __table_args__ = (CheckConstraint(in_values("role", MetricRole), name="role"), UniqueConstraint("run_id", "name"))

    id: Mapped[BigId]
    run_id: Mapped[int] = mapped_column(ForeignKey("runs.id"))
    name: Mapped[str]
    unit: Mapped[str]
    direction: Mapped[str]
    role: Mapped[str] = mapped_column(default=MetricRole.KEY.value, server_default=MetricRole.KEY.value)
    operations_per_sample: Mapped[float]
    median: Mapped[float]
    converged: Mapped[bool]
    summary: Mapped[Json]


class Sample(Base):
    """One number, in the order in which it was measured; loaded with COPY."""

    __tablename__ = "samples"
    metric_id: Mapped[int] = mapped_column(ForeignKey("metrics.id"), primary_key=True)
    idx: Mapped[int] = mapped_column(primary_key=True)
    value: Mapped[float]


class Profile(Base):
    """What the profiler saw of one workload, in a pass of its own: never a sample."""

    __tablename__ = "profiles"
    __table_args__ = (UniqueConstraint("attempt_id", "phase"),)

    id: Mapped[BigId]
    attempt_id: Mapped[int] = mapped_column(ForeignKey("attempts.id"))
    phase: Mapped[str]
    document: Mapped[Json]
    created_at: Mapped[CreatedAt]
