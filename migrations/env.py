# SPDX-License-Identifier: GPL-2.0-or-later
"""Alembic environment: one transaction per run, under an advisory lock, against the models' metadata."""

from alembic import context
from sqlalchemy import create_engine, pool, text

from kdyno.db.tables import Base

# Two hosts that start together must not migrate together. The number is arbitrary and only ours.
MIGRATION_LOCK = 0x6B64796E

if context.is_offline_mode():
    raise SystemExit("kdyno's migrations run against a live database only")

engine = create_engine(context.config.get_main_option("sqlalchemy.url", ""), poolclass=pool.NullPool)
with engine.connect() as connection:
    context.configure(connection=connection, target_metadata=Base.metadata, compare_type=True)
    with context.begin_transaction():
        connection.execute(text(f"SELECT pg_advisory_xact_lock({MIGRATION_LOCK})"))
        context.run_migrations()
