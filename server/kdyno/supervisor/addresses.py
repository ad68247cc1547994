# SPDX-License-Identifier: GPL-2.0-or-later
"""Where the servers of a lab are: those named in the environment, else the embedded ones."""

from kdyno.config import Settings
from kdyno.supervisor.postgres import database_url, postgres_sockets
from kdyno.supervisor.valkey import redis_url, valkey_sockets


def with_embedded_servers(settings: Settings) -> Settings:
    """The settings with every missing address filled in, as the children of `kdyno up` see them.

    The addresses follow from the data directory, so any later command finds a running lab by it.
    """
    paths = settings.paths
    return settings.model_copy(
        update={
            "database_url": settings.database_url or database_url(postgres_sockets(paths)),
            "redis_url": settings.redis_url or redis_url(valkey_sockets(paths)),
            "smtp_url": settings.smtp_url or f"smtp://127.0.0.1:{settings.smtp_port}",
        }
    )
