# SPDX-License-Identifier: GPL-2.0-or-later
"""Finds and reads the log of a build, cheaply enough to follow it while it grows."""

from pathlib import Path
from typing import Any

from kdyno.config import Paths
from kdyno.kernels.models import Build

TAIL_LINES = 200
_TAIL_BYTES = 128 * 1024
_LONGEST_LINE = 2000


def log_path(paths: Paths, *, build: Build) -> Path | None:
    """Where the log of a build is: beside the artifact, or, while it is built and after a failure, on its own."""
    candidates = [paths.build_log(build.id)]
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


def first_error_of(build: Build) -> dict[str, Any] | None:
    """What the build host found to be the first error: file, line, message and the log's lines from there."""
    found = build.details.get("first_error")
    return found if isinstance(found, dict) else None
