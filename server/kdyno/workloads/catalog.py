# SPDX-License-Identifier: GPL-2.0-or-later
"""Workloads are data: one TOML file each under `catalog/`, read and checked here.

A workload names what the agent runs, for how long at most, and what comes out. Adding one is a new file.
"""

import tomllib
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

CATALOG_DIR = Path(__file__).with_name("catalog")


class WorkloadKind(StrEnum):
    """Micro: one small operation. Macro: a simulation of a real task. External: somebody else's program."""

    MICRO = "micro"
    MACRO = "macro"
    EXTERNAL = "external"


class WorkloadError(ValueError):
    """A file of the catalogue is not a workload; the message names the file and the key."""


class Workload(BaseModel):
    """One workload as its file describes it. `timeout_s` bounds the whole phase on the slowest machine."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")]
    title: str
    about: str
    kind: WorkloadKind
    argv: Annotated[list[str], Field(min_length=1, max_length=64)]
    result_format: Literal["kbench", "none"] = "kbench"
    timeout_s: Annotated[int, Field(ge=1, le=86400)]
    term_grace_s: Annotated[int, Field(ge=1, le=60)] = 5
    output_limit_bytes: Annotated[int, Field(ge=1024, le=16 * 1024 * 1024)] = 8 * 1024 * 1024


def load_workload(path: Path) -> Workload:
    """Read one file of the catalogue.

    Raises:
        WorkloadError: the file is not TOML, or a key is missing, unknown or out of range.
    """
    try:
        workload = Workload.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except tomllib.TOMLDecodeError as error:
        raise WorkloadError(f"{path.name}: {error}") from error
    except ValidationError as error:
        problems = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
        raise WorkloadError(f"{path.name}: {problems}") from error
    if workload.name != path.stem:
        raise WorkloadError(f"{path.name}: the name inside is '{workload.name}', it must equal the file's")
    return workload


@cache
def catalog(directory: Path = CATALOG_DIR) -> dict[str, Workload]:
    """All workloads by name, in the order of their names."""
    return {path.stem: load_workload(path) for path in sorted(directory.glob("*.toml"))}
