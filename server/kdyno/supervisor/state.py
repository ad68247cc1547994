# SPDX-License-Identifier: GPL-2.0-or-later
"""What a running lab says of itself: the file `up.json`, rewritten whenever something changes."""

import json
import os
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

from kdyno_lab.power.process import ProcessIdentity


class LabState(StrEnum):
    """Where the lab as a whole is."""

    STARTING = "starting"
    READY = "ready"
    STOPPING = "stopping"
    STOPPED = "stopped"
    FAILED = "failed"


class ChildState(StrEnum):
    """Where one child is."""

    STARTING = "starting"
    RUNNING = "running"
    WAITING = "waiting"  # for its restart
    STOPPED = "stopped"
    FAILED = "failed"  # died too often


@dataclass
class ChildReport:
    """One child as others see it. `identity` tells its process from a later one with the same pid."""

    about: str
    log: str
    state: ChildState = ChildState.STARTING
    identity: ProcessIdentity | None = None
    restarts: int = 0
    last_end: str = ""
    ready_after_s: float | None = None


@dataclass
class LabReport:
    """The lab as others see it; it holds no secret. Times are seconds since 1970."""

    data_dir: str
    state: LabState = LabState.STARTING
    supervisor: ProcessIdentity | None = None
    started_at: float = 0.0
    ready_after_s: float | None = None
    message: str = ""
    url: str = ""
    smtp_port: int | None = None
    children: dict[str, ChildReport] = field(default_factory=dict)


def write_report(report: LabReport, *, path: Path) -> None:
    """Replace the file as a whole, so that a reader sees one state or the next, never half of one."""
    temporary = path.with_name(f"{path.name}.{os.getpid()}")
    temporary.write_text(json.dumps(asdict(report), indent=1) + "\n", encoding="utf-8")
    temporary.replace(path)


def read_report(path: Path) -> LabReport | None:
    """What the last `kdyno up` wrote; None when there was none, or it is of another version of kdyno."""
    try:
        content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        children = {
            name: ChildReport(
                **{**child, "state": ChildState(child["state"]), "identity": _identity(child["identity"])}
            )
            for name, child in content.pop("children").items()
        }
        content["state"] = LabState(content["state"])
        content["supervisor"] = _identity(content["supervisor"])
        return LabReport(**content, children=children)
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _identity(content: dict[str, Any] | None) -> ProcessIdentity | None:
    return ProcessIdentity(**content) if content else None
