# SPDX-License-Identifier: GPL-2.0-or-later
"""Workloads are data: one TOML file each under `catalog/`, read and checked here.

A workload names what the agent runs, for how long at most, and what comes out. Adding one is a new file.
"""

import re
import tomllib
from difflib import get_close_matches
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from kdyno.workloads.benchmarks import PREFIX, BenchmarkRequestError, check_words

CATALOG_DIR = Path(__file__).with_name("catalog")
_FILE_NAME = re.compile(r"[a-z0-9][a-z0-9-]*")
MAX_USERS = 1024
# with "profile:" before it, it must still be a phase's name of 191 bytes
MAX_NAME = 180
# of each run of a benchmark that a request names by itself
BENCHMARK_BUDGET_S = 5


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


class UnknownWorkload(ValueError):
    """A request names what is neither in the catalogue nor a benchmark; the message says what there is."""


class Workload(BaseModel):
    """One workload as its file describes it. `timeout_s` bounds the whole phase on the slowest machine.

    In `argv`, `{users}` becomes `users_per_cpu` times the processors of the machine, so that one file loads machines of
    any size, and `{repeats}` the passes of one boot, each of which is a sample. A request that names no workloads gets
    those that are `by_default`. A `suite` has many benchmarks, whose figures go by their own names; one that fails
    does not fail the others.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Annotated[str, Field(min_length=1, max_length=MAX_NAME)]
    title: str
    about: str
    kind: WorkloadKind
    argv: Annotated[list[str], Field(min_length=1, max_length=64)]
    result_format: ResultFormat = ResultFormat.KBENCH
    by_default: bool = True
    suite: bool = False
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
    if not _FILE_NAME.fullmatch(workload.name):
        raise WorkloadError(f"{path.name}: name: lower-case letters, digits and hyphens only")
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


def find_workload(name: str) -> Workload:
    """The workload that a request means: one of the catalogue, or `kbench:NAME[:parameter=value]...`.

    Raises:
        UnknownWorkload: there is no such workload or benchmark, or a parameter makes no sense.
    """
    if name.startswith(PREFIX):
        return _single_benchmark(name)
    known = catalog()
    if name in known:
        return known[name]
    near = get_close_matches(name, known, n=1)
    advice = f"did you mean {near[0]!r}? " if near else ""
    raise UnknownWorkload(
        f"unknown workload {name[:80]!r}: {advice}known are {', '.join(known)}, and {PREFIX}NAME for one benchmark"
    )


def is_suite(name: str) -> bool:
    """Whether a workload has many benchmarks; one that has left the catalogue is taken for a single one."""
    try:
        return find_workload(name).suite
    except UnknownWorkload:
        return False


def _single_benchmark(name: str) -> Workload:
    words = name.removeprefix(PREFIX)
    try:
        benchmark, runs = check_words(words)
    except BenchmarkRequestError as error:
        raise UnknownWorkload(f"{name[:80]}: {error}") from error
    if len(name) > MAX_NAME:
        raise UnknownWorkload(f"{name[:80]}…: longer than {MAX_NAME} characters, name fewer values at once")
    budget_s = BENCHMARK_BUDGET_S
    argv = ["/opt/kdyno/kbench", "run", words, "--json", "--time-budget", str(budget_s), "--min-samples", "100"]
    return Workload(
        name=name,
        title=words,
        about=benchmark.summary,
        kind=WorkloadKind.MICRO,
        argv=[*argv, "--tolerate-errors"] if runs > 1 else argv,
        by_default=False,
        suite=runs > 1,
        # a guest under emulation is slow to set up what is then timed
        timeout_s=min(86400, 60 + runs * (2 * budget_s + 2 * benchmark.timeout_s)),
    )
