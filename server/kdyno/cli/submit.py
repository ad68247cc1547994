# SPDX-License-Identifier: GPL-2.0-or-later
"""`kdyno submit`: send a test request, and wait for its verdict."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

if TYPE_CHECKING:
    from collections.abc import Callable

    from rich.console import Console

    from kdyno.cli.client import Client
    from kdyno.submissions.schemas import FieldProblem, SubmissionView

_USAGE = 2
_LAB_FAILURE = 3


def submit(
    tree: Annotated[str, typer.Option(help="Tree the patch is for; `kdyno tree list` shows them.")],
    patch: Annotated[str, typer.Option(metavar="FILE", help="The patch; - reads it from standard input.")],
    base: Annotated[str, typer.Option(help="Revision the patch applies to. (default: the tree's own)")] = "",
    kconfig: Annotated[str, typer.Option(help="tinyconfig or defconfig, then +FRAGMENT for each fragment.")] = "",
    workload: Annotated[
        list[str] | None,
        typer.Option(
            help="Workload to run, may be repeated; `kdyno workload list` shows them. (default: the micro benchmarks)",
            show_default=False,
        ),
    ] = None,
    profile: Annotated[
        bool, typer.Option("--profile", help="Run each workload once more at the end of a boot, profiled.")
    ] = False,
    machine_type: Annotated[str, typer.Option(help="Type of machine. (default: the only one)")] = "",
    boots: Annotated[
        int | None, typer.Option(min=1, help="Boots of each kernel. (default: the server's)", show_default=False)
    ] = None,
    mail: Annotated[str, typer.Option(metavar="ADDRESS", help="Where to send the verdict.")] = "",
    title: Annotated[str, typer.Option(help="(default: the patch's subject)")] = "",
    wait: Annotated[bool, typer.Option("--wait", help="Show progress, then the verdict, and exit by it.")] = False,
    json_output: Annotated[bool, typer.Option("--json", help="Print the submission as JSON.")] = False,
    server: Annotated[
        str, typer.Option(envvar="KDYNO_SERVER", help="URL of the server. (default: the lab on this computer)")
    ] = "",
    token_file: Annotated[
        Path | None,
        typer.Option(envvar="KDYNO_TOKEN_FILE", help="(default: the local lab's token)", show_default=False),
    ] = None,
    idempotency_key: Annotated[
        str, typer.Option(help="Sent twice with the same key, a request is queued once. (default: random)")
    ] = "",
) -> None:
    """Send a patch to be measured against its base.

    With --wait the exit code is the answer: 0 no regression, 1 regression, 2 the request is wrong or its kernel does
    not build or run, 3 the lab failed, 4 more boots are needed. Without --wait, 0 means that the request is queued.
    """
    # what was not given is left to the server, which knows its defaults
    wanted: dict[str, object] = {"base": base, "kconfig": kconfig, "workloads": workload, "machine_type": machine_type}
    wanted |= {"boots_per_arm": boots, "profile": profile, "mail": mail, "title": title}
    request: dict[str, Any] = {"tree": tree, "patch": read_patch(patch)}
    request |= {name: value for name, value in wanted.items() if value}
    client = open_client(server=server, token_file=token_file, patience_s=None if wait else 30.0)
    raise typer.Exit(send_request(client, request, wait=wait, json_output=json_output, idempotency_key=idempotency_key))


def send_request(
    client: "Client", request: dict[str, Any], *, wait: bool, json_output: bool, idempotency_key: str = ""
) -> int:
    """Send, and follow when told to. Returns the exit code."""
    import secrets

    from rich.console import Console

    from kdyno.cli.client import RequestRefusedError, ServerUnavailableError
    from kdyno.cli.verdict_table import exit_code, print_outcome

    # JSON is for a program that reads standard output; people's words then go beside it
    console = Console(stderr=json_output)
    try:
        view = client.submit(request, idempotency_key=idempotency_key or secrets.token_urlsafe(16))
        console.print(f"Submission {view.id}: {view.title}\n{view.url}", highlight=False, markup=False, soft_wrap=True)
        if wait:
            view = follow(client, view, console=console)
            print_outcome(console, view)
    except RequestRefusedError as error:
        return _print_refusal(error.problems)
    except ServerUnavailableError as error:
        typer.echo(f"kdyno: {error}", err=True)
        return _LAB_FAILURE
    if json_output:
        typer.echo(view.model_dump_json(by_alias=True, indent=1))
    return exit_code(view) if wait else 0


def follow(
    client: "Client",
    view: "SubmissionView",
    *,
    console: "Console",
    watch: "Callable[[SubmissionView], None]" = lambda _: None,
) -> "SubmissionView":
    """Show a submission's progress until it has ended; `watch` gets each view. Returns the last one."""
    from kdyno.cli.progress import display

    with display(console) as progress:
        for latest in client.follow(view.id):
            view = latest
            progress.show(view)
            watch(view)
    return view


def open_client(*, server: str, token_file: Path | None, patience_s: float | None = None) -> "Client":
    """The API of a server, by default that of the lab on this computer."""
    from kdyno.cli.client import PATIENCE_S, Client
    from kdyno.config import load_settings

    settings = load_settings()
    path = token_file or settings.paths.cli_token
    try:
        token = path.read_text(encoding="ascii").strip()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        _usage(f"cannot read the token {path}: {reason}; `kdyno up` makes one, --token-file names another")
    return Client(server or settings.server_url, token=token, patience_s=patience_s or PATIENCE_S)


def read_patch(name: str) -> str:
    """The patch as text. JSON carries no other bytes, and a guess would change what the patch says."""
    try:
        content = sys.stdin.buffer.read() if name == "-" else Path(name).read_bytes()
    except OSError as error:
        _usage(f"cannot read the patch {name}: {error.strerror}")
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        _usage(f"the patch {name} is not UTF-8: byte {error.start} is {content[error.start]:#04x}")


def _print_refusal(problems: "list[FieldProblem]") -> int:
    typer.echo("kdyno: the request was refused, nothing was queued:", err=True)
    for problem in problems:
        typer.echo(f"  {problem.field}: {problem.reason}", err=True)
    return _USAGE


def _usage(message: str) -> NoReturn:
    typer.echo(f"kdyno: {message}", err=True)
    raise typer.Exit(_USAGE)
