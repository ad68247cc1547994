# SPDX-License-Identifier: GPL-2.0-or-later
"""Key and detail metrics; profiles, which are taken in a pass of their own"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "0002"
down_revision: str | None = "0001"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    # what was measured before there were details is all key
    for table in ("metrics", "metric_verdicts"):
        op.add_column(table, sa.Column("role", sa.String(), server_default="key", nullable=False))
        op.create_check_constraint(op.f(f"ck_{table}_role"), table, "role IN ('key', 'detail')")
    op.add_column("submissions", sa.Column("profile", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.create_table(
        "profiles",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("attempt_id", sa.BigInteger(), nullable=False),
        sa.Column("phase", sa.String(), nullable=False),
        sa.Column("document", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["attempt_id"], ["attempts.id"], name=op.f("fk_profiles_attempt_id_attempts")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_profiles")),
        sa.UniqueConstraint("attempt_id", "phase", name=op.f("uq_profiles_attempt_id_phase")),
    )


def downgrade() -> None:
    op.drop_table("profiles")
    op.drop_column("submissions", "profile")
    # without its role a detail would count as judged
    op.execute("DELETE FROM samples WHERE metric_id IN (SELECT id FROM metrics WHERE role = 'detail')")
    for table in ("metric_verdicts", "metrics"):
        op.execute(sa.text(f"DELETE FROM {table} WHERE role = 'detail'"))  # noqa: S608 # a name of ours
        op.drop_column(table, "role")
