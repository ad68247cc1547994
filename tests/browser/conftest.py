# SPDX-License-Identifier: GPL-2.0-or-later
"""A real server on a database of its own, a small tree, and a browser that looks at it."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from kdyno.config import Settings
from kdyno.db.engine import UnitOfWork, create_database_engine
from kdyno.db.migrate import upgrade
from tests.lab_rows import LabRows
from tests.running_lab import free_port, wait_for

SOURCE = "int one(void)\n{ return 1; }\n/* end */\n"
STATIC = Path(__file__).parents[2] / "server" / "kdyno" / "web" / "static"


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Debian's Chromium without a window."""
    program = shutil.which("chromium") or shutil.which("chromium-browser")
    if program is None:
        pytest.skip("no chromium on this computer: apt-get install chromium")
    if not (STATIC / "vendor").is_dir():
        pytest.skip("the front-end packages are missing: `npm ci && npm run vendor` in server/kdyno/web/frontend")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=program)
        yield chromium
        chromium.close()


@pytest.fixture
def settings(tmp_path: Path, scratch_database_url: str, redis_url: str) -> Settings:
    """A lab of this test's own."""
    return Settings(
        data_dir=tmp_path, port=free_port(), database_url=scratch_database_url, redis_url=redis_url, lab_name="local"
    )


@pytest.fixture
def lab(settings: Settings) -> Iterator[LabRows]:
    """Rows of a small lab, and the tree that its one row names."""
    assert settings.database_url is not None
    upgrade(settings.database_url)
    _make_tree(settings.paths.tree("linux"), work=settings.data_dir / "work")
    engine = create_database_engine(settings.database_url)
    rows = LabRows(UnitOfWork(engine, send_hint=lambda _: None), budgets=settings.budgets)
    rows.furnish()
    yield rows
    engine.dispose()


def _make_tree(repository: Path, *, work: Path) -> None:
    (work / "kernel").mkdir(parents=True)
    (work / "kernel" / "sys.c").write_text(SOURCE, encoding="utf-8")
    identity = ["-c", "user.name=t", "-c", "user.email=t@example.org"]
    for arguments in (["init", "-q"], ["add", "."], ["commit", "-q", "-m", "Begin"]):
        subprocess.run(["git", *identity, *arguments], cwd=work, check=True)
    subprocess.run(["git", "clone", "-q", "--bare", str(work), str(repository)], check=True)


class Server:
    """The server, a process like in a real lab."""

    def __init__(self, settings: Settings) -> None:
        self.url = settings.server_url
        self._settings = settings
        self._log = settings.data_dir / "server.log"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "kdyno.cli.main", "serve"],
                env={**os.environ, **self._settings.environment()},
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        wait_for("the server", self._answers, timeout_s=60)

    def kill(self) -> None:
        """End it as a crash would."""
        assert self._process is not None
        self._process.kill()
        self._process.wait(timeout=30)

    def _answers(self) -> bool:
        assert self._process is not None
        if self._process.poll() is not None:
            pytest.fail(self._log.read_text(encoding="utf-8")[-3000:])
        try:
            return httpx.get(f"{self.url}/healthz", timeout=5).status_code == 200
        except httpx.TransportError:
            return False


@pytest.fixture
def server(settings: Settings, lab: LabRows) -> Iterator[Server]:
    """A running server."""
    running = Server(settings)
    running.start()
    yield running
    running.kill()


@pytest.fixture
def page(browser: Browser, server: Server) -> Iterator[Page]:
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
