# SPDX-License-Identifier: GPL-2.0-or-later
"""`kdyno tree`, `image`, `machine`, `workload`, `token` and `cancel`: what a lab works with, by its API."""

from collections.abc import Iterator
from contextlib import contextmanager
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from kdyno.cli.client import Client

_REFUSED = 2
_LAB_FAILURE = 3
_PATIENCE_S = 30.0

tree_app = typer.Typer(no_args_is_help=True, help="Kernel source trees of this lab.")
image_app = typer.Typer(no_args_is_help=True, help="The golden image that machines are reset to.")
machine_app = typer.Typer(no_args_is_help=True, help="Machines under test.")
workload_app = typer.Typer(no_args_is_help=True, help="What can be measured.")
token_app = typer.Typer(no_args_is_help=True, help="Tokens of the REST API.")


@contextmanager
def _client() -> "Iterator[Client]":
    """The API of the lab on this computer; refusals and silence end with a line and a status."""
    from kdyno.cli.client import RequestRefusedError, ServerUnavailableError
    from kdyno.cli.submit import open_client

    client = open_client(server="", token_file=None, patience_s=_PATIENCE_S)
    try:
        yield client
    except RequestRefusedError as error:
        for problem in error.problems:
            typer.echo(f"kdyno: {problem.field}: {problem.reason}", err=True)
        raise typer.Exit(_REFUSED) from None
    except ServerUnavailableError as error:
        typer.echo(f"kdyno: {error}", err=True)
        raise typer.Exit(_LAB_FAILURE) from None
    finally:
        client.close()


def _table(rows: list[dict[str, Any]], columns: list[str], *, empty: str) -> None:
    from rich.console import Console
    from rich.table import Table

    console = Console()
    if not rows:
        console.print(empty)
        return
    table = Table(*columns)
    for row in rows:
        table.add_row(*("" if row[column] is None else str(row[column]) for column in columns))
    console.print(table)


@tree_app.command("add")
def add_tree(
    name: Annotated[str, typer.Argument(help="What requests will call it.")],
    source: Annotated[str, typer.Argument(metavar="URL|PATH", help="Git repository, or source archive.")],
) -> None:
    """Mirror a git repository, or import a source archive, on this build host; repeated, bring a mirror up to date.

    A large archive takes about a minute, a full kernel history much longer.
    """
    from kdyno.config import load_settings
    from kdyno.kernels.acquire import acquire_tree
    from kdyno.kernels.errors import InputError

    repository = load_settings().paths.tree(name)
    steps = iter(range(10, 101, 10))
    next_percent = next(steps)

    def progress(done: float) -> None:
        nonlocal next_percent
        if 100 * done >= next_percent:
            typer.echo(f"{next_percent} % imported")
            next_percent = next(steps, 1000)

    try:
        tree = acquire_tree(name=name, source=source, repository=repository, progress=progress)
    except InputError as error:
        typer.echo(f"kdyno: {error}", err=True)
        raise typer.Exit(_REFUSED) from None
    with _client() as client:
        body = {"name": tree.name, "source": tree.source, "default_revision": tree.default_revision}
        registered = client.call("POST", "/api/v1/trees", json=body)
    typer.echo(f"tree {name}: {registered['head_commit'][:12]} from {registered['source']}")


@tree_app.command("list")
def list_trees() -> None:
    """Show the trees that requests may name."""
    with _client() as client:
        rows = client.call("GET", "/api/v1/trees")
    _table(rows, ["name", "head_commit", "default_revision", "source"], empty="No trees yet: `kdyno tree add`.")


@image_app.command("build")
def build_golden_image() -> None:
    """Build the golden image unless it is there, and make it the one for new requests. Takes a few minutes."""
    from kdyno.config import load_settings
    from kdyno.machines.golden_image import ImageFailedError, ensure_golden_image

    try:
        image_id = ensure_golden_image(paths=load_settings().paths, say=typer.echo)
    except ImageFailedError as error:
        typer.echo(f"kdyno: {error}", err=True)
        raise typer.Exit(_LAB_FAILURE) from None
    with _client() as client:
        client.call("POST", "/api/v1/images", json={"id": image_id})
    typer.echo(f"image {image_id} is selected")


