# SPDX-License-Identifier: GPL-2.0-or-later
"""What every form of measurement file is read into."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, NoReturn, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from kdyno.analysis.verdicts import Direction
from kdyno.results.roles import MAIN_METRICS, MetricRole

SHOWN_PROBLEMS = 5
MOST_SAMPLES = 1_000_000

Sample = Annotated[float, Field(gt=0, allow_inf_nan=False, strict=True)]
Samples = Annotated[list[Sample], Field(min_length=1, max_length=MOST_SAMPLES)]
Name = Annotated[str, Field(min_length=1, max_length=200)]


class DocumentError(ValueError):
    """A file that cannot be used. The message names the file, the place in it and what is wrong there."""


class Document(BaseModel):
    """A file format of kdyno's own: what it does not know is a mistake."""

    model_config = ConfigDict(extra="forbid", frozen=True)


@dataclass(frozen=True, order=True)
class SeriesIdentity:
    """What must be equal for two boots to be compared."""

    benchmark: str
    metric: str
    placement: str = ""
    parameters: tuple[tuple[str, str], ...] = ()

    @property
    def name(self) -> str:
        return self.benchmark if self.metric in {"", *MAIN_METRICS} else f"{self.benchmark} {self.metric}"

    @property
    def workload(self) -> "SeriesIdentity":
        """What all metrics of a benchmark with its parameters have in common, wherever and by however many it ran."""
        return SeriesIdentity(self.benchmark, "", parameters=self.parameters)

    @property
    def conditions(self) -> str:
        """Placement and parameters in words."""
        placement = [self.placement] if self.placement else []
        return ", ".join([*placement, *(f"{name}={value}" for name, value in self.parameters)]) or "no placement"


@dataclass(frozen=True)
class MeasuredSeries:
    """Samples of one metric, one list per boot of the document."""

    identity: SeriesIdentity
    unit: str
    direction: Direction
    boots: Sequence[Sequence[float]]
    role: MetricRole = MetricRole.KEY


@dataclass(frozen=True)
class FailedRun:
    """A benchmark that gave no number. `skipped`: the machine has not what it needs, which is no fault."""

    benchmark: str
    conditions: str
    skipped: bool
    reason: str


@dataclass(frozen=True)
class MeasuredDocument:
    """One file: series, what failed, and the state of the machine where the format records it."""

    source: str
    series: Sequence[MeasuredSeries]
    failed: Sequence[FailedRun] = ()
    state: dict[str, Any] | None = None


def state_in_head(content: dict[str, Any]) -> dict[str, Any]:
    """What a document of kbench or reaim says of machine and instrument, as a state manifest."""
    return {name: content.get(name) for name in ("harness", "host")}


Model = TypeVar("Model", bound=BaseModel)


def parse_json(text: str, *, source: str) -> Any:
    """JSON as RFC 8259 has it. Raises DocumentError, also for NaN and infinity, which many writers put there."""

    def refuse(constant: str) -> NoReturn:
        raise DocumentError(f"{source}: {constant} is no number in JSON; leave out what was not measured")

    try:
        return json.loads(text, parse_constant=refuse)
    except json.JSONDecodeError as error:
        raise DocumentError(f"{source}: no JSON: line {error.lineno}, column {error.colno}: {error.msg}") from error
    except RecursionError as error:
        raise DocumentError(f"{source}: nested too deeply") from error
    except DocumentError:
        raise
    except ValueError as error:
        raise DocumentError(f"{source}: {error}") from error


def validated(model: type[Model], content: Any, *, source: str) -> Model:
    """Content as a model; raises DocumentError that names the first wrong places."""
    try:
        return model.model_validate(content)
    except ValidationError as error:
        problems = error.errors(include_url=False, include_context=False)
        shown = [f"{_place(problem['loc'])}{problem['msg']}{_seen(problem)}" for problem in problems[:SHOWN_PROBLEMS]]
        if len(problems) > SHOWN_PROBLEMS:
            shown.append(f"and {len(problems) - SHOWN_PROBLEMS} more")
        raise DocumentError(f"{source}: " + "; ".join(shown)) from error


def _place(location: tuple[int | str, ...]) -> str:
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in location).lstrip(".")
    return f"{text}: " if text else ""


def _seen(problem: Any) -> str:
    value = problem.get("input")
    return f", got {value!r}" if isinstance(value, str | int | float | bool) and len(repr(value)) < 60 else ""
