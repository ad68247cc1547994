# SPDX-License-Identifier: GPL-2.0-or-later
"""`kdyno up` and `kdyno status`: run a lab on this computer, and see how it is."""

from pathlib import Path
from typing import Annotated

import typer

DataDir = Annotated[
    Path | None,
    typer.Option("--data-dir", help="Where the lab keeps everything. (default: KDYNO_DATA_DIR)", show_default=False),
]
Port = Annotated[
    int | None,
    typer.Option("--port", help="Port of web pages and API. (default: KDYNO_PORT, else 8080)", show_default=False),
]


def up(
    data_dir: DataDir = None,
    port: Port = None,
    ready_file: Annotated[
        Path | None, typer.Option(help="Write the lab's address to this file once it is ready.", show_default=False)
    ] = None,
) -> None:
    """Run a whole lab in this terminal until Ctrl-C: database, broker, server, workers, mailbox, virtual machines.

    What it started ends with it. Started again on the same data directory, it goes on where it was.
    """
    from kdyno.config import load_settings
    from kdyno.supervisor.errors import LabError
    from kdyno.supervisor.lab import Lab

    settings = load_settings(**given(data_dir=data_dir, port=port))
    lab = Lab(settings, say=_say, ready_file=ready_file)
    try:
        lab.run()
    except LabError as error:
        typer.echo(f"kdyno: {error}", err=True)
        raise typer.Exit(3) from None


def status(
    data_dir: DataDir = None,
    json_output: Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")] = False,
) -> None:
    """Show the lab that runs on this computer: its processes, their memory, their restarts. Exits 0 when ready."""
    from kdyno.cli.status_table import show
    from kdyno.config import load_settings

    settings = load_settings(**given(data_dir=data_dir))
    raise typer.Exit(show(settings.paths, json_output=json_output))


def given(**options: object) -> dict[str, object]:
    """The options that were given; the others leave their settings as they are."""
    return {name: value for name, value in options.items() if value is not None}


def _say(text: str) -> None:
    from datetime import datetime

    typer.echo(f"{datetime.now().astimezone():%H:%M:%S} {text}")