@machine_app.command("list")
def list_machines() -> None:
    """Show the machines, their health, and the jobs that hold them."""
    with _client() as client:
        rows = client.call("GET", "/api/v1/machines")
    _table(rows, ["name", "machine_type", "health", "health_reason", "job_id"], empty="This lab has no machines.")


@machine_app.command("health")
def change_health(
    name: Annotated[str, typer.Argument(help="The machine.")],
    health: Annotated[str, typer.Argument(metavar="good|broken")],
    reason: Annotated[str, typer.Option(help="Shown on the machines page.")],
) -> None:
    """Say that a machine may be used again, or may not."""
    with _client() as client:
        client.call("POST", f"/api/v1/machines/{name}/health", json={"health": health, "reason": reason})
    typer.echo(f"machine {name} is {health}")


@workload_app.command("list")
def list_workloads() -> None:
    """Show the workloads that requests may name; those `by default` run when a request names none."""
    with _client() as client:
        rows = client.call("GET", "/api/v1/workloads")
    for row in rows:
        row["by default"] = "yes" if row["by_default"] else ""
    _table(rows, ["name", "kind", "by default", "about"], empty="The catalogue is empty.")


@workload_app.command("benchmarks")
def list_benchmarks(
    name: Annotated[str, typer.Argument(help="Show the parameters of this one.")] = "",
) -> None:
    """Show the benchmarks that a request may name one by one, as in `--workload kbench:lat_ctx:processes=8`."""
    with _client() as client:
        rows = client.call("GET", "/api/v1/workloads/benchmarks")
    if not name:
        _table(rows, ["name", "unit", "direction", "summary"], empty="This lab's kbench has no benchmarks.")
        return
    found = [row for row in rows if row["name"] == name]
    if not found:
        near = get_close_matches(name, [row["name"] for row in rows], n=1)
        raise typer.BadParameter(f"no benchmark {name!r}" + (f", did you mean {near[0]!r}?" if near else ""))
    typer.echo(f"{name}: {found[0]['summary']}; {found[0]['unit']}, {found[0]['direction']} is better")
    typer.echo(f"placements: {', '.join(found[0]['placements'])}")
    parameters = found[0]["parameters"]
    for parameter in parameters:
        parameter["values"] = _values(parameter)
    _table(parameters, ["name", "default", "values", "about"], empty="It has no parameters.")


def _values(parameter: dict[str, Any]) -> str:
    if parameter["choices"] is not None:
        return ", ".join(parameter["choices"])
    return f"{parameter['min']} to {parameter['max']}" if parameter["max"] else ""


@token_app.command("create")
def create_token(
    name: Annotated[str, typer.Argument(help="Who or what will use it; an existing name gets a new token.")],
    token_file: Annotated[
        Path | None, typer.Option(help="Write it there, readable by you only, instead of printing it.")
    ] = None,
) -> None:
    """Make a token for the REST API. It is shown this once: the database keeps only its hash."""
    from kdyno.accounts import service
    from kdyno.cli.processes import lab_settings
    from kdyno.runtime import create_runtime

    runtime = create_runtime(lab_settings(), send_hint=lambda _: None, pool_size=1)
    with runtime.unit_of_work() as session:
        token = service.create_token(session, name=name)
    if token_file is None:
        typer.echo(token)
        return
    token_file.touch(mode=0o600)
    token_file.write_text(token + "\n", encoding="ascii")


@token_app.command("revoke")
def revoke_token(name: Annotated[str, typer.Argument(help="As given to `kdyno token create`.")]) -> None:
    """Withdraw a token."""
    from kdyno.accounts import service
    from kdyno.cli.processes import lab_settings
    from kdyno.runtime import create_runtime

    runtime = create_runtime(lab_settings(), send_hint=lambda _: None, pool_size=1)
    with runtime.unit_of_work() as session:
        found = service.revoke_token(session, name=name)
    if not found:
        typer.echo(f"kdyno: there is no token {name!r}", err=True)
        raise typer.Exit(_REFUSED)


def cancel(submission: Annotated[int, typer.Argument(help="Number of the submission.")]) -> None:
    """Stop a submission: what runs is powered off, what waits never begins."""
    with _client() as client:
        client.call("POST", f"/api/v1/submissions/{submission}/cancel")
    typer.echo(f"submission {submission}: stopping")
