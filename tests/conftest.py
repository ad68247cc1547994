# SPDX-License-Identifier: GPL-2.0-or-later
"""Real servers for the tests, started by the supervisor's own parts, once per test run."""

import os
import secrets
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from kdyno.config import Paths
from kdyno.supervisor.child import ChildSpec, spawn
from kdyno.supervisor.lab import make_layout
from kdyno.supervisor.postgres import DATABASE, postgres_of
from kdyno.supervisor.user import ServiceUser, ensure_service_user
from kdyno.supervisor.valkey import valkey_of

_ENVIRONMENT = {"PATH": os.environ.get("PATH", "/usr/bin:/bin"), "LC_ALL": "C", "TZ": "UTC"}


def pytest_configure(config: pytest.Config) -> None:
    """As root, temporary directories go where the database's user may pass; pytest's own place is closed to it."""
    if os.geteuid() == 0 and config.option.basetemp is None:
        parent = Path(tempfile.mkdtemp(prefix="kdyno-tests-"))
        parent.chmod(0o711)
        config.option.basetemp = str(parent / "t")
        config.add_cleanup(lambda: shutil.rmtree(parent, ignore_errors=True))


@pytest.fixture(scope="session", autouse=True)
def _open_way(tmp_path_factory: pytest.TempPathFactory) -> None:
    if os.geteuid() == 0:
        tmp_path_factory.getbasetemp().chmod(0o711)


@pytest.fixture(scope="session")
def server_paths(tmp_path_factory: pytest.TempPathFactory) -> Paths:
    """Data directory of the servers that tests share."""
    paths = Paths(tmp_path_factory.mktemp("servers"))
    make_layout(paths)
    return paths


@pytest.fixture(scope="session")
def service_user() -> ServiceUser | None:
    return ensure_service_user()


@pytest.fixture(scope="session")
def database_url(server_paths: Paths, service_user: ServiceUser | None) -> Iterator[str]:
    """An empty PostgreSQL database; what one test leaves in it, the next one finds."""
    postgres = postgres_of(server_paths, user=service_user)
    postgres.prepare()
    with running(postgres.spec(environment=_ENVIRONMENT), log=server_paths.log("postgres")):
        yield postgres.url


@pytest.fixture(scope="session")
def redis_url(server_paths: Paths, service_user: ServiceUser | None) -> Iterator[str]:
    """A broker, in Celery's spelling."""
    valkey = valkey_of(server_paths, user=service_user)
    valkey.prepare()
    with running(valkey.spec(environment=_ENVIRONMENT), log=server_paths.log("valkey")):
        yield valkey.url


@contextmanager
def running(spec: ChildSpec, *, log: Path) -> Iterator[None]:
    """The child, ready, for the time of the block."""
    with log.open("ab") as output:
        process = spawn(spec, output=output.fileno())
    try:
        deadline_s = time.monotonic() + spec.ready_timeout_s
        while spec.ready is not None and not spec.ready():
            if process.poll() is not None or time.monotonic() > deadline_s:
                pytest.fail(f"{spec.name} does not start:\n{log.read_text(encoding='utf-8')[-2000:]}")
            time.sleep(0.05)
        yield
    finally:
        process.send_signal(spec.stop[-1].signal_number)
        process.wait(timeout=30)


@pytest.fixture
def scratch_database_url(database_url: str) -> Iterator[str]:
    """A database of one test's own, empty and without a schema."""
    name = f"scratch_{secrets.token_hex(4)}"
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        yield database_url.replace(f"/{DATABASE}?", f"/{name}?")
        connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))
