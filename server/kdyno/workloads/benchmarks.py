# SPDX-License-Identifier: GPL-2.0-or-later
"""The benchmarks of kbench, which a request may name one by one: `kbench:lat_ctx:processes=8`.

What there is comes from the program itself: `kbench.json` is what `kbench list --json` prints, and a test holds both
against each other. The words after `kbench:` are kbench's own (bench-c/README.md) and are checked here before a machine
boots for them.
"""

import json
import re
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, TypeAdapter

from kdyno.analysis.verdicts import Direction

BENCHMARK_LIST = Path(__file__).with_name("kbench.json")
PREFIX = "kbench:"
MAX_RUNS = 100
MAX_COPIES = 256
# what an agent takes for a phase's name; of a text it leaves out brackets, blanks and the like
_WORDS = re.compile(r"[A-Za-z0-9._:=,/+-]+")
_SETTING = re.compile(r":(?=[a-z0-9_]+=)")
_NUMBER = re.compile(r"([0-9]{1,19})([kMG]?)")
_SHIFTS = {"": 0, "k": 10, "M": 20, "G": 30}


class BenchmarkRequestError(ValueError):
    """A request for a benchmark that kbench would not understand; the message says what is wrong and what there is."""


class BenchmarkParameter(BaseModel):
    """A parameter: a number within bounds (fixed when both are 0), one of `choices`, or free text."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    about: str = ""
    default: int | str
    min: int | None = None
    max: int | None = None
    choices: list[str] | None = None


class Benchmark(BaseModel):
    """One benchmark as kbench lists it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    unit: str
    direction: Direction
    summary: str
    metric: str
    timeout_s: int
    placements: list[str]
    copy_kinds: list[str]
    parameters: list[BenchmarkParameter]

    def short_parameters(self, parameters: dict[str, Any]) -> str:
        """The parameters that are not as they usually are, the way they are asked for.

        >>> benchmarks()["lat_pipe"].short_parameters({"message_bytes": 64})
        'message_bytes=64'
        """
        usual = {parameter.name: parameter.default for parameter in self.parameters}
        return ":".join(f"{name}={value}" for name, value in parameters.items() if usual.get(name) != value)


@cache
def benchmarks(path: Path = BENCHMARK_LIST) -> dict[str, Benchmark]:
    """All benchmarks by name."""
    listed = TypeAdapter(list[Benchmark]).validate_python(json.loads(path.read_text(encoding="utf-8")))
    return {benchmark.name: benchmark for benchmark in listed}


def check_words(words: str) -> tuple[Benchmark, int]:
    """What `NAME[:parameter=value]...` means: the benchmark, and how many runs the values make.

    Raises:
        BenchmarkRequestError: a name or a value is wrong, or there are too many runs.
    """
    if not _WORDS.fullmatch(words):
        raise BenchmarkRequestError(f"{words[:80]!r}: letters, digits and ._:=,/+- only")
    name, *settings = _SETTING.split(words)
    benchmark = benchmarks().get(name)
    if benchmark is None:
        raise BenchmarkRequestError(_unknown("benchmark", name, list(benchmarks())) + "; see the page of workloads")
    runs, copies = 1, 1
    for setting in settings:
        parameter_name, _, value = setting.partition("=")
        parameter = _parameter_of(benchmark, parameter_name)
        runs *= _check_value(parameter, value)
        if parameter.name == "copies":
            copies = max(_numbers_of(parameter, item)[-1] for item in value.split(","))
    if copies > 1 and not benchmark.copy_kinds:
        raise BenchmarkRequestError(f"{name} cannot run as several copies at once")
    if runs > MAX_RUNS:
        raise BenchmarkRequestError(f"{name}: {runs} runs, at most {MAX_RUNS} are allowed in one request")
    return benchmark, runs


def _unknown(what: str, name: str, known: list[str]) -> str:
    near = get_close_matches(name, known, n=1)
    return f"no {what} {name[:80]!r}" + (f", did you mean {near[0]!r}?" if near else "")


def _parameter_of(benchmark: Benchmark, name: str) -> BenchmarkParameter:
    common = [
        BenchmarkParameter(name="placement", default=benchmark.placements[0], choices=benchmark.placements),
        BenchmarkParameter(name="copies", default=1, min=1, max=MAX_COPIES),
        BenchmarkParameter(name="copy_kind", default="process", choices=benchmark.copy_kinds or ["process"]),
    ]
    known = {parameter.name: parameter for parameter in [*common, *benchmark.parameters]}
    if name not in known:
        problem = _unknown("parameter", name, list(known))
        raise BenchmarkRequestError(f"{benchmark.name}: {problem}; it has {', '.join(known)}")
    return known[name]


def _check_value(parameter: BenchmarkParameter, value: str) -> int:
    """How many values this is."""
    if parameter.choices is not None:
        for item in value.split(","):
            if item not in parameter.choices:
                raise BenchmarkRequestError(f"{parameter.name}={item}: it may be {', '.join(parameter.choices)}")
        return value.count(",") + 1
    if isinstance(parameter.default, str):
        return 1
    return sum(len(_numbers_of(parameter, item)) for item in value.split(","))


def _numbers_of(parameter: BenchmarkParameter, item: str) -> list[int]:
    """The numbers of one item of a list; a range `512..4k` doubles from its first to its last."""
    first, dots, last = item.partition("..")
    low = _number(parameter, first)
    if not dots:
        return [low]
    high = _number(parameter, last)
    if low < 1 or high < low:
        raise BenchmarkRequestError(f"{parameter.name}={item}: a range goes upwards from 1 or more")
    numbers = [low]
    while numbers[-1] * 2 <= high:
        numbers.append(numbers[-1] * 2)
    return numbers


def _number(parameter: BenchmarkParameter, text: str) -> int:
    found = _NUMBER.fullmatch(text)
    if found is None:
        raise BenchmarkRequestError(f"{parameter.name}={text[:40]}: not a whole number (k, M or G may follow)")
    number = int(found[1]) << _SHIFTS[found[2]]
    low, high = parameter.min or 0, parameter.max or 0
    if low == high == 0 and number != parameter.default:
        raise BenchmarkRequestError(f"{parameter.name} is always {parameter.default}")
    if (low or high) and not low <= number <= high:
        raise BenchmarkRequestError(f"{parameter.name}={number} is not in {low}..{high}")
    return number
