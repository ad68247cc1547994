# SPDX-License-Identifier: GPL-2.0-or-later
"""Migrations are the only way the schema changes: up from empty, down to nothing, and no drift from the models."""

import pytest
from alembic import command
from sqlalchemy import inspect, text

from kdyno.db.engine import create_database_engine
from kdyno.db.migrate import alembic_config, downgrade, upgrade
from kdyno.db.tables import Base

pytestmark = pytest.mark.integration


def test_up_down_up_and_no_drift(scratch_database_url: str) -> None:
    engine = create_database_engine(scratch_database_url)
    upgrade(scratch_database_url)
    assert set(inspect(engine).get_table_names()) == {*Base.metadata.tables, "alembic_version"}
    command.check(alembic_config(scratch_database_url))
    downgrade(scratch_database_url, revision="base")
    assert set(inspect(engine).get_table_names()) == {"alembic_version"}
    upgrade(scratch_database_url)
    with engine.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM jobs")).scalar() == 0
    engine.dispose()
