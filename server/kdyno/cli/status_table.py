# SPDX-License-Identifier: GPL-2.0-or-later
"""Draws what a running lab says of itself, with the memory that its processes use now."""

import json
from dataclasses import asdict
from pathlib import Path

import typer
from rich.console import Console
from rich.table import Table

from kdyno.config import MIB, Paths
from kdyno.supervisor.lock import is_held
from kdyno.supervisor.state import ChildReport, LabReport, LabState, read_report
from kdyno_lab.power.process import ProcessIdentity, is_alive

EXIT_READY = 0
EXIT_NOT_READY = 3


def show(paths: Paths, *, json_output: bool) -> int:
    """Print the state of the lab; returns the exit code."""
    report = read_report(paths.up_json)
    running = is_held(paths.lock)
    if report is None or not running:
        message = report.message if report else ""
        typer.echo(f"no lab is running in {paths.data_dir}{': it ended because ' + message if message else ''}")
        return EXIT_NOT_READY
    memory = {name: memory_bytes(child.identity) for name, child in report.children.items()}
    memory["supervisor"] = memory_bytes(report.supervisor, with_descendants=False)
    if json_output:
        typer.echo(json.dumps({**asdict(report), "memory_bytes": memory, "memory_total_bytes": sum(memory.values())}))
    else:
        _draw(report, memory)
    return EXIT_READY if report.state is LabState.READY else EXIT_NOT_READY


def memory_bytes(identity: ProcessIdentity | None, *, with_descendants: bool = True) -> int:
    """Memory of a process and all below it, virtual machines excepted: shared pages count in equal parts."""
    if identity is None or not is_alive(identity):
        return 0
    return sum(_pss_bytes(pid) for pid in ([*_tree(identity.pid)] if with_descendants else [identity.pid]))


def _tree(pid: int) -> list[int]:
    pids = [pid]
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            children = task.read_text(encoding="ascii").split()
        except OSError:
            continue
        for child in children:
            pids += _tree(int(child))
    return [found for found in pids if not _is_machine(found)]


def _is_machine(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/comm").read_text(encoding="utf-8").startswith("qemu-system")
    except OSError:
        return True


def _pss_bytes(pid: int) -> int:
    """Proportional set size; where it may not be read, the resident set, which counts shared pages in full."""
    for name, key in (("smaps_rollup", "Pss:"), ("status", "VmRSS:")):
        try:
            lines = Path(f"/proc/{pid}/{name}").read_text(encoding="ascii", errors="replace").splitlines()
        except OSError:
            continue
        for line in lines:
            if line.startswith(key):
                return int(line.split()[1]) * 1024
    return 0


def _draw(report: LabReport, memory: dict[str, int]) -> None:
    console = Console()
    took = f" after {report.ready_after_s:.1f} s" if report.ready_after_s is not None else ""
    console.print(f"lab in {report.data_dir}: [bold]{report.state}[/bold]{took}, {report.url}", highlight=False)
    table = Table(box=None, pad_edge=False)
    for heading in ("process", "state", "pid", "MiB", "ready", "restarts", "last end", "what it does"):
        table.add_column(heading, justify="right" if heading in {"pid", "MiB", "ready", "restarts"} else "left")
    own = ChildReport(about="keeps the others running", log="", identity=report.supervisor)
    table.add_row(*_row("supervisor", own, memory["supervisor"], state=report.state))
    for name, child in report.children.items():
        table.add_row(*_row(name, child, memory[name], state=child.state))
    table.add_row("total", "", "", f"{sum(memory.values()) / MIB:.0f}")
    console.print(table)


def _row(name: str, child: ChildReport, memory: int, *, state: str) -> tuple[str, ...]:
    return (
        name,
        state,
        str(child.identity.pid) if child.identity else "",
        f"{memory / MIB:.0f}",
        f"{child.ready_after_s:.1f} s" if child.ready_after_s is not None else "",
        str(child.restarts or ""),
        child.last_end,
        child.about,
    )
