# SPDX-License-Identifier: GPL-2.0-or-later
"""What the demo needs beside a running lab: a golden image and a kernel tree. Each step is quick when it is there."""

import subprocess
import time
from collections import deque
from pathlib import Path

from rich.console import Console
from rich.status import Status

from kdyno.cli.progress import duration_text
from kdyno.config import Settings
from kdyno.supervisor.plan import child_environment, kdyno_command

TREE_NAME = "debian"
SOURCES = Path("/usr/src")
_TAIL_LINES = 15


class StepFailedError(Exception):
    """A step of the demo failed; the message says which, and its last words."""


def ensure_image(settings: Settings, *, console: Console) -> None:
    """The golden image, built when the lab has none for the present recipe."""
    _run(settings, "image", "build", what="machine image", console=console)


def ensure_tree(settings: Settings, *, console: Console) -> str:
    """The demo's kernel tree, imported when the lab has none; returns its name."""
    archive = find_archive(SOURCES)
    _run(settings, "tree", "add", TREE_NAME, str(archive), what=f"kernel tree from {archive.name}", console=console)
    return TREE_NAME


def find_archive(directory: Path) -> Path:
    """The newest kernel source that the distribution's linux-source package has put there."""
    archives = sorted(directory.glob("linux-source-*.tar.*"), key=_version)
    if not archives:
        raise StepFailedError(f"no linux-source archive in {directory}: run setup/ensure-system-packages run build")
    return archives[-1]


def _version(archive: Path) -> tuple[int, ...]:
    text = archive.name.removeprefix("linux-source-").partition(".tar")[0]
    return tuple(int(part) for part in text.split(".") if part.isdigit())


def _run(settings: Settings, *arguments: str, what: str, console: Console) -> None:
    """Run one `kdyno` command, showing its latest line and the elapsed time."""
    begin_s = time.monotonic()
    tail: deque[str] = deque(maxlen=_TAIL_LINES)
    with (
        console.status(what) as status,
        subprocess.Popen(
            kdyno_command(*arguments),
            env=child_environment(settings),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
        ) as process,
    ):
        _follow(process, tail=tail, status=status, what=what)
    took = duration_text(time.monotonic() - begin_s)
    if process.returncode != 0:
        words = "\n    ".join(tail)
        raise StepFailedError(f"{what}: `kdyno {' '.join(arguments)}` ended with {process.returncode}:\n    {words}")
    console.print(f"{what}: there after {took}", highlight=False, markup=False)


def _follow(process: subprocess.Popen[str], *, tail: deque[str], status: Status, what: str) -> None:
    if process.stdout is None:
        return
    try:
        for line in process.stdout:
            tail.append(line.rstrip())
            status.update(f"{what}: {line.strip()[:100]}")
    except BaseException:
        process.terminate()
        raise
