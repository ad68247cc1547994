# SPDX-License-Identifier: GPL-2.0-or-later
"""Workloads are data: one TOML file each under `catalog/`, read and checked here.

A workload names what the agent runs, for how long at most, and what comes out. Adding one is a new file.
"""

import tomllib
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

CATALOG_DIR = Path(__file__).with_name("catalog")
MAX_USERS = 1024


class WorkloadKind(StrEnum):
    """Micro: one small operation. Macro: a simulation of a real task. External: somebody else's program."""

    MICRO = "micro"
    MACRO = "macro"
    EXTERNAL = "external"


class ResultFormat(StrEnum):
    """What a phase prints: a document of the program it is named after, or nothing that is kept."""

    KBENCH = "kbench"
    REAIM = "reaim"
    PROFILE = "profile"
    NONE = "none"


class WorkloadError(ValueError):
    """A file of the catalogue is not a workload; the message names the file and the key."""


class Workload(BaseModel):
    """One workload as its file describes it. `timeout_s` bounds the whole phase on the slowest machine.

    In `argv`, `{users}` becomes `users_per_cpu` times the processors of the machine, so that one file loads machines of
    any size, and `{repeats}` the passes of one boot, each of which is a sample. A request that names no workloads gets
    those that are `by_default`.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    # with "profile:" before it, it must still be a phase's name of 63 bytes
    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,54}$")]
    title: str
    about: str
    kind: WorkloadKind
    argv: Annotated[list[str], Field(min_length=1, max_length=64)]
    result_format: ResultFormat = ResultFormat.KBENCH
    by_default: bool = True
    users_per_cpu: Annotated[int, Field(ge=0, le=64)] = 0
    repeats: Annotated[int, Field(ge=0, le=1000)] = 0
    timeout_s: Annotated[int, Field(ge=1, le=86400)]
    term_grace_s: Annotated[int, Field(ge=1, le=60)] = 5
    # the agent takes 15 MiB at most
    output_limit_bytes: Annotated[int, Field(ge=1024, le=15 * 1024 * 1024)] = 8 * 1024 * 1024

    @model_validator(mode="after")
    def _placeholders_have_values(self) -> Self:
        words = " ".join(self.argv)
        for name, value in (("users", self.users_per_cpu), ("repeats", self.repeats)):
            if (f"{{{name}}}" in words) != (value > 0):
                key = "users_per_cpu" if name == "users" else name
                raise ValueError(f"{key} and {{{name}}} in argv come together or not at all")
        return self

    def command(self, *, cpus: int, once: bool = False) -> list[str]:
        """The command line on a machine with `cpus` processors; `once`: a single pass, as for a profile."""
        users = min(MAX_USERS, self.users_per_cpu * max(1, cpus))
        repeats = 1 if once else self.repeats
        return [word.replace("{users}", str(users)).replace("{repeats}", str(repeats)) for word in self.argv]


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


def default_names() -> list[str]:
    """What a request that names no workloads asks for."""
    return [name for name, workload in catalog().items() if workload.by_default]
