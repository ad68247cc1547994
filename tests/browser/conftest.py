# SPDX-License-Identifier: GPL-2.0-or-later
"""A real server on a database of its own, a small tree, and a browser that looks at it."""

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from playwright.sync_api import Browser, Page, sync_playwright
from sqlalchemy import text

from kdyno.config import Settings
from kdyno.db.engine import UnitOfWork, create_database_engine
from kdyno.db.migrate import upgrade
from kdyno.db.tables import Base
from kdyno.supervisor.postgres import DATABASE
from tests.browser.server import Server
from tests.lab_rows import LabRows
from tests.running_lab import free_port

SOURCE = "int one(void)\n{ return 1; }\n/* end */\n"
STATIC = Path(__file__).parents[2] / "server" / "kdyno" / "web" / "static"
DATABASE_NAME = "pages"


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Debian's Chromium without a window."""
    program = shutil.which("chromium") or shutil.which("chromium-browser")
    if program is None:
        pytest.skip("no chromium on this computer: apt-get install chromium")
    if not (STATIC / "vendor").is_dir():
        pytest.skip("the front-end packages are missing: run setup/ensure-frontend")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=program)
        yield chromium
        chromium.close()


@pytest.fixture(scope="session")
def settings(tmp_path_factory: pytest.TempPathFactory, database_url: str, redis_url: str) -> Settings:
    """A lab with an empty, migrated database and a tree of one file."""
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {DATABASE_NAME}".encode())
    own_database = database_url.replace(f"/{DATABASE}?", f"/{DATABASE_NAME}?")
    upgrade(own_database)
    data_dir = tmp_path_factory.mktemp("pages")
    lab = Settings(data_dir=data_dir, port=free_port(), database_url=own_database, redis_url=redis_url)
    _make_tree(lab.paths.tree("linux"), work=data_dir / "work")
    return lab


def _make_tree(repository: Path, *, work: Path) -> None:
    (work / "kernel").mkdir(parents=True)
    (work / "kernel" / "sys.c").write_text(SOURCE, encoding="utf-8")
    identity = ["-c", "user.name=t", "-c", "user.email=t@example.org"]
    for arguments in (["init", "-q"], ["add", "."], ["commit", "-q", "-m", "Begin"]):
        subprocess.run(["git", *identity, *arguments], cwd=work, check=True)
    subprocess.run(["git", "clone", "-q", "--bare", str(work), str(repository)], check=True)


@pytest.fixture
def lab(settings: Settings) -> Iterator[LabRows]:
    """Rows of a small lab; those of the test before are gone."""
    assert settings.database_url is not None
    engine = create_database_engine(settings.database_url)
    tables = ", ".join(table.name for table in Base.metadata.sorted_tables)
    with engine.begin() as connection:
        connection.execute(text(f"TRUNCATE {tables} RESTART IDENTITY CASCADE"))
    rows = LabRows(UnitOfWork(engine, send_hint=lambda _: None), budgets=settings.budgets)
    rows.furnish()
    yield rows
    engine.dispose()


@pytest.fixture(scope="session")
def server(settings: Settings) -> Iterator[Server]:
    """A running server."""
    running = Server(settings)
    running.start()
    yield running
    running.kill()


@pytest.fixture
def page(browser: Browser, server: Server, lab: LabRows) -> Iterator[Page]:
    """A page whose scripts must not complain; the content security policy would be heard here too."""
    context = browser.new_context(base_url=server.url, viewport={"width": 1200, "height": 900})
    context.set_default_timeout(20_000)
    complaints: list[str] = []
    tab = context.new_page()
    tab.on("pageerror", lambda error: complaints.append(str(error)))
    tab.on("console", lambda message: complaints.append(message.text) if _serious(message.text) else None)
    yield tab
    context.close()
    assert not complaints


def _serious(text: str) -> bool:
    return "Content Security Policy" in text or "Uncaught" in text
