# SPDX-License-Identifier: GPL-2.0-or-later
"""Commands that are one process of a lab. `kdyno up` runs them for you; in production each is a service."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from kdyno.config import Settings

# Open pages hold event streams, which never end by themselves.
_SERVER_GRACE_S = 3


def lab_settings() -> "Settings":
    """Settings with the addresses of a lab that `kdyno up` runs on the same data directory."""
    from kdyno.config import load_settings
    from kdyno.supervisor.addresses import with_embedded_servers

    return with_embedded_servers(load_settings())


def serve() -> None:
    """Serve web pages and API on KDYNO_HOST and KDYNO_PORT."""
    import uvicorn

    from kdyno.app import create_app

    settings = lab_settings()
    uvicorn.run(
        create_app(settings),
        host=settings.host,
        port=settings.port,
        log_level=settings.log_level,
        access_log=False,
        timeout_graceful_shutdown=_SERVER_GRACE_S,
    )


def worker(
    queue: Annotated[list[str], typer.Option(help="Queue to serve: build, control, lab.NAME. May be repeated.")],
    threads: Annotated[int, typer.Option(min=1, max=64, help="Tasks at a time.")] = 1,
    name: Annotated[str, typer.Option(help="What to call this worker.")] = "worker",
) -> None:
    """Work on what the queues hint at."""
    from kdyno.worker import celery_app, configure

    settings = lab_settings()
    configure(celery_app, settings)
    celery_app.worker_main(
        [
            "worker",
            "--pool=threads",
            f"--concurrency={threads}",
            f"--queues={','.join(queue)}",
            f"--hostname={name}@%h",
            f"--loglevel={settings.log_level}",
            # workers have nothing to tell each other: the tables hold all facts
            "--without-gossip",
            "--without-mingle",
            "--without-heartbeat",
        ]
    )


def beat() -> None:
    """Give the workers their clock: the sweeper and the outbox run at its beat."""
    from kdyno.worker import celery_app, configure

    settings = lab_settings()
    configure(celery_app, settings)
    # a clock names tasks but runs none: without their code it needs half the memory
    celery_app.conf.include = []
    celery_app.Beat(loglevel=settings.log_level, quiet=True).run()


def migrate() -> None:
    """Bring the database's schema up to date."""
    from kdyno.db.migrate import upgrade

    settings = lab_settings()
    assert settings.database_url is not None  # noqa: S101  (filled in by lab_settings)
    upgrade(settings.database_url)


def init() -> None:
    """Prepare a lab's database: schema, the command line's token, the machines. Safe to repeat."""
    from kdyno.bootstrap import register_lab
    from kdyno.runtime import create_runtime
    from kdyno.supervisor.tokens import ensure_token

    migrate()
    settings = lab_settings()
    ensure_token(settings.paths.cli_token)
    ensure_token(settings.paths.lab_token)
    # nobody listens for hints yet
    runtime = create_runtime(settings, send_hint=lambda _: None, pool_size=1)
    register_lab(runtime.unit_of_work, settings=settings)


COMMANDS: dict[str, Callable[..., None]] = {
    "serve": serve,
    "worker": worker,
    "beat": beat,
    "migrate": migrate,
    "init": init,
}
