# SPDX-License-Identifier: GPL-2.0-or-later
"""What the demo needs beside a running lab: a golden image and a kernel tree. Each step is quick when it is there."""

import os
import signal
import time
from collections import deque
from pathlib import Path

from rich.console import Console

from kdyno.cli.progress import duration_text
from kdyno.config import Settings
from kdyno.supervisor.child import ChildSpec, spawn
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
    output, write_end = os.pipe()
    with open(output, errors="replace") as lines, console.status(what) as status:  # noqa: PTH123  (a descriptor)
        process = spawn(_spec(settings, arguments), output=write_end)
        os.close(write_end)
        try:
            for line in lines:
                tail.append(line.rstrip())
                status.update(f"{what}: {line.strip()[:100]}")
            process.wait()
        finally:
            process.terminate()  # no more than a courtesy to one that has ended
    took = duration_text(time.monotonic() - begin_s)
    if process.returncode != 0:
        words = "\n    ".join(tail)
        raise StepFailedError(f"{what}: `kdyno {' '.join(arguments)}` ended with {process.returncode}:\n    {words}")
    console.print(f"{what}: there after {took}", highlight=False, markup=False)


def _spec(settings: Settings, arguments: tuple[str, ...]) -> ChildSpec:
    return ChildSpec(
        name=arguments[0],
        argv=kdyno_command(*arguments),
        about="a step of the demo",
        environment=child_environment(settings),
        working_directory=settings.data_dir,
        death_signal=signal.SIGTERM,
    )
