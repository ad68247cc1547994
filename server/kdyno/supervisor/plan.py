# SPDX-License-Identifier: GPL-2.0-or-later
"""Which programs make up a lab. To add one, add its line here."""

import os
import sys
from collections.abc import Mapping

from kdyno.config import Paths, Settings
from kdyno.supervisor.child import ChildSpec, Probe
from kdyno.supervisor.probes import http_ok, smtp_greets

# A worker is told to finish what it does; builds and playbooks take longer than anybody wants to wait at Ctrl-C,
# and whatever is cut off here is found by the sweeper at the next start.
LAB_THREADS = 4
BUILD_THREADS = 1

# how Celery says that it takes messages
_WORKER_IS_READY = " ready."


def child_environment(settings: Settings) -> dict[str, str]:
    """The environment of every Python child: ours, these very settings, and what keeps it small."""
    return {
        **os.environ,
        **settings.environment(),
        "PYTHONUNBUFFERED": "1",
        # glibc would give each thread an arena, OpenBLAS each CPU a thread with a buffer
        "MALLOC_ARENA_MAX": "2",
        "OPENBLAS_NUM_THREADS": "1",
    }


def python_children(settings: Settings, *, embedded_mail: bool) -> list[ChildSpec]:
    """Everything but the database and the broker; they start side by side."""
    environment = child_environment(settings)
    # control is with the lab, not with the builds: a job must move on while a kernel is compiled
    lab_queues = ("--queue", "control", "--queue", f"lab.{settings.lab_name}")
    probe_host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(settings.host, settings.host)  # noqa: S104
    children = [
        _kdyno(
            settings,
            environment,
            "server",
            about="web pages and API",
            arguments=("serve",),
            ready=lambda: http_ok(probe_host, settings.port, path="/healthz"),
        ),
        _kdyno(
            settings,
            environment,
            "worker-build",
            about="builds kernels",
            arguments=("worker", "--name", "build", "--queue", "build", "--threads", str(BUILD_THREADS)),
            ready_words=_WORKER_IS_READY,
        ),
        _kdyno(
            settings,
            environment,
            "worker-lab",
            about="moves jobs on, works the machines",
            arguments=("worker", "--name", "lab", *lab_queues, "--threads", str(LAB_THREADS)),
            ready_words=_WORKER_IS_READY,
        ),
        _kdyno(
            settings,
            environment,
            "beat",
            about="clock of the sweeper",
            arguments=("beat",),
            ready_words="beat: Starting",
        ),
        _module(
            settings,
            environment,
            "console",
            about="reads serial consoles",
            arguments=("kdyno_lab.console", "--server", settings.server_url, *_console_files(settings.paths)),
        ),
    ]
    if embedded_mail:
        children.append(
            _module(
                settings,
                environment,
                "mail",
                about="mailbox for this lab's mails",
                arguments=("kdyno.mail.sink",),
                ready=lambda: smtp_greets("127.0.0.1", settings.smtp_port),
            )
        )
    return children


def _console_files(paths: Paths) -> tuple[str, ...]:
    return ("--token-file", str(paths.lab_token), "--consoles", str(paths.consoles))


def kdyno_command(*arguments: str) -> tuple[str, ...]:
    """This very kdyno as a command line; -P keeps the working directory off the import path."""
    return (sys.executable, "-P", "-m", "kdyno.cli.main", *arguments)


def _kdyno(
    settings: Settings,
    environment: Mapping[str, str],
    name: str,
    *,
    about: str,
    arguments: tuple[str, ...],
    ready: Probe | None = None,
    ready_words: str = "",
) -> ChildSpec:
    return ChildSpec(
        name=name,
        argv=kdyno_command(*arguments),
        about=about,
        environment=environment,
        working_directory=settings.data_dir,
        ready=ready,
        ready_words=ready_words,
    )


def _module(
    settings: Settings,
    environment: Mapping[str, str],
    name: str,
    *,
    about: str,
    arguments: tuple[str, ...],
    ready: Probe | None = None,
) -> ChildSpec:
    return ChildSpec(
        name=name,
        argv=(sys.executable, "-P", "-m", *arguments),
        about=about,
        environment=environment,
        working_directory=settings.data_dir,
        ready=ready,
    )
