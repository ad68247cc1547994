# SPDX-License-Identifier: GPL-2.0-or-later
"""What every process of the control plane needs: settings, paths, transactions. Made once, passed down."""

from dataclasses import dataclass

from kdyno.config import Paths, Settings
from kdyno.db.engine import SendHint, UnitOfWork, create_database_engine
from kdyno.jobs.budgets import StatusBudgets


@dataclass(frozen=True)
class Runtime:
    """The services of one process; nothing connects before its first use."""

    settings: Settings
    paths: Paths
    unit_of_work: UnitOfWork
    budgets: StatusBudgets


def create_runtime(settings: Settings, *, send_hint: SendHint, pool_size: int = 5) -> Runtime:
    """Build the runtime of one process.

    Raises:
        ValueError: no database is configured (`kdyno up` sets it for its children).
    """
    if not settings.database_url:
        raise ValueError("DATABASE_URL is not set: start the lab with `kdyno up`, which sets it for its children")
    engine = create_database_engine(settings.database_url, pool_size=pool_size)
    return Runtime(
        settings=settings,
        paths=settings.paths,
        unit_of_work=UnitOfWork(engine, send_hint=send_hint),
        budgets=settings.budgets,
    )
