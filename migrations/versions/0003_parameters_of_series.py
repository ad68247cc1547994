# SPDX-License-Identifier: GPL-2.0-or-later
"""Parameters are part of a series: a phase may run a benchmark several times with different ones"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "0003"
down_revision: str | None = "0002"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

# PostgreSQL takes 63 bytes of a name: of a longer one SQLAlchemy writes the begin and a digest
OLD_RUNS = "uq_runs_attempt_id_phase_benchmark_placement"
OLD_VERDICTS = "uq_metric_verdicts_submission_id_workload_benchmark_pla_b33e"
RUNS = "uq_runs_series"
VERDICTS = "uq_metric_verdicts_series"


def upgrade() -> None:
    op.add_column(
        "metric_verdicts",
        sa.Column("parameters", postgresql.JSONB(astext_type=sa.Text()), server_default="{}", nullable=False),
    )
    # till now a phase ran a benchmark once, so each verdict has the parameters of its runs
    op.execute(
        """
        UPDATE metric_verdicts SET parameters = runs.parameters
        FROM runs
        JOIN attempts ON attempts.id = runs.attempt_id
        JOIN jobs ON jobs.current_attempt_id = attempts.id
        WHERE jobs.submission_id = metric_verdicts.submission_id AND runs.phase = metric_verdicts.workload
          AND runs.benchmark = metric_verdicts.benchmark AND runs.placement = metric_verdicts.placement
        """
    )
    op.drop_constraint(OLD_RUNS, "runs", type_="unique")
    op.create_unique_constraint(op.f(RUNS), "runs", ["attempt_id", "phase", "benchmark", "placement", "parameters"])
    op.drop_constraint(OLD_VERDICTS, "metric_verdicts", type_="unique")
    op.create_unique_constraint(
        op.f(VERDICTS),
        "metric_verdicts",
        ["submission_id", "workload", "benchmark", "placement", "parameters", "metric"],
    )


def downgrade() -> None:
    """Of what differs in parameters only, the first is kept."""
    op.drop_constraint(op.f(VERDICTS), "metric_verdicts", type_="unique")
    op.execute(
        """
        DELETE FROM metric_verdicts later USING metric_verdicts earlier
        WHERE later.id > earlier.id
          AND (later.submission_id, later.workload, later.benchmark, later.placement, later.metric)
            = (earlier.submission_id, earlier.workload, earlier.benchmark, earlier.placement, earlier.metric)
        """
    )
    op.create_unique_constraint(
        op.f(OLD_VERDICTS), "metric_verdicts", ["submission_id", "workload", "benchmark", "placement", "metric"]
    )
    op.drop_column("metric_verdicts", "parameters")
    op.drop_constraint(op.f(RUNS), "runs", type_="unique")
    op.execute(
        """
        CREATE TEMPORARY TABLE later_runs AS
        SELECT later.id FROM runs later JOIN runs earlier ON later.id > earlier.id
            AND (later.attempt_id, later.phase, later.benchmark, later.placement)
            = (earlier.attempt_id, earlier.phase, earlier.benchmark, earlier.placement)
        """
    )
    op.execute(
        "DELETE FROM samples WHERE metric_id IN (SELECT id FROM metrics WHERE run_id IN (SELECT id FROM later_runs))"
    )
    op.execute("DELETE FROM metrics WHERE run_id IN (SELECT id FROM later_runs)")
    op.execute("DELETE FROM runs WHERE id IN (SELECT id FROM later_runs)")
    op.execute("DROP TABLE later_runs")
    op.create_unique_constraint(op.f(OLD_RUNS), "runs", ["attempt_id", "phase", "benchmark", "placement"])
