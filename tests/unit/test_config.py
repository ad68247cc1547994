# SPDX-License-Identifier: GPL-2.0-or-later
"""Settings: read from the environment, handed on whole, refused with the variable's name."""

from pathlib import Path

import pytest

from kdyno.config import ConfigError, load_settings


def test_wrong_values_are_all_named_by_their_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KDYNO_PORT", "70000")
    monkeypatch.setenv("KDYNO_LIMITS__MAX_PATCH_BYTES", "many")
    monkeypatch.setenv("KDYNO_ACCELERATOR", "warp")
    with pytest.raises(ConfigError) as caught:
        load_settings()
    lines = str(caught.value).splitlines()
    assert [line.partition(":")[0] for line in lines] == [
        "KDYNO_PORT",
        "KDYNO_ACCELERATOR",
        "KDYNO_LIMITS__MAX_PATCH_BYTES",
    ]
    assert "70000" in lines[0]


def test_a_wrong_address_does_not_show_its_password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "mysql://user:secret@host/db")
    with pytest.raises(ConfigError, match="DATABASE_URL: must start with postgresql://") as caught:
        load_settings()
    assert "secret" not in str(caught.value)


def test_settings_survive_the_way_through_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    settings = load_settings(
        data_dir=tmp_path, port=81, database_url="postgresql:///x", limits={"max_boots_per_arm": 3}, build_jobs=1
    )
    for name, value in settings.environment().items():
        monkeypatch.setenv(name, value)
    assert load_settings() == settings


def test_the_public_address_follows_host_and_port_unless_it_is_given() -> None:
    assert load_settings(port=99).public_url == "http://127.0.0.1:99"
    assert load_settings(port=99, public_url="https://lab.example").public_url == "https://lab.example"


def test_two_servers_cannot_share_a_port() -> None:
    with pytest.raises(ConfigError, match="KDYNO_PORT and KDYNO_SMTP_PORT are both 81"):
        load_settings(port=81, smtp_port=81)
