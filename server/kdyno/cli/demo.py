# SPDX-License-Identifier: GPL-2.0-or-later
"""`kdyno demo`: the whole path once on this computer, from a patch to its verdict."""

import signal
import time
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from kdyno.cli.up import DataDir, Port, given

if TYPE_CHECKING:
    from rich.console import Console

    from kdyno.cli.stages import StageClock
    from kdyno.config import Settings

_LAB_FAILURE = 3


class Example(StrEnum):
    """The patches in examples/patches that the demo can send, without their suffix."""

    SLOW = "getppid-slower"
    COMMENT = "comment-only"


def demo(
    example: Annotated[Example, typer.Option(help="Which example patch to send.")] = Example.SLOW,
    boots: Annotated[int, typer.Option(min=2, help="Boots of each kernel.")] = 2,
    once: Annotated[bool, typer.Option("--once", help="End after the verdict, with its exit code.")] = False,
    setup_seconds: Annotated[float, typer.Option(hidden=True)] = 0.0,
    data_dir: DataDir = None,
    port: Port = None,
) -> None:
    """Start a lab here, send it an example patch and show the verdict. Stays up until Ctrl-C.

    The first run makes a kernel tree and a machine image; later runs find them. All that it starts ends with it.
    """
    from rich.console import Console

    from kdyno.cli.demo_steps import StepFailedError
    from kdyno.config import load_settings
    from kdyno.supervisor.child import become_subreaper
    from kdyno.supervisor.errors import LabError
    from kdyno.supervisor.remains import end_descendants

    settings = load_settings(**given(data_dir=data_dir, port=port))
    signal.signal(signal.SIGTERM, _like_ctrl_c)
    signal.signal(signal.SIGHUP, _like_ctrl_c)
    become_subreaper()
    console = Console()
    try:
        code = _run(settings, console=console, example=example, boots=boots, once=once, setup_seconds=setup_seconds)
    except KeyboardInterrupt:
        code = 0
    except (LabError, StepFailedError) as error:
        typer.echo(f"kdyno: {error}", err=True)
        code = _LAB_FAILURE
    finally:
        end_descendants()
    raise typer.Exit(code)


def _like_ctrl_c(*_: object) -> NoReturn:
    raise KeyboardInterrupt


def _run(
    settings: "Settings", *, console: "Console", example: Example, boots: int, once: bool, setup_seconds: float
) -> int:
    from kdyno.cli.demo_steps import ensure_image, ensure_tree
    from kdyno.cli.local_lab import local_lab
    from kdyno.cli.stages import StageClock

    clock = StageClock()
    if setup_seconds > 0:
        clock.add("setup", setup_seconds)
    begin_s = time.monotonic()
    console.print(f"Starting the lab in {settings.data_dir} ...", highlight=False)
    with local_lab(settings) as lab:
        clock.add("lab start", time.monotonic() - begin_s)
        console.print(f"The lab is up: {settings.public_url}", highlight=False)
        with clock.stage("image"):
            ensure_image(settings, console=console)
        with clock.stage("tree"):
            tree = ensure_tree(settings, console=console)
        code = _send(settings, console=console, clock=clock, tree=tree, example=example, boots=boots)
        console.print()
        console.print(clock.table())
        console.print(f"Total: {time.monotonic() - begin_s + setup_seconds:.0f} s", highlight=False)
        if not once:
            console.print(f"\nThe lab stays up at {settings.public_url}, until Ctrl-C.", highlight=False)
            lab.wait()
            raise _lab_ended(settings)
    return code


def _send(
    settings: "Settings", *, console: "Console", clock: "StageClock", tree: str, example: Example, boots: int
) -> int:
    """Send the example through the API, as `kdyno submit --wait` does. Returns the exit code."""
    from kdyno.checkout import EXAMPLE_PATCHES
    from kdyno.cli.client import RequestRefusedError, ServerUnavailableError
    from kdyno.cli.demo_steps import StepFailedError
    from kdyno.cli.submit import follow, open_client, read_patch
    from kdyno.cli.verdict_table import exit_code, print_outcome

    request = {
        "tree": tree,
        "patch": read_patch(str(EXAMPLE_PATCHES / f"{example}.patch")),
        "boots_per_arm": boots,
        "mail": "you@localhost",
    }
    client = open_client(server=settings.server_url, token_file=settings.paths.cli_token)
    try:
        view = client.submit(request, idempotency_key=f"demo-{time.time_ns()}")
        console.print(f"\nSubmission {view.id}: {view.title}\n{view.url}\n", highlight=False, markup=False)
        view = follow(client, view, console=console, watch=lambda v: clock.watch(v, now_s=time.monotonic()))
    except (RequestRefusedError, ServerUnavailableError) as error:
        raise StepFailedError(str(error)) from error
    finally:
        client.close()
    console.print()
    print_outcome(console, view)
    console.print(f"\nThe page with all samples: {view.url}", highlight=False)
    return exit_code(view)


def _lab_ended(settings: "Settings") -> Exception:
    from kdyno.supervisor.errors import LabError
    from kdyno.supervisor.state import read_report

    report = read_report(settings.paths.up_json)
    return LabError(f"the lab has ended: {report.message if report and report.message else 'somebody stopped it'}")
