# SPDX-License-Identifier: GPL-2.0-or-later
"""A migrated database for each test, and a lab's minimum inside it."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import text

from kdyno.db.engine import Hint, UnitOfWork, create_database_engine
from kdyno.db.migrate import upgrade
from kdyno.db.tables import Base
from kdyno.jobs.budgets import StatusBudgets
from tests.lab_rows import LabRows


@pytest.fixture(scope="session")
def migrated_url(database_url: str) -> str:
    """A database at the newest revision, made by the migrations alone."""
    upgrade(database_url)
    return database_url


@pytest.fixture
def hints() -> list[Hint]:
    """Every hint that was sent, in order."""
    return []


@pytest.fixture
def unit_of_work(migrated_url: str, hints: list[Hint]) -> Iterator[UnitOfWork]:
    """Transactions on an empty database."""
    engine = create_database_engine(migrated_url)
    tables = ", ".join(table.name for table in Base.metadata.sorted_tables)
    with engine.begin() as connection:
        connection.execute(text(f"TRUNCATE {tables} RESTART IDENTITY CASCADE"))
    yield UnitOfWork(engine, send_hint=hints.append)
    engine.dispose()


@pytest.fixture
def budgets() -> StatusBudgets:
    """A minute for everything."""
    minute = timedelta(minutes=1)
    return StatusBudgets(minute, minute, minute, minute, minute, minute)


@pytest.fixture
def lab(unit_of_work: UnitOfWork, budgets: StatusBudgets) -> LabRows:
    """Rows of a small lab: a tree, an image, two machines."""
    rows = LabRows(unit_of_work, budgets=budgets)
    rows.furnish()
    return rows
