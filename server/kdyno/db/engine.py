# SPDX-License-Identifier: GPL-2.0-or-later
"""Engine and units of work: the request or task boundary commits, services only flush."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import structlog
from sqlalchemy import Engine, create_engine
from sqlalchemy.orm import Session, sessionmaker

log = structlog.get_logger(__name__)

_HINTS = "kdyno_hints"


@dataclass(frozen=True)
class Hint:
    """A message for the broker, sent only after the commit. It carries an id, never a fact."""

    task: str
    args: tuple[int, ...] = ()
    queue: str = "control"


SendHint = Callable[[Hint], None]


def sqlalchemy_url(database_url: str) -> str:
    """A libpq URL as SQLAlchemy wants it, with psycopg 3 as the driver."""
    for prefix in ("postgresql://", "postgres://"):
        if database_url.startswith(prefix):
            return "postgresql+psycopg://" + database_url.removeprefix(prefix)
    return database_url


def create_database_engine(database_url: str, *, pool_size: int = 5) -> Engine:
    """An engine with a small pool; it connects at first use, and checks a connection before using it again."""
    return create_engine(
        sqlalchemy_url(database_url),
        pool_size=pool_size,
        max_overflow=10,
        pool_pre_ping=True,
        connect_args={"connect_timeout": 10, "application_name": "kdyno", "options": "-c timezone=UTC"},
    )


def hint(session: Session, task: str, *args: int, queue: str = "control") -> None:
    """Note a task to be hinted when this session commits; a rollback forgets it."""
    wanted: list[Hint] = session.info.setdefault(_HINTS, [])
    item = Hint(task=task, args=args, queue=queue)
    if item not in wanted:
        wanted.append(item)


class UnitOfWork:
    """Makes transactions: commit at the end, roll back on an error, then send the hints.

    A hint that cannot be sent is only logged, and the rest not tried: the sweeper finds what is owed.
    """

    def __init__(self, engine: Engine, *, send_hint: SendHint) -> None:
        self.engine = engine
        self._sessions = sessionmaker(engine, expire_on_commit=False)
        self._send_hint = send_hint

    @contextmanager
    def __call__(self) -> Iterator[Session]:
        """One transaction."""
        with self._sessions() as session:
            try:
                yield session
                session.commit()
            except BaseException:
                session.rollback()
                raise
            hints: list[Hint] = session.info.pop(_HINTS, [])
        try:
            for item in hints:
                self._send_hint(item)
        except Exception as error:
            log.warning("hints not sent, the sweeper will find them", hints=[str(h) for h in hints], error=str(error))


def copy_rows(session: Session, statement: str, rows: Iterator[tuple[Any, ...]]) -> int:
    """Load rows with COPY inside the session's transaction.

    `statement` is a constant like ``COPY t (a, b) FROM STDIN``. Returns the number of rows.
    """
    driver_connection = session.connection().connection.driver_connection
    if driver_connection is None:
        raise RuntimeError("the session has lost its database connection")
    count = 0
    with driver_connection.cursor() as cursor, cursor.copy(statement) as copy:
        for row in rows:
            copy.write_row(row)
            count += 1
    return count
