# SPDX-License-Identifier: GPL-2.0-or-later
"""Reads the log of a build: its tail while it grows, and the first error, which is the one that matters."""

import re
from collections import deque
from dataclasses import dataclass
from pathlib import Path

from kdyno.config import Paths
from kdyno.kernels.models import Build

TAIL_LINES = 200
CONTEXT_LINES = 4
_TAIL_BYTES = 128 * 1024
_SCAN_BYTES = 32 * 1024 * 1024
_LONGEST_LINE = 2000
_ERROR = re.compile(
    r"(?:^|\s)(?:fatal )?error:|undefined reference to|multiple definition of|^ERROR: |^make(?:\[\d+\])?: \*\*\* "
)


@dataclass(frozen=True)
class FirstError:
    """The first line that a compiler, linker or make complained in, with the lines around it."""

    line_no: int
    before: list[str]
    line: str
    after: list[str]


def log_path(paths: Paths, *, build: Build) -> Path | None:
    """Where the log of a build is: beside the artifact, or, while it is built and after a failure, on its own."""
    candidates = [paths.data_dir / "build-logs" / f"{build.id}.log"]
    if build.key:
        candidates.append(paths.build(build.key) / "build.log")
    return next((path for path in candidates if path.is_file()), None)


def log_tail(path: Path) -> list[str]:
    """The last lines; cheap for a log of any size."""
    with path.open("rb") as file:
        size = file.seek(0, 2)
        file.seek(max(0, size - _TAIL_BYTES))
        lines = file.read().decode("utf-8", errors="replace").splitlines()
    whole = size <= _TAIL_BYTES
    return [line[:_LONGEST_LINE] for line in (lines if whole else lines[1:])][-TAIL_LINES:]


def first_error(path: Path) -> FirstError | None:
    """The first error of a log, or None when it has none that we know."""
    before: deque[str] = deque(maxlen=CONTEXT_LINES)
    read_bytes = 0
    with path.open("rb") as file:
        for number, raw in enumerate(file, start=1):
            line = raw.decode("utf-8", errors="replace").rstrip("\r\n")[:_LONGEST_LINE]
            if _ERROR.search(line):
                after = [
                    follower.decode("utf-8", errors="replace").rstrip("\r\n")[:_LONGEST_LINE]
                    for follower, _ in zip(file, range(CONTEXT_LINES), strict=False)
                ]
                return FirstError(line_no=number, before=list(before), line=line, after=after)
            before.append(line)
            read_bytes += len(raw)
            if read_bytes > _SCAN_BYTES:
                return None
    return None
