# SPDX-License-Identifier: GPL-2.0-or-later
"""A browser without a screen, on a lab whose rows a test makes."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from kdyno.app import create_app
from kdyno.config import Settings
from tests.lab_rows import LabRows


@pytest.fixture
def client(tmp_path: Path, migrated_url: str, lab: LabRows) -> Iterator[TestClient]:
    settings = Settings(data_dir=tmp_path, database_url=migrated_url, redis_url="redis://127.0.0.1:1/0")
    app = create_app(settings)
    with TestClient(app, base_url="http://127.0.0.1", headers={"Accept": "text/html"}) as browser:
        yield browser
    app.state.runtime.unit_of_work.engine.dispose()
