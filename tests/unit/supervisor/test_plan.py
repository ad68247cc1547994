# SPDX-License-Identifier: GPL-2.0-or-later
"""The children of a lab."""

from pathlib import Path

from kdyno.config import Settings, load_settings
from kdyno.supervisor.addresses import with_embedded_servers
from kdyno.supervisor.plan import child_environment, python_children


def settings(**changes: object) -> Settings:
    return with_embedded_servers(load_settings(data_dir=Path("/d"), **changes))


def test_every_queue_has_exactly_one_worker() -> None:
    queues = []
    for child in python_children(settings(lab_name="attic"), embedded_mail=True):
        queues += [word for before, word in zip(child.argv, child.argv[1:], strict=False) if before == "--queue"]
    assert sorted(queues) == ["build", "control", "lab.attic"]


def test_a_mail_server_of_ones_own_replaces_the_mailbox() -> None:
    names = {child.name for child in python_children(settings(), embedded_mail=False)}
    assert names == {"server", "worker-build", "worker-lab", "beat", "console"}


def test_children_read_the_very_settings_of_the_supervisor() -> None:
    environment = child_environment(settings(port=1234, limits={"max_patch_bytes": 2048}))
    assert environment["KDYNO_PORT"] == "1234"
    assert environment["DATABASE_URL"] == "postgresql://kdyno@/kdyno?host=/d/run/pg"
    assert environment["REDIS_URL"] == "redis+socket:///d/run/vk/valkey.sock"
    assert '"max_patch_bytes":2048' in environment["KDYNO_LIMITS"]


def test_a_long_data_directory_still_gets_short_socket_paths() -> None:
    deep = load_settings(data_dir=Path("/" + "x" * 150))
    assert len(str(deep.paths.sockets / "pg" / ".s.PGSQL.5432.lock")) < 108
    assert deep.paths.sockets != load_settings(data_dir=Path("/" + "y" * 150)).paths.sockets
