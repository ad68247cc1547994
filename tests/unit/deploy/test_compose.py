# SPDX-License-Identifier: GPL-2.0-or-later
"""docker-compose.yml says what it should: nothing here starts a container, so mistakes are looked for by reading."""

import re
from pathlib import Path
from typing import Any

import pytest
import typer
import yaml
from typer.core import TyperGroup

from kdyno.cli.main import app
from kdyno.config import Settings, load_settings
from kdyno.supervisor.plan import kdyno_command, python_children

ROOT = Path(__file__).parents[3]
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = {name: service for name, service in SERVICES.items() if service["image"] == "kdyno"}
ONE_SHOT = {name for name, service in SERVICES.items() if service["restart"] == "no"}
KDYNO_COMMANDS = {name: service["command"] for name, service in OURS.items() if service["command"][0] == "kdyno"}


@pytest.mark.parametrize("name", KDYNO_COMMANDS)
def test_every_command_is_one_that_kdyno_has(name: str) -> None:
    _, word, *arguments = KDYNO_COMMANDS[name]
    group = typer.main.get_command(app)
    assert isinstance(group, TyperGroup)
    command = group.commands[word]
    command.make_context(word, list(arguments))


def test_the_services_of_a_lab_are_all_there() -> None:
    words = {command[1] for command in KDYNO_COMMANDS.values()}
    assert {"migrate", "init", "serve", "worker", "beat"} <= words
    queues = {
        command[place + 1]
        for command in KDYNO_COMMANDS.values()
        for place, word in enumerate(command)
        if word == "--queue"
    }
    assert queues == {"build", "control", "lab.local"}
    assert "kdyno_lab.console" in SERVICES["console"]["command"]
    assert {"postgres", "redis", "grafana"} <= set(SERVICES)


def test_dependencies_wait_for_what_they_need() -> None:
    for name, service in SERVICES.items():
        for other, how in service.get("depends_on", {}).items():
            wanted = "service_completed_successfully" if other in ONE_SHOT else "service_healthy"
            assert how["condition"] == wanted, f"{name} waits for {other}"
            assert other in ONE_SHOT or "healthcheck" in SERVICES[other], f"{other} has no health to wait for"
    assert SERVICES["init"]["depends_on"].keys() == {"migrate"}


def test_secrets_have_no_default() -> None:
    secret = re.compile(r"PASSWORD|_URL$")
    for name, service in SERVICES.items():
        for key, value in service.get("environment", {}).items():
            if secret.search(key) and key != "REDIS_URL":
                assert re.search(r"\$\{\w+:\?[^}]+\}", value), f"{name}: {key}"


def test_ports_are_open_to_this_host_only() -> None:
    ports = [port for service in SERVICES.values() for port in service.get("ports", [])]
    assert ports and all(port.startswith("127.0.0.1:") for port in ports)


def test_files_that_are_mounted_exist() -> None:
    mounted = [volume.split(":")[0] for service in SERVICES.values() for volume in service.get("volumes", [])]
    for source in mounted:
        assert (ROOT / source).exists() if source.startswith(".") else source in COMPOSE["volumes"], source


def test_the_settings_are_ones_that_kdyno_reads(monkeypatch: pytest.MonkeyPatch) -> None:
    for key, value in OURS["server"]["environment"].items():
        filled = re.sub(r"\$\{KDYNO_MAIL_FROM[^}]*\}", "kdyno <k@example.org>", value)
        filled = re.sub(r"\$\{POSTGRES_PASSWORD[^}]*\}", "x", filled)
        filled = re.sub(r"\$\{SMTP_URL[^}]*\}", "smtp://mail.example.org:25", filled)
        filled = re.sub(r"\$\{KDYNO_PUBLIC_URL[^}]*\}", "https://kdyno.example.org", filled)
        monkeypatch.setenv(key, filled)
    settings = load_settings()
    assert settings.database_url == "postgresql://kdyno:x@postgres:5432/kdyno"
    assert settings.port == 8080


def test_the_console_reader_is_started_as_kdyno_up_starts_it() -> None:
    settings = Settings(data_dir=Path("/var/lib/kdyno"))
    (child,) = (spec for spec in python_children(settings, embedded_mail=False) if spec.name == "console")
    own = [word for word in child.argv if word.startswith("--")]
    assert own == [word for word in SERVICES["console"]["command"] if word.startswith("--")]
    assert kdyno_command("serve")[-1] == SERVICES["server"]["command"][-1]


def test_grafana_is_provisioned_from_files() -> None:
    folder = ROOT / "dashboards" / "provisioning"
    source = yaml.safe_load((folder / "datasources" / "kdyno.yml").read_text(encoding="utf-8"))["datasources"][0]
    assert source["user"] == "kdyno_grafana" and source["uid"] == "kdyno"
    text = (folder / "datasources" / "kdyno.yml").read_text(encoding="utf-8")
    wanted = set(re.findall(r"\$__env\{(\w+)\}", text))
    assert wanted <= SERVICES["grafana"]["environment"].keys()
    provider = yaml.safe_load((folder / "dashboards" / "kdyno.yml").read_text(encoding="utf-8"))["providers"][0]
    assert f"./dashboards:{provider['options']['path']}:ro" in SERVICES["grafana"]["volumes"]
